package kpi

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
	"gonum.org/v1/gonum/mathext"
)

// RatePrior is a Beta(Alpha, Beta) distribution of true rates over many ads,
// items or keywords: what is to be expected of one before it was ever shown, and
// how many trials that knowledge is worth (Alpha+Beta).
type RatePrior struct {
	Alpha, Beta float64 // as many successes and failures seen before, > 0
	LogLik      float64 // of the data, binomial coefficients left out
	Iterations  int     // 0 for moments
}

// Mean returns Alpha/(Alpha+Beta); NaN for the zero value and where a field is not finite.
func (p RatePrior) Mean() float64 { return p.Alpha / (p.Alpha + p.Beta) }

// Smooth returns the smoothed rate of r, (num+Alpha)/(den+Alpha+Beta), the mean
// of what is believed of its true rate. ErrEmpty for the zero value, which knows nothing;
// ErrRange unless Alpha and Beta are finite and >= 0.
func (p RatePrior) Smooth(r metrics.Ratio) (float64, error) {
	if p.Alpha == 0 && p.Beta == 0 {
		return math.NaN(), fmt.Errorf("kpi: RatePrior.Smooth: the prior is not fitted: %w", ErrEmpty)
	}
	x, err := r.Smoothed(p.Alpha, p.Beta)
	if err != nil {
		return math.NaN(), fmt.Errorf("kpi: RatePrior.Smooth: %w", err)
	}
	return x, nil
}

// FitRatePriorMoments fits the prior by moments: the variance of rates beyond
// what chance explains, units weighing by their trials (Kleinman 1973). Units
// without trials are left out. ErrUndefined below two units and where the rates
// vary no more than chance has it, so that there is nothing to learn: use the
// overall rate for all. Cost O(n).
func FitRatePriorMoments(units []metrics.Proportion) (RatePrior, error) {
	us := tried(units)
	k := float64(len(us))
	var n, s, n2 float64
	for _, u := range us {
		n, s, n2 = n+float64(u.N()), s+float64(u.Successes()), n2+float64(u.N())*float64(u.N())
	}
	if len(us) < 2 || s == 0 || s == n {
		return RatePrior{}, undefined("FitRatePriorMoments: %d units with %v successes in %v trials", len(us), s, n)
	}
	p := s / n
	var spread float64
	for _, u := range us {
		d := float64(u.Successes())/float64(u.N()) - p
		spread += float64(u.N()) * d * d
	}
	variance := (spread - (k-1)*p*(1-p)) / (n - n2/n - (k - 1))
	if !(variance > 0) {
		return RatePrior{}, undefined("FitRatePriorMoments: rates vary no more than chance has it (variance %v)", variance)
	}
	m := p*(1-p)/variance - 1
	if !(m > 0) || math.IsInf(m, 1) {
		return RatePrior{}, undefined("FitRatePriorMoments: no Beta distribution varies as much (variance %v at rate %v)", variance, p)
	}
	out := RatePrior{Alpha: p * m, Beta: (1 - p) * m}
	out.LogLik = betaBinomial(us, out.Alpha, out.Beta)
	return out, nil
}

func tried(units []metrics.Proportion) []metrics.Proportion {
	var us []metrics.Proportion
	for _, u := range units {
		if u.N() > 0 {
			us = append(us, u)
		}
	}
	return us
}

// FitRatePrior fits the prior by maximum likelihood of the beta-binomial
// distribution (Newton's method in ln Alpha and ln Beta from the moments). Units
// without trials are left out. ErrUndefined as for FitRatePriorMoments,
// ErrDiverged if 200 steps do not suffice. Cost O(n) a step.
func FitRatePrior(units []metrics.Proportion) (RatePrior, error) {
	us := tried(units)
	start, err := FitRatePriorMoments(us)
	if err != nil {
		var n, s int64
		for _, u := range us {
			if n, err = check.AddInt64(n, u.N()); err != nil {
				return RatePrior{}, fmt.Errorf("kpi: FitRatePrior: trials: %w", err)
			}
			s += u.Successes()
		}
		if len(us) < 2 || s == 0 || s == n {
			return RatePrior{}, undefined("FitRatePrior: %d units with %d successes in %d trials", len(us), s, n)
		}
		p := float64(s) / float64(n)
		start = RatePrior{Alpha: 10 * p, Beta: 10 * (1 - p)}
	}
	x, y := math.Log(start.Alpha), math.Log(start.Beta)
	at := func(x, y float64) float64 { return betaBinomial(us, math.Exp(x), math.Exp(y)) }
	best := at(x, y)
	for iter := 1; iter <= 200; iter++ {
		a, b := math.Exp(x), math.Exp(y)
		if a+b > 1e8 {
			return RatePrior{}, undefined("FitRatePrior: rates vary no more than chance has it")
		}
		ga, gb, haa, hab, hbb := betaBinomialSlope(us, a, b)
		// In ln a and ln b.
		gx, gy := a*ga, b*gb
		hxx, hxy, hyy := a*a*haa+gx, a*b*hab, b*b*hbb+gy
		dx, dy := gx, gy // uphill, should the surface not be concave here
		if det := hxx*hyy - hxy*hxy; hxx < 0 && det > 0 {
			dx, dy = -(hyy*gx-hxy*gy)/det, -(hxx*gy-hxy*gx)/det
		} else {
			l := math.Hypot(gx, gy)
			dx, dy = gx/l, gy/l
		}
		if l := math.Hypot(dx, dy); l > 2 {
			dx, dy = 2*dx/l, 2*dy/l
		}
		if math.Hypot(dx, dy) < 1e-10 {
			return RatePrior{Alpha: a, Beta: b, LogLik: best, Iterations: iter}, nil
		}
		step := 1.0
		next := at(x+dx, y+dy)
		for !(next >= best-1e-12*math.Abs(best)) && step > 1e-8 {
			step /= 2
			next = at(x+step*dx, y+step*dy)
		}
		x, y, best = x+step*dx, y+step*dy, next
	}
	return RatePrior{}, fmt.Errorf("kpi: FitRatePrior: no maximum in 200 steps: %w", ErrDiverged)
}

// betaBinomial is Σ ln B(s+a, n−s+b) − ln B(a, b).
func betaBinomial(us []metrics.Proportion, a, b float64) float64 {
	base := infer.LogBeta(a, b)
	var sum float64
	for _, u := range us {
		sum += infer.LogBeta(float64(u.Successes())+a, float64(u.N()-u.Successes())+b) - base
	}
	return sum
}

// betaBinomialSlope returns the first and second derivatives of betaBinomial in a and
// b.
func betaBinomialSlope(us []metrics.Proportion, a, b float64) (ga, gb, haa, hab, hbb float64) {
	trigamma := func(x float64) float64 { return mathext.Zeta(2, x) }
	pa, pb, pab := mathext.Digamma(a), mathext.Digamma(b), mathext.Digamma(a+b)
	ta, tb, tab := trigamma(a), trigamma(b), trigamma(a+b)
	for _, u := range us {
		s, f, n := float64(u.Successes()), float64(u.N()-u.Successes()), float64(u.N())
		all, curve := pab-mathext.Digamma(n+a+b), tab-trigamma(n+a+b)
		ga += mathext.Digamma(s+a) - pa + all
		gb += mathext.Digamma(f+b) - pb + all
		haa += trigamma(s+a) - ta + curve
		hbb += trigamma(f+b) - tb + curve
		hab += curve
	}
	return ga, gb, haa, hab, hbb
}
