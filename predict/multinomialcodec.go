package predict

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that
// was not fitted.
func (m *Multinomial) AppendBinary(dst []byte) ([]byte, error) {
	if !m.fitted() {
		return dst, notFitted("predict: Multinomial.AppendBinary")
	}
	var w codec.Writer
	putSchema(&w, &m.schema)
	w.Int(m.classes)
	w.Float64s(m.coef)
	w.Float64s(m.intercept)
	w.Float64(m.objective)
	w.Int(m.iterations)
	w.Bool(m.converged)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindMultinomial, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Multinomial) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]byte    the frame of the Schema, of d numeric columns
//	int       K classes, 2 … 65536
//	[]f64     K·d coefficients, class after class, finite
//	[]f64     K intercepts, finite
//	f64       objective, finite
//	int       iterations
//	bool      converged
//	[]string  warnings
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; m is then unchanged.
func (m *Multinomial) UnmarshalBinary(data []byte) error {
	const where = "predict: Multinomial.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindMultinomial, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	frame := r.Bytes()
	next := Multinomial{classes: r.Int(), coef: r.Float64s(), intercept: r.Float64s(), objective: r.Float64(), iterations: r.Int(), converged: r.Bool(), warnings: optional(r.Strings())}
	switch {
	case r.Err() != nil:
	case next.schema.UnmarshalBinary(frame) != nil || next.schema.kinds != nil:
		r.Fail("schema")
	case next.classes < 2 || next.classes > maxClasses || len(next.intercept) != next.classes || len(next.coef)%next.classes != 0 || len(next.coef)/next.classes != next.schema.n:
		r.Fail("shape of the coefficients")
	case !next.finite() || next.iterations < 0:
		r.Fail("coefficients")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = next
	return nil
}
