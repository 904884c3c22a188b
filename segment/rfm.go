package segment

import (
	"encoding"
	"fmt"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*RFM)(nil)
	_ encoding.BinaryMarshaler   = (*RFM)(nil)
	_ encoding.BinaryUnmarshaler = (*RFM)(nil)
)

// RFMScore is a customer's cell: R, F and M, and T where it was asked for and is known,
// from 1 (worst) to the number of levels (best).
type RFMScore struct {
	R, F, M uint8 // recency, frequency, monetary value
	T       uint8 // time between orders, 0 where it is not known: fewer than two orders, or not scored
}

// String writes the usual digits, "545", with T where it is known "5453"; beyond nine
// levels "5-12-3" and "5-12-3-3".
func (s RFMScore) String() string {
	format, parts := "%d%d%d", []any{s.R, s.F, s.M}
	if s.T > 0 {
		format, parts = "%d%d%d%d", append(parts, s.T)
	}
	if max(s.R, s.F, s.M, s.T) > 9 {
		format = strings.ReplaceAll(format, "d%", "d-%")
	}
	return fmt.Sprintf(format, parts...)
}

// RFM scores customers by recency (time since the last purchase: less is
// better), frequency (number of purchases) and monetary value; one of FitRFMT or
// WithTime by the time between purchases as well. It is immutable
// and safe for concurrent use. The zero value has one level of each.
type RFM struct {
	r, f, m, t Cuts
	reached    [4]int // levels that the customers of the fit have in each measure
	timed      bool   // T is scored
}

// FitRFM takes cut points from the customers given: quantiles, the same number
// of levels (2 … 255, usually 5) for each measure. The slices hold one value per
// customer, in any unit as long as scoring uses the same. If all customers are
// alike in a measure, all get the same score in it.
//
// Customers who are alike share a level. Where they are so many that they fill several
// (most shops' customers bought once), the levels left divide the others by quantiles of
// their own: with 84 % who bought once, two orders are level 2, and level 5 is for the
// most frequent of the rest. pandas.qcut refuses such data, and cuts by rank tear equal
// customers apart. Levels that nobody reaches, as where nobody bought more than twice,
// stay empty: see Reached before naming the customers of level 5.
func FitRFM(recency, frequency, monetary []float64, levels int) (*RFM, error) {
	if err := sameLength(len(recency), len(frequency), len(monetary)); err != nil {
		return nil, fmt.Errorf("segment: FitRFM: %w", err)
	}
	m := &RFM{}
	for i, v := range []struct {
		name   string
		values []float64
	}{{"recency", recency}, {"frequency", frequency}, {"monetary", monetary}} {
		cuts, err := measureCuts(v.values, levels)
		if err != nil {
			return nil, fmt.Errorf("segment: FitRFM: %s: %w", v.name, err)
		}
		*[]*Cuts{&m.r, &m.f, &m.m}[i] = cuts
		m.reached[i] = cuts.reachedBy(v.values)
	}
	return m, nil
}

// reachedBy counts the levels that the values have.
func (c Cuts) reachedBy(values []float64) int {
	seen, n := make([]bool, c.Levels()+1), 0
	for _, x := range values {
		if l := c.Level(x); !seen[l] {
			seen[l] = true
			n++
		}
	}
	return n
}

// measureCuts takes quantiles, or, where ties fill several, those of what is left.
func measureCuts(values []float64, levels int) (Cuts, error) {
	cuts, err := FitCuts(values, levels)
	if err == nil && len(slices.Compact(slices.Clone(cuts.at))) < len(cuts.at) {
		cuts = spread(values, levels)
	}
	return cuts, err
}

// spread cuts values that tie over several quantiles: each level takes its share of the
// values that are left, and all that equal the last of these.
func spread(values []float64, levels int) Cuts {
	left := slices.Clone(values)
	slices.Sort(left)
	at := make([]float64, 0, levels-1)
	for n := levels; n > 1; n-- {
		cut := left[(len(left)-1)/n] + 0
		at = append(at, cut)
		if above, _ := slices.BinarySearchFunc(left, cut, func(x, cut float64) int {
			if x <= cut {
				return -1
			}
			return 1
		}); above < len(left) {
			left = left[above:]
		}
	}
	return Cuts{at}
}

// Reached returns how many different levels the customers of the fit have in each
// measure: fewer than Levels where many are alike, and 1 where all are. A measure that
// reaches 2 of 5 levels tells two sorts of customers apart, whatever the names of segments
// say. Of an RFM of NewRFM it is the number of levels that any value can have.
func (m *RFM) Reached() (r, f, mon int) {
	if m == nil {
		return 0, 0, 0
	}
	return m.reached[0], m.reached[1], m.reached[2]
}

// possible returns the number of levels between cut points that differ.
func (c Cuts) possible() int { return len(slices.Compact(slices.Clone(c.at))) + 1 }

func sameLength(r, f, m int) error {
	if err := check.Len("frequency", f, r); err != nil {
		return err
	}
	return check.Len("monetary", m, r)
}

// NewRFM scores by fixed cut points, which may be of different number for each
// measure (at most 254).
func NewRFM(recency, frequency, monetary Cuts) (*RFM, error) {
	for i, c := range []Cuts{recency, frequency, monetary} {
		if c.Levels() > 255 {
			return nil, fmt.Errorf("segment: NewRFM: %s has %d levels, want at most 255: %w", []string{"recency", "frequency", "monetary"}[i], c.Levels(), ErrRange)
		}
	}
	return &RFM{r: recency, f: frequency, m: monetary, reached: [4]int{recency.possible(), frequency.possible(), monetary.possible()}}, nil
}

// Levels returns the number of levels of each measure.
func (m *RFM) Levels() (r, f, mon int) {
	if m == nil {
		return 0, 0, 0
	}
	return m.r.Levels(), m.f.Levels(), m.m.Levels()
}

// Cuts returns the cut points of each measure.
func (m *RFM) Cuts() (recency, frequency, monetary Cuts) {
	if m == nil {
		return Cuts{}, Cuts{}, Cuts{}
	}
	return m.r, m.f, m.m
}

// Score returns one customer's cell. NaN and infinity are ErrNotFinite.
func (m *RFM) Score(recency, frequency, monetary float64) (RFMScore, error) {
	if err := check.Receiver("segment: RFM.Score", m); err != nil {
		return RFMScore{}, err
	}
	s, err := m.score(-1, recency, frequency, monetary)
	if err != nil {
		return RFMScore{}, fmt.Errorf("segment: RFM.Score: %w", err)
	}
	return s, nil
}

// score is Score for a row of many, -1 for one alone.
func (m *RFM) score(row int, recency, frequency, monetary float64) (RFMScore, error) {
	for i, x := range [3]float64{recency, frequency, monetary} {
		if !check.Finite(x) {
			return RFMScore{}, check.Private([]string{"recency", "frequency", "monetary"}[i], int64(row), nil, x, ErrNotFinite)
		}
	}
	return RFMScore{
		R: uint8(m.r.Levels() + 1 - m.r.Level(recency)),
		F: uint8(m.f.Level(frequency)),
		M: uint8(m.m.Level(monetary)),
	}, nil
}

// ScoreAll appends the cells of many customers to dst. On an error, which names
// the row of the customer, dst is returned as it was.
func (m *RFM) ScoreAll(dst []RFMScore, recency, frequency, monetary []float64) ([]RFMScore, error) {
	if err := check.Receiver("segment: RFM.ScoreAll", m); err != nil {
		return dst, err
	}
	if err := sameLength(len(recency), len(frequency), len(monetary)); err != nil {
		return dst, fmt.Errorf("segment: RFM.ScoreAll: %w", err)
	}
	out := slices.Grow(dst, len(recency))
	for i := range recency {
		s, err := m.score(i, recency[i], frequency[i], monetary[i])
		if err != nil {
			return dst, fmt.Errorf("segment: RFM.ScoreAll: %w", err)
		}
		out = append(out, s)
	}
	return out, nil
}

// AppendBinary appends the scorer's binary form to dst.
func (m *RFM) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("segment: RFM.AppendBinary", m); err != nil {
		return dst, err
	}
	var w codec.Writer
	for _, c := range m.measures() {
		w.Float64s(c.at)
	}
	for _, n := range m.reached {
		w.Int(n)
	}
	w.Bool(m.timed)
	return w.AppendFrame(dst, codec.KindRFM, 3), nil
}

// measures lists the cut points of all four.
func (m *RFM) measures() [4]*Cuts { return [4]*Cuts{&m.r, &m.f, &m.m, &m.t} }

// MarshalBinary returns the scorer's binary form.
func (m *RFM) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 3,
// little-endian:
//
//	4×[]f64  cut points of recency, frequency, monetary value and time between orders: 254
//	         at most, finite, not descending; none of the last, and
//	4×int    levels reached in each, 1 to the number that cut points which differ divide;
//	         0 in the first three of the zero RFM, in the last where T is not scored or was
//	         nobody's
//	bool     whether T is scored
//
// Version 2 ends after recency, frequency and value; version 1 has no levels reached: they
// are those possible.
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; m is then unchanged.
func (m *RFM) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("segment: RFM.UnmarshalBinary", m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindRFM, 3)
	if err != nil {
		return fmt.Errorf("segment: RFM.UnmarshalBinary: %w", err)
	}
	var x RFM
	all := x.measures()
	parts := 3
	if r.Version > 2 {
		parts = 4
	}
	for _, c := range all[:parts] {
		c.at = r.Float64s()
		if len(c.at) > 254 || firstDescent(c.at) > 0 || check.Slice("cut", c.at) != nil {
			r.Fail("cut points are not finite and ascending, 254 at most")
		}
	}
	for i, c := range all[:parts] {
		if x.reached[i] = c.possible(); r.Version > 1 {
			x.reached[i] = r.Int()
		}
	}
	if r.Version > 2 {
		x.timed = r.Bool()
	}
	x.checkReached(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("segment: RFM.UnmarshalBinary: %w", err)
	}
	*m = x
	return nil
}

// checkReached fails r where the levels reached are not those of the cut points.
func (m *RFM) checkReached(r *codec.Reader) {
	if r.Err() != nil {
		return
	}
	none := [3]int(m.reached[:3]) == [3]int{} && len(m.r.at)+len(m.f.at)+len(m.m.at) == 0
	for i, c := range m.measures() {
		least := 1
		if i == 3 || none {
			least = 0
		}
		if m.reached[i] < least || m.reached[i] > c.possible() {
			r.Fail("levels reached are not those of the cut points")
		}
	}
	if !m.timed && (len(m.t.at) > 0 || m.reached[3] > 0) {
		r.Fail("has times between orders that are not scored")
	}
}
