package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/vec"
)

// Weights that are small beside the penalties, and vectors longer than there are users: a known
// user solves its equations and is the fold-in of its history, however small the numbers; or
// the fit says that nothing is left, or that a row has no solution. All solvers say the same of where nothing is.
func TestALSSmallWeightsAndLongVectors(t *testing.T) {
	for _, c := range []struct {
		users, factors, iterations int
		weight, lambda             float64
		vanishes                   bool
	}{
		{60, 12, 15, 1e-12, 0, true},
		{60, 12, 5, 1e-30, 0, true},
		{60, 12, 2, 1e-12, 0, true},
		{60, 12, 5, 1e-12, 1e-9, true},
		{60, 12, 15, 1e-2, .45, true},
		{60, 12, 15, 1e-2, 0, false},
		{60, 12, 2, 1e-2, 0, false},
		{60, 12, 5, 1e-2, 1e-6, false},
		{60, 12, 5, 1e-8, 1e-9, false},
		{12, 40, 5, 1, 0, false},
		{12, 40, 5, 1e3, 0, false},
		{12, 40, 5, 1e6, 0, false},
		{12, 40, 5, 1e-12, 0, true},
		{12, 40, 5, 1, -1, false},
	} {
		x := groups(c.users, 48, 8, 3)
		r := rng.New(7, 0, 0)
		for p := range x.users.Val {
			x.users.Val[p] = float32(c.weight * (1 - 0.1*r.Float64()))
		}
		for _, solver := range []Solver{CG, Cholesky, Subspace} {
			name := fmt.Sprintf("%+v, solver %d", c, solver)
			m, err := FitALS(context.Background(), x, ALSOptions{Factors: c.factors, Iterations: c.iterations, Regularization: c.lambda, Solver: solver})
			if c.vanishes {
				if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "Alpha") {
					t.Errorf("%s: %v, want ErrDiverged with Alpha in it", name, err)
				}
				continue
			}
			if err != nil {
				if !errors.Is(err, ErrDiverged) || !(c.lambda < 0 || c.lambda == 1e-9) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			v, scores, want := make([]float32, c.factors), make([]float32, 48), make([]float64, 48)
			for u := range c.users - 1 {
				items, weights := x.Row(u)
				if err := m.FoldIn(v, items, weights); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if err := m.Score(scores, x.Query(u)); err != nil {
					t.Fatal(err)
				}
				row, largest := slowRow(m, items, weights), 0.0
				for i := range want {
					want[i] = 0
					for k, w := range row {
						want[i] += w * float64(m.ItemVector(i)[k])
					}
					largest = max(largest, math.Abs(want[i]))
				}
				for i, w := range want {
					if got, fold := float64(scores[i]), float64(vec.Dot(v, m.ItemVector(i))); math.Abs(got-w) > 1e-3*largest || math.Abs(fold-w) > 1e-3*largest {
						t.Fatalf("%s: user %d item %d: %v, folded in %v, want %v of at most %v", name, u, i, got, fold, w, largest)
					}
				}
			}
		}
	}
}

// Huge weights leave conjugate gradients with next to nothing from a few steps: the fit takes more of
// them then, and finds what the exact solver finds.
func TestALSHugeWeightsByCG(t *testing.T) {
	x := groups(120, 100, 12, 3)
	r := rng.New(5, 0, 0)
	for p := range x.users.Val {
		x.users.Val[p] = float32(math.Pow(10, 12*r.Float64()-6))
	}
	inGroup := func(solver Solver) float64 {
		m, err := FitALS(context.Background(), x, ALSOptions{Factors: 12, Solver: solver})
		if err != nil {
			t.Fatal(err)
		}
		ranker, right := NewRanker(m), 0
		for u := range 119 {
			list, err := ranker.AppendTop(nil, x.Query(u), 10, Filter{})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				if int(s.Item)%4 == u%4 {
					right++
				}
			}
		}
		return float64(right) / 119 / 10
	}
	exact, cg := inGroup(Cholesky), inGroup(CG)
	if exact < 0.6 || cg < exact-0.1 {
		t.Errorf("%.3f of the lists are of the user's group by Cholesky, %.3f by CG", exact, cg)
	}
}

// A handful of users, of whom nothing follows but popularity: the defaults still make a model.
func TestALSHandful(t *testing.T) {
	for _, rows := range [][][]int32{
		{{0, 1}, {1, 2}, {0, 2, 3}, {3, 4}, {0, 4}, {1, 3}, {2, 4}, {0, 1, 2}, {3, 0}, {4, 1}},
		{{0}, {0}, {0}},
		{{0, 1}, {1}},
	} {
		b, err := NewBuilder[int, int](BuilderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for u, items := range rows {
			for _, i := range items {
				if err := b.Add(u, int(i), 1); err != nil {
					t.Fatal(err)
				}
			}
		}
		data, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		m, err := FitALS(context.Background(), data.Interactions, ALSOptions{})
		if err != nil {
			t.Errorf("%v: %v", rows, err)
			continue
		}
		if own := float64(vec.Dot(m.x[:m.factors], m.y[:m.factors])); !(own > 0) {
			t.Errorf("%v: score %v of what the user has", rows, own)
		}
	}
}
