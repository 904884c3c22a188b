package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Capacity says how many rows can be acted on: "we can call 500", or a budget. The zero
// value has no bounds.
type Capacity struct {
	// Rows is how many at the most, >= 0; 0 means no bound.
	Rows int
	// Budget is what all of them may cost together, finite and >= 0, but for the 1e-12 of it that sums of
	// decimal fractions may be off; 0 means no bound.
	Budget float64
	// Cost of acting on each row, > 0; nil means 1 each.
	Cost []float64
	// Value of each row if it is true, finite; nil means 1 each. Rows are chosen by score
	// times value.
	Value []float64
	// UseLeast bounds score times value from below by Least.
	UseLeast bool
	Least    float64 // finite
}

// Chosen is the outcome of ChooseRows.
type Chosen struct {
	Rows      []int   // chosen, best first
	Threshold float64 // the lowest score times value that was chosen; NaN for none
	Expected  float64 // Σ of score times value: with probabilities and no values, of true rows
	Cost      float64 // of all of them
	Tied      int     // rows as good as the last one that were left out, by their ids
}

// ChooseRows chooses whom to act on within a capacity: the rows of the highest score times
// value, ties by ascending id, so that the same rows come out whatever their order. Under a
// Budget rows are taken by score times value over cost, and one that no longer fits is passed over for
// those behind it: the greedy solution of the knapsack, which without a bound of Rows and with nothing negative
// misses the best by less than the value of one row. Rows of a negative score times value are taken, too, as far
// as the capacity goes: UseLeast leaves them out. Errors: ErrEmpty, ErrShape,
// ErrDuplicate for ids that are not distinct, ErrNotFinite, ErrOption, ErrRange for a cost that is not positive,
// ErrOverflow for sums beyond float64.
func ChooseRows[K ID](ids []K, scores []float64, c Capacity) (Chosen, error) {
	const where = "predict: ChooseRows"
	worth, err := worths(where, ids, scores, c)
	if err != nil {
		return Chosen{}, err
	}
	cost := func(i int) float64 {
		if c.Cost == nil {
			return 1
		}
		return c.Cost[i]
	}
	rate := worth
	if c.Budget > 0 && c.Cost != nil {
		rate = make([]float64, len(worth))
		for i, w := range worth {
			rate[i] = w / c.Cost[i]
		}
	}
	order := make([]int, 0, len(ids))
	for i := range ids {
		if !c.UseLeast || worth[i] >= c.Least {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(rate[b], rate[a]), cmp.Compare(ids[a], ids[b])) })
	out := Chosen{Threshold: math.NaN()}
	left := make([]int, 0, len(order))
	for _, i := range order {
		if (c.Rows > 0 && len(out.Rows) >= c.Rows) || (c.Budget > 0 && out.Cost+cost(i) > c.Budget*(1+1e-12)) {
			left = append(left, i)
			continue
		}
		if len(out.Rows) == 0 || worth[i] < out.Threshold {
			out.Threshold = worth[i]
		}
		out.Rows = append(out.Rows, i)
		out.Cost += cost(i)
		out.Expected += worth[i]
	}
	if !check.Finite(out.Cost) || !check.Finite(out.Expected) {
		return Chosen{}, fmt.Errorf("%s: costs or values add up beyond float64: %w", where, ErrOverflow)
	}
	if n := len(out.Rows); n > 0 {
		for _, i := range left {
			if rate[i] == rate[out.Rows[n-1]] {
				out.Tied++
			}
		}
	}
	return out, nil
}

// worths checks the rows and returns score times value of each.
func worths[K ID](where string, ids []K, scores []float64, c Capacity) ([]float64, error) {
	var o check.Options
	check.NonNegative(&o, "Rows", c.Rows)
	check.NonNegative(&o, "Budget", c.Budget)
	o.Require(check.Finite(c.Least), "Least", c.Least, "a finite number")
	if err := o.Err(where); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s: ids: %w", where, ErrEmpty)
	}
	if len(scores) != len(ids) || (c.Cost != nil && len(c.Cost) != len(ids)) || (c.Value != nil && len(c.Value) != len(ids)) {
		return nil, fmt.Errorf("%s: %d ids, %d scores, %d costs, %d values: %w", where, len(ids), len(scores), len(c.Cost), len(c.Value), ErrShape)
	}
	seen := make(map[K]int, len(ids))
	out := make([]float64, len(ids))
	for i, id := range ids {
		if j, ok := seen[id]; ok {
			return nil, fmt.Errorf("%s: %w", where, check.Private("id", int64(i), id, nil, fmt.Errorf("that of row %d: %w", j, ErrDuplicate)))
		}
		seen[id] = i
		out[i] = scores[i]
		if c.Value != nil {
			out[i] *= c.Value[i]
		}
		if !check.Finite(out[i]) {
			return nil, fmt.Errorf("%s: %w", where, check.Private("score or value", int64(i), nil, out[i], ErrNotFinite))
		}
		if c.Cost != nil && !(c.Cost[i] > 0 && check.Finite(c.Cost[i])) {
			return nil, fmt.Errorf("%s: %w", where, check.Private("cost", int64(i), nil, c.Cost[i], fmt.Errorf("want > 0 and finite: %w", ErrRange)))
		}
	}
	return out, nil
}
