package predict

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that
// was not fitted.
func (m *Linear) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.coef) == 0 {
		return dst, fmt.Errorf("predict: Linear.AppendBinary: not fitted: %w", ErrEmpty)
	}
	var w codec.Writer
	putSchema(&w, &m.schema)
	w.Float64s(m.coef)
	w.Float64(m.intercept)
	w.Float64s(m.mean)
	w.Float64(m.target)
	w.Float64s(m.stdErr)
	w.Int64(m.rows)
	w.Float64(m.weight)
	w.Float64(m.rss)
	w.Float64(m.tss)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindLinear, 2), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Linear) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 2, little-endian:
//
//	[]byte    the frame of the Schema, of d columns; in version 1 []string, names or none
//	[]f64     d coefficients, d > 0, finite
//	f64       intercept, finite
//	[]f64     d means of the columns, finite
//	f64       mean of the target, finite
//	[]f64     d+1 standard errors, the intercept's last, or none
//	int64     rows of positive weight, > 0
//	f64       Σ of the weights, > 0
//	f64, f64  residual and total sum of squares, >= 0
//	[]string  warnings
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; m is then unchanged.
func (m *Linear) UnmarshalBinary(data []byte) error {
	const where = "predict: Linear.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindLinear, 2)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var next Linear
	names, frame := namesOf(r)
	next.coef = r.Float64s()
	next.intercept = r.Float64()
	next.mean = r.Float64s()
	next.target = r.Float64()
	next.stdErr = optional(r.Float64s())
	next.rows = r.Int64()
	next.weight = r.Float64()
	next.rss = r.Float64()
	next.tss = r.Float64()
	next.warnings = optional(r.Strings())
	d := len(next.coef)
	switch {
	case r.Err() != nil:
	case d == 0 || !next.finite():
		r.Fail("coefficients")
	case len(next.mean) != d || check.Slice("", next.mean) != nil || !check.Finite(next.target):
		r.Fail("means")
	case next.stdErr != nil && len(next.stdErr) != d+1:
		r.Fail("standard errors")
	case next.rows <= 0 || !(next.weight > 0) || !(next.rss >= 0) || !(next.tss >= 0):
		r.Fail("counts")
	}
	next.schema = schemaOf(r, names, frame, d)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = next
	return nil
}
