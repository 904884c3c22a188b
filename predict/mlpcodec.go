package predict

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that
// was not fitted.
func (m *MLP) AppendBinary(dst []byte) ([]byte, error) {
	if !m.fitted() {
		return dst, notFitted("predict: MLP.AppendBinary")
	}
	var w codec.Writer
	putSchema(&w, &m.schema)
	w.Int(m.classes)
	w.Int(m.embedding)
	for _, l := range m.levels {
		w.Int(l)
	}
	hidden := m.sizes[1 : len(m.sizes)-1]
	w.Int(len(hidden))
	for _, h := range hidden {
		w.Int(h)
	}
	w.Float64s(m.mean)
	w.Float64s(m.scale)
	w.Float64(m.target)
	w.Float64(m.spread)
	w.Float64s(m.params)
	w.Float64(m.loss)
	w.Int(m.epochs)
	w.Bool(m.converged)
	return w.AppendFrame(dst, codec.KindMLP, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *MLP) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]byte    the frame of the Schema, of d columns
//	int       classes, 0 or 2 … 65536
//	int       size of an embedding, 1 … 1024
//	int       d numbers of levels with an embedding, 0 of numeric columns
//	int       1 … 8 hidden layers, and so many sizes, 1 … 4096
//	[]f64     d means, finite
//	[]f64     d scales, finite and > 0
//	f64, f64  mean and standard deviation of amounts, finite, the latter > 0
//	[]f64     embeddings column by column, then weights (out×in) and constants of each layer, finite
//	f64       loss, finite
//	int       epochs, >= 0
//	bool      whether the rows held out ended the fit
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; m is then unchanged.
func (m *MLP) UnmarshalBinary(data []byte) error {
	const where = "predict: MLP.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindMLP, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	frame := r.Bytes()
	next := MLP{classes: r.Int(), embedding: r.Int()}
	if r.Err() == nil && (next.schema.UnmarshalBinary(frame) != nil || next.schema.n > len(data)) {
		r.Fail("schema")
	}
	if r.Err() == nil {
		for j := range next.schema.n {
			l := r.Int()
			numbers, known := next.schema.kind(j) == Numeric, next.schema.kinds != nil && next.schema.levels[j] != nil
			if l < 0 || l > maxLevels || numbers && l != 0 || known && l != len(next.schema.levels[j]) {
				r.Fail("levels")
			}
			next.levels = append(next.levels, l)
		}
	}
	var hidden []int
	for n := r.Int(); r.Err() == nil && len(hidden) < n; {
		if hidden = append(hidden, r.Int()); len(hidden) > 8 {
			r.Fail("layers")
		}
	}
	next.mean, next.scale, next.target, next.spread, next.params = r.Float64s(), r.Float64s(), r.Float64(), r.Float64(), r.Float64s()
	next.loss, next.epochs, next.converged = r.Float64(), r.Int(), r.Bool()
	opt := MLPOptions{Classes: next.classes, Hidden: hidden, Embedding: next.embedding}
	switch {
	case r.Err() != nil:
	case next.embedding == 0 || len(hidden) == 0 || opt.withDefaults().validate("") != nil:
		r.Fail("sizes")
	case len(next.mean) != next.schema.n || len(next.scale) != next.schema.n || !(next.spread > 0) || next.epochs < 0 || slices.ContainsFunc(next.scale, func(v float64) bool { return !(v > 0) }):
		r.Fail("means and scales")
	default:
		if next.shape(hidden); next.size() != len(next.params) || !next.finite() {
			r.Fail("parameters")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = next
	return nil
}
