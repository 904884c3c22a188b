package predict

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// Costs says what each outcome of acting on a prediction costs, in one unit of
// money; a gain is negative. Acting means calling, mailing or discounting.
type Costs struct {
	TruePositive  float64 // acted, and the row is true
	FalsePositive float64 // acted, and it is false
	TrueNegative  float64 // did not act, false
	FalseNegative float64 // did not act, true
}

func (c Costs) validate(where string) error {
	if err := check.Slice("Costs", []float64{c.TruePositive, c.FalsePositive, c.TrueNegative, c.FalseNegative}); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if c.FalsePositive <= c.TrueNegative || c.FalseNegative <= c.TruePositive {
		return fmt.Errorf("%s: acting must cost more than not acting on a false row, and less on a true one, got %+v: %w", where, c, ErrOption)
	}
	return nil
}

// Threshold returns the probability from which on acting has the lower expected
// cost (Elkan 2001, equation 2): (FP-TN)/(FP-TN+FN-TP). It is right for
// calibrated probabilities; for others see BestThreshold. Errors: ErrOption
// unless FalsePositive > TrueNegative and FalseNegative > TruePositive,
// ErrNotFinite.
func (c Costs) Threshold() (float64, error) {
	if err := c.validate("predict: Costs.Threshold"); err != nil {
		return 0, err
	}
	// In parts of the largest, so that no difference leaves float64.
	m := max(math.Abs(c.FalsePositive), math.Abs(c.TrueNegative), math.Abs(c.FalseNegative), math.Abs(c.TruePositive))
	a, b := c.FalsePositive/m-c.TrueNegative/m, c.FalseNegative/m-c.TruePositive/m
	m = math.Max(a, b)
	return a / m / (a/m + b/m), nil
}

// ThresholdChoice is the outcome of BestThreshold.
type ThresholdChoice struct {
	// Threshold: act where the score is at least this. +Inf: act on none.
	Threshold float64
	// Cost is the total cost on the rows given; ActNone and ActAll are what
	// doing nothing and acting on every row would cost.
	Cost, ActNone, ActAll float64
	// The weights of the four outcomes at the threshold.
	TruePositive, FalsePositive, TrueNegative, FalseNegative float64
}

// BestThreshold returns the threshold of least total cost on the rows, tried at
// every distinct score; ties go to the higher one, which acts on fewer. Choose
// it on rows the model was not fitted on. weights may be nil. Cost O(n log n);
// the order of rows does not matter. Errors: ErrEmpty, ErrShape, ErrNotFinite,
// ErrOption as Threshold, ErrOverflow for costs times weights beyond float64.
func BestThreshold(scores []float64, y []bool, weights []float64, costs Costs) (ThresholdChoice, error) {
	const where = "predict: BestThreshold"
	if err := costs.validate(where); err != nil {
		return ThresholdChoice{}, err
	}
	points, err := scoredPoints(where, scores, len(y), func(i int) float64 { return float64(class(y[i])) }, weights)
	if err != nil {
		return ThresholdChoice{}, err
	}
	var now ThresholdChoice
	for _, p := range points {
		now.FalseNegative += p.w * p.y
		now.TrueNegative += p.w * (1 - p.y)
	}
	positive, negative := now.FalseNegative, now.TrueNegative
	for _, cost := range []float64{costs.FalseNegative * positive, costs.TruePositive * positive, costs.TrueNegative * negative, costs.FalsePositive * negative} {
		if !(math.Abs(cost) <= math.MaxFloat64/4) {
			return ThresholdChoice{}, fmt.Errorf("%s: the weights times the costs: %w", where, ErrOverflow)
		}
	}
	none := costs.FalseNegative*positive + costs.TrueNegative*negative
	all := costs.TruePositive*positive + costs.FalsePositive*negative
	now.Threshold, now.Cost, now.ActNone, now.ActAll = math.Inf(1), none, none, all
	best := now
	for i := len(points) - 1; i >= 0; {
		x := points[i].x
		for ; i >= 0 && points[i].x == x; i-- {
			now.TruePositive += points[i].w * points[i].y
			now.FalsePositive += points[i].w * (1 - points[i].y)
		}
		if i < 0 { // act on all: the exact sums
			now.TruePositive, now.FalsePositive = positive, negative
		}
		now.FalseNegative, now.TrueNegative = positive-now.TruePositive, negative-now.FalsePositive
		now.Threshold = x
		now.Cost = costs.TruePositive*now.TruePositive + costs.FalsePositive*now.FalsePositive +
			costs.TrueNegative*now.TrueNegative + costs.FalseNegative*now.FalseNegative
		if now.Cost < best.Cost {
			best = now
		}
	}
	return best, nil
}
