package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted.
func (m *ARIMA) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: ARIMA.AppendBinary")
	}
	var w codec.Writer
	w.Float64s(m.y)
	f := m.form
	for _, k := range []int{f.p, f.d, f.q, f.sp, f.sd, f.sq, m.season} {
		w.Int(k)
	}
	w.Bool(f.constant)
	w.Float64s(m.coef)
	w.Float64(m.mean)
	w.Float64(m.sigma2)
	w.Float64(m.info.LogLikelihood)
	w.Int(m.info.Parameters)
	for _, x := range []float64{m.info.AIC, m.info.AICc, m.info.BIC} {
		w.Float64(x)
	}
	return w.AppendFrame(dst, codec.KindARIMA, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *ARIMA) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]f64 n values of the series, n > 0, |value| <= 1e100, NaN where missing
//	7 int p, d, q, P, D, Q and the season, as ARIMAOptions allows them; at most 1,000 states
//	      and n·states² <= 1e9
//	bool  whether there is a constant
//	[]f64 p+q+P+Q coefficients of stationary and invertible parts
//	f64   the constant, finite; 0 for none
//	f64   variance of the errors, >= 0 and finite
//	f64   log-likelihood, finite
//	int   parameters, as many as the model has
//	3 f64 AIC, AICc and BIC, none NaN
//
// A NaN has the bits of math.NaN, no zero of the series is negative, and the fit to it is finite.
// Anything else is ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; m is then unchanged.
func (m *ARIMA) UnmarshalBinary(data []byte) error {
	const where = "forecast: ARIMA.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindARIMA, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := ARIMA{y: r.Float64s()}
	f := &d.form
	for _, k := range []*int{&f.p, &f.d, &f.q, &f.sp, &f.sd, &f.sq, &d.season} {
		*k = r.Int()
	}
	f.constant = r.Bool()
	d.coef = r.Float64s()
	d.mean, d.sigma2 = r.Float64(), r.Float64()
	d.info.LogLikelihood, d.info.Parameters = r.Float64(), r.Int()
	d.info.AIC, d.info.AICc, d.info.BIC = r.Float64(), r.Float64(), r.Float64()
	if r.Err() == nil {
		d.checkRead(r)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

// checkRead refuses what no fit has written, and finds what is not in the frame.
func (m *ARIMA) checkRead(r *codec.Reader) {
	f := m.form
	_, err := checkSeries("", m.y)
	switch {
	case err != nil || !isCanonical(m.y):
		r.Fail("series")
		return
	case !f.valid() || m.season < 1 || m.season > maxARIMASeason || (m.season > 1) != (f.sp+f.sd+f.sq > 0):
		r.Fail("orders")
		return
	case len(m.coef) != f.p+f.q+f.sp+f.sq || check.Slice("", m.coef) != nil:
		r.Fail("coefficients")
		return
	}
	states := float64(f.order(m.season))
	switch {
	case !f.beyond(m.coef, 1, 1):
		r.Fail("roots")
	case states > maxARIMAStates || float64(len(m.y))*states*states > maxARIMAWork:
		r.Fail("size")
	case !check.Finite(m.mean) || !f.constant && m.mean != 0 || m.mean == 0 && math.Signbit(m.mean):
		r.Fail("constant")
	case !(m.sigma2 >= 0 && m.sigma2 <= math.MaxFloat64):
		r.Fail("variance")
	case !check.Finite(m.info.LogLikelihood) || m.info.Parameters != f.parameters() || math.IsNaN(m.info.AIC+m.info.AICc+m.info.BIC):
		r.Fail("likelihood")
	case !m.settle():
		r.Fail("fit")
	}
}
