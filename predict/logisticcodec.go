package predict

import (
	"fmt"
	"io"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

const logisticVersion = 1

// AppendBinary appends the model as one frame: names, coefficients, intercept,
// means, standard errors and how the fit ended. It never fails for a fitted
// model.
func (m *Logistic) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.coef) == 0 {
		return dst, fmt.Errorf("predict: Logistic: not fitted: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Float64s(m.coef)
	w.Float64(m.intercept)
	w.Bool(m.fitted)
	w.Strings(m.names)
	w.Float64s(m.mean)
	w.Float64s(m.stdErr)
	w.Float64(m.objective)
	w.Int(m.iterations)
	w.Bool(m.converged)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindLogistic, logisticVersion), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Logistic) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by the model in data. On an error (ErrCorrupt,
// ErrVersion) m is unchanged.
func (m *Logistic) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindLogistic, logisticVersion)
	if err != nil {
		return fmt.Errorf("predict: Logistic: %w", err)
	}
	var n Logistic
	n.coef = r.Float64s()
	n.intercept = r.Float64()
	n.fitted = r.Bool()
	n.names = optional(r.Strings())
	n.mean = optional(r.Float64s())
	n.stdErr = optional(r.Float64s())
	n.objective = r.Float64()
	n.iterations = r.Int()
	n.converged = r.Bool()
	n.warnings = optional(r.Strings())
	d := len(n.coef)
	switch {
	case r.Err() != nil:
	case d == 0:
		r.Fail("no coefficients")
	case check.Slice("", n.coef) != nil || !check.Finite(n.intercept) || check.Slice("", n.mean) != nil || !check.Finite(n.objective):
		r.Fail("a coefficient is not finite")
	case checkNames(n.names, d) != nil:
		r.Fail("names")
	case n.mean != nil && len(n.mean) != d:
		r.Fail("means")
	case n.stdErr != nil && len(n.stdErr) != d+1:
		r.Fail("standard errors")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("predict: Logistic: %w", err)
	}
	*m = n
	return nil
}

// WriteTo writes the frame of AppendBinary.
func (m *Logistic) WriteTo(w io.Writer) (int64, error) { return writeFrame(w, m) }

// ReadFrom reads one frame and not a byte beyond it.
func (m *Logistic) ReadFrom(r io.Reader) (int64, error) { return readFrame(r, m) }

// optional turns the empty slice, the encoding of nil, back into nil.
func optional[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func writeFrame(w io.Writer, m interface {
	AppendBinary([]byte) ([]byte, error)
},
) (int64, error) {
	b, err := m.AppendBinary(nil)
	if err != nil {
		return 0, err
	}
	n, err := w.Write(b)
	return int64(n), err
}

func readFrame(r io.Reader, m interface{ UnmarshalBinary([]byte) error }) (int64, error) {
	b, err := codec.ReadFrame(r)
	if err != nil {
		return int64(len(b)), err
	}
	return int64(len(b)), m.UnmarshalBinary(b)
}
