package lifetime

import (
	"encoding"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/survive"
)

var (
	_ encoding.BinaryAppender    = (*Survival[Weeks])(nil)
	_ encoding.BinaryMarshaler   = (*Survival[Weeks])(nil)
	_ encoding.BinaryUnmarshaler = (*Survival[Weeks])(nil)
)

// Survival counts how long things lasted, and how long those were watched that are not over: the
// time to the second order, to the end of a contract. Its Result are the estimates of Kaplan and
// Meier and of Nelson and Aalen at the exact times. Where times are many and a percent is
// nothing, round them first: each distinct time is kept.
//
// The zero value is empty and ready; merging shards in any order is the same as one pass. It is
// not safe for concurrent use while Add, Merge or UnmarshalBinary runs. Memory: some 50 bytes a
// distinct time.
type Survival[T Time] struct {
	at map[float64]cases
	n  int64
}

// cases are those that ended at a time, and those that were last seen then.
type cases struct{ ended, open int64 }

// Add counts one case that lasted, or was watched, so long. ErrRange for a negative time,
// ErrNotFinite, ErrOverflow beyond 2⁶³ cases; an error changes nothing.
func (s *Survival[T]) Add(lasted T, ended bool) error {
	const where = "lifetime: Survival.Add"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	if err := lasting(float64(lasted), -1); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	c := cases{open: 1}
	if ended {
		c = cases{ended: 1}
	}
	if err := s.add(float64(lasted)+0, c); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// lasting refuses what is no duration.
func lasting(t float64, row int64) error {
	switch {
	case !check.Finite(t):
		return check.Private("lasted", row, nil, t, ErrNotFinite)
	case t < 0:
		return check.Private("lasted", row, nil, t, fmt.Errorf("want >= 0: %w", ErrRange))
	}
	return nil
}

// add counts cases of a time that was checked.
func (s *Survival[T]) add(t float64, c cases) error {
	n, err := check.AddInt64(s.n, c.ended)
	if err == nil {
		n, err = check.AddInt64(n, c.open)
	}
	if err != nil {
		return fmt.Errorf("cases: %w", err)
	}
	if s.at == nil {
		s.at = make(map[float64]cases)
	}
	own := s.at[t]
	s.at[t] = cases{own.ended + c.ended, own.open + c.open}
	s.n = n
	return nil
}

// Merge adds the cases of other. Nil and s itself are ErrMismatch, more than 2⁶³ cases
// ErrOverflow; an error changes nothing.
func (s *Survival[T]) Merge(other *Survival[T]) error {
	const where = "lifetime: Survival.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if _, err := check.AddInt64(s.n, other.n); err != nil {
		return fmt.Errorf("%s: cases: %w", where, err)
	}
	for t, c := range other.at {
		_ = s.add(t, c) // the total was checked
	}
	return nil
}

// SurvivalPoint is what is known at one time.
type SurvivalPoint[T Time] struct {
	At     T     // since the beginning
	AtRisk int64 // cases that lasted, and were watched, until then
	Ended  int64 // of them, those that ended then
	Open   int64 // those that were last seen then
	// Alive is the share that lasts longer, by Kaplan and Meier, between Low and High: the interval
	// by Greenwood's variance on the scale of ln(−ln Alive). NaN where Alive is 0.
	Alive, Low, High float64
	// Hazard is the cumulative hazard by Nelson and Aalen, and StdErr its standard error.
	Hazard, StdErr float64
}

// SurvivalCurve is the estimate at each time that a case ended or was last seen, ascending.
type SurvivalCurve[T Time] []SurvivalPoint[T]

// Result returns the estimates, with intervals at a level of confidence, in (0, 1); 0 means .95.
// ErrEmpty without cases, ErrOption for another level.
func (s *Survival[T]) Result(level float64) (SurvivalCurve[T], error) {
	const where = "lifetime: Survival.Result"
	if err := check.Receiver(where, s); err != nil {
		return nil, err
	}
	level, err := infer.Level(level)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if s.n == 0 {
		return nil, fmt.Errorf("%s: no cases: %w", where, ErrEmpty)
	}
	z := infer.NormalQuantile((1 + level) / 2)
	limit := survive.NewProductLimit(s.n)
	var out SurvivalCurve[T]
	for _, t := range slices.Sorted(maps.Keys(s.at)) {
		c := s.at[t]
		p := SurvivalPoint[T]{At: T(t), AtRisk: limit.AtRisk, Ended: c.ended, Open: c.open}
		limit.Step(c.ended, c.open)
		p.Alive, p.Hazard, p.StdErr = limit.Alive, limit.Hazard, math.Sqrt(limit.HazardVar)
		p.Low, p.High = limit.Band(z)
		out = append(out, p)
	}
	return out, nil
}

// Alive returns the estimated share that lasts longer than t: 1 before the first time. Past the
// last time it is what it was there.
func (c SurvivalCurve[T]) Alive(t T) float64 {
	i := sort.Search(len(c), func(i int) bool { return c[i].At > t })
	if i == 0 {
		return 1
	}
	return c[i-1].Alive
}

// Quantile returns the first time that at least the share p has not outlasted, .5 for the median.
// ErrUndefined where more than 1−p last longer than was watched, ErrRange for p outside of
// (0, 1), ErrEmpty.
func (c SurvivalCurve[T]) Quantile(p float64) (T, error) {
	const where = "lifetime: SurvivalCurve.Quantile"
	switch {
	case len(c) == 0:
		return 0, fmt.Errorf("%s: no cases: %w", where, ErrEmpty)
	case !(p > 0 && p < 1):
		return 0, fmt.Errorf("%s: p is %v, want in (0, 1): %w", where, p, ErrRange)
	}
	for _, q := range c {
		if q.Alive <= 1-p+1e-12 {
			return q.At, nil
		}
	}
	return 0, fmt.Errorf("%s: %.3g last longer than was watched: %w", where, c[len(c)-1].Alive, ErrUndefined)
}

// AppendBinary appends the binary form to dst, the same bytes in whatever order the cases came.
// ErrEmpty for a nil receiver.
func (s *Survival[T]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("lifetime: Survival.AppendBinary", s); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(unitOf[T]())
	w.Int(len(s.at))
	for _, t := range slices.Sorted(maps.Keys(s.at)) {
		w.Float64(t)
		w.Int64(s.at[t].ended)
		w.Int64(s.at[t].open)
	}
	return w.AppendFrame(dst, codec.KindSurvival, 1), nil
}

// MarshalBinary returns the binary form.
func (s *Survival[T]) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int   unit of time, as of Summary
//	int   distinct times, then for each, ascending strictly:
//	  f64   the time, >= 0
//	  i64   cases that ended then, >= 0
//	  i64   cases that were last seen then, >= 0, not both 0
//
// Another unit than T or another kind of frame is ErrMismatch, what no Survival holds
// ErrCorrupt, a newer version ErrVersion; s is then unchanged.
func (s *Survival[T]) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Survival.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := openUnit[T](where, data, codec.KindSurvival)
	if err != nil {
		return err
	}
	var d Survival[T]
	last := math.Inf(-1)
	times := r.Int()
	for i := 0; i < times && r.Err() == nil; i++ {
		t, c := r.Float64(), cases{r.Int64(), r.Int64()}
		if r.Err() != nil {
			break
		}
		if lasting(t, -1) != nil || negativeZero(t) || t <= last || c.ended < 0 || c.open < 0 || c == (cases{}) || d.add(t, c) != nil {
			r.Fail("has times out of order or range, or without a case")
			break
		}
		last = t
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*s = d
	return nil
}
