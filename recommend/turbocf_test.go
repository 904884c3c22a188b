package recommend

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// slowTurboCF is the formula of the doc comment on dense matrices. Nothing is
// cut, so it is the fit with Neighbors = items.
func slowTurboCF(x *Interactions, opt TurboCFOptions) [][]float64 {
	a := denseRows(x, opt.UseWeights)
	at := denseTranspose(a)
	sums := func(m [][]float64) []float64 {
		out := make([]float64, len(m))
		for r := range m {
			for _, v := range m[r] {
				out[r] += v
			}
		}
		return out
	}
	du, di := sums(a), sums(at)
	for u := range a {
		for i, v := range a[u] {
			if v > 0 {
				a[u][i] = v * math.Pow(du[u], -opt.Alpha) * math.Pow(di[i], opt.Alpha-1)
			}
		}
	}
	p := denseProduct(denseTranspose(a), a)
	for j := range p {
		for i, v := range p[j] {
			if v > 0 {
				p[j][i] = math.Pow(v, opt.Power)
			}
		}
	}
	if opt.Order == 2 {
		if top := denseTop(p); top > 1+1e-5 {
			for j := range p {
				for i := range p[j] {
					p[j][i] /= top
				}
			}
		}
		p2 := denseProduct(p, p)
		for j := range p {
			for i := range p[j] {
				if p[j][i] > 0 {
					p[j][i] = max(2*p[j][i]-p2[j][i], 0)
				}
			}
		}
	}
	for j := range p {
		p[j][j] = 0
	}
	return p
}

// denseTop returns the largest eigenvalue of a matrix of elements >= 0, as near as
// 100 steps of the power method come: of two that are almost equal their mean.
func denseTop(p [][]float64) float64 {
	x := make([]float64, len(p))
	for i := range x {
		x[i] = 1
	}
	top := 0.0
	for range 100 {
		y, before, after := make([]float64, len(p)), 0.0, 0.0
		for j := range p {
			for i, v := range p[j] {
				y[j] += v * x[i]
			}
			before += x[j] * x[j]
			after += y[j] * y[j]
		}
		if after == 0 {
			return 0
		}
		last := top
		top = math.Sqrt(after / before)
		for i := range y {
			x[i] = y[i] / math.Sqrt(after)
		}
		if math.Abs(top-last) <= 1e-7*top {
			break
		}
	}
	return top
}

func TestTurboCFProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawWeighted(t)
		opt := TurboCFOptions{
			Neighbors:  x.Items(),
			Alpha:      rapid.Float64Range(0.1, 1).Draw(t, "alpha"),
			Power:      rapid.Float64Range(0.3, 1.5).Draw(t, "power"),
			Order:      rapid.IntRange(1, 2).Draw(t, "order"),
			UseWeights: rapid.Bool().Draw(t, "weights"),
		}
		if opt.Order == 1 {
			opt.Neighbors = rapid.IntRange(1, x.Items()).Draw(t, "k")
		}
		m, err := FitTurboCF(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		checkKept(t, &m.itemWeights, slowTurboCF(x, opt), opt.Neighbors)
	})
}

func TestTurboCFOptions(t *testing.T) {
	_, err := FitTurboCF(context.Background(), groups(10, 9, 2, 1), TurboCFOptions{Neighbors: -1, Alpha: 2, Power: math.Inf(1), Order: 3})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Neighbors", "Alpha", "Power", "Order"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func BenchmarkFitTurboCF(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	for _, order := range []int{1, 2} {
		b.Run(map[int]string{1: "order=1", 2: "order=2"}[order]+"/users=10k/items=3k/entries=400k/neighbors=500", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := FitTurboCF(context.Background(), x, TurboCFOptions{Order: order}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
