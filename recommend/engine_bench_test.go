package recommend_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// rowModel copies a row of scores: the engine's own cost remains.
type rowModel struct{ scores []float32 }

func (m *rowModel) Users() int { return 0 }
func (m *rowModel) Items() int { return len(m.scores) }
func (m *rowModel) Score(dst []float32, _ recommend.Query) error {
	copy(dst, m.scores)
	return nil
}

func BenchmarkEngineRecommend(b *testing.B) {
	const users, items = 2000, 30_000
	g := rng.New(3, 0, 0)
	builder, err := recommend.NewBuilder[int, int](recommend.BuilderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range items {
		for range 4 {
			if err := builder.Add(g.Intn(users), i, 1); err != nil {
				b.Fatal(err)
			}
		}
	}
	d, err := builder.Build()
	if err != nil {
		b.Fatal(err)
	}
	row := &rowModel{make([]float32, items)}
	for i := range row.scores {
		row.scores[i] = float32(g.Normal())
	}
	knn, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{Similarity: recommend.Cosine})
	if err != nil {
		b.Fatal(err)
	}
	// By default: the data has nothing but popularity, which makes lists that score every item.
	popular, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		b.Fatal(err)
	}
	allow := recommend.ItemSetFunc(items, func(i int32) bool { return i%10 != 0 })
	for name, m := range map[string]recommend.Model{"row": row, "knn": knn, "knn-popular": popular} {
		e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: name, Model: m}}})
		if err != nil {
			b.Fatal(err)
		}
		for what, r := range map[string]recommend.Request[int, int]{
			"none":    {K: 10},
			"allow":   {K: 10, Allow: allow},
			"history": {K: 10, Allow: allow, History: []recommend.Event[int]{{Item: 5}, {Item: 77}}},
			"reasons": {K: 10, Reasons: 3},
		} {
			b.Run("items=30k/k=10/model="+name+"/filter="+what, func(b *testing.B) {
				b.ReportAllocs()
				dst := make([]recommend.Recommendation[int], 0, 10)
				u := 0
				for b.Loop() {
					r.User = u % users
					u++
					if dst, err = e.Recommend(dst[:0], r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// What a backend does all day: an event, and the answer that shows it, by a model
// of 64 factors over 30,000 items.
func BenchmarkEngineLive(b *testing.B) {
	const users, items, factors = 2000, 30_000, 64
	g := rng.New(5, 0, 0)
	builder, err := recommend.NewBuilder[int, int](recommend.BuilderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range items {
		for range 4 {
			if err := builder.Add(g.Intn(users), i, 1); err != nil {
				b.Fatal(err)
			}
		}
	}
	d, err := builder.Build()
	if err != nil {
		b.Fatal(err)
	}
	als, err := recommend.FitALS(context.Background(), d.Interactions, recommend.ALSOptions{Factors: factors, Iterations: 1})
	if err != nil {
		b.Fatal(err)
	}
	allow := recommend.ItemSetFunc(items, func(i int32) bool { return i%10 != 0 })
	p50 := func(b *testing.B, f func(k int)) {
		b.ReportAllocs()
		var took []time.Duration
		k := 0
		for b.Loop() {
			start := time.Now()
			f(k)
			k++
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	}
	dst := make([]recommend.Recommendation[int], 0, 10)
	for name, f := range map[string]func(e *recommend.Engine[int, int], k int){
		"recommend": func(e *recommend.Engine[int, int], k int) {
			dst, err = e.Recommend(dst[:0], recommend.Request[int, int]{User: k % users, K: 10, Allow: allow})
		},
		"observe": func(e *recommend.Engine[int, int], k int) {
			err = e.Observe(recommend.Observation[int, int]{User: users + k%10_000, Item: k * 7 % items, At: time.Unix(int64(k), 0)})
		},
		"observe+recommend": func(e *recommend.Engine[int, int], k int) {
			if err = e.Observe(recommend.Observation[int, int]{User: users + k%10_000, Item: k * 7 % items, At: time.Unix(int64(k), 0)}); err == nil {
				dst, err = e.Recommend(dst[:0], recommend.Request[int, int]{User: users + k%10_000, K: 10, Allow: allow})
			}
		},
		"observe+foldin": func(e *recommend.Engine[int, int], k int) {
			user := users + k
			for j := range 5 {
				if err = e.Observe(recommend.Observation[int, int]{User: user, Item: (k*7 + j*131) % items, At: time.Unix(int64(k), 0)}); err != nil {
					return
				}
			}
			// An answer from few items: the cost is that of the fold-in.
			dst, err = e.Recommend(dst[:0], recommend.Request[int, int]{User: user, K: 10, AllowItems: few})
		},
	} {
		b.Run("items=30k/factors=64/"+name, func(b *testing.B) {
			e, fail := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "als", Model: als}}})
			if fail != nil {
				b.Fatal(fail)
			}
			p50(b, func(k int) {
				if f(e, k); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

var few = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
