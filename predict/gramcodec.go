package predict

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the accumulator as one frame. Errors: ErrEmpty for a nil
// receiver.
func (g *Gram) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("predict: Gram.AppendBinary", g); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(g.columns)
	w.Int64(g.rows)
	w.Float64(g.weight)
	w.Float64s(g.mean)
	size := g.columns + 1
	for i := range len(g.mean) {
		for _, v := range g.cross[i*size+i : i*size+size] {
			w.Float64(v)
		}
	}
	return w.AppendFrame(dst, codec.KindGram, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (g *Gram) MarshalBinary() ([]byte, error) { return g.AppendBinary(nil) }

// UnmarshalBinary replaces g. Payload of version 1, little-endian:
//
//	int    d, the columns; 0 for no rows
//	int64  rows of positive weight, > 0 unless d is 0
//	f64    Σ of the weights, finite and > 0 unless d is 0
//	[]f64  d+1 means, columns and target, finite; none if d is 0
//	f64    (d+1)(d+2)/2 centred cross-products, upper triangle row by row,
//	       finite, the diagonal >= 0; none if d is 0
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; g is then unchanged.
func (g *Gram) UnmarshalBinary(data []byte) error {
	const where = "predict: Gram.UnmarshalBinary"
	if err := check.Receiver(where, g); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindGram, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var next Gram
	d, rows, weight, mean := r.Int(), r.Int64(), r.Float64(), r.Float64s()
	switch {
	case r.Err() != nil:
	case rows == 0 && d == 0 && weight == 0 && len(mean) == 0:
	case rows <= 0 || d < 1 || len(mean) != d+1 || !(weight > 0) || !check.Finite(weight) || check.Slice("", mean) != nil:
		r.Fail("counts or means")
	case (d+1)*(d+2)/2 > len(data)/8: // so that memory follows the bytes received
		r.Fail("cross-products missing")
	default:
		next.init(d)
		next.rows, next.weight = rows, weight
		copy(next.mean, mean)
		for i := range d + 1 {
			for j := i; j <= d; j++ {
				v := r.Float64()
				if !check.Finite(v) || i == j && v < 0 {
					r.Fail("cross-products")
				}
				next.cross[i*(d+1)+j] = v
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*g = next
	return nil
}
