package feature

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Screen)(nil)
	_ encoding.BinaryMarshaler   = (*Screen)(nil)
	_ encoding.BinaryUnmarshaler = (*Screen)(nil)
)

// AppendBinary appends the binary form of s to dst, canonical. An s without columns is
// ErrEmpty, and dst is returned as it was.
func (s *Screen) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Screen.AppendBinary", s != nil && len(s.names) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(s.names)
	w.Int64s(s.rows)
	w.Float64s(s.low)
	for _, a := range s.sums {
		w.Int64(a.n)
		w.Float64(a.hi)
		w.Float64(a.lo)
		w.Float64(a.m2)
	}
	w.Bool(s.edges != nil)
	for _, edges := range s.edges {
		w.Float64s(edges)
	}
	w.Int64s(s.table)
	return w.AppendFrame(dst, codec.KindScreen, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Screen) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s, columns, classes and bins included. Payload of version 1,
// little-endian, lists after their length:
//
//	[]str  names of the columns, at least one, none twice
//	[]i64  rows of each class, >= 0, in sum an int64; 2 … 1,000 classes
//	[]f64  the smaller of 0 and the smallest value of each column, finite, no -0; 0 without values
//	       class by class, for each column:
//	i64    values, >= 0, at most the rows of the class
//	2×f64  their sum, finite, no -0, the second part below the last digit of the first; 0 without values,
//	       not below 0 where no value is
//	f64    their squared deviations from the mean, >= 0, finite, no -0; 0 below two values
//	bool   whether there are bins; if so, for each column:
//	[]f64  edges between its bins, finite, ascending strictly
//	[]i64  class by class, column by column, the values in each bin, one more than edges, in sum
//	       the values; none without bins
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; s is then unchanged. Memory grows with the bytes given.
func (s *Screen) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Screen.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindScreen, 1)
	var fresh *Screen
	if err == nil {
		fresh, err = decodeScreen(r)
	}
	if err != nil {
		return fmt.Errorf("feature: Screen.UnmarshalBinary: %w", err)
	}
	*s = *fresh
	return nil
}

// decodeScreen reads a whole payload.
func decodeScreen(r *codec.Reader) (*Screen, error) {
	s := &Screen{names: r.Strings(), rows: r.Int64s(), low: r.Float64s()}
	s.classes = len(s.rows)
	_, err := NewColumns(s.names)
	if err != nil || s.classes < 2 || s.classes > maxScreenClasses || len(s.low) != len(s.names) || slices.Min(s.rows) < 0 {
		r.Fail("is no Screen")
	}
	if _, err := s.total(); err != nil {
		r.Fail("has more rows than are counted")
	}
	for _, x := range s.low {
		if !plain(x) || x > 0 {
			r.Fail("has a smallest value that is none")
		}
	}
	for c := range s.rows {
		for j := range s.names {
			if r.Err() != nil {
				return nil, r.Done()
			}
			a := screenSum{r.Int64(), r.Float64(), r.Float64(), r.Float64()}
			ok := a.n >= 0 && a.n <= s.rows[c] && plain(a.hi) && plain(a.lo) && plain(a.m2) && a.hi+a.lo == a.hi && a.m2 >= 0
			if !ok || a.n == 0 && (a.hi != 0 || a.lo != 0) || a.n < 2 && a.m2 != 0 || a.hi < 0 && s.low[j] == 0 {
				r.Fail("has sums that are none")
			}
			s.sums = append(s.sums, a)
		}
	}
	for j, x := range s.low {
		if r.Err() == nil && x < 0 && !s.any(j) {
			r.Fail("has a smallest value of a column without values")
		}
	}
	bins := r.Bool()
	for range s.names {
		if !bins || r.Err() != nil {
			break
		}
		edges := r.Float64s()
		for k, x := range edges {
			if !check.Finite(x) || k > 0 && !(x > edges[k-1]) {
				r.Fail("has edges out of order")
			}
		}
		s.edges = append(s.edges, edges)
	}
	s.table = r.Int64s()
	if r.Err() == nil && !s.counts() {
		r.Fail("has bins that do not add up")
	}
	return s, r.Done()
}

// total is the rows of all classes.
func (s *Screen) total() (n int64, err error) {
	for _, rows := range s.rows {
		if n, err = check.AddInt64(n, rows); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// any says whether column j has a value in a class.
func (s *Screen) any(j int) bool {
	for c := range s.rows {
		if s.sums[c*len(s.names)+j].n > 0 {
			return true
		}
	}
	return false
}

// plain says whether x is finite and not -0.
func plain(x float64) bool { return check.Finite(x) && (x != 0 || !math.Signbit(x)) }

// counts lays out the table and says whether its bins hold the values of each column.
func (s *Screen) counts() bool {
	if width := s.prepare(); len(s.table) != s.classes*width {
		return false
	}
	left := s.table
	for k, a := range s.sums {
		if s.edges == nil {
			break
		}
		for range len(s.edges[k%len(s.names)]) + 1 {
			if left[0] < 0 || left[0] > a.n {
				return false
			}
			a.n -= left[0]
			left = left[1:]
		}
		if a.n != 0 {
			return false
		}
	}
	return true
}
