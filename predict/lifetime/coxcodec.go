package lifetime

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Cox[Weeks])(nil)
	_ encoding.BinaryMarshaler   = (*Cox[Weeks])(nil)
	_ encoding.BinaryUnmarshaler = (*Cox[Weeks])(nil)
)

// AppendBinary appends the binary form to dst. ErrEmpty for a model that holds nothing.
func (m *Cox[T]) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("lifetime: Cox.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(unitOf[T]())
	w.Strings(m.names)
	for _, xs := range [][]float64{m.beta, m.stdErrs, m.mean, m.times, m.hazard} {
		w.Float64s(xs)
	}
	w.Int64(m.rows)
	w.Float64(m.value)
	w.Float64(m.concordance)
	w.Int(m.iter)
	w.Bool(m.converged)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindCox, 1), nil
}

// MarshalBinary returns the binary form.
func (m *Cox[T]) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int     unit of time, as of Summary
//	[]text  names of the d columns, d in [1, 1000]
//	[]f64   d coefficients, finite
//	[]f64   d standard errors, >= 0 or NaN
//	[]f64   d means, finite
//	[]f64   times at which a case ended, ascending strictly, >= 0, one at least
//	[]f64   cumulative hazard from each on, as many, >= 0 and not falling
//	i64     rows, > 0
//	f64     partial log-likelihood, finite
//	f64     concordance, in [0, 1] or NaN
//	int     iterations
//	bool    converged
//	[]text  warnings
//
// Another unit than T or another kind of frame is ErrMismatch, what no model holds ErrCorrupt, a
// newer version ErrVersion; m is then unchanged.
func (m *Cox[T]) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Cox.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := openUnit[T](where, data, codec.KindCox)
	if err != nil {
		return err
	}
	d := Cox[T]{names: r.Strings(), beta: r.Float64s(), stdErrs: r.Float64s(), mean: r.Float64s(), times: r.Float64s(), hazard: r.Float64s()}
	d.rows, d.value, d.concordance, d.iter, d.converged, d.warnings = r.Int64(), r.Float64(), r.Float64(), r.Int(), r.Bool(), r.Strings()
	if r.Err() == nil && !d.valid() {
		r.Fail("tells of a model that cannot be")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

// valid reports whether a fit can have made the model.
func (m *Cox[T]) valid() bool {
	n := len(m.names)
	if n == 0 || n > maxColumns || len(m.beta) != n || len(m.stdErrs) != n || len(m.mean) != n || len(m.times) == 0 || len(m.hazard) != len(m.times) {
		return false
	}
	for j := range n {
		if !check.Finite(m.beta[j]) || !check.Finite(m.mean[j]) || m.stdErrs[j] < 0 || math.IsInf(m.stdErrs[j], 0) || negativeZero(m.stdErrs[j]) {
			return false
		}
	}
	last, before := -1., 0.
	for i, t := range m.times {
		if !check.Finite(t) || t <= last || t < 0 || negativeZero(t, m.hazard[i]) || !(m.hazard[i] >= before) || !check.Finite(m.hazard[i]) {
			return false
		}
		last, before = t, m.hazard[i]
	}
	return m.rows > 0 && check.Finite(m.value) && !(m.concordance < 0 || m.concordance > 1)
}
