package predict

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that
// was not fitted.
func (m *Logistic) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.coef) == 0 {
		return dst, fmt.Errorf("predict: Logistic.AppendBinary: not fitted: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Float64s(m.coef)
	w.Float64(m.intercept)
	w.Bool(m.hasIntercept)
	putSchema(&w, &m.schema)
	w.Float64s(m.mean)
	w.Float64s(m.stdErr)
	w.Float64(m.objective)
	w.Int(m.iterations)
	w.Bool(m.converged)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindLogistic, 2), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Logistic) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 2, little-endian:
//
//	[]f64     d coefficients, d > 0, finite
//	f64       intercept, finite
//	bool      whether an intercept was fitted
//	[]byte    the frame of the Schema, of d columns; in version 1 []string, names or none
//	[]f64     d means of the columns, finite; none after a sparse fit
//	[]f64     d+1 standard errors, the intercept's last, or none
//	f64       objective, finite
//	int       iterations
//	bool      converged
//	[]string  warnings
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; m is then unchanged.
func (m *Logistic) UnmarshalBinary(data []byte) error {
	const where = "predict: Logistic.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindLogistic, 2)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var next Logistic
	next.coef = r.Float64s()
	next.intercept = r.Float64()
	next.hasIntercept = r.Bool()
	names, frame := namesOf(r)
	next.mean = optional(r.Float64s())
	next.stdErr = optional(r.Float64s())
	next.objective = r.Float64()
	next.iterations = r.Int()
	next.converged = r.Bool()
	next.warnings = optional(r.Strings())
	d := len(next.coef)
	switch {
	case r.Err() != nil:
	case d == 0:
		r.Fail("no coefficients")
	case !next.finite() || check.Slice("", next.mean) != nil || !check.Finite(next.objective):
		r.Fail("a coefficient is not finite")
	case next.mean != nil && len(next.mean) != d:
		r.Fail("means")
	case next.stdErr != nil && len(next.stdErr) != d+1:
		r.Fail("standard errors")
	}
	next.schema = schemaOf(r, names, frame, d)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = next
	return nil
}
