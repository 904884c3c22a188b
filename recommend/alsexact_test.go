package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// slowRow solves the normal equations of a user by Gauss's elimination in float64.
func slowRow(m *ALS, items []int32, weights []float32) []float64 {
	f, o := m.factors, m.objective
	a := make([][]float64, f)
	lambda := o.lambda * math.Pow(float64(len(items))+o.unobserved*float64(m.Items()), o.nu)
	for k := range a {
		a[k] = make([]float64, f+1)
		a[k][k] = lambda
	}
	add := func(i int, d, c float64) {
		y := m.ItemVector(i)
		for k := range f {
			for l := range f {
				a[k][l] += d * float64(y[k]) * float64(y[l])
			}
			a[k][f] += c * float64(y[k])
		}
	}
	for i := range m.Items() {
		add(i, o.unobserved, 0)
	}
	for k, i := range items {
		c := o.alpha * float64(weights[k])
		add(int(i), c-o.unobserved, c)
	}
	for k := range f {
		at := k
		for r := k; r < f; r++ {
			if math.Abs(a[r][k]) > math.Abs(a[at][k]) {
				at = r
			}
		}
		a[k], a[at] = a[at], a[k]
		for r := range f {
			if r != k {
				c := a[r][k] / a[k][k]
				for l := k; l <= f; l++ {
					a[r][l] -= c * a[k][l]
				}
			}
		}
	}
	x := make([]float64, f)
	for k := range x {
		x[k] = a[k][f] / a[k][k]
	}
	return x
}

// Weights of any size: the vectors solve their equations, a known user is the fold-in
// of its history, reasons add up; or the fit says that it cannot.
func TestALSWeightsOfAnySize(t *testing.T) {
	price := func(i int) float64 { return math.Pow(10, 4+3*float64(i*7%48)/47) } // 1e4 … 1e7
	cases := []struct {
		name   string
		must   bool
		weight func(i int, r *rng.Stream) float64
	}{
		{"ones", true, func(int, *rng.Stream) float64 { return 1 }},
		{"money", true, func(i int, r *rng.Stream) float64 { return price(i) * float64(1+r.Intn(5)) }},
		{"1e-6 to 1e6", true, func(_ int, r *rng.Stream) float64 { return math.Pow(10, 12*r.Float64()-6) }},
		{"1e-6 to 1e9", true, func(_ int, r *rng.Stream) float64 { return math.Pow(10, 15*r.Float64()-6) }},
		{"1e-6 to 1e30", false, func(_ int, r *rng.Stream) float64 { return math.Pow(10, 36*r.Float64()-6) }},
		{"1e30", false, func(int, *rng.Stream) float64 { return 1e30 }},
	}
	for _, c := range cases {
		x := groups(60, 48, 8, 3)
		r := rng.New(5, 0, 0)
		for p := range x.users.Val {
			x.users.Val[p] = float32(c.weight(int(x.users.Col[p]), r))
		}
		for _, solver := range []Solver{CG, Cholesky, Subspace} {
			name := fmt.Sprintf("%s, solver %d", c.name, solver)
			m, err := FitALS(context.Background(), x, ALSOptions{Factors: 12, Iterations: 5, Solver: solver, BlockSize: 5})
			if err != nil {
				if c.must || !errors.Is(err, ErrDiverged) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			v, scores := make([]float32, 12), make([]float32, 48)
			for u := range 59 {
				q := x.Query(u)
				items, weights := x.Row(u)
				if err := m.FoldIn(v, items, weights); err != nil {
					t.Fatalf("%s: user %d: %v", name, u, err)
				}
				want := slowRow(m, items, weights)
				for k, w := range want {
					if got := float64(m.UserVector(u)[k]); c.must && math.Abs(got-w) > 2e-3*(1+math.Abs(w)) || math.Abs(got-float64(v[k])) > 1e-3*(1+math.Abs(got)) {
						t.Fatalf("%s: user %d factor %d is %v, %v folded in, want %v", name, u, k, got, v[k], w)
					}
				}
				if err := m.Score(scores, q); err != nil {
					t.Fatal(err)
				}
				for _, i := range []int32{3, 17, items[0]} {
					reasons, err := m.AppendReasons(nil, q, i, len(items))
					if err != nil {
						if c.must || !errors.Is(err, ErrDiverged) {
							t.Fatalf("%s: user %d item %d: %v", name, u, i, err)
						}
						continue
					}
					sum := 0.0
					for _, r := range reasons {
						sum += float64(r.Contribution)
					}
					if s := float64(scores[i]); math.Abs(sum-s) > 1e-3*max(1, math.Abs(s)) {
						t.Fatalf("%s: user %d item %d: reasons add up to %v, score is %v", name, u, i, sum, s)
					}
				}
			}
		}
	}
}
