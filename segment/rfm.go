package segment

import (
	"encoding"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*RFM)(nil)
	_ encoding.BinaryMarshaler   = (*RFM)(nil)
	_ encoding.BinaryUnmarshaler = (*RFM)(nil)
)

// RFMScore is a customer's cell: R, F and M from 1 (worst) to the number of
// levels (best).
type RFMScore struct {
	R, F, M uint8 // recency, frequency, monetary value
}

// String writes the usual three digits, "545"; beyond nine levels "5-12-3".
func (s RFMScore) String() string {
	if max(s.R, s.F, s.M) <= 9 {
		return fmt.Sprintf("%d%d%d", s.R, s.F, s.M)
	}
	return fmt.Sprintf("%d-%d-%d", s.R, s.F, s.M)
}

// RFM scores customers by recency (time since the last purchase: less is
// better), frequency (number of purchases) and monetary value. It is immutable
// and safe for concurrent use.
type RFM struct{ r, f, m Cuts }

// FitRFM takes cut points from the customers given: quantiles, the same number
// of levels (2 … 255, usually 5) for each measure. The slices hold one value per
// customer, in any unit as long as scoring uses the same. If all customers are
// alike in a measure, all get the same score in it.
func FitRFM(recency, frequency, monetary []float64, levels int) (*RFM, error) {
	if err := sameLength(len(recency), len(frequency), len(monetary)); err != nil {
		return nil, fmt.Errorf("segment: FitRFM: %w", err)
	}
	var cuts [3]Cuts
	for i, v := range []struct {
		name   string
		values []float64
	}{{"recency", recency}, {"frequency", frequency}, {"monetary", monetary}} {
		var err error
		if cuts[i], err = FitCuts(v.values, levels); err != nil {
			return nil, fmt.Errorf("segment: FitRFM: %s: %w", v.name, err)
		}
	}
	return &RFM{cuts[0], cuts[1], cuts[2]}, nil
}

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
	return &RFM{recency, frequency, monetary}, nil
}

// Levels returns the number of levels of each measure.
func (m *RFM) Levels() (r, f, mon int) { return m.r.Levels(), m.f.Levels(), m.m.Levels() }

// Cuts returns the cut points of each measure.
func (m *RFM) Cuts() (recency, frequency, monetary Cuts) { return m.r, m.f, m.m }

// Score returns one customer's cell. NaN and infinity are ErrNotFinite.
func (m *RFM) Score(recency, frequency, monetary float64) (RFMScore, error) {
	s, err := m.score(recency, frequency, monetary)
	if err != nil {
		return RFMScore{}, fmt.Errorf("segment: RFM.Score: %w", err)
	}
	return s, nil
}

func (m *RFM) score(recency, frequency, monetary float64) (RFMScore, error) {
	if !check.Finite(recency) || !check.Finite(frequency) || !check.Finite(monetary) {
		return RFMScore{}, fmt.Errorf("recency %v, frequency %v, monetary %v: %w", recency, frequency, monetary, ErrNotFinite)
	}
	return RFMScore{
		R: uint8(m.r.Levels() + 1 - m.r.Level(recency)),
		F: uint8(m.f.Level(frequency)),
		M: uint8(m.m.Level(monetary)),
	}, nil
}

// ScoreAll appends the cells of many customers to dst. On an error, which names
// the customer, dst is returned as it was.
func (m *RFM) ScoreAll(dst []RFMScore, recency, frequency, monetary []float64) ([]RFMScore, error) {
	if err := sameLength(len(recency), len(frequency), len(monetary)); err != nil {
		return dst, fmt.Errorf("segment: RFM.ScoreAll: %w", err)
	}
	out := slices.Grow(dst, len(recency))
	for i := range recency {
		s, err := m.score(recency[i], frequency[i], monetary[i])
		if err != nil {
			return dst, fmt.Errorf("segment: RFM.ScoreAll: customer %d: %w", i, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// AppendBinary appends the scorer's binary form to dst.
func (m *RFM) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Float64s(m.r.at)
	w.Float64s(m.f.at)
	w.Float64s(m.m.at)
	return w.AppendFrame(dst, codec.KindRFM, 1), nil
}

// MarshalBinary returns the scorer's binary form.
func (m *RFM) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	3×[]f64  cut points of recency, frequency and monetary value: 254 at most, finite, not
//	         descending
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; m is then unchanged.
func (m *RFM) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindRFM, 1)
	if err != nil {
		return fmt.Errorf("segment: RFM.UnmarshalBinary: %w", err)
	}
	cuts := [3][]float64{r.Float64s(), r.Float64s(), r.Float64s()}
	for _, c := range cuts {
		if len(c) > 254 || firstDescent(c) > 0 || check.Slice("cut", c) != nil {
			r.Fail("cut points are not finite and ascending, 254 at most")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("segment: RFM.UnmarshalBinary: %w", err)
	}
	*m = RFM{Cuts{cuts[0]}, Cuts{cuts[1]}, Cuts{cuts[2]}}
	return nil
}
