package lifetime

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Hazard)(nil)
	_ encoding.BinaryMarshaler   = (*Hazard)(nil)
	_ encoding.BinaryUnmarshaler = (*Hazard)(nil)
)

// AppendBinary appends the binary form to dst. ErrEmpty for a model that no fit made.
func (m *Hazard) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("lifetime: Hazard.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Bool(m.cloglog)
	w.Strings(m.names)
	w.Float64s(m.beta)
	w.Float64s(m.stdErrs)
	w.Float64s(m.mean)
	w.Float64s(m.level)
	w.Int64(m.rows)
	w.Float64(m.value)
	w.Int(m.iter)
	w.Bool(m.converged)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindHazard, 1), nil
}

// MarshalBinary returns the binary form.
func (m *Hazard) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	bool    the complementary log-log link
//	[]text  d names of columns, d in [1, 1000]
//	[]f64   d coefficients, finite
//	[]f64   d standard errors, >= 0 or NaN
//	[]f64   d means, finite
//	[]f64   levels of the periods, from 1 to 65,536 of them, not NaN
//	i64     rows, > 0
//	f64     log-likelihood, finite
//	int     iterations
//	bool    converged
//	[]text  warnings
//
// Another kind of frame is ErrMismatch, what no model holds ErrCorrupt, a newer version ErrVersion; m is
// then unchanged.
func (m *Hazard) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Hazard.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindHazard, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Hazard{
		cloglog: r.Bool(), names: r.Strings(), beta: r.Float64s(), stdErrs: r.Float64s(), mean: r.Float64s(), level: r.Float64s(),
		rows: r.Int64(), value: r.Float64(), iter: r.Int(), converged: r.Bool(), warnings: r.Strings(),
	}
	if n := len(d.names); r.Err() == nil && (n == 0 || n > maxColumns || len(d.beta) != n || len(d.stdErrs) != n || len(d.mean) != n || len(d.level) == 0 || len(d.level) > maxPeriods || d.rows <= 0) {
		r.Fail("has columns or periods that do not agree")
	}
	if check.Slice("beta", d.beta) != nil || check.Slice("mean", d.mean) != nil || !check.Finite(d.value) {
		r.Fail("has numbers that are not finite")
	}
	for _, x := range d.stdErrs {
		if x < 0 {
			r.Fail("has negative standard errors")
		}
	}
	for _, x := range d.level {
		if math.IsNaN(x) {
			r.Fail("has levels that are no numbers")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
