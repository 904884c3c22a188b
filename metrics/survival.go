package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/survive"
)

// Concordance returns Harrell's C-index of censored durations: of the pairs of which it is
// known who went first, the share in which that one had the higher risk, equal risks half. ended says
// of which rows the end was seen; the others are censored at their time, and count as staying longer than those that
// end at the same moment. Pairs that end together say nothing. It is the AUC where every row ends at one of two times. Cost n·log n.
// ErrShape, ErrNotFinite, ErrRange for a negative time, ErrUndefined where no pair can be compared.
func Concordance(times []float64, ended []bool, risk []float64) (float64, error) {
	const where = "metrics: Concordance"
	for _, err := range []error{check.Len("ended", len(ended), len(times)), check.Len("risk", len(risk), len(times)), check.Slice("times", times), check.Slice("risk", risk)} {
		if err != nil {
			return math.NaN(), fmt.Errorf("%s: %w", where, err)
		}
	}
	for i, t := range times {
		if t < 0 {
			return math.NaN(), fmt.Errorf("%s: times[%d] is negative: %w", where, i, ErrRange)
		}
	}
	c := survive.Concordance(times, ended, risk)
	if math.IsNaN(c) {
		return c, undefined("Concordance: no pair of rows can be compared")
	}
	return c, nil
}
