package uplift

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// OverlapResult says how far the arms were given to the same customers. Where an arm was hardly ever given, effects rest on
// few rows of large weight, and intervals are not to be trusted.
type OverlapResult struct {
	Least   float64      // limit that Outside counts by
	Rows    int          // with a weight
	Outside int          // of them: with a propensity of some arm below Least; Scores.Trim takes them out
	Cut     int          // of them: with a fitted propensity that was cut to Options.MinPropensity, or 1 less it
	Arms    []ArmOverlap // of each arm, that of control first
}

// ArmOverlap is one arm of an OverlapResult.
type ArmOverlap struct {
	Rows             int     // that have had the arm
	Min, Median, Max float64 // its propensities over all rows
	Outside          int     // rows with a propensity of this arm below OverlapResult.Least
	// Effective is how many rows of equal weight tell as much as those that have had the arm, each weighed by one over its propensity
	// (Kish 1965).
	Effective float64
	// Largest is the share of one row in these weights, the largest.
	Largest float64
}

// trimming returns the limit of Overlap and Trim: least, and for 0 that of Crump, Hotz, Imbens and Mitnik.
func (m *Scores) trimming(where string, least float64) (float64, error) {
	share := 1 / float64(m.Arms)
	var c check.Options
	c.Require(least >= 0 && least < share, "least", least, fmt.Sprintf("in [0, %g), below an equal share", share))
	if err := c.Err(where); err != nil {
		return 0, err
	}
	return check.Default(least, min(.1, share/2)), nil
}

// Overlap returns how the propensities lie, as they were known or fitted; least is the limit below which one counts as outside, 0
// means .1 (Crump, Hotz, Imbens and Mitnik, Biometrika 96, 2009), or half of an equal share where there are more
// than five arms. Cost: arms·n·log n.
//
// Errors: ErrEmpty, ErrOption.
func (m *Scores) Overlap(least float64) (OverlapResult, error) {
	const where = "uplift: Scores.Overlap"
	if err := m.ready(where); err != nil {
		return OverlapResult{}, err
	}
	least, err := m.trimming(where, least)
	if err != nil {
		return OverlapResult{}, err
	}
	s, arms := m.s, m.Arms
	out := OverlapResult{Least: least, Rows: s.n, Arms: make([]ArmOverlap, arms)}
	for k := range s.n {
		of := m.e[k*arms : (k+1)*arms]
		if slices.Min(of) < least {
			out.Outside++
		}
		if m.cut > 0 && (slices.Min(of) <= m.cut || slices.Max(of) >= 1-m.cut) {
			out.Cut++
		}
	}
	column := make([]float64, s.n)
	for a := range out.Arms {
		arm, sum, square, top := &out.Arms[a], 0.0, 0.0, 0.0
		for k := range s.n {
			e := m.e[k*arms+a]
			if column[k] = e; e < least {
				arm.Outside++
			}
			if s.arm[k] == a {
				w := s.weight(int32(k)) / e
				arm.Rows++
				sum, square, top = sum+w, square+w*w, max(top, w)
			}
		}
		slices.Sort(column)
		arm.Min, arm.Median, arm.Max = column[0], (column[(s.n-1)/2]+column[s.n/2])/2, column[s.n-1]
		if sum > 0 {
			arm.Effective, arm.Largest = sum/square*sum, top/sum
		}
	}
	return out, nil
}

// Trim returns the scores of the rows on which every arm has a propensity of at least least, 0 as in Overlap, and counts the others
// as absent: their scores are NaN. What is estimated from them holds for the customers that remain, which Overlap
// of the new scores counts.
//
// Errors: ErrEmpty, ErrOption, ErrUndefined where no rows remain.
func (m *Scores) Trim(least float64) (*Scores, error) {
	const where = "uplift: Scores.Trim"
	if err := m.ready(where); err != nil {
		return nil, err
	}
	least, err := m.trimming(where, least)
	if err != nil {
		return nil, err
	}
	var keep []int32
	for k := range m.s.n {
		if slices.Min(m.e[k*m.Arms:(k+1)*m.Arms]) >= least {
			keep = append(keep, int32(k))
		}
	}
	if len(keep) == 0 {
		return nil, fmt.Errorf("%s: no row has propensities of %v and more: %w", where, least, ErrUndefined)
	}
	return m.of(keep), nil
}

// of returns the scores of the rows keep of the study, ascending; the others are absent.
func (m *Scores) of(keep []int32) *Scores {
	out := &Scores{Arms: m.Arms, Values: slices.Repeat([]float64{math.NaN()}, len(m.Values)), cut: m.cut, s: m.s.of(keep)}
	for _, k := range keep {
		at := int(m.s.from[k]) * m.Arms
		copy(out.Values[at:at+m.Arms], m.Values[at:])
		out.e = append(out.e, m.e[int(k)*m.Arms:][:m.Arms]...)
	}
	return out
}

// of returns the rows keep of a study, ascending, with the keys and folds that they have.
func (s *study) of(keep []int32) *study {
	out := &study{n: len(keep), d: s.d, arms: s.arms, folds: s.folds, given: s.given}
	for _, k := range keep {
		out.rows, out.arm, out.y = append(out.rows, s.rows[k]), append(out.arm, s.arm[k]), append(out.y, s.y[k])
		out.key, out.fold, out.from = append(out.key, s.key[k]), append(out.fold, s.fold[k]), append(out.from, s.from[k])
		if s.w != nil {
			out.w = append(out.w, s.w[k])
		}
		if s.e != nil {
			out.e = append(out.e, s.e[int(k)*s.arms:][:s.arms]...)
		}
		if s.group != nil {
			out.group = append(out.group, s.group[k])
		}
	}
	return out
}
