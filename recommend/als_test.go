package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// slowLoss evaluates the objective of the doc comment pair by pair.
func slowLoss(m *ALS, x *Interactions) float64 {
	dot := func(a, b []float32) float64 {
		s := 0.0
		for k := range a {
			s += float64(a[k]) * float64(b[k])
		}
		return s
	}
	sum := 0.0
	counts := x.ItemCounts()
	for u := range x.Users() {
		items, weights := x.Row(u)
		seen := map[int32]float64{}
		for k, i := range items {
			seen[i] = float64(weights[k])
		}
		for i := range x.Items() {
			s := dot(m.UserVector(u), m.ItemVector(i))
			if w, ok := seen[int32(i)]; ok {
				sum += m.objective.alpha * w * (1 - s) * (1 - s)
			} else {
				sum += m.objective.unobserved * s * s
			}
		}
		sum += m.objective.lambda * math.Pow(float64(len(items))+m.objective.unobserved*float64(x.Items()), m.objective.nu) * dot(m.UserVector(u), m.UserVector(u))
	}
	for i, n := range counts {
		sum += m.objective.lambda * math.Pow(float64(n)+m.objective.unobserved*float64(x.Users()), m.objective.nu) * dot(m.ItemVector(i), m.ItemVector(i))
	}
	return sum
}

// The reported loss is the documented objective, it never grows under exact
// solves, and at the end no user vector can be improved.
func TestALSObjectiveProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		r := rng.New(seed, 0, 0)
		x := groups(rapid.IntRange(3, 25).Draw(t, "users"), rapid.IntRange(9, 20).Draw(t, "items"), 2, seed)
		for p := range x.users.Val {
			x.users.Val[p] = float32(1 + r.Intn(4))
		}
		opt := ALSOptions{
			Factors: rapid.IntRange(1, 7).Draw(t, "factors"), Iterations: 3, Seed: seed,
			Solver:            rapid.SampledFrom([]Solver{Cholesky, Subspace}).Draw(t, "solver"),
			BlockSize:         rapid.IntRange(1, 9).Draw(t, "block"),
			Alpha:             rapid.Float64Range(0.3, 5).Draw(t, "alpha"),
			Unobserved:        rapid.Float64Range(0.02, 2).Draw(t, "unobserved"),
			Regularization:    rapid.Float64Range(0.001, 1).Draw(t, "lambda"),
			FrequencyExponent: rapid.SampledFrom([]float64{-1, 0.5, 1}).Draw(t, "nu"),
			Loss:              true,
		}
		var losses []float64
		opt.Progress = func(p Progress) { losses = append(losses, p.Loss) }
		m, err := FitALS(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(losses); i++ {
			if losses[i] > losses[i-1]*(1+1e-5) {
				t.Fatalf("loss grew: %v", losses)
			}
		}
		last := slowLoss(m, x)
		if fast, err := m.loss(context.Background(), x, 1); err != nil || math.Abs(fast-last) > 1e-4*last {
			t.Fatalf("loss is %v, slow oracle says %v (%v)", fast, last, err)
		}
		if last > losses[len(losses)-1]*(1+1e-5) {
			t.Fatalf("the last user step raised the loss from %v to %v", losses[len(losses)-1], last)
		}
		u, k := r.Intn(x.Users()-1), r.Intn(m.factors)
		for _, step := range []float32{0.05, -0.05} {
			m.UserVector(u)[k] += step
			if moved := slowLoss(m, x); moved < last*(1-1e-6) {
				t.Fatalf("moving user %d lowers the loss from %v to %v", u, last, moved)
			}
			m.UserVector(u)[k] -= step
		}
	})
}

// A known user's vector is the fold-in of its history, for both solvers; so is
// an item's of its users.
func TestALSFoldIn(t *testing.T) {
	x := groups(60, 48, 8, 3)
	for _, solver := range []Solver{CG, Cholesky, Subspace} {
		m, err := FitALS(context.Background(), x, ALSOptions{Factors: 8, Solver: solver})
		if err != nil {
			t.Fatal(err)
		}
		v := make([]float32, 8)
		for u := range x.Users() - 1 {
			items, weights := x.Row(u)
			if err := m.FoldIn(v, items, weights); err != nil {
				t.Fatal(err)
			}
			for k := range v {
				testkit.Near(t, fmt.Sprintf("solver %d user %d factor %d", solver, u, k), float64(v[k]), float64(m.UserVector(u)[k]), 2e-4)
			}
		}
	}
	m, err := FitALS(context.Background(), x, ALSOptions{Factors: 8, Iterations: 200, Solver: Cholesky})
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, 8)
	byItem := x.byItem()
	for i := range 8 { // at convergence the item side is stationary too
		users, weights := byItem.Row(i)
		if err := m.FoldInItem(v, users, weights); err != nil {
			t.Fatal(err)
		}
		for k := range v {
			testkit.Near(t, fmt.Sprintf("item %d factor %d", i, k), float64(v[k]), float64(m.ItemVector(i)[k]), 5e-2)
		}
	}
	for name, err := range map[string]error{
		"no history":   m.FoldIn(v, nil, nil),
		"no users":     m.FoldInItem(v, nil, nil),
		"short vector": m.FoldIn(v[:3], []int32{1}, nil),
		"unknown item": m.FoldIn(v, []int32{99}, nil),
		"unknown user": m.FoldInItem(v, []int32{99}, nil),
		"negative":     m.FoldIn(v, []int32{1}, []float32{-1}),
		"weights":      m.FoldIn(v, []int32{1}, []float32{1, 1}),
	} {
		want := ErrRange
		switch name {
		case "no history", "no users":
			want = ErrEmpty
		case "short vector", "weights":
			want = ErrShape
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALSOptions(t *testing.T) {
	x := groups(10, 9, 2, 1)
	_, err := FitALS(context.Background(), x, ALSOptions{Factors: -1, Alpha: math.NaN(), Unobserved: -1, FrequencyExponent: 3, Solver: 7})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Alpha", "Unobserved", "FrequencyExponent", "Solver"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
	start, err := FitALS(context.Background(), x, ALSOptions{Factors: 4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FitALS(context.Background(), x, ALSOptions{Factors: 5, Start: start}); !errors.Is(err, ErrOption) {
		t.Errorf("start of other factors: %v", err)
	}
	if _, err := FitALS(context.Background(), groups(20, 9, 2, 1), ALSOptions{Factors: 4, Start: start}); err != nil {
		t.Errorf("start of fewer users: %v", err)
	}
}

func BenchmarkFitALS(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	for _, solver := range []Solver{CG, Cholesky, Subspace} {
		name := map[Solver]string{CG: "cg", Cholesky: "cholesky", Subspace: "subspace"}[solver]
		b.Run("solver="+name+"/users=10k/entries=400k/factors=64", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := FitALS(context.Background(), x, ALSOptions{Factors: 64, Iterations: 1, Solver: solver}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(x.Len())*float64(b.N)/b.Elapsed().Seconds(), "interactions/s")
		})
	}
}

func BenchmarkALSFoldIn(b *testing.B) {
	x := groups(2_000, 3_000, 20, 1)
	m, err := FitALS(context.Background(), x, ALSOptions{Factors: 64, Iterations: 1})
	if err != nil {
		b.Fatal(err)
	}
	v := make([]float32, 64)
	items, _ := x.Row(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := m.FoldIn(v, items, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRanker(b *testing.B) {
	x := groups(1_000, 30_000, 50, 1)
	m, err := FitALS(context.Background(), x, ALSOptions{Factors: 64, Iterations: 1})
	if err != nil {
		b.Fatal(err)
	}
	r := NewRanker(m)
	var dst []Scored
	b.Run("items=30k/factors=64/k=10", func(b *testing.B) {
		b.ReportAllocs()
		u := 0
		for b.Loop() {
			q := x.Query(u % 999)
			u++
			if dst, err = r.AppendTop(dst[:0], q, 10, Filter{Items: q.Items}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
