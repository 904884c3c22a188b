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

// nmfGolden is written by testdata/golden_nmf.py.
type nmfGolden struct {
	Users, Items, Factors int
	Ptr                   []int64
	Col                   []int32
	Val                   []float32
	W0, H0                []float32
	Cases                 []struct {
		L1, L2  float64
		Loss, H []float64
	}
}

func TestNMFGolden(t *testing.T) {
	var g nmfGolden
	testkit.Golden(t, "nmf.json", &g)
	x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, g.Val)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range g.Cases {
		m := &NMF{factors: g.Factors, l1: c.L1, l2: c.L2, w: append([]float32(nil), g.W0...), h: append([]float32(nil), g.H0...)}
		var losses []float64
		err := m.fit(context.Background(), x.users, NMFOptions{
			Iterations: len(c.Loss), Loss: true, Progress: func(p Progress) { losses = append(losses, p.Loss) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(losses) != len(c.Loss) {
			t.Fatalf("%d losses, want %d", len(losses), len(c.Loss))
		}
		name := fmt.Sprintf("L1=%v L2=%v", c.L1, c.L2)
		for k := range losses {
			testkit.Near(t, name+" loss", losses[k], c.Loss[k], 1e-5*c.Loss[k])
		}
		for k, w := range c.H {
			testkit.Near(t, fmt.Sprintf("%s h[%d]", name, k), float64(m.h[k]), w, 5e-4)
		}
	}
}

func slowNMFLoss(m *NMF, a [][]float64) float64 {
	sum := 0.0
	for u := range a {
		for i, x := range a[u] {
			s := 0.0
			for k, w := range m.UserVector(u) {
				s += float64(w) * float64(m.ItemVector(i)[k])
			}
			sum += 0.5 * (x - s) * (x - s)
		}
	}
	for _, v := range [][]float32{m.w, m.h} {
		for _, x := range v {
			sum += m.l1*float64(x) + 0.5*m.l2*float64(x)*float64(x)
		}
	}
	return sum
}

// The objective never grows, the reported loss is the documented objective, no
// vector is negative, and no user vector can be improved.
func TestNMFProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawWeighted(t)
		opt := NMFOptions{
			Factors: rapid.IntRange(1, 6).Draw(t, "factors"), Iterations: 5, Seed: rapid.Uint64().Draw(t, "start"),
			L1:         rapid.SampledFrom([]float64{0, 0.2}).Draw(t, "l1"),
			L2:         rapid.SampledFrom([]float64{-1, 0.1, 2}).Draw(t, "l2"),
			UseWeights: rapid.Bool().Draw(t, "weights"), Loss: true,
		}
		var losses []float64
		opt.Progress = func(p Progress) { losses = append(losses, p.Loss) }
		m, err := FitNMF(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		a := denseRows(x, opt.UseWeights)
		last := slowNMFLoss(m, a)
		losses = append(losses, last) // after the users were solved to the end
		tol := 0.0
		for _, row := range a {
			for _, v := range row {
				tol += 2e-4 * v * v
			}
		}
		for i := 1; i < len(losses); i++ {
			if losses[i] > losses[i-1]+tol {
				t.Fatalf("loss grew: %v", losses)
			}
		}
		for _, v := range [][]float32{m.w, m.h} {
			for _, c := range v {
				if !(c >= 0) {
					t.Fatalf("coordinate %v", c)
				}
			}
		}
		r := rng.New(opt.Seed, 9, 9)
		u, k := r.Intn(x.Users()), r.Intn(m.factors)
		for _, step := range []float32{0.03, -0.03} {
			old := m.UserVector(u)[k]
			m.UserVector(u)[k] = max(0, old+step)
			if moved := slowNMFLoss(m, a); moved < last-tol {
				t.Fatalf("moving user %d from %v lowers the loss from %v to %v", u, old, last, moved)
			}
			m.UserVector(u)[k] = old
		}
	})
}

func TestNMFLoss(t *testing.T) {
	x := groups(60, 48, 8, 3)
	var losses []float64
	m, err := FitNMF(context.Background(), x, NMFOptions{
		Factors: 5, Iterations: 3, L1: 0.1, Loss: true, Progress: func(p Progress) { losses = append(losses, p.Loss) },
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.loss(context.Background(), x.users, mustGram(t, m.w, 5), 1)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "loss", got, slowNMFLoss(m, denseRows(x, false)), 1e-4*got)
	if len(losses) != 3 || !(losses[2] < losses[0]) {
		t.Errorf("losses %v", losses)
	}
}

func mustGram(t *testing.T, v []float32, f int) []float32 {
	t.Helper()
	g, err := gram(context.Background(), v, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A known user's vector is the fold-in of its history.
func TestNMFFoldIn(t *testing.T) {
	x := groups(60, 48, 8, 3)
	m, err := FitNMF(context.Background(), x, NMFOptions{Factors: 6})
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, 6)
	for u := range x.Users() - 1 {
		items, weights := x.Row(u)
		for _, w := range [][]float32{nil, weights} {
			if err := m.FoldIn(v, items, w); err != nil {
				t.Fatal(err)
			}
			for k := range v {
				if v[k] != m.UserVector(u)[k] {
					t.Fatalf("user %d: fold-in %v, vector %v", u, v, m.UserVector(u))
				}
			}
		}
	}
	for name, c := range map[string]struct{ got, want error }{
		"no history":   {m.FoldIn(v, nil, nil), ErrEmpty},
		"short vector": {m.FoldIn(v[:1], []int32{1}, nil), ErrShape},
		"unknown item": {m.FoldIn(v, []int32{48}, nil), ErrRange},
		"negative":     {m.FoldIn(v, []int32{1}, []float32{-1}), ErrRange},
		"NaN":          {m.Score(make([]float32, 48), Query{User: Stranger, Items: []int32{1}, Weights: []float32{float32(math.NaN())}}), ErrRange},
		"weights":      {m.FoldIn(v, []int32{1}, []float32{1, 1}), ErrShape},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
}

func TestNMFOptions(t *testing.T) {
	_, err := FitNMF(context.Background(), groups(10, 9, 2, 1), NMFOptions{Factors: -1, Iterations: -1, L1: -1, L2: math.NaN()})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Iterations", "L1", "L2"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func BenchmarkFitNMF(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	b.Run("users=10k/items=3k/entries=400k/factors=32/iterations=1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitNMF(context.Background(), x, NMFOptions{Iterations: 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
