package reorder

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"

	"github.com/aislekit/aisle/internal/check"
)

var _ Distribution = gamma{}

// GammaDemand is demand that is never negative and skewed to the right: the choice between NormalDemand and
// PoissonDemand for fast movers that vary much, and a usual law of lead times. mean and sd are in (0, 1e15], sd at most 1e3·mean;
// below 1e-4·mean the law is taken as normal, which it then is to 1e-4. Errors: ErrNotFinite, ErrRange.
func GammaDemand(mean, sd float64) (Distribution, error) {
	const where = "reorder: GammaDemand"
	if !check.Finite(mean) || !check.Finite(sd) {
		return nil, fmt.Errorf("%s: mean is %v, sd is %v: %w", where, mean, sd, ErrNotFinite)
	}
	if !(mean > 0 && mean <= check.MaxAmount && sd > 0 && sd <= check.MaxAmount && sd <= 1e3*mean) {
		return nil, fmt.Errorf("%s: mean is %v, sd is %v, want both in (0, 1e15], sd at most 1e3·mean: %w", where, mean, sd, ErrRange)
	}
	if sd < 1e-4*mean {
		return normal{mean, sd}, nil
	}
	return gamma{shape: (mean / sd) * (mean / sd), scale: sd * (sd / mean)}, nil
}

type gamma struct{ shape, scale float64 }

func (g gamma) Mean() float64 { return g.shape * g.scale }
func (g gamma) SD() float64   { return math.Sqrt(g.shape) * g.scale }

func (g gamma) plus(other Distribution) (Distribution, bool) {
	o, ok := other.(gamma)
	return gamma{shape: g.shape + o.shape, scale: g.scale}, ok && o.scale == g.scale
}

// tail is P(D > x) at a shape, for x >= 0.
func (g gamma) tail(x, shape float64) float64 {
	if math.IsInf(x, 1) {
		return 0
	}
	return mathext.GammaIncRegComp(shape, x/g.scale)
}

func (g gamma) CDF(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x <= 0:
		return 0
	case math.IsInf(x, 1):
		return 1
	}
	return mathext.GammaIncReg(g.shape, x/g.scale)
}

func (g gamma) Quantile(q float64) float64 {
	if !(q > 0 && q < 1) {
		return math.NaN()
	}
	if g.shape > .1 && q > 1e-6 && q < 1-1e-6 {
		return mathext.GammaIncRegInv(g.shape, q) * g.scale
	}
	return g.extreme(q)
}

// extreme is the quantile where mathext's inverse panics or finds none: a bisection over the floats, whose bits are in
// their order, by the tail that is the smaller.
func (g gamma) extreme(q float64) float64 {
	lo, hi := uint64(0), math.Float64bits(math.MaxFloat64)
	for lo < hi {
		mid := lo + (hi-lo)/2
		x, reached := math.Float64frombits(mid), false
		if q < .5 {
			reached = mathext.GammaIncReg(g.shape, x) >= q
		} else {
			reached = mathext.GammaIncRegComp(g.shape, x) <= 1-q
		}
		if reached {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return math.Float64frombits(hi) * g.scale
}

// Loss by E[D; D > x] = mean · P(D' > x), D' of a shape one more.
func (g gamma) Loss(x float64) float64 {
	switch {
	case math.IsNaN(x) || x <= 0:
		return g.Mean() - x
	case math.IsInf(x, 1):
		return 0
	}
	return max(g.Mean()*g.tail(x, g.shape+1)-x*g.tail(x, g.shape), 0)
}
