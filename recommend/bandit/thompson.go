package bandit

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/internal/rng"
)

// ThompsonOptions configures NewThompson and NewLinearThompson.
type ThompsonOptions struct {
	// Success and Failure are the prior of the click rate, Beta(Success, Failure), in
	// [0.001, 1e12]; default 1 each. Thompson only.
	Success, Failure float64
	// L2 is λ > 0, the prior precision of the weights; default 1. LinearThompson only.
	L2 float64
	// Spread is the standard deviation v of the noise of rewards, in (0, 1e100];
	// default 1. LinearThompson only.
	Spread float64
	// Epsilon is the share of random choices, in [0, 1], which bounds propensities
	// from below by Epsilon/candidates; default 0.02, negative means 0.
	Epsilon float64
	// Samples is how many times the other arms are drawn for a propensity, in
	// [2, 1048576]; default 200. The standard error, given with each choice, is at most
	// 0.5/√Samples.
	Samples int
	// Seed is that of the draws, with Ask.Request; 0 is a seed.
	Seed uint64
}

func (o ThompsonOptions) withDefaults() ThompsonOptions {
	o.Success = check.Default(o.Success, 1)
	o.Failure = check.Default(o.Failure, 1)
	o.L2 = check.Default(o.L2, 1)
	o.Spread = check.Default(o.Spread, 1)
	o.Epsilon = check.OrOff(o.Epsilon, 0.02)
	o.Samples = check.Default(o.Samples, 200)
	return o
}

func (o ThompsonOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Success >= 1e-3 && o.Success <= 1e12, "Success", o.Success, "in [0.001, 1e12]")
	c.Require(o.Failure >= 1e-3 && o.Failure <= 1e12, "Failure", o.Failure, "in [0.001, 1e12]")
	check.Positive(&c, "L2", o.L2)
	c.Require(o.Spread > 0 && o.Spread <= 1e100, "Spread", o.Spread, "in (0, 1e100]")
	c.Require(o.Epsilon >= 0 && o.Epsilon <= 1, "Epsilon", o.Epsilon, "in [0, 1]")
	c.Require(o.Samples >= 2 && o.Samples <= 1<<20, "Samples", o.Samples, "in [2, 1048576]")
	return c.Err("bandit: " + where)
}

// Thompson chooses each arm as often as it is probable that it has the highest
// click rate (Thompson 1933; Chapelle and Li 2011): it draws a rate for each
// candidate from Beta(Success + clicks, Failure + showings - clicks) and takes the
// highest, for every place of the list anew among the candidates left.
//
// The propensity of a choice i has no closed form. It is the mean, over Samples
// draws of the other candidates from a stream of its own, of the exact
// probability that arm i exceeds the highest of them: without bias, above 0
// even where counting wins would give 0, and with its standard error. Epsilon
// is mixed in exactly.
//
// Equal arms, seeds and request ids give equal choices and propensities; a
// request id is to be used once. Immutable, safe for concurrent use: it holds a
// copy of the counts, so make a new one when there is new data.
type Thompson struct {
	known
	opt     ThompsonOptions
	a, b    []float64
	scratch sync.Pool // *scratch
}

// NewThompson returns the policy for the arms. ErrEmpty (nil or no arms),
// ErrOption.
func NewThompson(arms *ClickArms, opt ThompsonOptions) (*Thompson, error) {
	opt = opt.withDefaults()
	if err := opt.validate("NewThompson"); err != nil {
		return nil, err
	}
	if arms == nil || arms.Len() == 0 {
		return nil, fmt.Errorf("bandit: NewThompson: no arms: %w", ErrEmpty)
	}
	p := &Thompson{known: arms.known, opt: opt}
	for i, n := range arms.shown {
		p.a = append(p.a, opt.Success+float64(arms.success[i]))
		p.b = append(p.b, opt.Failure+float64(n-arms.success[i]))
	}
	return p, nil
}

// Arms returns the number of arms.
func (p *Thompson) Arms() int {
	if p == nil {
		return 0
	}
	return len(p.a)
}

func (p *Thompson) closed() {}

// AppendChoices appends min(K, candidates) of the candidate arms, in order of
// place. ErrOption (K < 1), ErrUnknownID (an arm), ErrDuplicate, ErrEmpty (a policy that
// NewThompson has not made). No allocation in steady state. Cost:
// O(K·Samples·candidates) draws.
func (p *Thompson) AppendChoices(dst []Choice, ask Ask) ([]Choice, error) {
	if p.Arms() == 0 {
		return dst, errUnmade("Thompson.AppendChoices", "NewThompson")
	}
	s := memory(&p.scratch)
	defer p.scratch.Put(s)
	if err := s.checkAsk(&ask, len(p.a), "Thompson.AppendChoices"); err != nil {
		return dst, err
	}
	from := ask.From
	return s.thompson(dst, &ask, &p.opt,
		func(i int32) float64 { return s.rand.Beta(p.a[from[i]], p.b[from[i]]) },
		func(i int32, t float64) float64 { return betaAbove(p.a[from[i]], p.b[from[i]], t) }), nil
}

// betaAbove returns P(X > t) for X ~ Beta(a, b).
func betaAbove(a, b, t float64) float64 { return infer.BetaCDF(b, a, 1-t) }

// thompson fills the places. draw draws the value of a candidate, above is the
// probability that it exceeds t; i is a position in ask.From.
func (s *scratch) thompson(dst []Choice, ask *Ask, opt *ThompsonOptions, draw func(i int32) float64, above func(i int32, t float64) float64) []Choice {
	n := len(ask.From)
	s.scores = slices.Grow(s.scores[:0], n)[:n]
	s.startLeft(n)
	for place := 0; place < ask.K && len(s.left) > 0; place++ {
		s.rand.Reset(rng.Hash(opt.Seed, ask.Request), stageThompson, uint64(place))
		var at int
		if s.rand.Float64() < opt.Epsilon {
			at = s.rand.Intn(len(s.left))
		} else {
			for _, i := range s.left {
				s.scores[i] = draw(i)
			}
			at = s.best()
		}
		c := Choice{Item: ask.From[s.left[at]], Propensity: 1}
		if len(s.left) > 1 {
			s.rand.Reset(rng.Hash(opt.Seed, ask.Request), stagePropensity, uint64(place))
			c.Propensity, c.Error = s.propensity(s.left[at], opt, draw, above)
		}
		dst = append(dst, c)
		s.remove(at, ask)
	}
	return dst
}

// propensity returns the probability that candidate i is chosen among s.left, and
// its standard error: the mean, over draws of the others, of the exact probability
// that i exceeds the highest of them, which has less noise than counting wins.
func (s *scratch) propensity(i int32, opt *ThompsonOptions, draw func(i int32) float64, above func(i int32, t float64) float64) (p, se float64) {
	var wins moments.Welford
	for range opt.Samples {
		top := math.Inf(-1)
		for _, j := range s.left {
			if j != i {
				top = max(top, draw(j))
			}
		}
		_ = wins.Add(above(i, top)) // in [0, 1]
	}
	p = opt.Epsilon/float64(len(s.left)) + (1-opt.Epsilon)*wins.Mean()
	variance, err := wins.Variance()
	if err != nil {
		variance = 0 // below the smallest number
	}
	return max(p, math.SmallestNonzeroFloat64), (1 - opt.Epsilon) * math.Sqrt(variance/float64(opt.Samples))
}

// LinearThompson is Thompson sampling for rewards linear in a context (Agrawal
// and Goyal 2013, with a model of its own for each arm, as in LinUCB): the
// expected reward of arm a in context x is drawn from the normal distribution of
// mean x·θ and standard deviation Spread·√(xᵀ(A + λI)⁻¹x). For propensities and
// guarantees see Thompson.
type LinearThompson struct {
	linearPolicy
	opt     ThompsonOptions
	scratch sync.Pool // *scratch
}

// NewLinearThompson returns the policy for the arms. ErrEmpty (nil or no arms),
// ErrOption, ErrDiverged (sums too large against λ for float64).
func NewLinearThompson(arms *LinearArms, opt ThompsonOptions) (*LinearThompson, error) {
	opt = opt.withDefaults()
	if err := opt.validate("NewLinearThompson"); err != nil {
		return nil, err
	}
	p, err := newLinearPolicy(arms, opt.L2, "NewLinearThompson")
	if err != nil {
		return nil, err
	}
	return &LinearThompson{linearPolicy: p, opt: opt}, nil
}

// Arms returns the number of arms.
func (p *LinearThompson) Arms() int {
	if p == nil {
		return 0
	}
	return p.arms()
}

// AppendChoices appends min(K, candidates) of the candidate arms for the context
// of the ask, in order of place. ErrOption (K < 1), ErrShape or ErrNotFinite (the
// context), ErrUnknownID (an arm), ErrDuplicate, ErrDiverged (an estimate beyond
// float64), ErrEmpty (a policy that NewLinearThompson has not made). No allocation in
// steady state.
func (p *LinearThompson) AppendChoices(dst []Choice, ask Ask) ([]Choice, error) {
	if p.Arms() == 0 {
		return dst, errUnmade("LinearThompson.AppendChoices", "NewLinearThompson")
	}
	s := memory(&p.scratch)
	defer p.scratch.Put(s)
	if err := p.estimates(s, &ask, p.opt.Spread, "LinearThompson.AppendChoices"); err != nil {
		return dst, err
	}
	return s.thompson(dst, &ask, &p.opt,
		func(i int32) float64 { return s.x[2*i] + float64(s.x[2*i+1]*s.rand.Normal()) },
		func(i int32, t float64) float64 {
			d := t - s.x[2*i]
			if s.x[2*i+1] == 0 {
				switch {
				case d < 0:
					return 1
				case d > 0:
					return 0
				}
				return 0.5
			}
			return infer.NormalCDF(-d / s.x[2*i+1])
		}), nil
}
