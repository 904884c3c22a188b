package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/topk"
)

// Lists of models of vectors are those of a full sort of their scores, whatever
// the filter, and so are lists of scores with NaN and infinities.
func TestRankerProp(t *testing.T) {
	x := groups(40, 2500, 30, 5)
	models := map[string]Model{}
	ctx := context.Background()
	for name, fit := range map[string]func() (Model, error){
		"als":  func() (Model, error) { return FitALS(ctx, x, ALSOptions{Factors: 6, Iterations: 2}) },
		"bpr":  func() (Model, error) { return FitBPR(ctx, x, BPROptions{Factors: 5, Epochs: 2}) },
		"warp": func() (Model, error) { return FitWARP(ctx, x, WARPOptions{Factors: 5, Epochs: 2}) },
		"lmf":  func() (Model, error) { return FitLMF(ctx, x, LMFOptions{Factors: 5, Epochs: 2}) },
		"mf":   func() (Model, error) { return FitMF(ctx, x, MFOptions{Factors: 5, Epochs: 2}) },
		"knn":  func() (Model, error) { return FitItemKNN(ctx, x, ItemKNNOptions{}) },
	} {
		m, err := fit()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.(vectorScorer); ok != (name != "knn") {
			t.Fatalf("%s: vectorScorer is %v", name, ok)
		}
		models[name] = m
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			ranker, scores := NewRanker(m), make([]float32, m.Items())
			rapid.Check(t, func(t *rapid.T) {
				n := m.Items()
				q := x.Query(rapid.IntRange(0, x.Users()-1).Draw(t, "user"))
				if rapid.Bool().Draw(t, "stranger") {
					q.User = Stranger
				}
				f := drawFilter(t, n)
				k := rapid.SampledFrom([]int{1, 10, 500, n + 1}).Draw(t, "k")
				got, err := ranker.AppendTop(nil, q, k, f)
				if err2 := m.Score(scores, q); err != nil || err2 != nil {
					if err != err2 {
						t.Fatalf("%v, Score says %v", err, err2)
					}
					return
				}
				checkTop(t, got, scores, k, f, fromAll)
			})
		})
	}
}

func drawFilter(t *rapid.T, n int) Filter {
	var f Filter
	g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
	share := rapid.SampledFrom([]float64{0, .001, .1, .3, .9, 1}).Draw(t, "share")
	if rapid.Bool().Draw(t, "allow") {
		f.Allow = ItemSetFunc(n, func(int32) bool { return g.Bool(share) })
	}
	if rapid.Bool().Draw(t, "deny") {
		f.Deny = ItemSetFunc(n, func(i int32) bool { return int(i)/1024%2 == 0 || g.Bool(1-share) })
	}
	for range rapid.IntRange(0, 30).Draw(t, "items") {
		f.Items = append(f.Items, int32(g.Intn(n)))
	}
	return f
}

type fataler interface{ Fatalf(string, ...any) }

func checkTop(t fataler, got []Scored, scores []float32, k int, f Filter, from float32) {
	var want []topk.Item
	for i, s := range scores {
		if s != s || s < from || f.Allow != nil && !f.Allow.Has(int32(i)) || f.Deny != nil && f.Deny.Has(int32(i)) || slices.Contains(f.Items, int32(i)) {
			continue
		}
		want = append(want, topk.Item{ID: int32(i), Score: s})
	}
	slices.SortFunc(want, topk.Compare)
	want = want[:min(k, len(want))]
	if len(got) != len(want) {
		t.Fatalf("%d items, want %d", len(got), len(want))
	}
	for p, g := range got {
		if g.Item != want[p].ID || g.Score != want[p].Score {
			t.Fatalf("place %d is %+v, want %+v", p, g, want[p])
		}
	}
}

func TestScanProp(t *testing.T) {
	values := []float32{
		float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)),
		math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, math.MaxFloat32, -math.MaxFloat32, 1, -1, 2,
	}
	var s scan
	var h topk.Heap
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 63, 64, 65, 1023, 1024, 1025, 2100}).Draw(t, "n")
		g := rng.New(rapid.Uint64().Draw(t, "values"), 0, 0)
		s.scores = make([]float32, n)
		for i := range s.scores {
			s.scores[i] = values[g.Intn(len(values))]
		}
		f := drawFilter(t, n)
		k := rapid.SampledFrom([]int{0, 1, 7, 100, n}).Draw(t, "k")
		from := rapid.SampledFrom([]float32{fromAll, fromFinite, fromSparse}).Draw(t, "from")
		free := newIndexSet(n)
		free.fill(n)
		for i := range int32(n) {
			if f.Allow != nil && !f.Allow.Has(i) || f.Deny != nil && f.Deny.Has(i) || slices.Contains(f.Items, i) {
				free.drop(i)
			}
		}
		h.Reset(k)
		s.top(&h, free, n, from)
		var got []Scored
		for _, it := range h.AppendSorted(nil) {
			got = append(got, Scored{it.ID, it.Score})
		}
		checkTop(t, got, s.scores, k, f, from)
	})
}

func BenchmarkRankerAppendTop(b *testing.B) {
	const users, items, factors = 100, 30_000, 64
	g := rng.New(1, 0, 0)
	m := &ALS{factors: factors, x: make([]float32, users*factors), y: make([]float32, items*factors)}
	for _, v := range [][]float32{m.x, m.y} {
		for k := range v {
			v[k] = float32(g.Normal())
		}
	}
	for i := range items { // popularity: some vectors are much longer
		scale := float32(math.Exp(0.8 * g.Normal()))
		for k := range factors {
			m.y[i*factors+k] *= scale
		}
	}
	seen := g.Perm(items)[:50]
	for _, share := range []float64{1, .9, .5, .1, .01} {
		f := Filter{Items: seen}
		if share < 1 {
			f.Allow = ItemSetFunc(items, func(int32) bool { return g.Bool(share) })
		}
		b.Run(fmt.Sprintf("items=30k/factors=64/k=10/allow=%v", share), func(b *testing.B) {
			r := NewRanker(m)
			var dst []Scored
			var err error
			u := int32(0)
			b.ReportAllocs()
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				u = (u + 1) % users
				if dst, err = r.AppendTop(dst[:0], Query{User: u}, 10, f); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
		})
	}
}
