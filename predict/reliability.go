package predict

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// ReliabilityBin is one line of a reliability table.
type ReliabilityBin struct {
	From, To   float64 // smallest and largest probability of its rows
	Rows, True int64   // rows, and how many of them are true
	Predicted  float64 // mean probability
	Observed   float64 // True/Rows
	Low, High  float64 // Wilson's interval of Observed
}

// Reliability compares probabilities with what happened: rows in order of probability are
// cut into about equal numbers, rows of one probability together, so that there may be fewer
// bins than asked for. Where Predicted lies outside [Low, High] of more than the share 1-level of bins, the
// probabilities are not calibrated. level is the confidence of each interval, 0 means .95. Errors: ErrEmpty,
// ErrShape, ErrRange for a probability outside [0, 1], ErrNotFinite, ErrOption unless bins >= 1 and level is in (0, 1).
func Reliability(p []float64, y []bool, bins int, level float64) ([]ReliabilityBin, error) {
	const where = "predict: Reliability"
	var c check.Options
	level, err := infer.Level(level)
	c.Require(err == nil, "level", level, "in (0, 1)")
	check.Positive(&c, "bins", bins)
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if len(p) == 0 {
		return nil, fmt.Errorf("%s: p: %w", where, ErrEmpty)
	}
	if err := check.Len("y", len(y), len(p)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := checkProbabilities(where, p); err != nil {
		return nil, err
	}
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	var out []ReliabilityBin
	n := len(order)
	bins = min(bins, n)
	for k, lo := 0, 0; lo < n; k++ {
		hi := int(int64(n) * int64(k+1) / int64(bins))
		if hi <= lo { // rows of one probability have filled this bin, too
			continue
		}
		for hi < n && p[order[hi]] == p[order[hi-1]] {
			hi++
		}
		b := ReliabilityBin{From: p[order[lo]], To: p[order[hi-1]], Rows: int64(hi - lo)}
		for _, i := range order[lo:hi] {
			b.Predicted += p[i]
			b.True += int64(class(y[i]))
		}
		b.Predicted /= float64(b.Rows)
		b.Observed = float64(b.True) / float64(b.Rows)
		b.Low, b.High = infer.Wilson(b.Observed, float64(b.Rows), level)
		out = append(out, b)
		lo = hi
	}
	return out, nil
}
