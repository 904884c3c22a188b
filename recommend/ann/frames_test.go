package ann_test

import (
	"context"
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
)

// filledHNSW is an index of two dimensions with removed nodes, some of which are
// linked to and some free.
func filledHNSW(t testing.TB) *ann.HNSW {
	t.Helper()
	rows := make([]float32, 0, 80)
	for i := range 40 {
		rows = append(rows, float32(i%7)-1.5, float32(i/7)+0.25*float32(i%3))
	}
	x, err := ann.FitHNSW(context.Background(), recommend.RowVectors{Rows: rows, N: 2}, ann.HNSWOptions{Metric: ann.Euclidean, Links: 2, Build: 4, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i := int32(3); i < 36; i += 2 {
		if err := x.Remove(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Add(40, []float32{0.5, 9}); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestFrames(t *testing.T) {
	testkit.Frames(t, "recommend/ann", []testkit.Frame{{
		Kind: codec.KindHNSW,
		Fill: func(t testing.TB) encoding.BinaryMarshaler { return filledHNSW(t) },
		Values: func(t testing.TB, state any) any {
			x := state.(*ann.HNSW)
			out := map[string]any{"length": x.Len(), "slots": x.Slots(), "factors": x.Factors()}
			ask := func(name string) {
				top, err := x.AppendTop(nil, []float32{1.2, 2.9}, 5, 0, recommend.Filter{})
				if err != nil {
					t.Fatal(err)
				}
				out[name] = top
			}
			ask("top")
			// Seed, links and free nodes tell where a new item goes.
			if err := x.Add(5, []float32{1.25, 3}); err != nil {
				t.Fatal(err)
			}
			ask("top after another")
			return out
		},
		Tol:  1e-5,
		Zero: []string{".known: of datasets", ".norm2: of InnerProduct", ".odd: of the others"},
	}})
}
