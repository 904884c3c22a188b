package kpi

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
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
	a, b, err := infer.BetaMoments(us)
	if err != nil {
		return RatePrior{}, fmt.Errorf("kpi: FitRatePriorMoments: %w", err)
	}
	return RatePrior{Alpha: a, Beta: b, LogLik: infer.BetaBinomialLogLik(us, a, b)}, nil
}

func tried(units []metrics.Proportion) []infer.Trials {
	var us []infer.Trials
	for _, u := range units {
		if u.N() > 0 {
			us = append(us, infer.Trials{S: float64(u.Successes()), N: float64(u.N())})
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
	a, b, steps, err := infer.BetaBinomial(us)
	if err != nil {
		return RatePrior{}, fmt.Errorf("kpi: FitRatePrior: %w", err)
	}
	return RatePrior{Alpha: a, Beta: b, LogLik: infer.BetaBinomialLogLik(us, a, b), Iterations: steps}, nil
}
