package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
)

// Forecast appends the means of the next h periods, of multiplicative forms the forecasts with
// all errors at 0. See Forecaster. Also ErrEmpty for a model that was not fitted.
func (m *ETS) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: ETS.Forecast"
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	return m.means(dst, h), nil
}

// means appends the forecasts of the next h periods, with all errors to come at 0.
func (m *ETS) means(dst []float64, h int) []float64 {
	p := m.now
	for i := range h {
		p.slope *= p.phi
		p.level += p.slope
		f := p.level
		switch m.form.season {
		case 'A':
			f += p.seasonal[i%m.season]
		case 'M':
			f *= p.seasonal[i%m.season]
		}
		dst = append(dst, f)
	}
	return dst
}

// longFormula is the horizon up to which the variance of multiplicative errors, whose recursion
// is quadratic, is computed; beyond it paths are drawn.
const longFormula = 1000

// Quantiles appends quantiles of the next h periods. See Forecaster and FitETS. ErrUndefined
// where there were no more values than parameters, or relative errors have no finite squares; ErrEmpty for
// a model that was not fitted.
func (m *ETS) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: ETS.Quantiles"
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	if math.IsNaN(m.sigma2) {
		return dst, fmt.Errorf("%s: no more values than parameters, or errors out of all proportion: %w", where, ErrUndefined)
	}
	if m.form.season == 'M' || m.form.multError && h > longFormula {
		return m.drawn(dst, h, probs), nil
	}
	mean := m.means(make([]float64, 0, h), h)
	return appendNormal(dst, mean, m.spread(mean), probs), nil
}

// spread returns the standard deviations of the next periods: σ²(1 + Σ c²) with additive errors,
// where c_j = α + β(φ + … + φ^j) + γ at whole seasons is what an error leaves after j periods;
// (1+σ²)θ − μ² with multiplicative ones, θ_k = μ_k² + σ² Σ c_j² θ_{k−j}, which is σ²(θ + Σ c²θ) and
// in that form loses no digits to μ² (Hyndman et al. 2008, tables 6.1 and 6.2).
func (m *ETS) spread(mean []float64) []float64 {
	p, h := m.now, len(mean)
	c := make([]float64, h)
	sum, power := 0.0, 1.0
	for j := 1; j < h; j++ {
		power *= p.phi
		sum += power
		c[j] = p.alpha + p.beta*sum
		if m.form.season != 'N' && j%m.season == 0 {
			c[j] += p.gamma
		}
	}
	sd := make([]float64, h)
	if !m.form.multError {
		sum = 1
		for i := range sd {
			if i > 0 {
				sum += c[i] * c[i]
			}
			sd[i] = math.Sqrt(m.sigma2 * sum)
		}
		return sd
	}
	theta := make([]float64, h)
	for i := range sd {
		s := 0.0
		for j := 1; j <= i; j++ {
			s += c[j] * c[j] * theta[i-j]
		}
		theta[i] = min(mean[i]*mean[i]+m.sigma2*s, 1e300)
		sd[i] = min(math.Sqrt(m.sigma2*(theta[i]+s)), farthest)
	}
	return sd
}

// Paths are drawn in pairs with opposite errors, as many as fit into drawnValues.
const (
	mostPaths   = 4000
	leastPaths  = 200
	drawnValues = 1 << 24
	drawnStage  = 0x455453 // of the generator
)

// drawn appends quantiles of paths drawn from the state after the last period.
func (m *ETS) drawn(dst []float64, h int, probs []float64) []float64 {
	paths := min(max(drawnValues/h, leastPaths), mostPaths) &^ 1
	values := make([]float64, h*paths)
	errors := make([]float64, h)
	seasonal := make([]float64, len(m.now.seasonal))
	r := rng.New(m.seed, drawnStage, 0)
	sigma := math.Sqrt(m.sigma2)
	for path := range paths {
		sign := 1.0
		if path%2 == 0 {
			for i := range errors {
				errors[i] = sigma * r.Normal()
			}
		} else {
			sign = -1
		}
		p := m.now
		copy(seasonal, p.seasonal)
		p.seasonal = seasonal
		for i, e := range errors {
			values[i*paths+path] = m.step(&p, i, sign*e)
		}
	}
	for i := range h {
		at := values[i*paths : (i+1)*paths]
		slices.Sort(at)
		for _, q := range probs {
			dst = append(dst, infer.Quantile(at, q))
		}
	}
	return dst
}

// step moves a state on by one period with the error e, relative where errors are
// multiplicative, and returns the value. States of multiplicative forms are kept positive.
func (m *ETS) step(p *etsParams, i int, e float64) float64 {
	q := p.level + p.phi*p.slope
	f, over, cross, at := q, 1.0, 1.0, 0
	if m.form.season != 'N' {
		at = i % m.season
	}
	switch m.form.season {
	case 'A':
		f += p.seasonal[at]
	case 'M':
		s := max(p.seasonal[at], leastSeason)
		f = heldIn(f * s)
		over, cross = 1/s, 0
		if math.Abs(q) > 1/farthest {
			cross = 1 / q
		}
	}
	if m.form.multError {
		e = heldIn(e * f)
	}
	p.level = heldIn(q + p.alpha*e*over)
	p.slope = heldIn(p.phi*p.slope + p.beta*e*over)
	if m.form.season != 'N' {
		p.seasonal[at] = heldIn(p.seasonal[at] + p.gamma*e*cross)
	}
	return f + e
}
