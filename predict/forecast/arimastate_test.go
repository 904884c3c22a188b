package forecast

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// The stationary law against the sum that it is, Σ Tᵏ rrᵀ Tᵏᵀ, twice as many terms each time.
func TestARIMAStationary(t *testing.T) {
	r := rng.New(11, 0, 0)
	for _, c := range []struct {
		form arimaForm
		m    int
	}{
		{arimaForm{}, 1},
		{arimaForm{q: 3}, 1},
		{arimaForm{p: 1}, 1},
		{arimaForm{p: 2, q: 1}, 1},
		{arimaForm{p: 5, q: 5}, 1},
		{arimaForm{q: 1, sq: 1}, 12},
		{arimaForm{p: 1, q: 2, sp: 1, sq: 1}, 7},
		{arimaForm{p: 2, sp: 2}, 4},
	} {
		for range 20 {
			f := arimaFit{form: c.form, season: c.m}
			coef := make([]float64, c.form.p+c.form.q+c.form.sp+c.form.sq)
			u := make([]float64, len(coef))
			for i := range u {
				u[i] = r.Normal()
			}
			f.coefficients(coef, u)
			s := newARIMAState(c.form, c.m, coef)
			s.stationary()
			want := summed(&s)
			for i, v := range want {
				testkit.Near(t, c.form.String(), s.p[i], v, 1e-7*want[0])
			}
		}
	}
}

func summed(s *arimaState) []float64 {
	n := s.n
	product := func(a, b []float64, turned bool) []float64 {
		out := make([]float64, n*n)
		for i := range n {
			for j := range n {
				for k := range n {
					if turned {
						out[i*n+j] += a[i*n+k] * b[j*n+k]
					} else {
						out[i*n+j] += a[i*n+k] * b[k*n+j]
					}
				}
			}
		}
		return out
	}
	step, p := make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		step[i*n] = s.phi[i]
		if i+1 < n {
			step[i*n+i+1] = 1
		}
		for j := range n {
			p[i*n+j] = s.r[i] * s.r[j]
		}
	}
	for range 24 {
		for i, v := range product(product(step, p, false), step, true) {
			p[i] += v
		}
		step = product(step, step, false)
	}
	return p
}

// KPSS of the golden file, which are statsmodels'.
func TestKPSSGolden(t *testing.T) {
	var g struct {
		Series map[string][]*float64
		KPSS   map[string]float64
	}
	testkit.Golden(t, "arima.json", &g)
	if len(g.KPSS) < 2 {
		t.Fatal(g.KPSS)
	}
	for name, want := range g.KPSS {
		var y []float64
		for _, v := range g.Series[name] {
			y = append(y, *v)
		}
		testkit.Near(t, name, kpss(y), want, 1e-10*math.Abs(want))
	}
}
