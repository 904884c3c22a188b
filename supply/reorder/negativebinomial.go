package reorder

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

var _ Distribution = negativeBinomial{}

// NegativeBinomialDemand is demand in whole units that varies more than Poisson demand: a Poisson law whose mean
// itself varies by a gamma law, as of customers who buy at different rates. mean is in (0, 1e9], sd² above mean and
// at most mean²·1e8. Errors: ErrNotFinite, ErrRange.
func NegativeBinomialDemand(mean, sd float64) (Distribution, error) {
	const where = "reorder: NegativeBinomialDemand"
	if !check.Finite(mean) || !check.Finite(sd) {
		return nil, fmt.Errorf("%s: mean is %v, sd is %v: %w", where, mean, sd, ErrNotFinite)
	}
	if !(mean > 0 && mean <= 1e9) {
		return nil, fmt.Errorf("%s: mean is %v, want in (0, 1e9]: %w", where, mean, ErrRange)
	}
	v := sd * sd
	if !(sd > 0 && v > mean*(1+1e-9) && v-mean <= mean*mean*1e8) {
		return nil, fmt.Errorf("%s: sd is %v, want sd² above the mean %v and at most 1e8·mean² more: %w", where, sd, mean, ErrRange)
	}
	return negativeBinomial{r: mean * (mean / (v - mean)), p: mean / v}, nil
}

// negativeBinomial counts failures before the r-th success of chance p.
type negativeBinomial struct{ r, p float64 }

func (n negativeBinomial) Mean() float64 { return n.r * (1 - n.p) / n.p }
func (n negativeBinomial) SD() float64   { return math.Sqrt(n.r*(1-n.p)) / n.p }

func (n negativeBinomial) plus(other Distribution) (Distribution, bool) {
	o, ok := other.(negativeBinomial)
	return negativeBinomial{r: n.r + o.r, p: n.p}, ok && o.p == n.p
}

// tail is P(D > k) of r successes for a whole k.
func (n negativeBinomial) tail(k, r float64) float64 {
	if k < 0 {
		return 1
	}
	return infer.BetaCDF(k+1, r, 1-n.p)
}

func (n negativeBinomial) CDF(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x < 0:
		return 0
	case x > 1e15:
		return 1
	}
	return infer.BetaCDF(n.r, math.Floor(x)+1, n.p)
}

func (n negativeBinomial) Quantile(q float64) float64 { return integerQuantile(n, q) }

// Loss by k·P(X = k) = r(1-p)/p · P(Y = k-1), Y of one success more; linear between whole numbers.
func (n negativeBinomial) Loss(x float64) float64 {
	if math.IsNaN(x) || x <= 0 {
		return n.Mean() - x
	}
	at := func(k float64) float64 {
		if k > 1e15 {
			return 0
		}
		return max(n.Mean()*n.tail(k-1, n.r+1)-k*n.tail(k, n.r), 0)
	}
	k := math.Floor(x)
	a := at(k)
	if k == x {
		return a
	}
	return a + (x-k)*(at(k+1)-a)
}

func (n negativeBinomial) mass(k int) float64 {
	if k < 0 {
		return 0
	}
	x := float64(k)
	return math.Exp(n.r*math.Log(n.p)+x*math.Log1p(-n.p)-infer.LogBeta(x+1, n.r)) / (x + n.r)
}
