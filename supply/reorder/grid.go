package reorder

import (
	"fmt"
	"math"
	"math/bits"
	"sort"

	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/aislekit/aisle/internal/check"
)

var _ Distribution = (*grid)(nil)

const (
	tailMass  = 1e-15   // of a law that a grid leaves out at either end
	gridFine  = 256     // points of a grid a standard deviation, where a law is not of whole units
	gridLimit = 1 << 15 // most points of one law on a grid
	tiny      = 1e-12   // sums of many probabilities are good to this
)

// grid is a law on the points (first+i)·step: exact where step is the unit of the law. A smooth grid spreads
// each point evenly over the cell around it, as what stands for a law with a density.
type grid struct {
	first  int
	step   float64
	smooth bool
	p      []float64 // mass of each point
	tail   []float64 // tail[i] = Σ p[i+1:]
	loss   []float64 // loss[i] = E[(D - point i)⁺], by sums of positive terms alone
	mean   float64
	sd     float64
}

// newGrid trims what is below tailMass at both ends of p, divides by the sum and adds up tails and losses. It keeps p.
func newGrid(first int, step float64, p []float64, smooth bool) *grid {
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	lo, hi := 0, len(p)
	for cut := 0.0; lo < hi-1 && cut+p[lo] <= tailMass*sum; lo++ {
		cut += p[lo]
	}
	for cut := 0.0; hi > lo+1 && cut+p[hi-1] <= tailMass*sum; hi-- {
		cut += p[hi-1]
	}
	g := &grid{first: first + lo, step: step, smooth: smooth, p: p[lo:hi]}
	sum = 0
	for _, x := range g.p {
		sum += x
	}
	n := len(g.p)
	g.tail, g.loss = make([]float64, n), make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		g.p[i] /= sum
		if i < n-1 {
			g.tail[i] = g.tail[i+1] + g.p[i+1]
			g.loss[i] = g.loss[i+1] + step*g.tail[i]
		}
	}
	g.mean = g.point(0) + g.loss[0]
	v := 0.0
	for i, x := range g.p {
		v += x * (g.point(i) - g.mean) * (g.point(i) - g.mean)
	}
	g.sd = math.Sqrt(v)
	return g
}

func (g *grid) point(i int) float64 { return float64(g.first+i) * g.step }
func (g *grid) Mean() float64       { return g.mean }
func (g *grid) SD() float64         { return g.sd }
func (g *grid) counts() bool        { return g.step == 1 && !g.smooth }

// at is the index of the last point at or below x, within -1 and the number of points.
func (g *grid) at(x float64) int {
	return int(min(max(math.Floor(x/g.step)-float64(g.first), -1), float64(len(g.p))))
}

// CDF steps at the points, or rises evenly over the cell of each where the grid is smooth.
func (g *grid) CDF(x float64) float64 {
	if math.IsNaN(x) {
		return math.NaN()
	}
	if !g.smooth {
		switch i := g.at(x); {
		case i < 0:
			return 0
		case i >= len(g.p):
			return 1
		default:
			return 1 - g.tail[i]
		}
	}
	i := g.at(x + g.step/2)
	if i < 0 {
		return 0
	}
	if i >= len(g.p) {
		return 1
	}
	part := min(max((x-g.point(i))/g.step+.5, 0), 1)
	return 1 - g.tail[i] - (1-part)*g.p[i]
}

func (g *grid) Quantile(q float64) float64 {
	if !(q > 0 && q < 1) {
		return math.NaN()
	}
	i := sort.Search(len(g.p)-1, func(i int) bool { return 1-g.tail[i] >= q-tiny })
	if !g.smooth || g.p[i] == 0 {
		return g.point(i)
	}
	part := (q - (1 - g.tail[i] - g.p[i])) / g.p[i]
	return g.point(i) + g.step*(min(max(part, 0), 1)-.5)
}

// Loss is linear between the points, and the mean of that over a step where the grid is smooth.
func (g *grid) Loss(x float64) float64 {
	if math.IsNaN(x) {
		return math.NaN()
	}
	n := len(g.p)
	if !g.smooth {
		switch i := g.at(x); {
		case i < 0:
			return g.mean - x
		case i >= n:
			return 0
		default:
			return max(g.loss[i]-(x-g.point(i))*g.tail[i], 0)
		}
	}
	i := g.at(x + g.step/2)
	if i < 0 {
		return g.mean - x
	}
	if i >= n {
		return 0
	}
	left, right := g.point(i)-x+g.step/2, x+g.step/2-g.point(i)
	return max(g.loss[i]+((g.tail[i]+g.p[i])*left*left-g.tail[i]*right*right)/2/g.step, 0)
}

// counted is a law of whole units, which knows how likely each number is.
type counted interface{ mass(k int) float64 }

// whole reports whether a law is of whole units: it says so, or all its quantiles are.
func whole(d Distribution) bool {
	switch d := d.(type) {
	case counted:
		return true
	case interface{ counts() bool }:
		return d.counts()
	}
	for k := 1; k < 64; k++ {
		if x := d.Quantile(float64(k) / 64); x != math.Floor(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// gridOf puts a law on the points of a step, as mass that keeps its mean: a point k has the second difference
// of the loss there, L(k-1) - 2L(k) + L(k+1) over the step, which is the probability of k where the law lives on
// the points. ErrRange where it would need more than limit points.
func gridOf(d Distribution, step float64, limit int) (*grid, error) {
	if g, ok := d.(*grid); ok && g.step == step && !g.smooth && len(g.p) <= limit {
		return g, nil
	}
	lo, hi := math.Floor(d.Quantile(tailMass)/step)-1, math.Ceil(d.Quantile(1-tailMass)/step)+1
	if !(hi-lo < float64(limit) && math.Abs(lo) < 1<<52 && math.Abs(hi) < 1<<52) {
		return nil, fmt.Errorf("demand from %v to %v is more than %d points of %v: %w", lo*step, hi*step, limit, step, ErrRange)
	}
	if math.Abs(lo) > math.MaxInt32 || math.Abs(hi) > math.MaxInt32 { // a number of points, also where int has 32 bits
		return nil, fmt.Errorf("demand from %v to %v lies beyond 2³¹ steps of %v: %w", lo*step, hi*step, step, ErrRange)
	}
	p := make([]float64, int(hi-lo)+1)
	if c, ok := d.(counted); ok && step == 1 {
		for i := range p {
			p[i] = c.mass(int(lo) + i)
		}
		return newGrid(int(lo), step, p, false), nil
	}
	before, here := d.Loss((lo-1)*step), d.Loss(lo*step)
	for i := range p {
		after := d.Loss((lo + float64(i) + 1) * step)
		p[i] = max((before-here)-(here-after), 0) / step
		before, here = here, after
	}
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	if !positive(sum) || math.Abs(sum-1) > .01 {
		return nil, fmt.Errorf("a law whose probabilities sum to %v: %w", sum, ErrUndefined)
	}
	return newGrid(int(lo), step, p, false), nil
}

// convolve returns the law of the sum of two independent ones on the same step: term by term, or for long ones by Fourier
// transform, whose rounding is far below tailMass.
func convolve(a, b *grid) *grid {
	if len(a.p) < len(b.p) {
		a, b = b, a
	}
	n := len(a.p) + len(b.p) - 1
	var p []float64
	if len(b.p) >= 64 && len(a.p)*len(b.p) > 1<<19 {
		p = transformed(a.p, b.p, n)
	} else {
		p = make([]float64, n)
		for j, y := range b.p {
			if y == 0 {
				continue
			}
			out := p[j : j+len(a.p)]
			for i, x := range a.p {
				out[i] += x * y
			}
		}
	}
	return newGrid(a.first+b.first, a.step, p, false)
}

// transformed is the convolution of a and b, of n terms, by Fourier transforms of a power of two.
func transformed(a, b []float64, n int) []float64 {
	size := 1 << bits.Len(uint(n-1))
	f := fourier.NewFFT(size)
	p := make([]float64, size)
	copy(p, a)
	u := f.Coefficients(nil, p)
	clear(p)
	copy(p, b)
	for i, v := range f.Coefficients(nil, p) {
		u[i] *= v
	}
	f.Sequence(p, u)
	for i := range p[:n] {
		p[i] = max(p[i]/float64(size), 0)
	}
	return p[:n]
}

// stepFor returns the step of a grid for the sum of laws: 1 where all are of whole units and few enough, a power of two
// otherwise, so that the points of all are points of the sum.
func stepFor(laws []Distribution) float64 {
	all, variance, spread := true, 0.0, 0.0
	for _, d := range laws {
		all = all && whole(d)
		variance += d.SD() * d.SD()
		spread += d.Quantile(1-tailMass) - d.Quantile(tailMass)
	}
	if all && spread < gridLimit/2 {
		return 1
	}
	step := math.Exp2(math.Floor(math.Log2(max(math.Sqrt(variance)/gridFine, 2*spread/gridLimit))))
	if all {
		step = max(step, 1)
	}
	return step
}

// DiscreteDemand is demand in whole units: probabilities[k] is the chance of k units. They are
// none negative and sum to 1 within 1e-9; they are copied. ErrEmpty without them, ErrNotFinite,
// ErrRange naming the field. At most 2²⁰ units.
func DiscreteDemand(probabilities []float64) (Distribution, error) {
	const where = "reorder: DiscreteDemand"
	if len(probabilities) == 0 {
		return nil, fmt.Errorf("%s: no probabilities: %w", where, ErrEmpty)
	}
	if len(probabilities) > 1<<20 {
		return nil, fmt.Errorf("%s: %d probabilities, want at most 2²⁰: %w", where, len(probabilities), ErrRange)
	}
	p, err := shareOfOne("probabilities", probabilities)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return newGrid(0, 1, p, false), nil
}

// shareOfOne returns a copy of probabilities that sum to 1, or the error that names the field. What is not far from 1 is
// rounding; anything else is a mistake that must not be scaled away.
func shareOfOne(name string, w []float64) ([]float64, error) {
	sum := 0.0
	for i, x := range w {
		if !check.Finite(x) {
			return nil, fmt.Errorf("%s[%d] is %v: %w", name, i, x, ErrNotFinite)
		}
		if x < 0 {
			return nil, fmt.Errorf("%s[%d] is %v, want >= 0: %w", name, i, x, ErrRange)
		}
		sum += x
	}
	if !(math.Abs(sum-1) <= 1e-9) {
		return nil, fmt.Errorf("%s sum to %v, want 1: %w", name, sum, ErrRange)
	}
	out := make([]float64, len(w))
	for i, x := range w {
		out[i] = x / sum
	}
	return out, nil
}
