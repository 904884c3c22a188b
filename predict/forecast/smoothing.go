package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// given reports whether the parameters are the caller's.
func (o ETSOptions) given() bool { return o.Alpha != 0 || o.Beta != 0 || o.Gamma != 0 || o.Phi != 0 }

// checkGiven asks for all parameters that the form has, or for none, and for none that it has not.
func (o ETSOptions) checkGiven(c *check.Options, forms []etsForm) {
	if !o.given() || len(forms) == 0 {
		return
	}
	f := forms[0]
	c.Require(len(forms) == 1 && !f.multError, "Model", fmt.Sprintf("%q", o.Model), `one form with additive errors such as "AAN", as parameters are given`)
	for _, p := range []struct {
		name string
		x    float64
		has  bool
	}{{"Alpha", o.Alpha, true}, {"Beta", o.Beta, f.trend}, {"Gamma", o.Gamma, f.season != 'N'}, {"Phi", o.Phi, f.damped}} {
		if p.has {
			c.Require(p.x > 0 && p.x <= 1, p.name, p.x, "in (0, 1], as parameters are given")
		} else {
			c.Require(p.x == 0, p.name, p.x, "0, as the form has none")
		}
	}
}

// smooth runs over y with the parameters given, from the classical initial states.
func smooth(where string, y []float64, opt ETSOptions, observed int) (*ETS, error) {
	m := &ETS{form: opt.forms()[0], season: 1}
	if m.form.season == 'M' {
		for t, v := range y {
			if v <= 0 {
				return nil, fmt.Errorf("%s: y[%d] is %v, want > 0 with a multiplicative season: %w", where, t, v, ErrRange)
			}
		}
	}
	m.now = etsParams{alpha: opt.Alpha, beta: opt.Alpha * opt.Beta, gamma: opt.Gamma, phi: 1}
	if m.form.damped {
		m.now.phi = opt.Phi
	}
	var err error
	if m.form.season != 'N' {
		m.season = opt.Season
		err = m.classicalSeason(y)
	} else {
		err = m.classicalStart(y)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m.y, m.fitted = canonical(y), make([]float64, len(y))
	sum, _, ok := runETS(m.form, &m.now, m.y, m.fitted)
	if !ok {
		return nil, fmt.Errorf("%s: level or season left the positive numbers: %w", where, ErrRange)
	}
	if !check.Finite(sum) {
		return nil, fmt.Errorf("%s: with these parameters errors grow without bounds: %w", where, ErrRange)
	}
	m.sigma2 = sum / float64(observed)
	return m, nil
}

// classicalStart sets level and trend from the first observed values.
func (m *ETS) classicalStart(y []float64) error {
	first := -1
	for t, v := range y {
		if v != v {
			continue
		}
		if first < 0 {
			if first = t; !m.form.trend {
				break
			}
			continue
		}
		m.now.level = y[first]
		m.now.slope = (v - y[first]) / float64(t-first)
		return nil
	}
	if m.form.trend {
		return fmt.Errorf("a trend wants two observed values: %w", ErrUndefined)
	}
	m.now.level = y[first]
	return nil
}

// classicalSeason sets the states from the first season, which must be whole, and the trend from
// the second.
func (m *ETS) classicalSeason(y []float64) error {
	s := m.season
	whole := func(from int) (mean float64, ok bool) {
		if len(y) < from+s {
			return 0, false
		}
		for _, v := range y[from : from+s] {
			mean += v / float64(s)
		}
		return mean, !math.IsNaN(mean)
	}
	level, ok := whole(0)
	if !ok {
		return fmt.Errorf("the first season of %d is not whole: %w", s, ErrUndefined)
	}
	if m.form.trend {
		next, ok := whole(s)
		if !ok {
			return fmt.Errorf("a trend wants the second season of %d whole: %w", s, ErrUndefined)
		}
		m.now.slope = (next - level) / float64(s)
	}
	m.now.level, m.now.seasonal = level, make([]float64, s)
	for i, v := range y[:s] {
		if m.form.season == 'A' {
			m.now.seasonal[i] = v - level
		} else {
			m.now.seasonal[i] = v / level
		}
	}
	return nil
}
