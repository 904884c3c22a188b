package kpi_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/kpi"
	"pgregory.net/rapid"
)

func TestDecompose(t *testing.T) {
	d := ok[[]float64](t)(kpi.Decompose([]float64{100, 20}, []float64{120, 25}, kpi.DecomposeShapley))
	testkit.Near(t, "orders", d[0], 20*22.5, 1e-12)
	testkit.Near(t, "order value", d[1], 5*110, 1e-12)
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 6).Draw(t, "factors")
		a, b := make([]float64, k), make([]float64, k)
		pa, pb := 1.0, 1.0
		for i := range a {
			a[i], b[i] = rapid.Float64Range(.1, 10).Draw(t, "a"), rapid.Float64Range(.1, 10).Draw(t, "b")
			pa *= a[i]
			pb *= b[i]
		}
		// Shapley over all orders, the slow way.
		want := make([]float64, k)
		perms := 0
		var walk func(now []float64, used int)
		walk = func(now []float64, used int) {
			if used == 1<<k-1 {
				perms++
				return
			}
			for i := range k {
				if used>>i&1 == 0 {
					next := slices.Clone(now)
					next[i] = b[i]
					p := 1.0
					for j := range next {
						if j != i {
							p *= next[j]
						}
					}
					// Every order below this prefix counts once.
					n := 1.0
					for left := k - popcount(used) - 1; left > 1; left-- {
						n *= float64(left)
					}
					want[i] += n * (b[i] - a[i]) * p
					walk(next, used|1<<i)
				}
			}
		}
		walk(slices.Clone(a), 0)
		for _, m := range []kpi.DecomposeMethod{kpi.DecomposeShapley, kpi.DecomposeLogMean} {
			got, err := kpi.Decompose(a, b, m)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for i, x := range got {
				sum += x
				if m == kpi.DecomposeShapley && !testkit.Close(x, want[i]/float64(perms), 1e-9*math.Max(pa, pb), 1e-9) {
					t.Fatalf("factor %d: %v, want %v", i, x, want[i]/float64(perms))
				}
			}
			if !testkit.Close(sum, pb-pa, 1e-12*math.Max(pa, pb), 1e-9) {
				t.Fatalf("method %d: parts sum to %v, change %v", m, sum, pb-pa)
			}
		}
	})
}

func popcount(x int) int {
	n := 0
	for ; x > 0; x &= x - 1 {
		n++
	}
	return n
}

func TestDecomposeBadInput(t *testing.T) {
	d := func(_ []float64, err error) error { return err }
	nan := math.NaN()
	long := []float64{1, 2, 3, 5, 4, 6, 8, 7}
	for name, x := range map[string]struct{ got, want error }{
		"no factors":      {d(kpi.Decompose(nil, nil, kpi.DecomposeShapley)), metrics.ErrEmpty},
		"factor lengths":  {d(kpi.Decompose(long, long[:1], kpi.DecomposeShapley)), metrics.ErrShape},
		"factor 0":        {d(kpi.Decompose([]float64{0}, []float64{1}, kpi.DecomposeLogMean)), metrics.ErrRange},
		"factor NaN":      {d(kpi.Decompose([]float64{nan}, []float64{1}, kpi.DecomposeShapley)), metrics.ErrNotFinite},
		"factors 17":      {d(kpi.Decompose(make([]float64, 17), make([]float64, 17), kpi.DecomposeShapley)), metrics.ErrRange},
		"factor overflow": {d(kpi.Decompose([]float64{1e300, 1}, []float64{1e300, 1e300}, kpi.DecomposeShapley)), metrics.ErrOverflow},
		"method":          {d(kpi.Decompose([]float64{1}, []float64{1}, 9)), metrics.ErrOption},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}
