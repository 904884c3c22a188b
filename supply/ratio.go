package supply

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// Ratio is a share or rate together with what it was divided from, so that it
// can be added up over shards and judged by its size. It is what the results of this
// package carry: hours in stock, weights and counts alike. For KPIs that you add up
// yourself take the Ratio of package metrics, of exact int64 with a binary form; over
// nothing both are ErrUndefined.
type Ratio struct {
	Num, Den float64 // in the same unit, or units and what each is per
}

// Value returns Num/Den, or ErrUndefined when Den is 0: a service that nobody
// used was neither good nor bad. ErrNotFinite for a Num or Den that is none, ErrOverflow
// for a ratio beyond float64; the value is NaN with an error.
func (r Ratio) Value() (float64, error) {
	const where = "supply: Ratio.Value"
	switch {
	case !check.Finite(r.Num) || !check.Finite(r.Den):
		return math.NaN(), fmt.Errorf("%s: %v of %v: %w", where, r.Num, r.Den, ErrNotFinite)
	case r.Den == 0:
		return math.NaN(), fmt.Errorf("%s: denominator is 0: %w", where, ErrUndefined)
	case !check.Finite(r.Num / r.Den):
		return math.NaN(), fmt.Errorf("%s: %v of %v: %w", where, r.Num, r.Den, ErrOverflow)
	}
	return r.Num / r.Den, nil
}

// OrNaN is Value for tables: NaN where that is an error.
func (r Ratio) OrNaN() float64 {
	v, _ := r.Value()
	return v
}

// Interval returns the Wilson score interval of a share of counts (Wilson 1927) at
// a confidence level in (0, 1); 0 means 0.95. It fails with ErrUndefined when Den is
// 0, ErrOption for a bad level, and ErrRange when the ratio is not a share (Num
// outside [0, Den]).
func (r Ratio) Interval(level float64) (lo, hi float64, err error) {
	const where = "supply: Ratio.Interval"
	nan := math.NaN()
	if level, err = infer.Level(level); err != nil {
		return nan, nan, fmt.Errorf("%s: %w", where, err)
	}
	switch {
	case r.Den == 0:
		return nan, nan, fmt.Errorf("%s: denominator is 0: %w", where, ErrUndefined)
	case !(r.Den > 0 && r.Num >= 0 && r.Num <= r.Den) || !check.Finite(r.Den):
		return nan, nan, fmt.Errorf("%s: %v of %v is no share: %w", where, r.Num, r.Den, ErrRange)
	}
	lo, hi = infer.Wilson(r.Num/r.Den, r.Den, level)
	return lo, hi, nil
}
