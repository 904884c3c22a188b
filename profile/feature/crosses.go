package feature

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/vec"
)

// CrossKind says what a Cross makes of two columns.
type CrossKind uint8

// The kinds of a Cross.
const (
	Product     CrossKind = iota // a·b
	Quotient                     // a/b; missing where b is 0
	BucketCross                  // the number of the pair of buckets, see Cross.EdgesA
	HashedCross                  // a number below Buckets, from the hash of both values
	crossKinds  = int(HashedCross) + 1
)

// Cross is one column made of two, such as amount times count.
type Cross struct {
	// Kind is what is made of them. Default Product.
	Kind CrossKind
	// A and B are the columns, by name; they may be the same.
	A, B string
	// EdgesA and EdgesB cut the columns of a BucketCross, ascending and finite: a bucket
	// holds its lower edge. Missing values have a bucket of their own behind the others, so that
	// the number is bucket(a)·(len(EdgesB)+2) + bucket(b).
	EdgesA, EdgesB []float64
	// Buckets is the range of a HashedCross, 1 … 1<<30; others do not read it.
	Buckets int
}

// name is that of the column.
func (c *Cross) name() string {
	return c.A + []string{"*", "/", "|", "#"}[c.Kind] + c.B
}

// Crosses appends columns made of pairs of columns. It is immutable and safe for
// concurrent use.
type Crosses struct {
	names   []string
	crosses []Cross
	a, b    []int
}

// NewCrosses returns the given crosses of rows whose columns have the given names. No
// columns or crosses is ErrEmpty, a repeated name ErrDuplicate, a cross of a column that is
// none, of an unknown kind, with edges out of order, or with Buckets out of range ErrOption.
func NewCrosses(names []string, crosses []Cross) (*Crosses, error) {
	const where = "feature: NewCrosses"
	if _, err := NewColumns(names); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if len(crosses) == 0 {
		return nil, fmt.Errorf("%s: no crosses: %w", where, ErrEmpty)
	}
	out := &Crosses{names: slices.Clone(names)}
	var o check.Options
	for i, c := range crosses {
		field := fmt.Sprintf("crosses[%d].", i)
		a, b := slices.Index(names, c.A), slices.Index(names, c.B)
		o.Require(int(c.Kind) < crossKinds, field+"Kind", c.Kind, "a CrossKind")
		o.Require(a >= 0, field+"A", c.A, "one of names")
		o.Require(b >= 0, field+"B", c.B, "one of names")
		o.Require(edged(c.EdgesA), field+"EdgesA", c.EdgesA, "finite and ascending")
		o.Require(edged(c.EdgesB), field+"EdgesB", c.EdgesB, "finite and ascending")
		o.Require(c.Kind != HashedCross || c.Buckets >= 1 && c.Buckets <= 1<<30, field+"Buckets", c.Buckets, "1 … 1<<30")
		o.Require(int64(c.Buckets) == int64(int32(c.Buckets)), field+"Buckets", c.Buckets, "of 32 bits")
		c.EdgesA, c.EdgesB = slices.Clone(c.EdgesA), slices.Clone(c.EdgesB)
		out.crosses, out.a, out.b = append(out.crosses, c), append(out.a, a), append(out.b, b)
	}
	if err := o.Err(where); err != nil {
		return nil, err
	}
	return out, nil
}

// edged says whether edges are finite, each above the one before.
func edged(edges []float64) bool {
	for k, x := range edges {
		if !check.Finite(x) || k > 0 && x <= edges[k-1] {
			return false
		}
	}
	return true
}

// Names returns the columns that Transform makes: those of NewCrosses, then "a*b" of a
// Product, "a/b" of a Quotient, "a|b" of a BucketCross, "a#b" of a HashedCross.
func (c *Crosses) Names() []string {
	if c == nil {
		return nil
	}
	out := slices.Clone(c.names)
	for i := range c.crosses {
		out = append(out, c.crosses[i].name())
	}
	return out
}

// Transform appends to dst copies of rows with the crosses behind; the new rows share one
// array. Products and quotients of a missing value are missing. A row of another length is
// ErrShape, ±Inf ErrNotFinite, a product or quotient beyond float64 ErrOverflow; dst is then
// returned as it was.
func (c *Crosses) Transform(dst, rows [][]float64) ([][]float64, error) {
	const where = "feature: Crosses.Transform"
	if err := made(where, c != nil && len(c.crosses) > 0); err != nil {
		return dst, err
	}
	d := len(c.names)
	if err := width(rows, d); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	out := vec.Rows(len(rows), d+len(c.crosses))
	for i, r := range rows {
		copy(out[i], r)
		for k := range c.crosses {
			v := c.crosses[k].of(r[c.a[k]], r[c.b[k]])
			if math.IsInf(v, 0) {
				return dst, fmt.Errorf("%s: %w", where, check.Private(c.crosses[k].name(), int64(i), nil, v, ErrOverflow))
			}
			out[i][d+k] = v
		}
	}
	return append(dst, out...), nil
}

// of crosses two values.
func (c *Cross) of(a, b float64) float64 {
	switch c.Kind {
	case Product:
		return a * b
	case Quotient:
		if b == 0 {
			return math.NaN()
		}
		return a / b
	case BucketCross:
		x, y := binned{edges: c.EdgesA}, binned{edges: c.EdgesB}
		return float64(x.bin(a)*(len(c.EdgesB)+2) + y.bin(b))
	}
	bits := func(x float64) uint64 {
		if math.IsNaN(x) {
			return 1 // of no number in sight
		}
		return math.Float64bits(x + 0)
	}
	return float64(rng.Hash(bits(a), bits(b)) % uint64(c.Buckets))
}

var (
	_ encoding.BinaryAppender    = (*Crosses)(nil)
	_ encoding.BinaryMarshaler   = (*Crosses)(nil)
	_ encoding.BinaryUnmarshaler = (*Crosses)(nil)
)

// AppendBinary appends the binary form of c to dst, canonical. Crosses that NewCrosses did
// not make are ErrEmpty, and dst is returned as it was.
func (c *Crosses) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Crosses.AppendBinary", c != nil && len(c.crosses) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(c.names)
	w.Int(len(c.crosses))
	for _, x := range c.crosses {
		w.Int(int(x.Kind))
		w.String(x.A)
		w.String(x.B)
		w.Float64s(x.EdgesA)
		w.Float64s(x.EdgesB)
		w.Int64(int64(x.Buckets))
	}
	return w.AppendFrame(dst, codec.KindCrosses, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *Crosses) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 1, little-endian, lists and strings
// after their length:
//
//	[]str  names of the columns, at least one, none twice
//	int    number of crosses, at least one; then for each:
//	int    kind, 0 … 3
//	2×string the columns, of those named
//	2×[]f64  edges, finite and ascending
//	i64    buckets, 1 … 1<<30 of a HashedCross, within 32 bits of others
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; c is then unchanged. Memory grows with the bytes given.
func (c *Crosses) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Crosses.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCrosses, 1)
	if err != nil {
		return fmt.Errorf("feature: Crosses.UnmarshalBinary: %w", err)
	}
	names := r.Strings()
	var crosses []Cross
	for range r.Int() {
		kind := CrossKind(min(r.Int(), crossKinds))
		x := Cross{Kind: kind, A: r.String(), B: r.String(), EdgesA: r.Float64s(), EdgesB: r.Float64s()}
		n := r.Int64()
		if r.Err() == nil && n != int64(int32(n)) {
			r.Fail("has too many buckets")
		}
		if r.Err() != nil {
			break
		}
		x.Buckets = int(n)
		crosses = append(crosses, x)
	}
	var x *Crosses
	if r.Err() == nil {
		var bad error
		if x, bad = NewCrosses(names, crosses); bad != nil {
			r.Fail("is no Crosses")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("feature: Crosses.UnmarshalBinary: %w", err)
	}
	*c = *x
	return nil
}
