package lifetime

import (
	"encoding"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Covariates[Weeks])(nil)
	_ encoding.BinaryMarshaler   = (*Covariates[Weeks])(nil)
	_ encoding.BinaryUnmarshaler = (*Covariates[Weeks])(nil)
)

// AppendBinary appends the binary form to dst. ErrEmpty for what no fit made.
func (m *Covariates[T]) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("lifetime: Covariates.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(unitOf[T]())
	w.Int(int(m.law))
	for _, x := range m.at {
		w.Float64(x)
	}
	w.Strings(m.names)
	w.Float64s(m.buys)
	w.Float64s(m.leave)
	w.Float64s(m.errs)
	w.Int64(m.rows)
	w.Float64(m.value)
	w.Int(m.iter)
	w.Bool(m.done)
	w.Strings(m.notes)
	return w.AppendFrame(dst, codec.KindCovariates, 1), nil
}

// MarshalBinary returns the binary form.
func (m *Covariates[T]) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int     unit of time, as of Summary
//	int     law: 1 BG/NBD, 2 MBG/NBD, 3 Pareto/NBD
//	4 f64   parameters for columns of 0, in [1e-20, 1e20]
//	[]text  d names of columns, d in [1, 100]
//	[]f64   d coefficients of buying, finite
//	[]f64   d coefficients of leaving, finite
//	[]f64   4 + 2d standard errors, >= 0 or NaN
//	i64     customers, > 0
//	f64     log-likelihood, finite
//	int     iterations
//	bool    converged
//	[]text  warnings
//
// Another unit than T or another kind of frame is ErrMismatch, what no fit makes ErrCorrupt, a newer
// version ErrVersion; m is then unchanged.
func (m *Covariates[T]) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Covariates.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := openUnit[T](where, data, codec.KindCovariates)
	if err != nil {
		return err
	}
	var d Covariates[T]
	law := r.Int()
	if r.Err() == nil && (law < int(lawBGNBD) || law > int(lawParetoNBD)) {
		r.Fail("is of no law")
	}
	d.law = lawKind(law & 3)
	for k := range d.at {
		if d.at[k] = r.Float64(); r.Err() == nil && !(d.at[k] >= leastParam && d.at[k] <= mostParam) {
			r.Fail("has parameters out of range")
		}
	}
	d.names, d.buys, d.leave, d.errs = r.Strings(), r.Float64s(), r.Float64s(), r.Float64s()
	d.rows, d.value, d.iter, d.done, d.notes = r.Int64(), r.Float64(), r.Int(), r.Bool(), r.Strings()
	if n := len(d.names); r.Err() == nil && (n == 0 || n > maxCovariates || len(d.buys) != n || len(d.leave) != n || len(d.errs) != maxParams+2*n || d.rows <= 0) {
		r.Fail("has columns that do not agree")
	}
	if check.Slice("buys", d.buys) != nil || check.Slice("leaves", d.leave) != nil || !check.Finite(d.value) {
		r.Fail("has numbers that are not finite")
	}
	for _, x := range d.errs {
		if x < 0 {
			r.Fail("has negative standard errors")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
