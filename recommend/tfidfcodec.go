package recommend

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the frame of m to dst. A Tokenizer of the caller is not
// encoded: see WithTokenizer.
func (m *TFIDFModel) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("TFIDFModel")
	}
	var w codec.Writer
	w.Bool(m.foreign || m.opt.Tokenizer != nil)
	w.Int(m.opt.NGrams)
	w.Bool(m.opt.Sublinear)
	w.Float32(m.opt.AttributeWeight)
	w.Strings(m.terms)
	w.Float64s(m.idf)
	putCSR(&w, m.items)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindTFIDFModel, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *TFIDFModel) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	byte     the host had a tokenizer of its own: 0 or 1
//	int      n-grams, 1 … 8
//	byte     sublinear counts: 0 or 1
//	f32      weight of attributes, finite and > 0
//	strings  the terms, strictly ascending
//	[]f64    idf of each term, finite and > 0
//	matrix   items×terms, >= 0, each row of length 1 or empty
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *TFIDFModel) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindTFIDFModel, 1)
	if err != nil {
		return fmt.Errorf("recommend: TFIDFModel.UnmarshalBinary: %w", err)
	}
	d := TFIDFModel{foreign: r.Bool()}
	d.opt.NGrams = r.Int()
	d.opt.Sublinear = r.Bool()
	d.opt.AttributeWeight = r.Float32()
	d.terms = r.Strings()
	d.idf = r.Float64s()
	d.items = getCSR(r)
	switch {
	case r.Err() != nil:
	case d.items.Cols != len(d.terms) || d.items.Cols != len(d.idf):
		r.Fail("has a vocabulary of another size than its matrix")
	case d.items.Rows == 0 || d.opt.NGrams < 1 || d.opt.NGrams > maxGrams || !(d.opt.AttributeWeight > 0) || !check.Finite(float64(d.opt.AttributeWeight)):
		r.Fail("has no items, or options out of range")
	}
	for t := 0; t < len(d.terms) && r.Err() == nil; t++ {
		if t > 0 && d.terms[t-1] >= d.terms[t] {
			r.Fail("has terms out of order")
		} else if !(d.idf[t] > 0) || !check.Finite(d.idf[t]) {
			r.Fail("has an idf that is not positive")
		}
	}
	for i := 0; i < d.items.Rows && r.Err() == nil; i++ {
		_, vals := d.items.Row(i)
		sum := 0.0
		for _, v := range vals {
			if !(v >= 0) {
				r.Fail("has a negative weight")
				break
			}
			sum += float64(v) * float64(v)
		}
		if len(vals) > 0 && math.Abs(sum-1) > 1e-3 {
			r.Fail("has an item vector that is not of length 1")
		}
	}
	if d.origin = getOrigin(r); d.origin.lists() != nil && (d.origin.lists().Users != 0 || len(d.origin.lists().Marks) != d.items.Rows) {
		r.Fail("has a stamp of users, or of other items")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: TFIDFModel.UnmarshalBinary: %w", err)
	}
	d.opt.MinDF, d.opt.MaxDF = 1, 1
	if err := d.finish(context.Background()); err != nil {
		return err
	}
	*m = d
	return nil
}
