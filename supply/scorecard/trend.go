package scorecard

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
)

// Trend is a straight line through scores over time.
type Trend struct {
	Slope     float64 // of the score per period
	Low, High float64 // its interval
	SE        float64 // its standard error
	PValue    float64 // two-sided, of no slope
	Intercept float64 // of the line at time 0
	Periods   int     // how many scores there were
}

// FitTrend fits a line to scores at the times at, in periods, which need not be equally
// far apart or in order; nil means 0, 1, 2, … The interval at the confidence level (0 means
// 0.95) is Student's with two degrees of freedom less than there are periods, which takes the
// deviations from the line as independent: where a good month tends to follow a good
// one it is too narrow.
//
// Only scores on scales that stay put make a trend: give every KPI a Floor and a
// Ceiling, or evaluate all periods in one call.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrOption for a bad level, ErrUndefined below
// three periods or where all are at one time, ErrOverflow.
func FitTrend(at, scores []float64, level float64) (Trend, error) {
	const where = "scorecard: FitTrend"
	level, err := infer.Level(level)
	if err != nil {
		return Trend{}, fmt.Errorf("%s: %w", where, err)
	}
	n := len(scores)
	if n == 0 {
		return Trend{}, fmt.Errorf("%s: no scores: %w", where, ErrEmpty)
	}
	if at == nil {
		at = make([]float64, n)
		for i := range at {
			at[i] = float64(i)
		}
	}
	if err := check.Len("at", len(at), n); err != nil {
		return Trend{}, fmt.Errorf("%s: %w", where, err)
	}
	if n < 3 {
		return Trend{}, fmt.Errorf("%s: %d periods, want 3 for an interval: %w", where, n, ErrUndefined)
	}
	x, err := moments.Of(at)
	if err != nil {
		return Trend{}, fmt.Errorf("%s: at: %w", where, err)
	}
	y, err := moments.Of(scores)
	if err != nil {
		return Trend{}, fmt.Errorf("%s: scores: %w", where, err)
	}
	sxx, err := x.Squares()
	if err != nil {
		return Trend{}, fmt.Errorf("%s: at: %w", where, err)
	}
	if sxx == 0 {
		return Trend{}, fmt.Errorf("%s: all scores are of one time: %w", where, ErrUndefined)
	}
	mx, my := x.Mean(), y.Mean()
	var sxy, rest float64
	for i := range at {
		sxy += (at[i] - mx) * (scores[i] - my)
	}
	out := Trend{Slope: sxy / sxx, Periods: n}
	out.Intercept = my - out.Slope*mx
	for i := range at {
		d := scores[i] - my - out.Slope*(at[i]-mx)
		rest += d * d
	}
	df := float64(n - 2)
	out.SE = math.Sqrt(rest / df / sxx)
	out.Low, out.High, _, out.PValue = infer.Estimate(out.Slope, out.SE, 0, level, df, 1)
	for _, v := range []float64{out.Slope, out.Intercept, out.SE, out.Low, out.High} {
		if !check.Finite(v) {
			return Trend{}, fmt.Errorf("%s: a sum of squares: %w", where, ErrOverflow)
		}
	}
	if math.IsNaN(out.PValue) { // no deviation at all
		out.PValue = 1
		if out.Slope != 0 {
			out.PValue = 0
		}
	}
	return out, nil
}
