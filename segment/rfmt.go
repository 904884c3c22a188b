package segment

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// FitRFMT is FitRFM with T, the time between one order and the next: of two customers who
// ordered as often and as lately, the one with shorter pauses has the next order due. gap
// holds each customer's mean pause, in any unit, less being better, 0 where all orders came
// at once, and NaN where there is none, since the customer ordered fewer than two times (as
// in the RFM rows of package profile): such customers have no T, which is level 0, and do
// not move its cut points. Where nobody ordered twice, nobody has a T.
//
// Errors are those of FitRFM; a negative gap is ErrRange, an infinite one ErrNotFinite.
func FitRFMT(recency, frequency, monetary, gap []float64, levels int) (*RFM, error) {
	const where = "segment: FitRFMT"
	m, err := FitRFM(recency, frequency, monetary, levels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := check.Len("gap", len(gap), len(recency)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	known := make([]float64, 0, len(gap))
	for i, g := range gap {
		if err := checkGap(i, g); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		if !math.IsNaN(g) {
			known = append(known, g)
		}
	}
	m.timed = true
	if len(known) == 0 {
		return m, nil
	}
	if m.t, err = measureCuts(known, levels); err != nil {
		return nil, fmt.Errorf("%s: gap: %w", where, err)
	}
	m.reached[3] = m.t.reachedBy(known)
	return m, nil
}

// checkGap refuses what is no mean pause; NaN is none at all.
func checkGap(row int, gap float64) error {
	switch {
	case math.IsInf(gap, 0):
		return check.Private("gap", int64(row), nil, gap, ErrNotFinite)
	case gap < 0:
		return check.Private("gap", int64(row), nil, gap, fmt.Errorf("below 0: %w", ErrRange))
	}
	return nil
}

// WithTime returns a scorer that has T by fixed cut points, at most 254, and the rest of m;
// m stays as it is.
func (m *RFM) WithTime(gap Cuts) (*RFM, error) {
	const where = "segment: RFM.WithTime"
	if err := check.Receiver(where, m); err != nil {
		return nil, err
	}
	if gap.Levels() > 255 {
		return nil, fmt.Errorf("%s: gap has %d levels, want at most 255: %w", where, gap.Levels(), ErrRange)
	}
	x := *m
	x.t, x.timed = Cuts{slices.Clone(gap.at)}, true
	x.reached[3] = gap.possible()
	return &x, nil
}

// TimeCuts returns the cut points of T, how many levels of it the customers of the fit have,
// as Reached has it, and whether T is scored at all.
func (m *RFM) TimeCuts() (gap Cuts, reached int, ok bool) {
	if m == nil {
		return Cuts{}, 0, false
	}
	return m.t, m.reached[3], m.timed
}

// ScoreT is Score with T. A gap of NaN gives no T, which is 0; a negative one is ErrRange,
// an infinite one ErrNotFinite. ErrMismatch for a scorer without T.
func (m *RFM) ScoreT(recency, frequency, monetary, gap float64) (RFMScore, error) {
	const where = "segment: RFM.ScoreT"
	if err := check.Receiver(where, m); err != nil {
		return RFMScore{}, err
	}
	s, err := m.scoreT(-1, recency, frequency, monetary, gap)
	if err != nil {
		return RFMScore{}, fmt.Errorf("%s: %w", where, err)
	}
	return s, nil
}

// scoreT is ScoreT for a row of many, -1 for one alone.
func (m *RFM) scoreT(row int, recency, frequency, monetary, gap float64) (RFMScore, error) {
	if !m.timed {
		return RFMScore{}, fmt.Errorf("made without T: %w", ErrMismatch)
	}
	s, err := m.score(row, recency, frequency, monetary)
	if err == nil {
		err = checkGap(row, gap)
	}
	if err != nil {
		return RFMScore{}, err
	}
	if !math.IsNaN(gap) {
		s.T = uint8(m.t.Levels() + 1 - m.t.Level(gap))
	}
	return s, nil
}

// ScoreAllT is ScoreAll with T: see ScoreT.
func (m *RFM) ScoreAllT(dst []RFMScore, recency, frequency, monetary, gap []float64) ([]RFMScore, error) {
	const where = "segment: RFM.ScoreAllT"
	if err := check.Receiver(where, m); err != nil {
		return dst, err
	}
	err := sameLength(len(recency), len(frequency), len(monetary))
	if err == nil {
		err = check.Len("gap", len(gap), len(recency))
	}
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	out := slices.Grow(dst, len(recency))
	for i := range recency {
		s, err := m.scoreT(i, recency[i], frequency[i], monetary[i], gap[i])
		if err != nil {
			return dst, fmt.Errorf("%s: %w", where, err)
		}
		out = append(out, s)
	}
	return out, nil
}
