package reorder

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ Distribution = normal{}
	_ Distribution = poisson{}
	_ Distribution = empirical{}
)

// Distribution describes demand over some span of time: a season, a lead time.
// The constructors NormalDemand, PoissonDemand and their like give immutable values
// that are safe for concurrent use; callers may bring their own. A law is one of whole units where
// all of its quantiles are whole.
type Distribution interface {
	Mean() float64              // expected demand
	SD() float64                // its standard deviation
	CDF(x float64) float64      // P(demand <= x); NaN gives NaN
	Quantile(p float64) float64 // smallest x with CDF(x) >= p, for p in (0, 1); NaN for any other p
	Loss(x float64) float64     // E[max(demand-x, 0)], the expected shortage of a stock of x; NaN gives NaN
}

// NormalDemand is demand with the given mean and standard deviation, both from 0
// to 1e15; with sd 0 it is certain. The normal law allows negative demand: for slow
// movers (mean below about three standard deviations) prefer PoissonDemand or
// EmpiricalDemand.
func NormalDemand(mean, sd float64) (Distribution, error) {
	for _, c := range []struct {
		name string
		x    float64
	}{{"mean", mean}, {"sd", sd}} {
		if err := check.Amount("reorder: NormalDemand", c.name, c.x); err != nil {
			return nil, err
		}
	}
	return normal{mean, sd}, nil
}

type normal struct{ mean, sd float64 }

func (n normal) Mean() float64 { return n.mean }

// counts reports whether demand is a certain number of whole units.
func (n normal) counts() bool { return n.sd == 0 && n.mean == math.Floor(n.mean) }

func (n normal) SD() float64 { return n.sd }

func (n normal) plus(other Distribution) (Distribution, bool) {
	o, ok := other.(normal)
	return normal{n.mean + o.mean, math.Hypot(n.sd, o.sd)}, ok
}

func (n normal) CDF(x float64) float64 {
	switch {
	case math.IsNaN(x) || n.sd > 0:
		return infer.NormalCDF((x - n.mean) / n.sd)
	case x >= n.mean:
		return 1
	}
	return 0
}

func (n normal) Quantile(p float64) float64 {
	switch {
	case !(p > 0 && p < 1):
		return math.NaN()
	case n.sd == 0:
		return n.mean
	}
	return n.mean + n.sd*infer.NormalQuantile(p)
}

func (n normal) Loss(x float64) float64 {
	if n.sd == 0 {
		return max(n.mean-x, 0)
	}
	l, _ := UnitNormalLoss((x - n.mean) / n.sd)
	return n.sd * l
}

// zOf is the standard normal quantile, NaN outside [0, 1].
func zOf(p float64) float64 {
	if !(p >= 0 && p <= 1) {
		return math.NaN()
	}
	return infer.NormalQuantile(p)
}

// UnitNormalLoss returns the first and second loss functions of the standard
// normal law: first = E[(Z-z)⁺] = φ(z) - z(1-Φ(z)) and
// second = E[((Z-z)⁺)²]/2 = ((z²+1)(1-Φ(z)) - zφ(z))/2. Both are 0 from about z = 38 on, as
// at +Inf; first is -z far below 0, and second +Inf below about -1.8e154, where its value
// leaves float64. A NaN gives NaN.
func UnitNormalLoss(z float64) (first, second float64) {
	if z > 40 { // φ is 0 there, and ∞·0 would be NaN
		return 0, 0
	}
	phi, tail := infer.NormalPDF(z), 0.5*math.Erfc(z/math.Sqrt2)
	// Both differences cancel far out; what is left there is below 1e-300 of
	// nothing, and never negative.
	return max(phi-z*tail, 0), max(((z*z+1)*tail-noNaN(z*phi))/2, 0)
}

// noNaN is x, or the 0 that an infinity times 0 stands for.
func noNaN(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return x
}

// PoissonDemand is demand in whole units that arrive independently, mean > 0 and
// at most 10⁹: the usual choice for slow movers.
func PoissonDemand(mean float64) (Distribution, error) {
	if !check.Finite(mean) {
		return nil, fmt.Errorf("reorder: PoissonDemand: mean is %v: %w", mean, ErrNotFinite)
	}
	if !(mean > 0 && mean <= 1e9) {
		return nil, fmt.Errorf("reorder: PoissonDemand: mean is %v, want in (0, 1e9]: %w", mean, ErrRange)
	}
	return poisson{mean}, nil
}

type poisson struct{ mean float64 }

func (p poisson) Mean() float64 { return p.mean }
func (p poisson) SD() float64   { return math.Sqrt(p.mean) }

func (p poisson) plus(other Distribution) (Distribution, bool) {
	o, ok := other.(poisson)
	return poisson{p.mean + o.mean}, ok && p.mean+o.mean <= 1e9
}

func (p poisson) CDF(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x < 0:
		return 0
	case x > 1e15:
		return 1
	}
	return mathext.GammaIncRegComp(math.Floor(x)+1, p.mean)
}

// mass is the chance of k units.
func (p poisson) mass(k int) float64 {
	if k < 0 {
		return 0
	}
	lg, _ := math.Lgamma(float64(k) + 1)
	return math.Exp(float64(k)*math.Log(p.mean) - p.mean - lg)
}

func (p poisson) Quantile(q float64) float64 {
	return integerQuantile(p, q)
}

// integerQuantile finds the smallest whole number whose CDF reaches q, from a
// normal guess outwards and then by bisection.
func integerQuantile(d Distribution, q float64) float64 {
	if !(q > 0 && q < 1) {
		return math.NaN()
	}
	guess := max(math.Floor(d.Mean()+d.SD()*zOf(q)), 0)
	step := math.Ceil(d.SD()) + 1
	lo, hi := guess-step, guess
	for d.CDF(hi) < q {
		lo, hi, step = hi, hi+step, 2*step
	}
	for lo >= 0 && d.CDF(lo) >= q {
		lo, hi, step = lo-step, lo, 2*step
	}
	lo = max(lo, -1) // CDF(-1) is 0
	for hi-lo > 1 {
		if mid := math.Floor((lo + hi) / 2); d.CDF(mid) >= q {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// Loss is exact at whole numbers and linear between them, as E[(D-x)⁺] of a
// whole-numbered D is. With F the CDF, E[(D-k)⁺] = (λ-k)(1-F(k)) + λ·P(D = k).
func (p poisson) Loss(x float64) float64 {
	if math.IsNaN(x) || x <= 0 {
		return p.mean - x
	}
	if x > 1e15 {
		return 0
	}
	at := func(k float64) float64 {
		lg, _ := math.Lgamma(k + 1)
		pk := math.Exp(k*math.Log(p.mean) - p.mean - lg)
		return max((p.mean-k)*mathext.GammaIncReg(k+1, p.mean)+p.mean*pk, 0)
	}
	k := math.Floor(x)
	if k == x {
		return at(k)
	}
	a, b := at(k), at(k+1)
	return a + (x-k)*(b-a)
}

// EmpiricalDemand is demand as it was observed: each sample is equally likely.
// samples are totals over the span in question (of past lead times, say), none
// negative; they are copied.
func EmpiricalDemand(samples []float64) (Distribution, error) {
	const where = "reorder: EmpiricalDemand"
	if len(samples) == 0 {
		return nil, fmt.Errorf("%s: no samples: %w", where, ErrEmpty)
	}
	for i, x := range samples {
		if err := check.Amount(where, fmt.Sprintf("samples[%d]", i), x); err != nil {
			return nil, err
		}
	}
	e := empirical{x: slices.Clone(samples)}
	slices.Sort(e.x)
	n := float64(len(e.x))
	for _, x := range e.x {
		e.mean += x / n
	}
	for _, x := range e.x {
		e.sd += (x - e.mean) * (x - e.mean)
	}
	e.sd = math.Sqrt(e.sd / max(n-1, 1))
	e.above = make([]float64, len(e.x)+1)
	for i := len(e.x) - 1; i >= 0; i-- {
		e.above[i] = e.above[i+1] + e.x[i]/n
	}
	return e, nil
}

type empirical struct {
	x        []float64 // ascending
	above    []float64 // above[i] = Σ x[i:]/n
	mean, sd float64
}

func (e empirical) Mean() float64 { return e.mean }
func (e empirical) SD() float64   { return e.sd }

// counts reports whether all samples are whole units.
func (e empirical) counts() bool {
	return !slices.ContainsFunc(e.x, func(x float64) bool { return x != math.Floor(x) })
}

// rank is the number of samples <= x.
func (e empirical) rank(x float64) int {
	i, _ := slices.BinarySearchFunc(e.x, x, func(s, x float64) int {
		if s <= x {
			return -1
		}
		return 1
	})
	return i
}

func (e empirical) CDF(x float64) float64 {
	if math.IsNaN(x) {
		return x
	}
	return float64(e.rank(x)) / float64(len(e.x))
}

func (e empirical) Quantile(p float64) float64 {
	if !(p > 0 && p < 1) {
		return math.NaN()
	}
	n := float64(len(e.x))
	k := int(math.Ceil(p*n - 1e-9*n)) // .95·20 is 19, not 20, whatever the last bit says
	return e.x[min(max(k, 1), len(e.x))-1]
}

func (e empirical) Loss(x float64) float64 {
	i := e.rank(x)
	if i == len(e.x) {
		return 0
	}
	return max(e.above[i]-x*float64(len(e.x)-i)/float64(len(e.x)), 0)
}

// CycleService is the chance that a replenishment cycle ends without a stock-out
// when the order goes out at the given point: P(lead-time demand <= point), the
// α service level. It says nothing about how much is missing; see FillRate.
// NaN for a nil law or a point that is NaN.
func CycleService(leadDemand Distribution, point float64) float64 {
	if leadDemand == nil {
		return math.NaN()
	}
	return leadDemand.CDF(point)
}

// FillRate is the share of demand served from stock, the β service level:
// 1 - E[shortage per cycle]/quantity, at least 0. quantity is the lot ordered
// per cycle and must be > 0, point a number and the law not nil, otherwise the result is NaN. It is usually far
// above CycleService at the same point: a cycle with one unit short is a failed
// cycle, but only one unit unserved.
func FillRate(leadDemand Distribution, point, quantity float64) float64 {
	if leadDemand == nil || !(quantity > 0) {
		return math.NaN()
	}
	return max(1-leadDemand.Loss(point)/quantity, 0)
}

// StockOutRisk is the chance that demand exceeds what is available:
// P(demand > available). NaN for a nil law or if available is NaN.
func StockOutRisk(demand Distribution, available float64) float64 {
	if demand == nil {
		return math.NaN()
	}
	return min(max(1-demand.CDF(available), 0), 1)
}
