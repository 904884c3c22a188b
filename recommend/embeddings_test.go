package recommend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// slowEmbeddings is the oracle: the scores of a history and the share of each of its items
// in them, as the type's comment writes them, in float64. ok is false where the model
// has nothing to go by.
func slowEmbeddings(v recommend.RowVectors, inner bool, items []int32, weights []float32) (scores []float64, shares [][]float64, ok bool) {
	n, f := v.Items(), v.N
	y := make([][]float64, n)
	for i := range y {
		y[i] = make([]float64, f)
		length := 0.0
		for k, a := range v.ItemVector(i) {
			y[i][k] = float64(a)
			length += float64(a) * float64(a)
		}
		for k := range y[i] {
			if !inner && length > 0 {
				y[i][k] /= math.Sqrt(length)
			}
		}
	}
	dot := func(a, b []float64) (s float64) {
		for k := range a {
			s += a[k] * b[k]
		}
		return s
	}
	sum, by := make([]float64, f), 0.0
	for j, i := range items {
		for k := range sum {
			sum[k] += float64(weights[j]) * y[i][k]
		}
		by += math.Abs(float64(weights[j]))
	}
	length := math.Sqrt(dot(sum, sum))
	if ok = length > 1e-3*by; !inner {
		by = length
	}
	for i := range n {
		scores = append(scores, dot(sum, y[i])/by)
		var share []float64
		for j, h := range items {
			share = append(share, float64(weights[j])*dot(y[h], y[i])/by)
		}
		shares = append(shares, share)
	}
	return scores, shares, ok
}

func TestEmbeddingsOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 1, 0)
		n, f, inner := 1+g.Intn(40), 1+g.Intn(20), g.Bool(.5)
		v := recommend.RowVectors{Rows: make([]float32, n*f), N: f}
		scale := math.Pow(10, float64(g.Intn(9)-4))
		for k := range v.Rows {
			v.Rows[k] = float32(scale * g.Normal())
		}
		m, err := recommend.FitEmbeddings(context.Background(), v, recommend.EmbeddingsOptions{InnerProduct: inner})
		if err != nil {
			t.Fatal(err)
		}
		q := recommend.Query{User: recommend.Stranger}
		for range 1 + g.Intn(6) {
			q.Items = append(q.Items, int32(g.Intn(n)))
			w := float32(.1 + g.Float64())
			if g.Bool(.2) {
				w = -w
			}
			q.Weights = append(q.Weights, w*float32(math.Pow(10, float64(g.Intn(3)))))
		}
		slices.Sort(q.Items)
		q.Items = slices.Compact(q.Items)
		q.Weights = q.Weights[:len(q.Items)]
		want, shares, ok := slowEmbeddings(v, inner, q.Items, q.Weights)
		if !ok {
			return // all but cancelled
		}
		got := make([]float32, n)
		if err := m.Score(got, q); err != nil {
			t.Fatal(err)
		}
		top := 0.0
		for _, w := range want {
			top = max(top, math.Abs(w))
		}
		for i := range got {
			if math.Abs(float64(got[i])-want[i]) > 2e-4*top {
				t.Fatalf("score %d is %v, want %v", i, got[i], want[i])
			}
			reasons, err := m.AppendReasons(nil, q, int32(i), len(q.Items))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range reasons {
				j := slices.Index(q.Items, r.Item)
				if math.Abs(float64(r.Contribution)-shares[i][j]) > 2e-4*(top+math.Abs(shares[i][j])) {
					t.Fatalf("share of item %d in %d is %v, want %v", r.Item, i, r.Contribution, shares[i][j])
				}
			}
		}
	})
}

// Without weights a cosine is that of TFIDFModel, whose vectors are of length 1 too.
func TestEmbeddingsOfTexts(t *testing.T) {
	text := must(recommend.FitTFIDF(context.Background(), recommend.GroupTitles(40), recommend.TFIDFOptions{}))(t)
	m := must(recommend.FitEmbeddings(context.Background(), denseTexts(t, text), recommend.EmbeddingsOptions{}))(t)
	want, got := make([]float32, 40), make([]float32, 40)
	for i := range int32(38) {
		q := recommend.Query{User: recommend.Stranger, Items: []int32{i, i + 1, i + 2}, Weights: []float32{1, 3, -.5}}
		if err := errors.Join(text.Score(want, q), m.Score(got, q)); err != nil {
			t.Fatal(err)
		}
		for j := range want {
			if math.Abs(float64(want[j]-got[j])) > 1e-6 {
				t.Fatalf("history %v, item %d: %v, of texts %v", q.Items, j, got[j], want[j])
			}
		}
	}
}

// denseTexts are the vectors of the texts, zeros and all.
func denseTexts(t testing.TB, m *recommend.TFIDFModel) recommend.RowVectors {
	v := recommend.RowVectors{N: len(m.Terms())}
	v.Rows = make([]float32, v.N*m.Items())
	for i := range m.Items() {
		terms, weights, err := m.ItemVector(int32(i))
		if err != nil {
			t.Fatal(err)
		}
		for k, term := range terms {
			v.ItemVector(i)[term] = weights[k]
		}
	}
	return v
}

// A new item is ranked by the vector it brings, at any length for cosines, and answers
// and explains as one that was there at the fit.
func TestEmbeddingsJoin(t *testing.T) {
	d := purchases()
	for _, inner := range []bool{false, true} {
		rows := recommend.RowVectors{Rows: make([]float32, 3*d.Items.Len()), N: 3}
		for k := range rows.Rows {
			rows.Rows[k] = float32(k%5) - 1.5 + float32(k%7)/4
		}
		opt := recommend.EmbeddingsOptions{InnerProduct: inner}
		m := must(must(recommend.FitEmbeddings(context.Background(), rows, opt))(t).Over(d.Interactions))(t)
		e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "own", Model: m}}})
		if err != nil {
			t.Fatal(err)
		}
		fresh := []float32{30, -20, 10}
		if err := e.AddItems(recommend.Arrival[SKU]{Item: "new", Vectors: map[string][]float32{"own": fresh}}); err != nil {
			t.Fatal(err)
		}
		if fresh[0] != 30 {
			t.Error("the caller's vector was changed")
		}
		for _, id := range d.Items.IDs() {
			out, err := e.Recommend(nil, recommend.Request[int, SKU]{Anonymous: true, History: []recommend.Event[SKU]{{Item: id}}, K: d.Items.Len() + 1})
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(out, func(r recommend.Recommendation[SKU]) bool { return r.Item == "new" })
			if at < 0 {
				t.Fatalf("inner %v: the new item is not among %v", inner, out)
			}
			all := recommend.RowVectors{Rows: append(slices.Clone(rows.Rows), fresh...), N: 3}
			scores, _, _ := slowEmbeddings(all, inner, []int32{d.Items.Of(id)}, []float32{1})
			if want := scores[d.Items.Len()]; !testkit.Close(float64(out[at].Score), want, 1e-5, 1e-6) {
				t.Errorf("inner %v, history %s: the new item has %v, want %v", inner, id, out[at].Score, want)
			}
		}
		like, err := e.Similar(nil, "new", recommend.Request[int, SKU]{K: 3})
		if err != nil || len(like) != 3 {
			t.Errorf("similar to the new item: %v, %v", like, err)
		}
	}
}

func TestEmbeddingsBadInput(t *testing.T) {
	ctx := context.Background()
	nan := float32(math.NaN())
	inner := recommend.EmbeddingsOptions{InnerProduct: true}
	for name, c := range map[string]struct {
		v    recommend.ItemVectors
		opt  recommend.EmbeddingsOptions
		want error
		says string
	}{
		"nil":       {nil, inner, recommend.ErrEmpty, "no vectors"},
		"nil model": {(*recommend.ALS)(nil), inner, recommend.ErrEmpty, "no vectors"},
		"none":      {recommend.RowVectors{N: 3}, inner, recommend.ErrEmpty, "no vectors"},
		"short row": {recommend.RowVectors{Rows: []float32{1, 2, 3}, N: 2}, inner, recommend.ErrShape, "vector 1"},
		"no length": {recommend.RowVectors{Rows: []float32{1, 2, 3}}, inner, recommend.ErrShape, "length 0"},
		"NaN":       {recommend.RowVectors{Rows: []float32{1, 2, 3, nan}, N: 2}, inner, recommend.ErrNotFinite, "vector 1"},
		"too long":  {recommend.RowVectors{Rows: []float32{1, 2, 1e19, 1e19}, N: 2}, inner, recommend.ErrRange, "vector 1"},
		"too short": {recommend.RowVectors{Rows: []float32{1, 2, 1e-30, 1e-30}, N: 2}, inner, recommend.ErrRange, "InnerProduct: vector 1"},
	} {
		if m, err := recommend.FitEmbeddings(ctx, c.v, c.opt); m != nil || !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
	done, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	if m, err := recommend.FitEmbeddings(done, groupVectors(9), inner); m != nil || !errors.Is(err, why) {
		t.Errorf("cancelled: %v, %v", m, err)
	}
	// Only directions count, so any length will do.
	m := must(recommend.FitEmbeddings(ctx, recommend.RowVectors{Rows: []float32{3e38, 3e38, 1e-38, 1e-38, 0, 0, -1, 1}, N: 2}, recommend.EmbeddingsOptions{}))(t)
	dst := make([]float32, 4)
	if err := m.Score(dst, recommend.Query{Items: []int32{0}}); err != nil || math.Abs(float64(dst[1])-1) > 1e-6 || dst[2] != 0 || math.Abs(float64(dst[3])) > 1e-6 {
		t.Errorf("%v, %v", dst, err)
	}
	one := []float32{1, 1}
	for name, c := range map[string]struct {
		q    recommend.Query
		want error
	}{
		"nobody":         {recommend.Query{}, recommend.ErrEmpty},
		"no vector":      {recommend.Query{Items: []int32{2}}, recommend.ErrEmpty},
		"no weight":      {recommend.Query{Items: []int32{0, 1}, Weights: []float32{0, 0}}, recommend.ErrEmpty},
		"cancelled out":  {recommend.Query{Items: []int32{0, 1}, Weights: []float32{1, -1}}, recommend.ErrEmpty},
		"weights":        {recommend.Query{Items: []int32{0}, Weights: one}, recommend.ErrShape},
		"weight":         {recommend.Query{Items: []int32{0}, Weights: []float32{nan}}, recommend.ErrNotFinite},
		"beyond":         {recommend.Query{Items: []int32{4}}, recommend.ErrRange},
		"negative index": {recommend.Query{Items: []int32{-1}}, recommend.ErrRange},
	} {
		if err := m.Score(dst, c.q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err := m.FoldIn(make([]float32, 2), c.q.Items, c.q.Weights); !errors.Is(err, c.want) {
			t.Errorf("%s: FoldIn: %v, want %v", name, err, c.want)
		}
		if _, err := m.AppendReasons(nil, c.q, 1, 3); !errors.Is(err, c.want) {
			t.Errorf("%s: AppendReasons: %v, want %v", name, err, c.want)
		}
	}
	if err := m.FoldIn(make([]float32, 3), []int32{0}, nil); !errors.Is(err, recommend.ErrShape) {
		t.Errorf("FoldIn into 3 numbers: %v", err)
	}
	var none *recommend.Embeddings
	if _, err := none.Over(purchases().Interactions); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("Over of nil: %v", err)
	}
	if _, err := m.Over(purchases().Interactions); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("Over of another number of items: %v", err)
	}
}

// What a damaged payload must not bring back.
func TestEmbeddingsPayload(t *testing.T) {
	nan, rows := float32(math.NaN()), func(v ...float32) func(w *codec.Writer) { return func(w *codec.Writer) { w.Float32s(v) } }
	testkit.Payload{
		Kind: codec.KindEmbeddings,
		Fields: []testkit.Field{
			{Name: "inner", Put: func(w *codec.Writer) { w.Bool(false) }},
			{Name: "f", Put: func(w *codec.Writer) { w.Int(2) }},
			{Name: "y", Put: rows(.6, .8, 0, 0)},
		},
		Decode: func(frame []byte) error {
			_, err := recommend.ReadModel(bytes.NewReader(frame))
			return err
		},
	}.Refuse(t, recommend.ErrCorrupt, map[string][]func(w *codec.Writer){
		"f": {func(w *codec.Writer) { w.Int(0) }, func(w *codec.Writer) { w.Int(3) }, func(w *codec.Writer) { w.Int(1 << 20) }},
		"y": {rows(), rows(1, 0, 1), rows(1, 1), rows(nan, 0), rows(float32(math.Inf(1)), 0), rows(1, 0, 3, 4)},
	})
}

func TestEmbeddingsAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("sync.Pool drops items under the race detector")
	}
	m := must(recommend.FitEmbeddings(context.Background(), groupVectors(100), recommend.EmbeddingsOptions{}))(t)
	dst, q := make([]float32, 100), recommend.Query{Items: []int32{1, 4, 7}, Weights: []float32{1, 2, 3}}
	if a := testing.AllocsPerRun(50, func() {
		if err := m.Score(dst, q); err != nil {
			t.Fatal(err)
		}
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

func BenchmarkEmbeddings(b *testing.B) {
	g := rng.New(1, 0, 0)
	const n, f = 20000, 64
	v := recommend.RowVectors{Rows: make([]float32, n*f), N: f}
	for k := range v.Rows {
		v.Rows[k] = float32(g.Normal())
	}
	q := recommend.Query{User: recommend.Stranger, Items: []int32{3, 500, 7000, 12000, 19000}}
	for _, inner := range []bool{false, true} {
		m := must(recommend.FitEmbeddings(context.Background(), v, recommend.EmbeddingsOptions{InnerProduct: inner}))(b)
		r := recommend.NewRanker(m)
		b.Run(fmt.Sprintf("items=%d/factors=%d/inner=%v", n, f, inner), func(b *testing.B) {
			b.ReportAllocs()
			var dst []recommend.Scored
			for b.Loop() {
				dst, _ = r.AppendTop(dst[:0], q, 10, recommend.Filter{Items: q.Items})
			}
		})
	}
}

// A vector without a direction takes part in no cosine, whatever it weighs.
func TestEmbeddingsZeroVectorWeighsNothing(t *testing.T) {
	m, err := recommend.FitEmbeddings(t.Context(), recommend.RowVectors{Rows: []float32{0, 0, 3, 4, 0, 1}, N: 2}, recommend.EmbeddingsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want, got := make([]float32, 3), make([]float32, 3)
	if err := m.Score(want, recommend.Query{User: -1, Items: []int32{1}}); err != nil {
		t.Fatal(err)
	}
	for _, w := range []float32{1, 1e13, 1e30} {
		if err := m.Score(got, recommend.Query{User: -1, Items: []int32{0, 1}, Weights: []float32{w, 1}}); err != nil || !slices.Equal(got, want) {
			t.Errorf("weight %g: %v, want %v, %v", w, got, want, err)
		}
	}
}
