package recommend

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mathext"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/solve"
)

// linearPolicy is what LinUCB and LinearThompson share: for each arm the ridge
// estimate θ = (A + λI)⁻¹b and the factor of A + λI.
type linearPolicy struct {
	d      int
	theta  []float64 // arm×d
	factor []float64 // arm×d×d, Cholesky
}

func newLinearPolicy(arms *LinearArms, ridge float64, where string) (linearPolicy, error) {
	if arms == nil {
		return linearPolicy{}, fmt.Errorf("recommend: %s: no arms: %w", where, ErrEmpty)
	}
	d := arms.d
	p := linearPolicy{d: d, theta: slices.Clone(arms.b), factor: slices.Clone(arms.a)}
	for a := range arms.Len() {
		u, t := p.factor[a*d*d:(a+1)*d*d], p.theta[a*d:(a+1)*d]
		for i := range d {
			u[i*d+i] += ridge
		}
		if !solve.Cholesky64(u, d) {
			return linearPolicy{}, fmt.Errorf("recommend: %s: arm %d: A + %v·I is not positive definite: %w", where, a, ridge, ErrDiverged)
		}
		solve.SolveCholesky64(u, d, t)
		if check.Slice("", t) != nil {
			return linearPolicy{}, fmt.Errorf("recommend: %s: arm %d: %w", where, a, ErrDiverged)
		}
	}
	return p, nil
}

func (p *linearPolicy) arms() int { return len(p.theta) / p.d }

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

// estimates leaves mean and standard deviation of each candidate in s.x.
func (p *linearPolicy) estimates(s *exploreScratch, x []float64, from []int32, k int, where string) error {
	if k < 1 {
		return fmt.Errorf("recommend: %s: k is %d, want at least 1: %w", where, k, ErrOption)
	}
	if err := checkContext(x, p.d, where); err != nil {
		return err
	}
	if err := s.checkArms(from, len(p.theta)/p.d, where); err != nil {
		return err
	}
	s.y = slices.Grow(s.y[:0], p.d)[:p.d]
	s.x = s.x[:0]
	for _, a := range from {
		mean, sd := p.estimate(a, x, s.y)
		if !check.Finite(mean) || !check.Finite(sd) {
			return fmt.Errorf("recommend: %s: estimate of arm %d is %v ± %v: %w", where, a, mean, sd, ErrDiverged)
		}
		s.x = append(s.x, mean, sd)
	}
	return nil
}

// checkArms reports an arm out of range or twice. It uses s.left.
func (s *exploreScratch) checkArms(from []int32, n int, where string) error {
	for i, a := range from {
		if uint32(a) >= uint32(n) {
			return fmt.Errorf("recommend: %s: candidate %d is arm %d of %d: %w", where, i, a, n, ErrUnknownID)
		}
	}
	s.left = append(s.left[:0], from...)
	slices.Sort(s.left)
	for i, a := range s.left {
		if i > 0 && s.left[i-1] == a {
			return fmt.Errorf("recommend: %s: arm %d twice: %w", where, a, ErrDuplicate)
		}
	}
	return nil
}

// LinUCBOptions configures NewLinUCB.
type LinUCBOptions struct {
	Alpha   float64 // width of the bound in standard deviations; default 1, negative means 0
	Ridge   float64 // λ; default 1, as in the paper
	Epsilon float64 // share of random choices, in [0, 1]; default 0.05, negative means 0
	Seed    uint64
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
	scratch sync.Pool // *exploreScratch
}

// NewLinUCB returns the policy for the arms. ErrEmpty (nil), ErrOption, ErrDiverged
// (sums too large against λ for float64).
func NewLinUCB(arms *LinearArms, opt LinUCBOptions) (*LinUCB, error) {
	opt.Alpha = check.OrOff(opt.Alpha, 1)
	opt.Ridge = check.Default(opt.Ridge, 1)
	opt.Epsilon = check.OrOff(opt.Epsilon, 0.05)
	var c check.Options
	check.NonNegative(&c, "Alpha", opt.Alpha)
	check.Positive(&c, "Ridge", opt.Ridge)
	c.Require(opt.Epsilon <= 1, "Epsilon", opt.Epsilon, "at most 1")
	if err := c.Err("recommend: NewLinUCB"); err != nil {
		return nil, err
	}
	p, err := newLinearPolicy(arms, opt.Ridge, "NewLinUCB")
	if err != nil {
		return nil, err
	}
	return &LinUCB{linearPolicy: p, opt: opt}, nil
}

// AppendChoices appends min(k, len(from)) of the candidate arms, which are
// distinct, for context x; of equal bounds the first candidate wins. ErrOption
// (k < 1), ErrShape or ErrNotFinite (x), ErrUnknownID (an arm), ErrDuplicate,
// ErrDiverged (an estimate beyond float64). No allocation in steady state. Cost:
// O(len(from)·(d² + k)).
func (p *LinUCB) AppendChoices(dst []Choice, x []float64, from []int32, k int, request uint64) ([]Choice, error) {
	return p.choose(dst, nil, from, x, k, request, nil)
}

func (p *LinUCB) choose(dst []Choice, _ []Scored, from []int32, x []float64, k int, request uint64, n *narrowing) ([]Choice, error) {
	s := exploreMemory(&p.scratch)
	defer p.scratch.Put(s)
	if err := p.estimates(s, x, from, k, "LinUCB"); err != nil {
		return dst, err
	}
	s.scores = s.scores[:0]
	for i := range from {
		s.scores = append(s.scores, s.x[2*i]+p.opt.Alpha*s.x[2*i+1])
	}
	s.rand.Reset(p.opt.Seed, stageEpsilon, request)
	return s.greedy(dst, func(i int32) int32 { return from[i] }, k, p.opt.Epsilon, n), nil
}

// Bound returns the upper confidence bound of an arm in context x.
func (p *LinUCB) Bound(arm int32, x []float64) (float64, error) {
	var s exploreScratch
	if err := p.estimates(&s, x, []int32{arm}, 1, "LinUCB"); err != nil {
		return 0, err
	}
	return s.x[0] + p.opt.Alpha*s.x[1], nil
}

// betaAbove returns P(X > t) for X ~ Beta(a, b).
func betaAbove(a, b, t float64) float64 { return mathext.RegIncBeta(b, a, 1-t) }
