package bandit

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/solve"
)

// linearPolicy is what LinUCB and LinearThompson share: for each arm the ridge
// estimate θ = (A + λI)⁻¹b and the factor of A + λI.
type linearPolicy struct {
	known
	d      int
	theta  []float64 // arm×d
	factor []float64 // arm×d×d, Cholesky
}

// newLinearPolicy factors A + l2·I of each arm and solves for its weights: O(d³) an
// arm. A copy is made, so that arms may go on learning.
func newLinearPolicy(arms *LinearArms, l2 float64, where string) (linearPolicy, error) {
	if arms == nil || arms.Len() == 0 {
		return linearPolicy{}, fmt.Errorf("bandit: %s: no arms: %w", where, ErrEmpty)
	}
	d := arms.d
	p := linearPolicy{known: arms.known, d: d, theta: slices.Clone(arms.b), factor: slices.Clone(arms.a)}
	for a := range arms.Len() {
		u, t := p.factor[a*d*d:(a+1)*d*d], p.theta[a*d:(a+1)*d]
		for i := range d {
			u[i*d+i] += l2
		}
		if !solve.Cholesky64(u, d) {
			return linearPolicy{}, fmt.Errorf("bandit: %s: arm %d: A + %v·I is not positive definite: %w", where, a, l2, ErrDiverged)
		}
		solve.SolveCholesky64(u, d, t)
		if check.Slice("", t) != nil {
			return linearPolicy{}, fmt.Errorf("bandit: %s: arm %d: %w", where, a, ErrDiverged)
		}
	}
	return p, nil
}

// arms returns the number of arms.
func (p *linearPolicy) arms() int { return len(p.theta) / max(p.d, 1) }

func (p *linearPolicy) closed() {}

// estimate returns x·θ and √(xᵀ(A + λI)⁻¹x) of an arm. y is scratch.
func (p *linearPolicy) estimate(arm int32, x, y []float64) (mean, sd float64) {
	d := p.d
	t, u := p.theta[int(arm)*d:], p.factor[int(arm)*d*d:]
	for i, v := range x {
		mean += float64(t[i] * v)
	}
	// With A + λI = UᵀU the variance is |y|², Uᵀy = x.
	s := 0.0
	for i := range d {
		v := x[i]
		for j := range i {
			v -= float64(u[j*d+i] * y[j])
		}
		y[i] = v / u[i*d+i]
		s += float64(y[i] * y[i])
	}
	return mean, math.Sqrt(s)
}

// estimates checks the ask and leaves mean and standard deviation, times scale, of each
// candidate in s.x.
func (p *linearPolicy) estimates(s *scratch, ask *Ask, scale float64, where string) error {
	if err := checkContext(ask.Context, p.d, where); err != nil {
		return err
	}
	if err := s.checkAsk(ask, p.arms(), where); err != nil {
		return err
	}
	s.y = slices.Grow(s.y[:0], p.d)[:p.d]
	s.x = s.x[:0]
	for _, a := range ask.From {
		mean, sd := p.estimate(a, ask.Context, s.y)
		sd *= scale
		if !check.Finite(mean) || !check.Finite(sd) || !check.Finite(mean+sd) {
			return fmt.Errorf("bandit: %s: estimate of arm %d is %v ± %v: %w", where, a, mean, sd, ErrDiverged)
		}
		s.x = append(s.x, mean, sd)
	}
	return nil
}

// LinUCBOptions configures NewLinUCB.
type LinUCBOptions struct {
	Alpha   float64 // width of the bound in standard deviations; default 1, negative means 0
	L2      float64 // λ > 0, the penalty of the weights; default 1, as in the paper
	Epsilon float64 // share of random choices, in [0, 1]; default 0.05, negative means 0
	Seed    uint64  // of the draws, with Ask.Request; 0 is a seed
}

// LinUCB chooses the arm with the largest upper confidence bound of its expected
// reward, linear in the context (Li, Chu, Langford and Schapire, WWW 2010,
// algorithm 1: a model of its own for each arm):
//
//	x·θ + Alpha·√(xᵀ(A + λI)⁻¹x),  θ = (A + λI)⁻¹b
//
// That choice is not random, so nothing could be learnt from its log about other
// choices. Therefore each place is filled at random with probability Epsilon, as
// by EpsilonGreedy, and propensities are exact; with Epsilon 0 they are 1.
//
// A LinUCB is made from the sums as they stand: make a new one when there is new
// data, at O(d³) an arm. Immutable, safe for concurrent use.
type LinUCB struct {
	linearPolicy
	opt     LinUCBOptions
	scratch sync.Pool // *scratch
}

// NewLinUCB returns the policy for the arms. ErrEmpty (nil or no arms), ErrOption,
// ErrDiverged (sums too large against λ for float64).
func NewLinUCB(arms *LinearArms, opt LinUCBOptions) (*LinUCB, error) {
	opt.Alpha = check.OrOff(opt.Alpha, 1)
	opt.L2 = check.Default(opt.L2, 1)
	opt.Epsilon = check.OrOff(opt.Epsilon, 0.05)
	var c check.Options
	check.NonNegative(&c, "Alpha", opt.Alpha)
	check.Positive(&c, "L2", opt.L2)
	c.Require(opt.Epsilon >= 0 && opt.Epsilon <= 1, "Epsilon", opt.Epsilon, "in [0, 1]")
	if err := c.Err("bandit: NewLinUCB"); err != nil {
		return nil, err
	}
	p, err := newLinearPolicy(arms, opt.L2, "NewLinUCB")
	if err != nil {
		return nil, err
	}
	return &LinUCB{linearPolicy: p, opt: opt}, nil
}

// Arms returns the number of arms.
func (p *LinUCB) Arms() int {
	if p == nil {
		return 0
	}
	return p.arms()
}

// AppendChoices appends min(K, candidates) of the candidate arms for the context
// of the ask, in order of place; of equal bounds the first candidate wins.
// ErrOption (K < 1), ErrShape or ErrNotFinite (the context), ErrUnknownID (an
// arm), ErrDuplicate, ErrDiverged (an estimate beyond float64), ErrEmpty (a policy that
// NewLinUCB has not made). No allocation in steady state. Cost: O(candidates·(d² + K)).
func (p *LinUCB) AppendChoices(dst []Choice, ask Ask) ([]Choice, error) {
	if p.Arms() == 0 {
		return dst, errUnmade("LinUCB.AppendChoices", "NewLinUCB")
	}
	s := memory(&p.scratch)
	defer p.scratch.Put(s)
	if err := p.estimates(s, &ask, p.opt.Alpha, "LinUCB.AppendChoices"); err != nil {
		return dst, err
	}
	s.scores = s.scores[:0]
	for i := range ask.From {
		s.scores = append(s.scores, s.x[2*i]+s.x[2*i+1])
	}
	s.rand.Reset(p.opt.Seed, stageEpsilon, ask.Request)
	return s.greedy(dst, &ask, p.opt.Epsilon), nil
}

// Bound returns the upper confidence bound of an arm in context x. Errors are those
// of AppendChoices.
func (p *LinUCB) Bound(arm int32, x []float64) (float64, error) {
	if p.Arms() == 0 {
		return 0, errUnmade("LinUCB.Bound", "NewLinUCB")
	}
	var s scratch
	if err := p.estimates(&s, &Ask{From: []int32{arm}, K: 1, Context: x}, p.opt.Alpha, "LinUCB.Bound"); err != nil {
		return 0, err
	}
	return s.x[0] + s.x[1], nil
}
