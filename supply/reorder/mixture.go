package reorder

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

var _ Distribution = mixture{}

// MixtureDemand is demand by one of several laws, which of them by chance: a promotion that will be held with
// probability .3 is MixtureDemand([]Distribution{usual, promoted}, []float64{.7, .3}). The chances are none
// negative and sum to 1 within 1e-9. Both slices are copied. Errors: ErrEmpty without laws, ErrShape for another number
// of chances, ErrOption for a nil law, ErrNotFinite, ErrRange.
func MixtureDemand(laws []Distribution, chances []float64) (Distribution, error) {
	const where = "reorder: MixtureDemand"
	if len(laws) == 0 {
		return nil, fmt.Errorf("%s: no laws: %w", where, ErrEmpty)
	}
	if err := check.Len("chances", len(chances), len(laws)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	var c check.Options
	for i, d := range laws {
		c.Require(d != nil, fmt.Sprintf("laws[%d]", i), d, "a Distribution")
	}
	if err := c.Err(where); err != nil {
		return nil, err
	}
	w, err := shareOfOne("chances", chances)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return mix(laws, w), nil
}

// mix is the mixture of laws with weights that sum to 1, without those of weight 0.
func mix(laws []Distribution, w []float64) Distribution {
	var m mixture
	for i, d := range laws {
		if w[i] > 0 {
			m.laws, m.w = append(m.laws, d), append(m.w, w[i])
			m.mean += w[i] * d.Mean()
		}
	}
	if len(m.laws) == 1 {
		return m.laws[0]
	}
	v := 0.0
	for i, d := range m.laws {
		v += m.w[i] * (d.SD()*d.SD() + (d.Mean()-m.mean)*(d.Mean()-m.mean))
	}
	m.sd = math.Sqrt(v)
	m.all = !slices.ContainsFunc(m.laws, func(d Distribution) bool { return !whole(d) })
	return m
}

type mixture struct {
	laws     []Distribution
	w        []float64
	mean, sd float64
	all      bool // of whole units
}

func (m mixture) Mean() float64 { return m.mean }
func (m mixture) SD() float64   { return m.sd }
func (m mixture) counts() bool  { return m.all }

func (m mixture) CDF(x float64) float64 {
	sum := 0.0
	for i, d := range m.laws {
		sum += m.w[i] * d.CDF(x)
	}
	return min(sum, 1)
}

func (m mixture) Loss(x float64) float64 {
	sum := 0.0
	for i, d := range m.laws {
		sum += m.w[i] * d.Loss(x)
	}
	return sum
}

// Quantile lies between those of the laws: a bisection, over whole numbers where all are whole.
func (m mixture) Quantile(q float64) float64 {
	if !(q > 0 && q < 1) {
		return math.NaN()
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, d := range m.laws {
		x := d.Quantile(q)
		if math.IsNaN(x) {
			return x
		}
		lo, hi = min(lo, x), max(hi, x)
	}
	reached := func(x float64) bool { return m.CDF(x) >= q-tiny }
	for range 2000 {
		mid := lo + (hi-lo)/2
		if m.all {
			mid = math.Floor(mid)
		}
		if reached(lo) || m.all && hi-lo <= 1 || mid <= lo || mid >= hi {
			break
		}
		if reached(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	if reached(lo) {
		return lo
	}
	return hi
}
