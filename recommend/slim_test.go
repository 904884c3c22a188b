package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

// slimGolden is written by testdata/golden_slim.py.
type slimGolden struct {
	Users, Items int
	Ptr          []int64
	Col          []int32
	Val          []float32
	Cases        []struct {
		L1, L2          float64
		Signed, Weights bool
		B               []float64
	}
}

func TestSLIMGolden(t *testing.T) {
	var g slimGolden
	testkit.Golden(t, "slim.json", &g)
	x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, g.Val)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range g.Cases {
		m, err := FitSLIM(context.Background(), x, SLIMOptions{L1: c.L1, L2: c.L2, Signed: c.Signed, UseWeights: c.Weights, Tol: 1e-7, MaxIter: 10000})
		if err != nil {
			t.Fatal(err)
		}
		zeros := 0
		for k, w := range c.B {
			j, i := k/g.Items, k%g.Items
			got := 0.0
			if p := m.reaches.Find(j, int32(i)); p >= 0 {
				got = float64(m.reaches.Val[p])
			}
			testkit.Near(t, fmt.Sprintf("L1=%v L2=%v B[%d, %d]", c.L1, c.L2, j, i), got, w, 2e-5)
			if w == 0 {
				zeros++
			}
		}
		if stored := g.Items*g.Items - m.reaches.Len(); stored < zeros*9/10 {
			t.Errorf("L1=%v: %d zeros, want about %d", c.L1, stored, zeros)
		}
	}
}

// The optimality conditions of the objective hold at the solution, over the
// right candidates.
func TestSLIMProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawWeighted(t)
		opt := SLIMOptions{
			L1:         rapid.SampledFrom([]float64{-1, 0.5, 4}).Draw(t, "l1"),
			L2:         rapid.SampledFrom([]float64{1, 30}).Draw(t, "l2"),
			Candidates: rapid.IntRange(1, 26).Draw(t, "n"),
			Signed:     rapid.Bool().Draw(t, "signed"),
			UseWeights: rapid.Bool().Draw(t, "weights"),
			Tol:        1e-7, MaxIter: 5000,
		}
		m, err := FitSLIM(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		l1 := max(opt.L1, 0)
		o := newLocalOracle(x, opt.UseWeights, opt.L2, 0)
		columns := m.reaches.Transpose()
		for i := range x.Items() {
			items, vals := columns.Row(i)
			if len(items) > opt.Candidates {
				t.Fatalf("item %d has %d weights, want at most %d", i, len(items), opt.Candidates)
			}
			w := make([]float64, x.Items())
			worst := math.Inf(1)
			for k, j := range items {
				w[j] = float64(vals[k])
				worst = min(worst, o.gain(int(j), i))
			}
			if w[i] != 0 {
				t.Fatalf("item %d has weight %v for itself", i, w[i])
			}
			better := 0 // items that must have been candidates
			for j := range w {
				if j != i && o.gain(j, i) > worst {
					better++
				}
			}
			if better > opt.Candidates {
				t.Fatalf("item %d: %d items are better than a candidate, Candidates is %d", i, better, opt.Candidates)
			}
			for j := range w {
				if j == i || o.gram[j][i] == 0 {
					continue
				}
				grad := -o.gram[j][i] + opt.L2*w[j]
				for k := range w {
					grad += o.gram[j][k] * w[k]
				}
				tol := 1e-3 * max(1, math.Sqrt(o.gram[j][j]*o.gram[i][i]))
				switch {
				case w[j] < 0 && !opt.Signed:
					t.Fatalf("weight (%d, %d) is %v", j, i, w[j])
				case w[j] != 0:
					if math.Abs(grad+math.Copysign(l1, w[j])) > tol {
						t.Fatalf("weight (%d, %d) = %v: gradient %v, λ %v", j, i, w[j], grad, l1)
					}
				case opt.Candidates >= x.Items(): // everybody was a candidate
					if grad < -l1-tol || opt.Signed && grad > l1+tol {
						t.Fatalf("weight (%d, %d) is 0: gradient %v, λ %v", j, i, grad, l1)
					}
				}
			}
		}
	})
}

func TestSLIMOptions(t *testing.T) {
	_, err := FitSLIM(context.Background(), groups(10, 9, 2, 1), SLIMOptions{L1: math.NaN(), L2: -1, Candidates: -1, MaxIter: -1, Tol: -1, MemoryLimit: -1})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"L1", "L2", "Candidates", "MaxIter", "Tol", "MemoryLimit"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
	if _, err := FitSLIM(context.Background(), groups(10, 9, 2, 1), SLIMOptions{MemoryLimit: 100}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a limit of 100 bytes: %v", err)
	}
}

func BenchmarkFitSLIM(b *testing.B) {
	x := catalogue(10_000, 3_000, 40, 1)
	b.Run(fmt.Sprintf("users=10k/items=3k/entries=%dk/candidates=300", x.Len()/1000), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitSLIM(context.Background(), x, SLIMOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
