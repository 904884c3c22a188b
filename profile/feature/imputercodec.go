package feature

import (
	"encoding"
	"fmt"
	"maps"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Imputer)(nil)
	_ encoding.BinaryMarshaler   = (*Imputer)(nil)
	_ encoding.BinaryUnmarshaler = (*Imputer)(nil)
)

// AppendBinary appends the binary form of p to dst, canonical. The error is
// always nil.
func (p *Imputer) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Imputer.AppendBinary", p != nil && len(p.names) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(p.names)
	for j := range p.names {
		w.Int(int(p.method[j]))
		w.Float64(p.fill[j])
		w.Bool(slices.Contains(p.marked, j))
		w.Int(len(p.groups[j]))
		for _, g := range slices.Sorted(maps.Keys(p.groups[j])) {
			w.String(g)
			w.Float64(p.groups[j][g])
		}
	}
	return w.AppendFrame(dst, codec.KindImputer, p.version()), nil
}

// version is that of the first release that can read p, so that frames of what was there
// before, and of pipelines, which hold no groups, stay as they were.
func (p *Imputer) version() uint16 {
	if slices.Max(p.method) > LastObservation {
		return 2
	}
	return 1
}

// MarshalBinary is AppendBinary to a new slice.
func (p *Imputer) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces p. Payload of versions 1 and 2, little-endian, lists and strings
// after their length:
//
//	[]str  names of the columns, at least one
//	       for each column:
//	int    method, 0 … 5 in version 1, 0 … 7 in version 2, where one at least is 6 or 7
//	f64    what stands in for a missing value, finite
//	bool   whether it has an indicator
//	int    number of groups, only of methods 4, 6 and 7, then for each, ascending: string
//	       name, f64 mean, median or mode, finite
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; p is then unchanged.
func (p *Imputer) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Imputer.UnmarshalBinary", p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindImputer, 2)
	if err != nil {
		return fmt.Errorf("feature: Imputer.UnmarshalBinary: %w", err)
	}
	x := Imputer{names: r.Strings()}
	for j := range x.names {
		m, fill, marked := r.Int(), r.Float64(), r.Bool()
		if m >= imputeMethods || !check.Finite(fill) {
			r.Fail("has a method or a value that is none")
		}
		var groups map[string]float64
		last := ""
		for i := range r.Int() {
			g, mean := r.String(), r.Float64()
			if r.Err() == nil && (i > 0 && g <= last || !check.Finite(mean) || !ImputeMethod(m).grouped()) {
				r.Fail("has groups out of place")
			}
			if r.Err() != nil {
				break
			}
			if groups == nil {
				groups = make(map[string]float64)
			}
			groups[g], last = mean, g
		}
		x.method, x.fill, x.groups = append(x.method, ImputeMethod(m)), append(x.fill, fill), append(x.groups, groups)
		if marked {
			x.marked = append(x.marked, j)
		}
	}
	if r.Err() == nil && len(x.names) == 0 {
		r.Fail("has no columns")
	}
	if r.Err() == nil && x.version() != r.Version {
		r.Fail("has methods of another version")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("feature: Imputer.UnmarshalBinary: %w", err)
	}
	*p = x
	return nil
}
