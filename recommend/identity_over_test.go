package recommend_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/bandit"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// aisles returns a catalogue with a department of each item.
func aisles(t testing.TB, d *recommend.Dataset[int, string]) *recommend.Catalogue {
	t.Helper()
	return must(recommend.NewCatalogue(d.Items, func(yield func(recommend.Fact[string]) bool) {
		for k, id := range d.Items.IDs() {
			if !yield(recommend.Fact[string]{Item: id, Attribute: "aisle", Value: string(rune('a' + k%3))}) {
				return
			}
		}
	}, recommend.CatalogueOptions{}))(t)
}

// Whatever is laid out by item and can be given to an engine is refused beside another
// catalogue of the same size, where it was made from what knows its ids or was told, and
// the error names the first item that differs.
func TestOtherCatalogueEverywhere(t *testing.T) {
	ctx := context.Background()
	old, now := shop(t, oldItems...), shop(t, nowItems...)
	n := old.Items.Len()
	als := must(recommend.FitALS(ctx, old.Interactions, recommend.ALSOptions{Factors: 2}))(t)
	rows := recommend.RowVectors{Rows: make([]float32, n), N: 1}
	titles := slices.Repeat([]string{"a thing"}, n)
	counts := slices.Repeat([]float64{1}, n)
	lists := make([][]int32, n)
	likeness := must(recommend.NewVectorLikeness(als))(t)
	embedded := must(must(recommend.NewVectorLikeness(rows))(t).Over(old.Interactions))(t)
	categories := must(aisles(t, old).Categories("aisle"))(t)
	told := must(must(recommend.NewCategories(2, lists))(t).Over(old.Interactions))(t)
	texts := must(must(recommend.FitTFIDF(ctx, titles, recommend.TFIDFOptions{}))(t).Over(old.Interactions))(t)
	rated := must(must(recommend.NewRated(counts, counts, 0))(t).Over(old.Interactions))(t)
	function := must(must(recommend.NewFunc(0, n, func([]float32, recommend.Query) error { return nil }))(t).Over(old.Interactions))(t)
	blend := must(hybrid.NewBlend([]hybrid.Weighted{{Model: must(hybrid.NewRRF([]hybrid.Weighted{{Model: texts}}, hybrid.RRFOptions{}))(t)}, {Model: als}}, hybrid.BlendOptions{}))(t)
	arms := must(bandit.NewClickArms(n))(t)
	linear := must(bandit.NewLinearArms(n, 1, bandit.LinearArmsOptions{}))(t)
	if err := errors.Join(arms.Over(old.Interactions), linear.Over(old.Interactions)); err != nil {
		t.Fatal(err)
	}

	source := func(m recommend.Model) recommend.EngineOptions {
		return recommend.EngineOptions{Sources: []recommend.Source{{Name: "m", Model: m}}}
	}
	both := func(m recommend.Model) func(d *recommend.Dataset[int, string]) error {
		return func(d *recommend.Dataset[int, string]) error {
			return second(recommend.NewEngine(d, source(m)))
		}
	}
	rerank := func(r recommend.Rerank) func(d *recommend.Dataset[int, string]) error {
		return func(d *recommend.Dataset[int, string]) error {
			err := second(recommend.NewEngine(d, recommend.EngineOptions{Rerank: &r}))
			e := must(recommend.NewEngine(d, recommend.EngineOptions{}))(t)
			asked := second(e.Recommend(nil, recommend.Request[int, string]{User: 1, K: 2, Rerank: &r}))
			swapped := e.Swap(d, recommend.EngineOptions{Rerank: &r})
			if (err == nil) != (asked == nil) || (err == nil) != (swapped == nil) {
				t.Errorf("NewEngine says %v, Recommend %v, Swap %v", err, asked, swapped)
			}
			return errors.Join(err, asked, swapped)
		}
	}
	explore := func(p bandit.Policy, context ...float64) func(d *recommend.Dataset[int, string]) error {
		return func(d *recommend.Dataset[int, string]) error {
			e := must(recommend.NewEngine(d, recommend.EngineOptions{}))(t)
			return second(e.Recommend(nil, recommend.Request[int, string]{User: 1, K: 2, Explore: &recommend.Explore{Policy: p, Context: context}}))
		}
	}
	for name, with := range map[string]func(d *recommend.Dataset[int, string]) error{
		"ALS": both(als), "texts": both(texts), "texts, read": both(reread(t, texts)), "rated": both(rated), "rated, read": both(reread(t, rated)),
		"function": both(function), "a blend of blends": both(blend),
		"MMR by vectors":    rerank(recommend.Rerank{Method: recommend.MMR, Likeness: likeness}),
		"DPP by vectors":    rerank(recommend.Rerank{Method: recommend.DPP, Likeness: embedded}),
		"MMR by categories": rerank(recommend.Rerank{Method: recommend.MMR, Likeness: categories}),
		"XQuAD":             rerank(recommend.Rerank{Method: recommend.XQuAD, Categories: categories}),
		"Thompson":          explore(must(bandit.NewThompson(arms, bandit.ThompsonOptions{}))(t)),
		"LinUCB":            explore(must(bandit.NewLinUCB(linear, bandit.LinUCBOptions{}))(t), 1),
		"LinearThompson":    explore(must(bandit.NewLinearThompson(linear, bandit.ThompsonOptions{}))(t), 1),
		"Calibrate":         rerank(recommend.Rerank{Method: recommend.Calibrate, Categories: told}),
	} {
		if err := with(old); err != nil {
			t.Errorf("%s with its own catalogue: %v", name, err)
		}
		if err := with(now); !errors.Is(err, recommend.ErrMismatch) || !strings.Contains(err.Error(), "item nail") {
			t.Errorf("%s with another catalogue: %v, want ErrMismatch that names nail", name, err)
		}
	}
}

// What is read, fitted and combined of things laid out by item refuses two catalogues.
func TestTwoCatalogues(t *testing.T) {
	ctx := context.Background()
	old, now := shop(t, oldItems...), shop(t, nowItems...)
	n := old.Items.Len()
	als := must(recommend.FitALS(ctx, old.Interactions, recommend.ALSOptions{Factors: 2}))(t)
	bare := must(recommend.FitTFIDF(ctx, slices.Repeat([]string{"a thing"}, n), recommend.TFIDFOptions{}))(t)
	texts := must(bare.Over(now.Interactions))(t)
	arms, others := must(bandit.NewClickArms(n))(t), must(bandit.NewClickArms(n))(t)
	linear, more := must(bandit.NewLinearArms(n, 1, bandit.LinearArmsOptions{}))(t), must(bandit.NewLinearArms(n, 1, bandit.LinearArmsOptions{}))(t)
	if err := errors.Join(arms.Over(old.Interactions), others.Over(now.Interactions), linear.Over(old.Interactions), more.Over(now.Interactions)); err != nil {
		t.Fatal(err)
	}
	read := &bandit.ClickArms{}
	if err := read.UnmarshalBinary(must(arms.MarshalBinary())(t)); err != nil {
		t.Fatal(err)
	}
	readLinear := &bandit.LinearArms{}
	if err := readLinear.UnmarshalBinary(must(linear.MarshalBinary())(t)); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"FitCategoryPopular": second(recommend.FitCategoryPopular(ctx, now.Interactions, must(aisles(t, old).Categories("aisle"))(t), recommend.PopularOptions{})),
		"FitColdStart":       second(recommend.FitColdStart(ctx, texts, als, recommend.ColdStartOptions{})),
		"Start":              second(recommend.FitALS(ctx, now.Interactions, recommend.ALSOptions{Factors: 2, Start: als})),
		"Without":            second(old.Interactions.Without(now.Interactions)),
		"Over twice":         second(texts.Over(old.Interactions)),
		"Blend":              second(hybrid.NewBlend([]hybrid.Weighted{{Model: als}, {Model: texts}}, hybrid.BlendOptions{})),
		"merged arms":        read.Merge(others),
		"merged sums":        readLinear.Merge(more),
		"arms over another":  arms.Over(now.Interactions),
	} {
		if !errors.Is(err, recommend.ErrMismatch) || !strings.Contains(err.Error(), "item 4 is the first that differs") {
			t.Errorf("%s: %v, want ErrMismatch that names the item", name, err)
		}
	}
	for name, err := range map[string]error{
		"Start":                 second(recommend.FitALS(ctx, old.Interactions, recommend.ALSOptions{Factors: 2, Start: als})),
		"merged with bare arms": arms.Merge(must(bandit.NewClickArms(n))(t)),
		"told again":            second(texts.Over(now.Interactions)),
		"FitColdStart":          second(recommend.FitColdStart(ctx, bare, als, recommend.ColdStartOptions{})),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	small := shop(t, oldItems[:6]...).Interactions
	for name, err := range map[string]error{
		"texts": second(bare.Over(small)), "vectors": second(must(recommend.NewVectorLikeness(als))(t).Over(small)),
		"arms": must(bandit.NewClickArms(n))(t).Over(small),
	} {
		if !errors.Is(err, recommend.ErrMismatch) {
			t.Errorf("%s over fewer items: %v", name, err)
		}
	}
	if _, err := bare.Over(nil); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("over nothing: %v", err)
	}
}

// The categories of an attribute are those of a list made by hand.
func TestCatalogueCategories(t *testing.T) {
	d := shop(t, oldItems...)
	c := must(aisles(t, d).Categories("aisle"))(t)
	if c.Items() != d.Items.Len() || c.Len() != 3 {
		t.Fatalf("%d items in %d categories", c.Items(), c.Len())
	}
	for k := range c.Items() {
		if got := c.Of(int32(k)); len(got) != 1 || int(got[0]) != k%3 {
			t.Errorf("item %d is of %v, want %d", k, got, k%3)
		}
	}
	if _, err := aisles(t, d).Categories("colour"); !errors.Is(err, recommend.ErrUnknownID) {
		t.Errorf("an attribute nobody has: %v", err)
	}
}
