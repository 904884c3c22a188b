package recommend_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/modeltest"
)

// Whatever is refused outside of Score, AppendTop and AppendSimilar is named: who
// refuses, which argument, what it is and what it may be.
func TestErrorsSayWhat(t *testing.T) {
	x := modeltest.Groups(20, 16, 4, 3)
	refuses := func(name, who, what string, want, err error) {
		t.Helper()
		if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "recommend: ") || strings.Count(err.Error(), "recommend: ") != 1 ||
			!strings.Contains(err.Error(), who+": ") || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v, want %s and %q", name, err, who, what)
		}
	}
	bad := recommend.Query{User: recommend.Stranger, Items: []int32{0, 77}}
	for _, c := range models {
		m, err := c.Fit(context.Background(), x)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := m.(recommend.Explainer); ok && !hybrids[c.name] {
			_, err = e.AppendReasons(nil, x.Query(0), 99, 1)
			refuses(c.name, "AppendReasons", "item 99, want in [0, 16)", recommend.ErrUnknownID, err)
			_, err = e.AppendReasons(nil, bad, 3, 1)
			refuses(c.name, "AppendReasons", "item 1 is 77, want in [0, 16)", recommend.ErrRange, err)
		}
		f, ok := m.(recommend.Folder)
		if !ok {
			continue
		}
		v := make([]float32, f.Factors())
		refuses(c.name, "FoldIn", "dst of length 0", recommend.ErrShape, f.FoldIn(nil, []int32{0}, nil))
		refuses(c.name, "FoldIn", "item 1 is 77", recommend.ErrRange, f.FoldIn(v, bad.Items, nil))
		refuses(c.name, "FoldIn", "2 weights of 1 items", recommend.ErrShape, f.FoldIn(v, []int32{0}, []float32{1, 2}))
		refuses(c.name, "FoldIn", "weight 0 is NaN", recommend.ErrNotFinite, f.FoldIn(v, []int32{0}, []float32{float32(math.NaN())}))
		refuses(c.name, "FoldIn", "history", recommend.ErrEmpty, f.FoldIn(v, nil, nil))
	}
	ctx := context.Background()
	als := must(recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 4, Iterations: 2}))(t)
	fm := must(recommend.FitFM(ctx, x, recommend.FMOptions{Factors: 4, Epochs: 2}))(t)
	mf := must(recommend.FitMF(ctx, x, recommend.MFOptions{Factors: 4, Epochs: 2}))(t)
	svd := must(recommend.FitSVDPP(ctx, x, recommend.SVDPPOptions{Factors: 4, Epochs: 2}))(t)
	users := must(recommend.FitUserKNN(ctx, x, recommend.UserKNNOptions{}))(t)
	text := must(recommend.FitTFIDF(ctx, recommend.GroupTitles(16), recommend.TFIDFOptions{}))(t)
	cats := must(recommend.NewCategories(2, [][]int32{{0}, {1}}))(t)
	popular := must(recommend.FitCategoryPopular(ctx, x, must(recommend.GroupCategories(x))(t), recommend.PopularOptions{}))(t)
	cold := must(recommend.FitColdStart(ctx, text, als, recommend.ColdStartOptions{}))(t)
	like := must(recommend.NewVectorLikeness(als))(t)
	v, scores := make([]float32, 4), make([]float32, 16)
	two := make([]float32, 2)
	second := func(_ any, err error) error { return err }
	for name, c := range map[string]struct {
		who, what string
		want, err error
	}{
		"items of users": {"ALS.FoldInItem", "user 0 is 20 of weight 1, want in [0, 20)", recommend.ErrRange, als.FoldInItem(v, []int32{20}, nil)},
		"item of nobody": {"ALS.FoldInItem", "users", recommend.ErrEmpty, als.FoldInItem(v, nil, nil)},
		"rating":         {"MF.Predict", "item 16, want in [0, 16)", recommend.ErrUnknownID, second(mf.Predict(0, 16))},
		"rating of SVD":  {"SVDPP.Predict", "item -1", recommend.ErrUnknownID, second(svd.Predict(0, -1))},
		"click":          {"FM.Predict", "item 16", recommend.ErrUnknownID, second(fm.Predict(0, 16))},
		"context":        {"FM.Predict", "context 0 is 5, want in [0, 0)", recommend.ErrRange, second(fm.Predict(0, 1, 5))},
		"scores":         {"FM.ScoreIn", "context 0 is 5", recommend.ErrRange, fm.ScoreIn(scores, x.Query(0), 5)},
		"neighbours":     {"UserKNN.AppendNeighbors", "history", recommend.ErrEmpty, second(users.AppendNeighbors(nil, recommend.Query{}, 1))},
		"category":       {"CategoryPopular.AppendCategory", "category 9, want in [0, 4)", recommend.ErrUnknownID, second(popular.AppendCategory(nil, 9, 1))},
		"taste":          {"Categories.Taste", "item 0 is 2", recommend.ErrRange, cats.Taste(make([]float64, 2), []int32{2}, nil)},
		"taste, length":  {"Categories.Taste", "dst of length 1, want 2", recommend.ErrShape, cats.Taste(make([]float64, 1), nil, nil)},
		"alike":          {"Categories.Likeness", "item 2, want in [0, 2)", recommend.ErrRange, cats.Likeness(two, 2, []int32{0, 1})},
		"alike, others":  {"VectorLikeness.Likeness", "item 16", recommend.ErrRange, like.Likeness(two, 0, []int32{0, 16})},
		"alike, length":  {"LikenessFunc.Likeness", "dst of length 2, want 1", recommend.ErrShape, recommend.LikenessFunc(nil).Likeness(two, 0, []int32{0})},
		"vector of text": {"ColdStart.ItemVector", "dst of length 2, want 4", recommend.ErrShape, cold.ItemVector(two, "kind1")},
		"score of text":  {"TFIDFModel.ScoreText", "item 1 is 77", recommend.ErrRange, second(text.ScoreText(bad, "kind1"))},
		"query":          {"Query.Check", "item 1 is 77, want in [0, 16)", recommend.ErrRange, bad.Check(16)},
	} {
		refuses(name, c.who, c.what, c.want, c.err)
	}
	if _, _, err := text.ItemVector(16); err == nil || !strings.Contains(err.Error(), "TFIDFModel.ItemVector: item 16") {
		t.Errorf("vector of an item: %v", err)
	}
}

// hybrids pass on what their parts say, or refuse with a sentinel.
var hybrids = map[string]bool{
	"blend/min-max": true, "blend/z-score": true, "blend/rank": true, "blend/raw": true,
	"rrf": true, "borda": true, "cascade": true, "switch": true,
}

// Accessors by index answer with nothing where there is nothing.
func TestAccessorsOutOfRange(t *testing.T) {
	x := must(modeltest.Groups(6, 8, 2, 3).WithTimes(make([]int64, modeltest.Groups(6, 8, 2, 3).Len())))(t)
	for _, u := range []int{-1, 6, math.MinInt, math.MaxInt} {
		if x.Has(u, 0) || x.Times(u) != nil || x.Query(u).User != recommend.Stranger || len(x.Query(u).Items) > 0 {
			t.Errorf("user %d has something", u)
		}
		if v := (recommend.RowVectors{Rows: make([]float32, 12), N: 2}).ItemVector(u); v != nil {
			t.Errorf("row %d is %v", u, v)
		}
	}
	if v := (recommend.RowVectors{Rows: make([]float32, 12), N: 2}).ItemVector(3); len(v) != 2 || cap(v) != 2 {
		t.Errorf("row of length %d and room %d", len(v), cap(v))
	}
	if got := x.Times(1); cap(got) != len(got) {
		t.Error("times have room behind them")
	}
}
