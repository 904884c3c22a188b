package supply

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/aislekit/aisle/internal/check"
)

// Ratio is a share or rate together with what it was divided from, so that it
// can be added up over shards and judged by its size.
type Ratio struct {
	Num, Den float64
}

// Value returns Num/Den, or ErrUndefined when Den is 0: a service that nobody
// used was neither good nor bad.
func (r Ratio) Value() (float64, error) {
	if r.Den == 0 {
		return math.NaN(), fmt.Errorf("supply: Ratio: denominator is 0: %w", ErrUndefined)
	}
	return r.Num / r.Den, nil
}

// OrNaN is Value for tables: NaN where the ratio is undefined.
func (r Ratio) OrNaN() float64 {
	if r.Den == 0 {
		return math.NaN()
	}
	return r.Num / r.Den
}

// Interval returns the Wilson score interval of a share of counts at the given
// confidence level in (0, 1), for instance 0.95 (Wilson 1927). It fails with
// ErrUndefined when Den is 0, ErrOption for a bad level, and ErrRange when the
// ratio is not a share (Num outside [0, Den]).
func (r Ratio) Interval(level float64) (lo, hi float64, err error) {
	nan := math.NaN()
	switch {
	case !(level > 0 && level < 1):
		return nan, nan, fmt.Errorf("supply: Ratio.Interval: level is %v, want in (0, 1): %w", level, ErrOption)
	case r.Den == 0:
		return nan, nan, fmt.Errorf("supply: Ratio.Interval: denominator is 0: %w", ErrUndefined)
	case !(r.Den > 0 && r.Num >= 0 && r.Num <= r.Den) || !check.Finite(r.Den):
		return nan, nan, fmt.Errorf("supply: Ratio.Interval: %v of %v is no share: %w", r.Num, r.Den, ErrRange)
	}
	n, p := r.Den, r.Num/r.Den
	z := distuv.UnitNormal.Quantile(0.5 + level/2)
	mid := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	d := 1 + z*z/n
	lo, hi = max((mid-half)/d, 0), min((mid+half)/d, 1)
	if r.Num == 0 {
		lo = 0 // exactly, not to rounding
	}
	if r.Num == r.Den {
		hi = 1
	}
	return lo, hi, nil
}
