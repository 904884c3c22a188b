package reorder

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
)

var _ Distribution = (*quantiles)(nil)

// QuantileDemand is demand as a forecast gives it: values[i] is the quantile at levels[i], one period of a
// forecast path. levels ascend strictly within (0, 1), values do not descend and are from 0 to 1e15; at least two of each. Between
// the levels the law is even; below the first it goes on as steeply, no further than 0, and above the
// last it falls exponentially from the density there. Give levels beyond the service that is asked for: what lies
// past the last is a guess. Errors: ErrEmpty for fewer than two, ErrShape, ErrNotFinite, ErrRange naming the field; ErrOverflow for levels so near each other that a
// moment is beyond float64.
func QuantileDemand(levels, values []float64) (Distribution, error) {
	const where = "reorder: QuantileDemand"
	if len(levels) < 2 {
		return nil, fmt.Errorf("%s: %d levels, want at least 2: %w", where, len(levels), ErrEmpty)
	}
	if err := check.Len("values", len(values), len(levels)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	for i, l := range levels {
		if !check.Finite(l) {
			return nil, fmt.Errorf("%s: levels[%d] is %v: %w", where, i, l, ErrNotFinite)
		}
		if !(l > 0 && l < 1) || i > 0 && !(l > levels[i-1]) {
			return nil, fmt.Errorf("%s: levels[%d] is %v, want in (0, 1) and above the one before: %w", where, i, l, ErrRange)
		}
		if err := check.Amount(where, fmt.Sprintf("values[%d]", i), values[i]); err != nil {
			return nil, err
		}
		if i > 0 && values[i] < values[i-1] {
			return nil, fmt.Errorf("%s: values[%d] is %v, below the one before: %w", where, i, values[i], ErrRange)
		}
	}
	q := newQuantiles(levels, values)
	if !check.Finite(q.mean) || !check.Finite(q.sd) {
		return nil, fmt.Errorf("%s: levels are so near that the mean is %v, the deviation %v: %w", where, q.mean, q.sd, ErrOverflow)
	}
	return q, nil
}

// quantiles is a law with a piecewise even density: p[i] = P(D <= x[i]), p[0] = 0, and beyond the last x an exponential tail
// of the given mean excess.
type quantiles struct {
	p, x     []float64
	loss     []float64 // at x
	excess   float64
	mean, sd float64
}

// newQuantiles is the law of checked levels and values: losses at the knots from the top down, and the variance of D - x[0].
func newQuantiles(levels, values []float64) *quantiles {
	n := len(levels)
	steep := func(i int) float64 { return (values[i+1] - values[i]) / (levels[i+1] - levels[i]) }
	q := &quantiles{
		p:      append([]float64{0}, levels...),
		x:      append([]float64{max(values[0]-levels[0]*steep(0), 0)}, values...),
		excess: (1 - levels[n-1]) * steep(n-2),
	}
	q.loss = make([]float64, n+1)
	left, top := 1-levels[n-1], values[n-1]
	q.loss[n] = left * q.excess
	square := left * ((top-q.x[0])*(top-q.x[0]) + 2*(top-q.x[0])*q.excess + 2*q.excess*q.excess) // of D - x[0], for the variance
	for i := n - 1; i >= 0; i-- {
		q.loss[i] = q.loss[i+1] + (q.x[i+1]-q.x[i])*(1-(q.p[i]+q.p[i+1])/2)
		a, b := q.x[i]-q.x[0], q.x[i+1]-q.x[0]
		square += (q.p[i+1] - q.p[i]) * (a*a + a*b + b*b) / 3
	}
	q.mean = q.x[0] + q.loss[0]
	q.sd = math.Sqrt(max(square-q.loss[0]*q.loss[0], 0))
	return q
}

func (q *quantiles) Mean() float64 { return q.mean }
func (q *quantiles) SD() float64   { return q.sd }
func (q *quantiles) counts() bool  { return false }

// over returns P(D > x) and E[(D-x)⁺].
func (q *quantiles) over(x float64) (tail, loss float64) {
	n := len(q.x) - 1
	i := sort.Search(n+1, func(i int) bool { return q.x[i] > x }) - 1
	switch {
	case math.IsNaN(x):
		return x, x
	case i < 0:
		return 1, q.mean - x
	case i == n && q.excess == 0:
		return 0, 0
	case i == n:
		tail = (1 - q.p[n]) * math.Exp(-(x-q.x[n])/q.excess)
		return tail, tail * q.excess
	}
	part := (x - q.x[i]) / (q.x[i+1] - q.x[i])
	tail = 1 - (q.p[i] + part*(q.p[i+1]-q.p[i]))
	return tail, q.loss[i+1] + (q.x[i+1]-x)*(tail+1-q.p[i+1])/2
}

func (q *quantiles) CDF(x float64) float64 {
	tail, _ := q.over(x)
	return 1 - tail
}

func (q *quantiles) Loss(x float64) float64 {
	_, loss := q.over(x)
	return loss
}

func (q *quantiles) Quantile(p float64) float64 {
	if !(p > 0 && p < 1) {
		return math.NaN()
	}
	n := len(q.p) - 1
	if p > q.p[n] {
		return q.x[n] + q.excess*math.Log((1-q.p[n])/(1-p))
	}
	i, _ := slices.BinarySearch(q.p, p)                                           // p[i-1] < p <= p[i]
	return min(q.x[i-1]+(q.x[i]-q.x[i-1])*(p-q.p[i-1])/(q.p[i]-q.p[i-1]), q.x[i]) // which rounding may pass
}
