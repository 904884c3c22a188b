package recommend

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// rowModel copies a row of scores: the engine's own cost remains.
type rowModel struct{ scores []float32 }

func (m *rowModel) Users() int { return 0 }
func (m *rowModel) Items() int { return len(m.scores) }
func (m *rowModel) Score(dst []float32, _ Query) error {
	copy(dst, m.scores)
	return nil
}

func BenchmarkEngineRecommend(b *testing.B) {
	const users, items = 2000, 30_000
	g := rng.New(3, 0, 0)
	builder, err := NewBuilder[int, int](BuilderOptions{})
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
	knn, err := FitItemKNN(context.Background(), d.Interactions, ItemKNNOptions{})
	if err != nil {
		b.Fatal(err)
	}
	allow := ItemSetFunc(items, func(i int32) bool { return i%10 != 0 })
	for name, m := range map[string]Model{"row": row, "knn": knn} {
		e, err := NewEngine(d, EngineOptions{Sources: []Source{{Name: name, Model: m}}})
		if err != nil {
			b.Fatal(err)
		}
		for what, r := range map[string]Request[int, int]{
			"none":    {K: 10},
			"allow":   {K: 10, Allow: allow},
			"history": {K: 10, Allow: allow, History: []Event[int]{{Item: 5}, {Item: 77}}},
			"reasons": {K: 10, Reasons: 3},
		} {
			b.Run("items=30k/k=10/model="+name+"/filter="+what, func(b *testing.B) {
				b.ReportAllocs()
				dst := make([]Recommendation[int], 0, 10)
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
