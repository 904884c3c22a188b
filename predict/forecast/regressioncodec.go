package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted.
func (m *Regression) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.beta) == 0 {
		return dst, errUnfitted("forecast: Regression.AppendBinary")
	}
	var w codec.Writer
	w.Bool(m.opt.Log)
	w.Bool(m.opt.Trend)
	w.Float64s(m.opt.Seasons)
	harmonics := make([]int64, len(m.opt.Harmonics))
	for i, h := range m.opt.Harmonics {
		harmonics[i] = int64(h)
	}
	w.Int64s(harmonics)
	w.Float64(m.opt.HalfLife)
	w.Float64(m.opt.L2)
	w.Float64s(m.y)
	w.Int(len(m.known))
	for _, x := range m.known {
		w.Float64s(x)
	}
	for _, x := range [][]float64{m.mean, m.scale, m.beta, m.inverse} {
		w.Float64s(x)
	}
	w.Float64(m.dispersion)
	w.Bool(m.converged)
	return w.AppendFrame(dst, codec.KindEffects, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Regression) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	2 bool   Log, Trend
//	[]f64    seasons, each at least 2
//	[]int64  harmonics of each, 1 to half of it
//	f64      half-life, finite and >= 0
//	f64      penalty, finite and >= 0
//	[]f64    n values of the series, n > 0, |value| <= 1e100, NaN where missing or censored, with Log >= 0
//	int      columns that are known beforehand; of each
//	[]f64    n values or more, |value| <= 1e100, NaN where unknown
//	[]f64    k means of all columns, with those of trend and seasons: finite
//	[]f64    k scales, finite and >= 0
//	[]f64    k+1 coefficients, finite
//	[]f64    (k+1)² numbers, the inverse of the information
//	f64      dispersion, finite and >= 0
//	bool     whether the fit converged
//
// A NaN has the bits of math.NaN, no zero of values and columns is negative. Anything else is ErrCorrupt, a newer
// version ErrVersion, another kind ErrMismatch; m is then unchanged.
func (m *Regression) UnmarshalBinary(data []byte) error {
	const where = "forecast: Regression.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindEffects, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Regression
	d.get(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

// get reads the payload, and fails r where no fit has written it.
func (m *Regression) get(r *codec.Reader) {
	o := &m.opt
	o.Log, o.Trend, o.Seasons = r.Bool(), r.Bool(), r.Float64s()
	for _, h := range r.Int64s() {
		o.Harmonics = append(o.Harmonics, int(min(max(h, -1), maxPeriods)))
	}
	o.HalfLife, o.L2 = r.Float64(), r.Float64()
	m.y = r.Float64s()
	m.n = len(m.y)
	columns := r.Int()
	if r.Err() == nil && o.validate("") != nil {
		r.Fail("options")
	}
	m.own = 0
	if o.Trend {
		m.own++
	}
	for _, h := range o.Harmonics {
		m.own += 2 * h
	}
	if r.Err() == nil && (columns < 0 || columns > maxColumns || m.own > maxColumns-columns) {
		r.Fail("columns")
	}
	for i := 0; i < columns && r.Err() == nil; i++ {
		x := r.Float64s()
		if len(x) < m.n || checkColumn("", "", x) != nil || !isCanonical(x) {
			r.Fail("column")
		}
		m.known = append(m.known, x)
	}
	m.mean, m.scale, m.beta, m.inverse = r.Float64s(), r.Float64s(), r.Float64s(), r.Float64s()
	m.dispersion, m.converged = r.Float64(), r.Bool()
	if r.Err() != nil {
		return
	}
	k := m.own + columns
	_, err := checkSeries("", m.y)
	switch {
	case err != nil || !isCanonical(m.y) || o.Log && nonNegative("", m.y) != nil:
		r.Fail("series")
	case len(m.mean) != k || len(m.scale) != k || len(m.beta) != k+1 || len(m.inverse) != (k+1)*(k+1):
		r.Fail("coefficients")
	case check.Slice("", m.mean) != nil || check.Slice("", m.scale) != nil || check.Slice("", m.beta) != nil || !isCanonical(m.inverse):
		r.Fail("coefficients")
	case slices.ContainsFunc(m.scale, func(v float64) bool { return v < 0 }):
		r.Fail("scales")
	case !(m.dispersion >= 0 && m.dispersion <= math.MaxFloat64):
		r.Fail("dispersion")
	}
}
