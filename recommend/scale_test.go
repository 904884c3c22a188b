package recommend

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// reweighed is x with other weights.
func reweighed(x *Interactions, weight func(u int, i int32, r *rng.Stream) float32) *Interactions {
	r := rng.New(9, 0, 0)
	vals := make([]float32, x.Len())
	for u := range x.Users() {
		for p := x.users.Ptr[u]; p < x.users.Ptr[u+1]; p++ {
			vals[p] = weight(u, x.users.Col[p], r)
		}
	}
	out, err := NewInteractions(x.Users(), x.Items(), x.users.Ptr, x.users.Col, vals)
	if err != nil {
		panic(err)
	}
	return out
}

// Similarities that do not depend on the scale of the weights do not.
func TestNeighboursScaleFree(t *testing.T) {
	graded := func(s float32) *Interactions {
		return reweighed(groups(60, 48, 8, 3), func(u int, i int32, r *rng.Stream) float32 { return s * float32(1+r.Intn(5)) })
	}
	for _, similarity := range []Similarity{Cosine, AsymmetricCosine, Pearson, AdjustedCosine} {
		opt := ItemKNNOptions{Similarity: similarity, Neighbors: 48}
		want, err := FitItemKNN(context.Background(), graded(1), opt)
		if err != nil {
			t.Fatal(err)
		}
		wantUsers, err := FitUserKNN(context.Background(), graded(1), UserKNNOptions{Similarity: similarity})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []int{-90, -60, 60, 96} {
			x := graded(float32(math.Ldexp(1, e)))
			got, err := FitItemKNN(context.Background(), x, opt)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.near.Col, want.near.Col) {
				t.Fatalf("similarity %d at 2^%d: other neighbours", similarity, e)
			}
			for p, v := range got.near.Val {
				if math.Abs(float64(v-want.near.Val[p])) > 1e-5 {
					t.Fatalf("similarity %d at 2^%d: %v, want %v", similarity, e, v, want.near.Val[p])
				}
			}
			users, err := FitUserKNN(context.Background(), x, UserKNNOptions{Similarity: similarity})
			if err != nil {
				t.Fatal(err)
			}
			for u := range x.Users() - 1 {
				a, err := users.AppendNeighbors(nil, x.Query(u), 5)
				if err != nil {
					t.Fatal(err)
				}
				b, err := wantUsers.AppendNeighbors(nil, graded(1).Query(u), 5)
				if err != nil || len(a) != len(b) {
					t.Fatal(err, a, b)
				}
				for k := range a {
					if math.Abs(float64(a[k].Score-b[k].Score)) > 1e-5 {
						t.Fatalf("similarity %d at 2^%d: user %d: %v, want %v", similarity, e, u, a, b)
					}
				}
			}
		}
	}
}
