package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted, ErrMismatch
// where the model of the rest has no binary form or models within models are deeper than four.
func (m *STL) AppendBinary(dst []byte) ([]byte, error) {
	const where = "forecast: STL.AppendBinary"
	if m == nil || m.rest == nil {
		return dst, errUnfitted(where)
	}
	var w codec.Writer
	w.Int(len(m.parts.seasons))
	for k, s := range m.parts.seasons {
		w.Int(s)
		w.Float64s(m.parts.seasonal[k])
	}
	w.Float64s(m.parts.trend)
	w.Float64s(m.parts.remainder)
	if err := putModel(&w, where, m.rest); err != nil {
		return dst, err
	}
	return w.AppendFrame(dst, codec.KindSTL, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *STL) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	int     seasons, at least 1, ascending; of each
//	int     its length, 2 to 65536, less than half of n
//	[]f64   n finite values
//	[]f64   n values of the trend, finite
//	[]f64   n values of the remainder, finite, or NaN, with the bits of math.NaN, where missing
//	[]byte  frame of the model of the rest, in which models are three deep at most
//
// Anything else is ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; m is then
// unchanged.
func (m *STL) UnmarshalBinary(data []byte) error {
	const where = "forecast: STL.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	return m.read(where, data, maxDepth)
}

// read is UnmarshalBinary of a model in which models are so deep at most.
func (m *STL) read(where string, data []byte, depth int) error {
	r, err := codec.Open(data, codec.KindSTL, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := &Decomposition{}
	seasons := r.Int()
	if r.Err() == nil && seasons < 1 {
		r.Fail("seasons")
	}
	last := 1
	for i := 0; i < seasons && r.Err() == nil; i++ {
		s, x := r.Int(), r.Float64s()
		if s <= last || s > maxSeason {
			r.Fail("season")
		}
		last = s
		d.seasons, d.seasonal = append(d.seasons, s), append(d.seasonal, x)
	}
	d.trend, d.remainder = r.Float64s(), r.Float64s()
	rest := getModel(r, depth)
	if r.Err() == nil {
		d.check(r)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = STL{parts: d, rest: rest}
	return nil
}

// check fails r for parts that are none of one series.
func (d *Decomposition) check(r *codec.Reader) {
	n := len(d.trend)
	if n <= 2*d.seasons[len(d.seasons)-1] || n > maxPeriods || len(d.remainder) != n {
		r.Fail("periods")
	}
	for _, x := range append([][]float64{d.trend}, d.seasonal...) {
		if len(x) != n || check.Slice("", x) != nil {
			r.Fail("parts")
		}
	}
	for _, v := range d.remainder {
		if math.IsInf(v, 0) || v != v && math.Float64bits(v) != missing {
			r.Fail("remainder")
		}
	}
}
