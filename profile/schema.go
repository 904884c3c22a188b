package profile

import (
	"encoding"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Schema)(nil)
	_ encoding.BinaryMarshaler   = (*Schema)(nil)
	_ encoding.BinaryUnmarshaler = (*Schema)(nil)
)

// Schema is the columns of a Table and the settings that make them what they are. It is
// fitted by the Table of the training period, goes with it, and asks a later Builder for the same
// columns (TableOptions.Schema): columns that nobody had a value in are not in it, and labels that came
// up later are not added. It is a value that does not change; the zero value is of no table.
type Schema struct {
	names    []string
	windows  []int
	halfLife int64
	weight   [kinds + 1]float64
	bands    []int64
	currency string
	features []string
}

// Names returns the columns, in order.
func (s *Schema) Names() []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.names)
}

// schema is that of columns of b.
func (b *Builder[U, I]) schema(names []string) *Schema {
	s := &Schema{
		names: slices.Clone(names), windows: b.opt.Windows, halfLife: int64(b.opt.HalfLife), weight: b.weight, bands: b.opt.PriceBands,
		currency: b.currency,
	}
	for _, f := range b.extra.list {
		s.features = append(s.features, f.Name())
	}
	return s
}

// differs names the first setting in which b is not as s was, or returns "".
func (s *Schema) differs(b *Schema) string {
	switch {
	case !slices.Equal(s.windows, b.windows):
		return "Windows"
	case s.halfLife != b.halfLife:
		return "HalfLife"
	case s.weight != b.weight:
		return "KindWeights"
	case !slices.Equal(s.bands, b.bands):
		return "PriceBands"
	case s.currency != b.currency && s.currency != "" && b.currency != "":
		return "Currency"
	case !slices.Equal(s.features, b.features):
		return "Features"
	}
	return ""
}

// AppendBinary appends the binary form of s to dst, canonical. A Schema of no table is ErrEmpty.
func (s *Schema) AppendBinary(dst []byte) ([]byte, error) {
	if s == nil || len(s.names) == 0 {
		return dst, fmt.Errorf("profile: Schema.AppendBinary: of no table: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Strings(s.names)
	w.Int(len(s.windows))
	for _, d := range s.windows {
		w.Int(d)
	}
	w.Int64(s.halfLife)
	for _, x := range s.weight[1:] {
		w.Float64(x)
	}
	w.Int64s(s.bands)
	w.String(s.currency)
	w.Strings(s.features)
	return w.AppendFrame(dst, codec.KindSchema, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Schema) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 1, little-endian, lists after their
// length:
//
//	[]str   columns, at least one, none empty, none twice
//	[]int   length of each window in days, 1 … 36500, ascending, at most 7
//	i64     half-life in nanoseconds, 0 none
//	10×f64  weight of each Kind, 0 … 1e6, not -0
//	[]i64   price bands, ascending
//	string  currency, three capital letters or empty
//	[]str   names of features, none empty, none twice
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a newer
// version ErrVersion; s is then unchanged.
func (s *Schema) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("profile: Schema.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSchema, 1)
	if err == nil {
		x := Schema{names: r.Strings()}
		for range r.Int() {
			if x.windows = append(x.windows, r.Int()); r.Err() != nil || len(x.windows) > maxWindows {
				break
			}
		}
		x.halfLife = r.Int64()
		for k := range x.weight[1:] {
			x.weight[k+1] = r.Float64()
		}
		x.bands, x.currency, x.features = r.Int64s(), r.String(), r.Strings()
		if r.Err() == nil && !x.plausible() {
			r.Fail("is no schema of a table")
		}
		if err = r.Done(); err == nil {
			*s = x
			return nil
		}
	}
	return fmt.Errorf("profile: Schema.UnmarshalBinary: %w", err)
}

// plausible checks what was read, the settings as NewBuilder would.
func (s *Schema) plausible() bool {
	distinct := func(names []string) bool {
		seen := make(map[string]bool, len(names))
		for _, n := range names {
			if n == "" || seen[n] {
				return false
			}
			seen[n] = true
		}
		return true
	}
	opt := BuilderOptions{AsOf: time.Unix(0, 0), Windows: s.windows, HalfLife: time.Duration(s.halfLife), KindWeights: make(map[Kind]float64), PriceBands: s.bands}
	for k := 1; k <= kinds; k++ {
		if opt.KindWeights[Kind(k)] = s.weight[k]; math.Signbit(s.weight[k]) {
			return false
		}
	}
	if code, err := check.Currency("Currency", s.currency); s.currency != "" && (err != nil || code != s.currency) {
		return false
	}
	return len(s.names) > 0 && distinct(s.names) && distinct(s.features) && s.halfLife >= 0 && opt.validate("") == nil
}
