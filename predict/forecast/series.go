package forecast

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/codec"
)

// Limits of a series: more periods, longer seasons and larger values are refused.
const (
	maxPeriods = 1 << 22
	maxSeason  = 1 << 16
	maxValue   = 1e100 // so that squares and their sums stay finite
)

// checkSeries refuses a series with no observed period, with an infinite value or one whose
// squares would leave the finite numbers, and counts the observed periods.
func checkSeries(where string, y []float64) (observed int, err error) {
	if len(y) > maxPeriods {
		return 0, fmt.Errorf("%s: y has %d periods, want at most %d: %w", where, len(y), maxPeriods, ErrRange)
	}
	for t, v := range y {
		switch {
		case math.IsNaN(v):
		case math.IsInf(v, 0):
			return 0, fmt.Errorf("%s: y[%d] is infinite: %w", where, t, ErrNotFinite)
		case math.Abs(v) > maxValue:
			return 0, fmt.Errorf("%s: y[%d] is beyond ±%g: %w", where, t, maxValue, ErrRange)
		default:
			observed++
		}
	}
	if observed == 0 {
		return 0, fmt.Errorf("%s: no period of y is observed: %w", where, ErrEmpty)
	}
	return observed, nil
}

// nonNegative refuses a series with a negative value, for methods that count demand.
func nonNegative(where string, y []float64) error {
	for t, v := range y {
		if v < 0 {
			return fmt.Errorf("%s: y[%d] is negative: %w", where, t, ErrRange)
		}
	}
	return nil
}

// history is what a model keeps of its series: the values, NaN where missing, and what it said
// of each period beforehand, NaN where nothing.
type history struct {
	y, fitted []float64
}

func (h *history) appendFitted(dst []float64) []float64 { return append(dst, h.fitted...) }

func (h *history) appendResiduals(dst []float64) []float64 {
	for t, v := range h.y {
		dst = append(dst, v-h.fitted[t])
	}
	return dst
}

// put writes the values and the fitted values, which are as many.
func (h *history) put(w *codec.Writer) {
	w.Float64s(h.y)
	w.Float64s(h.fitted)
}

// get reads what put has written: as many fitted as observed values, at least one of which is
// observed, no infinite ones, and missing ones as the one NaN that put writes.
func (h *history) get(r *codec.Reader) {
	h.y, h.fitted = r.Float64s(), r.Float64s()
	if r.Err() != nil {
		return
	}
	if len(h.y) != len(h.fitted) {
		r.Fail("fitted values")
		return
	}
	if _, err := checkSeries("", h.y); err != nil {
		r.Fail("series")
	}
	for _, xs := range [][]float64{h.y, h.fitted} {
		for _, x := range xs {
			if math.IsInf(x, 0) || x != x && math.Float64bits(x) != missing {
				r.Fail("values")
				return
			}
		}
	}
}

// missing are the bits of the NaN that stands for a missing period in a frame.
var missing = math.Float64bits(math.NaN())

// canonical returns a copy of y in which every NaN has the same bits, so that equal series make
// equal frames, and no zero is negative.
func canonical(y []float64) []float64 {
	out := make([]float64, len(y))
	for t, v := range y {
		switch {
		case v != v:
			v = math.NaN()
		case v == 0:
			v = 0
		}
		out[t] = v
	}
	return out
}

// farthest bounds what is derived from values, such as states that relative errors above 1 multiply without end and
// values in units of a level next to nothing: what is foreseen by it stays finite.
const farthest = 1e200

func heldIn(x float64) float64 { return min(max(x, -farthest), farthest) }
