package feature

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
)

// maxKnots is how many quantiles a QuantileRank keeps of a column at most.
const maxKnots = 1000

// yeoJohnson is the transform of Yeo and Johnson (2000) with parameter l.
func yeoJohnson(x, l float64) float64 {
	switch {
	case x >= 0 && l == 0:
		return math.Log1p(x)
	case x >= 0:
		return math.Expm1(l*math.Log1p(x)) / l
	case l == 2:
		return -math.Log1p(-x)
	}
	return -math.Expm1((2-l)*math.Log1p(-x)) / (2 - l)
}

// yeoJohnsonInverse undoes yeoJohnson, NaN beyond its range.
func yeoJohnsonInverse(y, l float64) float64 {
	switch {
	case y >= 0 && l == 0:
		return math.Expm1(y)
	case y >= 0:
		return math.Expm1(math.Log1p(y*l) / l)
	case l == 2:
		return -math.Expm1(-y)
	}
	return -math.Expm1(math.Log1p(-(2-l)*y) / (2 - l))
}

// boxCox is the transform of Box and Cox (1964) with parameter l, of x > 0.
func boxCox(x, l float64) float64 {
	if l == 0 {
		return math.Log(x)
	}
	return math.Expm1(l*math.Log(x)) / l
}

// boxCoxInverse undoes boxCox, NaN beyond its range.
func boxCoxInverse(y, l float64) float64 {
	if l == 0 {
		return math.Exp(y)
	}
	return math.Exp(math.Log1p(y*l) / l)
}

// powerFit returns the parameter of the largest likelihood in [-5, 5] of ascending
// values, and mean and deviation of what it makes of them.
func powerFit(xs []float64, box bool) (l, mean, deviation float64, err error) {
	logs, power := 0., yeoJohnson
	if box {
		power = boxCox
	}
	for _, x := range xs {
		if box {
			logs += math.Log(x)
		} else {
			logs += math.Copysign(math.Log1p(math.Abs(x)), x)
		}
	}
	ys := make([]float64, len(xs))
	spread := func(l float64) (mean, variance float64) {
		for i, x := range xs {
			ys[i] = power(x, l)
		}
		m, err := moments.Of(ys)
		if err != nil {
			return math.NaN(), math.NaN()
		}
		v, err := m.PopulationVariance()
		if err != nil {
			return math.NaN(), math.NaN()
		}
		return m.Mean(), v
	}
	loss := func(l float64) float64 {
		_, v := spread(l)
		if !(v > 0) {
			return math.Inf(1)
		}
		return float64(len(xs))/2*math.Log(v) - (l-1)*logs
	}
	// Golden section: the likelihood has one peak.
	const step = 0.6180339887498949
	lo, hi := -5., 5.
	a, b := hi-step*(hi-lo), lo+step*(hi-lo)
	fa, fb := loss(a), loss(b)
	for hi-lo > 1e-9 {
		if fa <= fb {
			hi, b, fb = b, a, fa
			a = hi - step*(hi-lo)
			fa = loss(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + step*(hi-lo)
			fb = loss(b)
		}
	}
	l = (lo + hi) / 2
	mean, v := spread(l)
	if deviation = math.Sqrt(v); !check.Finite(mean) || !check.Finite(deviation) {
		return 0, 0, 0, fmt.Errorf("a power of its values: %w", ErrOverflow)
	}
	return l, mean, deviation, nil
}

// knotsOf returns quantiles of ascending values at equal distances, all of them where they are few.
func knotsOf(xs []float64) []float64 {
	n := min(maxKnots, len(xs))
	out := make([]float64, n)
	for k := range out {
		at := 0.
		if n > 1 {
			at = float64(k) / float64(n-1)
		}
		out[k] = infer.Quantile(xs, at)
	}
	return out
}

// rankOf is the share of the fit's values below x, 0 … 1, between knots by straight lines;
// where knots are equal, the middle of theirs.
func rankOf(knots []float64, x float64) float64 {
	last := float64(len(knots) - 1)
	lo, _ := slices.BinarySearch(knots, x) // the first knot >= x
	hi, _ := slices.BinarySearchFunc(knots, x, func(knot, x float64) int {
		if knot <= x {
			return -1
		}
		return 1
	}) // the first knot > x
	switch {
	case lo == len(knots):
		return 1
	case hi == 0:
		return 0
	case hi > lo:
		return float64(lo+hi-1) / 2 / last
	}
	return (float64(lo-1) + (x-knots[lo-1])/(knots[lo]-knots[lo-1])) / last
}

// quantileOf undoes rankOf; ranks beyond 0 and 1 are the ends.
func quantileOf(knots []float64, rank float64) float64 {
	at := max(0, min(1, rank)) * float64(len(knots)-1)
	k := min(int(at), len(knots)-2)
	return infer.Between(knots[k], knots[k+1], at-float64(k))
}

// normalOf is the normal quantile of a rank, which 1e-7 keeps finite at the ends.
func normalOf(rank float64) float64 {
	return infer.NormalQuantile(max(1e-7, min(1-1e-7, rank)))
}
