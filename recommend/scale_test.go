package recommend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

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

// Weights of any magnitude up to 1e30 give finite scores and a model that can be
// read back, or a fit that says it diverged; no fit goes on for ever.
func TestConformanceMagnitudes(t *testing.T) {
	x := groups(60, 48, 8, 3)
	few := []float32{1e-42, 1e-30, 1, 1e6, 1e30}
	cases := map[string]func(u int, i int32, r *rng.Stream) float32{
		"mixed":       func(_ int, _ int32, r *rng.Stream) float32 { return few[r.Intn(len(few))] },
		"item scales": func(_ int, i int32, _ *rng.Stream) float32 { return few[int(i)%len(few)] },
		"user scales": func(u int, _ int32, _ *rng.Stream) float32 { return few[u%len(few)] },
		"one huge": func(u int, i int32, _ *rng.Stream) float32 {
			if u == 3 && i == 3 {
				return 1e30
			}
			return 1
		},
		"counts":    func(_ int, _ int32, r *rng.Stream) float32 { return float32(math.Floor(math.Exp(14 * r.Float64()))) },
		"some zero": func(_ int, _ int32, r *rng.Stream) float32 { return float32(r.Intn(2)) },
	}
	for _, s := range few {
		cases[fmt.Sprintf("%g", s)] = func(int, int32, *rng.Stream) float32 { return s }
		cases[fmt.Sprintf("graded %g", s)] = func(u int, i int32, _ *rng.Stream) float32 { return s * (1 - 0.2*float32((7*u+3*int(i))%5)) }
	}
	for _, c := range conformants {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for name, weight := range cases {
				x := reweighed(x, weight)
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
				m, err := c.fit(ctx, x)
				cancel()
				if err != nil {
					if !errors.Is(err, ErrDiverged) {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				dst := make([]float32, m.Items())
				for u := range x.Users() {
					q := x.Query(u)
					for range 2 {
						if err := m.Score(dst, q); err != nil && !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrDiverged) {
							t.Fatalf("%s: user %d: %v", name, u, err)
						} else if err == nil && slices.ContainsFunc(dst, func(s float32) bool { return s-s != 0 }) {
							t.Fatalf("%s: scores of user %d are not finite: %v", name, u, dst)
						}
						q.User = Stranger
					}
				}
				if _, err := ReadModel(bytes.NewReader(mustMarshal(t, m))); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			over := reweighed(x, func(int, int32, *rng.Stream) float32 { return math.MaxFloat32 })
			if m, err := c.fit(context.Background(), over); err == nil {
				if _, rates := m.(predictor); !rates {
					t.Error("accepted weights whose sums overflow")
				}
			} else if !errors.Is(err, ErrRange) && !errors.Is(err, ErrDiverged) {
				t.Errorf("weights whose sums overflow: %v", err)
			}
		})
	}
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
