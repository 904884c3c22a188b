package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted.
func (m *ETS) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: ETS.AppendBinary")
	}
	var w codec.Writer
	m.put(&w)
	w.String(m.form.String())
	w.Int(m.season)
	p := m.now
	for _, x := range []float64{p.alpha, p.beta, p.gamma, p.phi, p.level, p.slope} {
		w.Float64(x)
	}
	w.Float64s(p.seasonal)
	w.Float64(m.sigma2)
	w.Float64(m.info.LogLikelihood)
	w.Int(m.info.Parameters)
	w.Int(m.likely)
	w.Uint64(m.seed)
	return w.AppendFrame(dst, codec.KindETS, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *ETS) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]f64   n values of the series, n > 0, |value| <= 1e100, NaN where missing
//	[]f64   n fitted values, finite
//	string  the form, such as "MAdM"
//	int     s, the season, 1 without, 2 to 65536 with one
//	6 f64   α, β, γ, φ in [0, 1]; level, slope, finite; 0 (φ: 1) of what the form does not have
//	[]f64   s seasonal states of the next period on, finite, or none; > 0 of a multiplicative season
//	f64     variance, >= 0 and finite, or NaN
//	f64     log-likelihood, finite
//	int     parameters, 0 where there is no likelihood, which is 0 then
//	int     the observed periods it is of, 0 to n
//	uint64  seed
//
// A NaN has the bits of math.NaN. Anything else is ErrCorrupt, a newer version ErrVersion, another
// kind ErrMismatch; m is then unchanged.
func (m *ETS) UnmarshalBinary(data []byte) error {
	const where = "forecast: ETS.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindETS, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d ETS
	d.get(r)
	form := r.String()
	d.season = r.Int()
	p := &d.now
	for _, x := range []*float64{&p.alpha, &p.beta, &p.gamma, &p.phi, &p.level, &p.slope} {
		*x = r.Float64()
	}
	if p.seasonal = r.Float64s(); len(p.seasonal) == 0 {
		p.seasonal = nil
	}
	d.sigma2 = r.Float64()
	loglik, parameters := r.Float64(), r.Int()
	d.likely = r.Int()
	d.seed = r.Uint64()
	n := len(d.y)
	switch {
	case r.Err() != nil:
	case check.Slice("", d.fitted) != nil:
		r.Fail("fitted values")
	case !d.form.parse(form):
		r.Fail("form")
	case !d.consistent():
		r.Fail("parameters")
	case !variance(d.sigma2):
		r.Fail("variance")
	case !check.Finite(loglik) || parameters < 0 || parameters > n+2 || d.likely < 0 || d.likely > n || parameters == 0 && (loglik != 0 || d.likely != 0) || parameters > 0 && d.likely == 0:
		r.Fail("likelihood")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if parameters > 0 {
		d.info = criteria(loglik, parameters, d.likely)
	}
	*m = d
	return nil
}

// parse reads what String writes.
func (f *etsForm) parse(s string) bool {
	for _, g := range (ETSOptions{Model: "ZZZ"}).forms() {
		if g.String() == s {
			*f = g
			return true
		}
	}
	for _, g := range (ETSOptions{Model: s}).forms() { // additive errors, multiplicative season
		if g.String() == s {
			*f = g
			return true
		}
	}
	return false
}

// consistent reports whether the parameters and the state are those of the form.
func (m *ETS) consistent() bool {
	p := m.now
	for _, x := range []float64{p.alpha, p.beta, p.gamma, p.phi} {
		if !(x >= 0 && x <= 1) {
			return false
		}
	}
	if !check.Finite(p.level) || !check.Finite(p.slope) || check.Slice("", p.seasonal) != nil ||
		!m.form.trend && (p.beta != 0 || p.slope != 0) || !m.form.damped && p.phi != 1 {
		return false
	}
	if m.form.season == 'N' {
		return m.season == 1 && p.seasonal == nil && p.gamma == 0
	}
	for _, s := range p.seasonal {
		if m.form.season == 'M' && !(s > 0) {
			return false
		}
	}
	return m.season >= 2 && m.season <= maxSeason && len(p.seasonal) == m.season && !math.IsNaN(p.level)
}
