package lifetime_test

import (
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// TestColumnsFaint: a column on so small a scale that its coefficient would be beyond numbers is refused
// by all fits, as are customers of whom none came back.
func TestColumnsFaint(t *testing.T) {
	cs, rows := channels(1, 60)
	start := get(lifetime.NewBGNBD[weeks](1, 10, 1, 3))
	var once []customer
	var lasted []int
	var times []weeks
	var ended []bool
	for i, c := range cs {
		once = append(once, customer{Age: c.Age})
		lasted, times, ended = append(lasted, 1+i%7), append(times, weeks(1+i%7)), append(ended, i%3 > 0)
	}
	for _, faint := range []float64{5e-324, 1e-310, 1e-295} {
		var small [][]float64
		for i, r := range rows {
			small = append(small, []float64{faint * float64(i%2), r[1]})
		}
		_, covariates := lifetime.FitCovariates(bg, start, cs, small, lifetime.CovariateOptions{})
		_, hazard := lifetime.FitHazard(bg, small, lasted, ended, lifetime.HazardOptions{})
		_, cox := lifetime.FitCox(bg, small, times, ended, lifetime.CoxOptions{})
		for name, err := range map[string]error{"FitCovariates": covariates, "FitHazard": hazard, "FitCox": cox} {
			if !errors.Is(err, lifetime.ErrUndefined) {
				t.Errorf("%s of a column of %v: %v", name, faint, err)
			}
		}
	}
	if _, err := lifetime.FitCovariates(bg, start, once, rows, lifetime.CovariateOptions{}); !errors.Is(err, lifetime.ErrUndefined) {
		t.Errorf("nobody came back: %v", err)
	}
}

// TestHazardMemory: what a fit holds grows with the rows and with the periods, not with their product.
func TestHazardMemory(t *testing.T) {
	var rows [][]float64
	var lasted []int
	var ended []bool
	long := 60_000
	if testkit.Race {
		long = 3000
	}
	for i := range 500 {
		rows, lasted, ended = append(rows, []float64{float64(i)}), append(lasted, 1+i*i%9), append(ended, true)
		if i%2 == 0 {
			lasted[i], ended[i] = long+i, false
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := get(lifetime.FitHazard(bg, rows, lasted, ended, lifetime.HazardOptions{}))
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 200<<20 && !testkit.Race { // 16 bytes a row and period are 250 MB
		t.Errorf("took %d MB", took>>20)
	}
	if m.Periods() != long+498 {
		t.Errorf("%d periods", m.Periods())
	}
}

// TestBGBBFarther: laws of which next to nobody is ever lost, and laws in which all are alike, keep their
// digits however large their parameters are.
func TestBGBBFarther(t *testing.T) {
	for _, gamma := range []float64{.5, 1, 3, 1e4} {
		for _, delta := range []float64{1e5, 4e6, 6e6, 1e8, 1e12, 1e16, 1e20} {
			m := get(lifetime.NewBGBB[weeks](1, 1, gamma, delta))
			want, alive := 0., 1.
			for k := range 6000 {
				alive *= 1 - gamma/(gamma+delta+float64(k))
				want += alive / 2
			}
			testkit.Near(t, "expected", get(m.ExpectedNew(6000))/want, 1, 1e-9)
		}
	}
	for _, scale := range []float64{1e4, 1e8, 1e12, 1e16, 1e18} {
		m := get(lifetime.NewBGBB[weeks](scale, 100*scale, 1, 3))
		want := weeks(math.Ceil(math.Log(.1) / math.Log(100./101)))
		if got := get(m.NextOrder(customer{}, .9)); got != want {
			t.Errorf("all alike, of %v: the next order in %v, want %v", scale, got, want)
		}
	}
}
