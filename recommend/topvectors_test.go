package recommend_test

import (
	"context"
	"encoding"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// drawnPairs are pairs of users and items at random.
func drawnPairs(tb testing.TB, users, items, pairs int, seed uint64) *recommend.Dataset[int, int] {
	tb.Helper()
	g := rng.New(seed, 0, 0)
	b, err := recommend.NewBuilder[int, int](recommend.BuilderOptions{})
	for range pairs {
		if err == nil {
			err = b.Add(g.Intn(users), g.Intn(items), 1)
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	d, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// A frame read into a model that has named likenesses before: the lengths of the vectors it had are
// forgotten with them.
func TestSimilarAfterReading(t *testing.T) {
	ctx := context.Background()
	type model interface {
		recommend.Similar
		encoding.BinaryMarshaler
		encoding.BinaryUnmarshaler
	}
	fits := map[string]func(*recommend.Interactions, uint64) (model, error){
		"als": func(x *recommend.Interactions, seed uint64) (model, error) {
			return recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 4, Seed: seed})
		},
		"bpr": func(x *recommend.Interactions, seed uint64) (model, error) {
			return recommend.FitBPR(ctx, x, recommend.BPROptions{Factors: 4, Epochs: 3, Seed: seed})
		},
		"nmf": func(x *recommend.Interactions, seed uint64) (model, error) {
			return recommend.FitNMF(ctx, x, recommend.NMFOptions{Factors: 4, Seed: seed})
		},
		"embeddings": func(x *recommend.Interactions, seed uint64) (model, error) {
			g := rng.New(seed, 1, 0)
			v := make([]float32, 3*x.Items())
			for i := range v {
				v[i] = float32(g.Normal())
			}
			return recommend.FitEmbeddings(ctx, recommend.RowVectors{Rows: v, N: 3}, recommend.EmbeddingsOptions{InnerProduct: true})
		},
	}
	x := drawnPairs(t, 60, 20, 500, 1).Interactions
	for name, fit := range fits {
		t.Run(name, func(t *testing.T) {
			a, err := fit(x, 1)
			if err != nil {
				t.Fatal(err)
			}
			b, err := fit(x, 2)
			if err != nil {
				t.Fatal(err)
			}
			list := func(m model) (out []recommend.Scored) {
				for i := range int32(x.Items()) {
					if out, err = m.AppendSimilar(out, i, 5); err != nil {
						t.Fatal(err)
					}
				}
				return out
			}
			first, want := list(a), list(b)
			frame, err := b.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if err := a.UnmarshalBinary(frame); err != nil {
				t.Fatal(err)
			}
			if slices.Equal(first, want) {
				t.Fatal("two seeds, one list: the test says nothing")
			}
			if !slices.Equal(list(a), want) {
				t.Error("lists of the model that was read are others")
			}
		})
	}
}

func BenchmarkEngineSimilar(b *testing.B) {
	d := drawnPairs(b, 5000, 30_000, 200_000, 3)
	m, err := recommend.FitALS(context.Background(), d.Interactions, recommend.ALSOptions{Factors: 64, Iterations: 1})
	if err != nil {
		b.Fatal(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "als", Model: m}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("items=30k/factors=64/k=10", func(b *testing.B) {
		var out []recommend.Recommendation[int]
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if out, err = e.Similar(out[:0], d.Items.ID(int32(i%d.Interactions.Items())), recommend.Request[int, int]{K: 10}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
