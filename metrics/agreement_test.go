package metrics_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestAgreementGolden(t *testing.T) {
	// The numbers of the project's definitions.
	r, err := metrics.CompareLabels([]int{0, 0, 1, 1}, []int{0, 0, 1, 2})
	must(t, err)
	testkit.Near(t, "ARI", r.ARI, 4.0/7, 1e-15)
	s, err := metrics.SeparationOf([][]float64{{1, 2}, {1, 4}, {1, 0}, {10, 2}, {10, 4}, {10, 0}}, []int{7, 7, 7, -1, -1, -1})
	must(t, err)
	testkit.Near(t, "CH", s.CalinskiHarabasz, 30.375, 1e-12)
	testkit.Near(t, "DB", s.DaviesBouldin, .296296, 5e-7)

	var g struct {
		Cases []struct {
			X, Y                               []int
			ARI, AMI, NMI, H, C, V, MI, Purity float64
		}
		Points [][]float64
		Labels []int
		CH, DB float64
	}
	testkit.Golden(t, "clusters.json", &g)
	for _, c := range g.Cases {
		r, err := metrics.CompareLabels(c.X, c.Y)
		must(t, err)
		near(t, "agreement", []float64{r.ARI, r.AMI, r.NMI, r.Homogeneity, r.Completeness, r.VMeasure, r.MutualInformation, r.Purity},
			[]float64{c.ARI, c.AMI, c.NMI, c.H, c.C, c.V, c.MI, c.Purity}, 1e-11)
	}
	s, err = metrics.SeparationOf(g.Points, g.Labels)
	must(t, err)
	testkit.Near(t, "CH", s.CalinskiHarabasz, g.CH, 1e-9*g.CH)
	testkit.Near(t, "DB", s.DaviesBouldin, g.DB, 1e-12)
}

func TestAgreementBadInput(t *testing.T) {
	x := [][]float64{{1}, {2}, {3}}
	for name, c := range map[string]struct{ got, want error }{
		"no rows":     {second(metrics.CompareLabels(nil, nil)), metrics.ErrEmpty},
		"lengths":     {second(metrics.CompareLabels([]int{1}, nil)), metrics.ErrShape},
		"empty state": {second((&metrics.Agreement{}).Result()), metrics.ErrUndefined},
		"no points":   {second(metrics.SeparationOf(nil, nil)), metrics.ErrEmpty},
		"labels":      {second(metrics.SeparationOf(x, []int{1})), metrics.ErrShape},
		"one cluster": {second(metrics.SeparationOf(x, []int{1, 1, 1})), metrics.ErrUndefined},
		"singletons":  {second(metrics.SeparationOf(x, []int{1, 2, 3})), metrics.ErrUndefined},
		"NaN":         {second(metrics.SeparationOf([][]float64{{1}, {math.NaN()}}, []int{1, 2})), metrics.ErrNotFinite},
		"overflow":    {second(metrics.SeparationOf([][]float64{{1e200}, {-1e200}, {0}}, []int{1, 1, 2})), metrics.ErrOverflow},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	s, err := metrics.SeparationOf([][]float64{{1}, {1}, {2}, {2}}, []int{0, 0, 1, 1})
	if err != nil || !math.IsNaN(s.CalinskiHarabasz) || s.DaviesBouldin != 0 {
		t.Errorf("rows at their centres: %+v %v", s, err)
	}
	s, err = metrics.SeparationOf([][]float64{{1}, {3}, {1}, {3}}, []int{0, 0, 1, 1})
	if err != nil || !math.IsNaN(s.DaviesBouldin) || s.CalinskiHarabasz != 0 {
		t.Errorf("equal centres: %+v %v", s, err)
	}
}

func TestAgreementMerge(t *testing.T) {
	testkit.Laws[*metrics.Agreement]{
		Empty: func() *metrics.Agreement { return &metrics.Agreement{} },
		Add: func(t *rapid.T) func(*metrics.Agreement) {
			x, y := rapid.IntRange(-2, 2).Draw(t, "class"), rapid.IntRange(0, 3).Draw(t, "cluster")
			return func(a *metrics.Agreement) { a.Add(x, y) }
		},
		Merge: func(a, b *metrics.Agreement) error { return a.Merge(b) },
		Result: func(a *metrics.Agreement) []float64 {
			r, err := a.Result()
			return testkit.Numbers(r.N, r.Classes, r.Clusters, nan(r.ARI, err), r.AMI, r.NMI, r.Homogeneity, r.Completeness, r.Purity)
		},
		Tol: 1e-12,
	}.Check(t)
}

// Names of labels do not matter, and equal partitions score 1.
func TestAgreementProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.IntRange(0, 4), 2, 40).Draw(t, "x")
		y := rapid.SliceOfN(rapid.IntRange(0, 4), len(x), len(x)).Draw(t, "y")
		z, same := make([]int, len(x)), make([]int, len(x))
		for i := range y {
			z[i], same[i] = 100-7*y[i], 3-x[i]
		}
		a, err := metrics.CompareLabels(x, y)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := metrics.CompareLabels(x, z)
		c, _ := metrics.CompareLabels(x, same)
		if math.Abs(a.ARI-b.ARI) > 1e-12 || math.Abs(a.AMI-b.AMI) > 1e-9 || math.Abs(a.VMeasure-b.VMeasure) > 1e-12 {
			t.Fatalf("renamed: %+v %+v", a, b)
		}
		if math.Abs(c.ARI-1) > 1e-12 || math.Abs(c.AMI-1) > 1e-9 || math.Abs(c.VMeasure-1) > 1e-12 || c.Purity != 1 {
			t.Fatalf("equal partitions: %+v", c)
		}
		if a.ARI > 1+1e-12 || a.AMI > 1+1e-9 || a.VMeasure < 0 || a.Purity > 1 {
			t.Fatalf("%+v", a)
		}
	})
}

// The cost does not grow with the number of rows, and the adjustment is that of the sum over all
// overlaps, here by logarithms of factorials as Vinh, Epps and Bailey write it.
func TestAgreementOfManyRows(t *testing.T) {
	var a metrics.Agreement
	for i := range 4 {
		a.Add(i/2, i%2)
	}
	for range 48 {
		var b metrics.Agreement
		frame := ok[[]byte](t)(a.MarshalBinary())
		if err := errors.Join(b.UnmarshalBinary(frame), a.Merge(&b)); err != nil {
			t.Fatal(err)
		}
	}
	r := ok[metrics.AgreementResult](t)(a.Result())
	if r.N != 1<<50 || math.Abs(r.AMI) > 1e-12 || math.Abs(r.ARI) > 1e-12 {
		t.Errorf("independent partitions of 2^50 rows: %+v", r)
	}
	// Two by two, rows and columns of n/2: the expected information is that of χ² with one
	// degree of freedom, 1/(2n), AMI 0 for a table with that much.
	for _, c := range []struct{ n, both int64 }{{60, 20}, {400, 130}, {40_000, 10_200}, {1_000_000, 251_000}} {
		var a metrics.Agreement
		half := c.n / 2
		for i := range c.n {
			class, cluster := 0, 0
			if i >= half {
				class = 1
			}
			if i >= c.both && i < half || i >= half && i-half < c.both {
				cluster = 1
			}
			a.Add(class, cluster)
		}
		lf := func(k int64) float64 { v, _ := math.Lgamma(float64(k) + 1); return v }
		var emi float64
		h, n := half, float64(c.n)
		for k := int64(1); k <= h; k++ {
			x := float64(k)
			p := math.Exp(2*lf(h) + 2*lf(h) - lf(c.n) - lf(k) - 2*lf(h-k) - lf(k))
			emi += 2 * 2 * x / n * math.Log(n*x/float64(h)/float64(h)) * p
		}
		r := ok[metrics.AgreementResult](t)(a.Result())
		want := (r.MutualInformation - emi) / (math.Ln2 - emi)
		testkit.Near(t, "AMI", r.AMI, want, 1e-9)
	}
}
