package feature

import (
	"encoding"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Bins)(nil)
	_ encoding.BinaryMarshaler   = (*Bins)(nil)
	_ encoding.BinaryUnmarshaler = (*Bins)(nil)
)

// AppendBinary appends the binary form of b to dst, canonical. Bins that were not fitted
// are ErrEmpty, and dst is returned as it was.
func (b *Bins) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Bins.AppendBinary", b != nil && len(b.columns) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Bool(b.woe)
	w.Int(len(b.columns))
	for _, c := range b.columns {
		w.String(c.name)
		w.Int(int(c.method))
		w.Float64s(c.edges)
		w.Int64s(c.good)
		w.Int64s(c.bad)
	}
	return w.AppendFrame(dst, codec.KindFeatureBins, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (b *Bins) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 1, little-endian, lists and strings
// after their length:
//
//	bool   whether Transform returns weights of evidence
//	int    number of columns, at least one; then for each:
//	string name, none twice
//	int    method, 0 … 3
//	[]f64  edges between bins, finite, each above the one before
//	[]i64  good rows of each bin and of missing values, >= 0: two more than edges
//	[]i64  bad rows in the same way; both classes have rows where the first field is true
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; b is then unchanged. Memory grows with the bytes given.
func (b *Bins) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Bins.UnmarshalBinary", b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindFeatureBins, 1)
	var fresh *Bins
	if err == nil {
		fresh, err = decodeBins(r)
	}
	if err != nil {
		return fmt.Errorf("feature: Bins.UnmarshalBinary: %w", err)
	}
	*b = *fresh
	return nil
}

// decodeBins reads a whole payload.
func decodeBins(r *codec.Reader) (*Bins, error) {
	b := &Bins{woe: r.Bool()}
	n := r.Int()
	if r.Err() == nil && n == 0 {
		r.Fail("has no columns")
	}
	names := make(map[string]bool)
	for range n {
		c := binned{name: r.String(), method: BinMethod(min(r.Int(), binMethods)), edges: r.Float64s(), good: r.Int64s(), bad: r.Int64s()}
		if r.Err() != nil {
			break
		}
		ok := int(c.method) < binMethods && !names[c.name] && len(c.good) == len(c.edges)+2 && len(c.bad) == len(c.good)
		for k, x := range c.edges {
			ok = ok && check.Finite(x) && (k == 0 || x > c.edges[k-1])
		}
		ok = ok && slices.Min(c.good) >= 0 && slices.Min(c.bad) >= 0
		if ok {
			c.weigh()
		}
		if !ok || b.woe && (slices.Max(c.good) == 0 || slices.Max(c.bad) == 0) {
			r.Fail("has a column that is none")
			break
		}
		names[c.name] = true
		b.columns = append(b.columns, c)
	}
	return b, r.Done()
}
