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

// The golden solves both equations of the paper as such (testdata/golden_bspm.py).
func TestBSPMGolden(t *testing.T) {
	g, x := loadSVD(t)
	for i := range x.users.Val { // the golden history is binary
		x.users.Val[i] = 1
	}
	var want struct {
		Beta, Sharpening float64
		BSPM             []float64 `json:"bspm"`
	}
	testkit.Golden(t, "bspm.json", &want)
	m, err := FitBSPM(context.Background(), x, BSPMOptions{
		Factors: g.Factors, Beta: want.Beta, Sharpening: want.Sharpening, Neighbors: -1, Iterations: 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	checkScores(t, m, x, want.BSPM, 1e-3)
}

// slowBSPM is the matrix of the doc comment from that of GFCF.
func slowBSPM(x *Interactions, opt BSPMOptions) ([][]float64, bool) {
	blur, ok := slowGFCF(x, GFCFOptions{Factors: opt.Factors, Alpha: opt.Beta, UseWeights: opt.UseWeights})
	linear, _ := slowGFCF(x, GFCFOptions{Factors: opt.Factors, UseWeights: opt.UseWeights})
	if !ok {
		return nil, false
	}
	n := len(blur)
	b, p, power := mat.NewDense(n, n, nil), mat.NewDense(n, n, nil), mat.NewDense(n, n, nil)
	for i := range n {
		b.SetRow(i, blur[i])
		p.SetRow(i, linear[i])
	}
	power.Copy(b)
	for k := 1.0; k <= 4; k++ { // power = B·(-TP)ᵏ/k!
		var next mat.Dense
		next.Mul(power, p)
		power.Scale(-opt.Sharpening/k, &next)
		b.Add(b, power)
	}
	for i := range n {
		copy(blur[i], b.RawRowView(i))
	}
	return blur, true
}

func TestBSPMProp(t *testing.T) {
	tried := 0
	testkit.Until(t, "a case with a definite answer", func() bool { return tried > 0 }, func(t *rapid.T) {
		x := drawWeighted(t)
		opt := BSPMOptions{
			Factors: rapid.IntRange(1, 5).Draw(t, "factors"), Beta: rapid.Float64Range(0.1, 2).Draw(t, "beta"),
			Sharpening: rapid.Float64Range(0.1, 2.785).Draw(t, "sharpening"),
			Neighbors:  -1, UseWeights: rapid.Bool().Draw(t, "weights"), Iterations: 30,
		}
		want, ok := slowBSPM(x, opt)
		if !ok {
			return
		}
		tried++
		m, err := FitBSPM(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, x.Items())
		for j := range want {
			if err := m.Score(dst, Query{User: Stranger, Items: []int32{int32(j)}, Weights: []float32{2}}); err != nil {
				t.Fatal(err)
			}
			for i, w := range want[j] {
				if math.Abs(float64(dst[i])/2-w) > 3e-3*max(1, math.Abs(w)) {
					t.Fatalf("B[%d, %d] = %v, want %v", j, i, dst[i]/2, w)
				}
			}
		}
	})
}

// Without sharpening BSPM is GF-CF, up to the order of its sums.
func TestBSPMWithoutSharpening(t *testing.T) {
	x := groups(60, 48, 8, 3)
	m, err := FitBSPM(context.Background(), x, BSPMOptions{Sharpening: -1, Neighbors: -1})
	if err != nil {
		t.Fatal(err)
	}
	want, err := FitGFCF(context.Background(), x, GFCFOptions{Alpha: 0.3, Neighbors: -1})
	if err != nil {
		t.Fatal(err)
	}
	a, b := make([]float32, x.Items()), make([]float32, x.Items())
	for u := range x.Users() {
		if len(x.Query(u).Items) == 0 {
			continue
		}
		if err := errors.Join(m.Score(a, x.Query(u)), want.Score(b, x.Query(u))); err != nil {
			t.Fatal(err)
		}
		for i := range a {
			if math.Abs(float64(a[i]-b[i])) > 1e-5 {
				t.Fatalf("user %d item %d: %v, GFCF has %v", u, i, a[i], b[i])
			}
		}
	}
}

// Neighbors keeps the elements of largest size of either sign.
func TestBSPMNeighbors(t *testing.T) {
	x := groups(60, 48, 3, 3)
	fit := func(neighbors int) *BSPM {
		m, err := FitBSPM(context.Background(), x, BSPMOptions{Beta: -1, Sharpening: 1.5, Neighbors: neighbors})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	all, cut := fit(-1), fit(5)
	negative := false
	for j := range x.Items() {
		smallest := float32(math.Inf(1))
		cols, vals := cut.reaches.Row(j)
		for k, c := range cols {
			smallest = min(smallest, float32(math.Abs(float64(vals[k]))))
			negative = negative || vals[k] < 0
			if p := all.reaches.Find(j, c); p < 0 || all.reaches.Val[p] != vals[k] {
				t.Fatalf("row %d has %v at column %d", j, vals[k], c)
			}
		}
		cols, vals = all.reaches.Row(j)
		if want := min(5, len(cols)); cut.reaches.RowLen(j) != want {
			t.Fatalf("row %d keeps %d elements, want %d", j, cut.reaches.RowLen(j), want)
		}
		for k, c := range cols {
			if cut.reaches.Find(j, c) < 0 && float32(math.Abs(float64(vals[k]))) > smallest {
				t.Fatalf("row %d lost %v at column %d and kept %v", j, vals[k], c, smallest)
			}
		}
	}
	if !negative {
		t.Error("no element is negative: the case shows less than it should")
	}
}

func TestBSPMOptions(t *testing.T) {
	_, err := FitBSPM(context.Background(), groups(10, 9, 2, 1), BSPMOptions{Factors: -1, Beta: math.Inf(1), Sharpening: 5, Iterations: -2})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Beta", "Sharpening", "Iterations"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func BenchmarkFitBSPM(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	b.Run("users=10k/items=3k/entries=400k/factors=64", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitBSPM(context.Background(), x, BSPMOptions{Factors: 64}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
