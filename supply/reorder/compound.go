package reorder

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// CompoundPoissonDemand is lumpy demand: orders arrive independently, rate of them expected over the span,
// and each asks for an amount by the law size, from 0 up. Whole amounts give an exact law, by the recursion of Panjer (1981);
// others, and those with more than 2¹⁷ likely totals, a grid that keeps the mean, and the deviation to .2 %. rate is in (0, 1e6]. Errors: ErrOption for a nil size,
// ErrNotFinite, ErrRange for a rate out of range, amounts below 0 or without end;
// ErrUndefined for a size whose Loss is none. Cost: totals · amounts.
func CompoundPoissonDemand(rate float64, size Distribution) (Distribution, error) {
	const where = "reorder: CompoundPoissonDemand"
	var c check.Options
	c.Require(size != nil, "size", size, "a Distribution")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if !check.Finite(rate) {
		return nil, fmt.Errorf("%s: rate is %v: %w", where, rate, ErrNotFinite)
	}
	if !(rate > 0 && rate <= 1e6) {
		return nil, fmt.Errorf("%s: rate is %v, want in (0, 1e6]: %w", where, rate, ErrRange)
	}
	if lowest := size.Quantile(tailMass); !(lowest >= 0) || !(size.Mean() > 0) {
		return nil, fmt.Errorf("%s: size with a mean of %v from %v on, want amounts from 0 up: %w", where, size.Mean(), lowest, ErrRange)
	}
	rms, top := math.Hypot(size.Mean(), size.SD()), size.Quantile(1-tailMass)
	sd := math.Sqrt(rate) * rms
	step := 1.0
	if !whole(size) {
		// Each amount is rounded to a step: finer for more of them.
		step = math.Exp2(math.Floor(math.Log2(sd / gridFine / min(max(math.Sqrt(rate)/16, 1), 32))))
	}
	for 16*sd > 4*gridLimit*step || 4*top > gridLimit*step {
		step *= 2
	}
	// The recursion begins with e^-rate and at no demand: large rates are sums of laws with a smaller one.
	parts := 0
	for rate > 500 || rate > 1 && rate*size.Mean()+12*math.Sqrt(rate)*rms+4*top > gridLimit*step {
		rate /= 2
		parts++
	}
	f, err := gridOf(size, step, gridLimit)
	if err != nil {
		return nil, fmt.Errorf("%s: size: %w", where, err)
	}
	g, err := panjer(rate, f)
	for range parts {
		if err == nil && len(g.p) > 4*gridLimit {
			err = fmt.Errorf("more than %d totals of step %v: %w", 4*gridLimit, step, ErrRange)
		}
		if err != nil {
			break
		}
		g = convolve(g, g)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return g, nil
}

// panjer is the law of the sum of a Poisson number of amounts f on the points of its step:
// g₀ = exp(-λ(1-f₀)), gₙ = λ/n Σ j·fⱼ·gₙ₋ⱼ. It ends where what is left is below tailMass.
func panjer(rate float64, f *grid) (*grid, error) {
	top, none := f.first+len(f.p)-1, 0.0
	weights := make([]float64, max(top+1, 1)) // j·fⱼ
	for i, x := range f.p {
		if j := f.first + i; j > 0 {
			weights[j] = float64(j) * x
		} else if j == 0 {
			none = x
		}
	}
	p := []float64{math.Exp(-rate * (1 - none))}
	mean := rate * f.mean / f.step
	for n := 1; ; n++ {
		x := 0.0
		for j := max(f.first, 1); j <= min(n, top); j++ {
			x += weights[j] * p[n-j]
		}
		p = append(p, rate*x/float64(n))
		// Past the mean the terms fall at least as fast as the tail of a Poisson number of the largest amount.
		if float64(n) > mean && n >= top && p[n] < 1e-3*tailMass && largest(p[n-min(top, n):]) < 1e-3*tailMass {
			break
		}
		if n >= 4*gridLimit {
			return nil, fmt.Errorf("more than %d totals of step %v: %w", 4*gridLimit, f.step, ErrRange)
		}
	}
	return newGrid(0, f.step, p, false), nil
}

// largest is the greatest of some numbers, 0 of none.
func largest(xs []float64) (m float64) {
	for _, x := range xs {
		m = max(m, x)
	}
	return m
}
