package recommend

import (
	"context"
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

func TestGFCFGolden(t *testing.T) {
	g, x := loadSVD(t)
	for i := range x.users.Val { // the golden history is binary
		x.users.Val[i] = 1
	}
	m, err := FitGFCF(context.Background(), x, GFCFOptions{Factors: g.Factors, Alpha: 0.3, Neighbors: -1, Iterations: 20})
	if err != nil {
		t.Fatal(err)
	}
	checkScores(t, m, x, g.GFCF, 1e-3)
}

// slowGFCF is the formula of the doc comment with gonum's full SVD.
func slowGFCF(x *Interactions, opt GFCFOptions) ([][]float64, bool) {
	r := denseRows(x, opt.UseWeights)
	users, items := len(r), len(r[0])
	du, di := make([]float64, users), make([]float64, items)
	for u := range r {
		for i, v := range r[u] {
			du[u] += v
			di[i] += v
		}
	}
	tilde := mat.NewDense(users, items, nil)
	for u := range r {
		for i, v := range r[u] {
			if v > 0 {
				tilde.Set(u, i, v/math.Sqrt(du[u]*di[i]))
			}
		}
	}
	var svd mat.SVD
	if !svd.Factorize(tilde, mat.SVDThin) {
		return nil, false
	}
	var v, w mat.Dense
	svd.VTo(&v)
	s := svd.Values(nil)
	k := min(opt.Factors, len(s))
	// A cut through (nearly) equal singular values is no definite projection.
	if k < len(s) && s[k-1]-s[k] < 0.05 || s[k-1] < 0.02 {
		return nil, false
	}
	w.Mul(tilde.T(), tilde)
	b := make([][]float64, items)
	for j := range b {
		b[j] = make([]float64, items)
		for i := range b[j] {
			b[j][i] = w.At(j, i)
			for c := range k {
				if di[j] > 0 {
					b[j][i] += opt.Alpha / math.Sqrt(di[j]) * v.At(j, c) * v.At(i, c) * math.Sqrt(di[i])
				}
			}
		}
	}
	return b, true
}

func TestGFCFProp(t *testing.T) {
	tried := 0
	testkit.Until(t, "a case with a definite answer", func() bool { return tried > 0 }, func(t *rapid.T) {
		x := drawWeighted(t)
		opt := GFCFOptions{
			Factors: rapid.IntRange(1, 5).Draw(t, "factors"), Alpha: rapid.Float64Range(0.1, 2).Draw(t, "alpha"),
			Neighbors: -1, UseWeights: rapid.Bool().Draw(t, "weights"), Iterations: 30,
		}
		want, ok := slowGFCF(x, opt)
		if !ok {
			return
		}
		tried++
		m, err := FitGFCF(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, x.Items())
		for j := range want {
			if err := m.Score(dst, Query{User: Stranger, Items: []int32{int32(j)}, Weights: []float32{2}}); err != nil {
				t.Fatal(err)
			}
			for i, w := range want[j] {
				if math.Abs(float64(dst[i])/2-w) > 2e-3*max(1, math.Abs(w)) {
					t.Fatalf("B[%d, %d] = %v, want %v", j, i, dst[i]/2, w)
				}
			}
		}
	})
}

// Neighbors cuts the linear part to its largest elements.
func TestGFCFNeighbors(t *testing.T) {
	x := groups(60, 48, 8, 3)
	all, err := FitGFCF(context.Background(), x, GFCFOptions{Alpha: -1, Neighbors: -1})
	if err != nil {
		t.Fatal(err)
	}
	cut, err := FitGFCF(context.Background(), x, GFCFOptions{Alpha: -1, Neighbors: 5})
	if err != nil {
		t.Fatal(err)
	}
	want := all.reaches.TopK(5)
	for j := range x.Items() {
		wc, wv := want.Row(j)
		gc, gv := cut.reaches.Row(j)
		if len(wc) != len(gc) {
			t.Fatalf("row %d keeps %v, want %v", j, gc, wc)
		}
		for k := range wc {
			if wc[k] != gc[k] || wv[k] != gv[k] {
				t.Fatalf("row %d keeps %v, want %v", j, gc, wc)
			}
		}
	}
}

func TestGFCFOptions(t *testing.T) {
	_, err := FitGFCF(context.Background(), groups(10, 9, 2, 1), GFCFOptions{Factors: -1, Alpha: math.Inf(1), Iterations: -2})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Alpha", "Iterations"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func BenchmarkFitGFCF(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	b.Run("users=10k/items=3k/entries=400k/factors=64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitGFCF(context.Background(), x, GFCFOptions{Factors: 64}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
