package bandit

import (
	"fmt"
	"math"
	"sync"

	"github.com/aislekit/aisle/internal/check"
)

var _ Policy = (*UCB)(nil)

// UCBOptions configures NewUCB.
type UCBOptions struct {
	Width   float64 // factor of the bound, >= 0; default 1, that of UCB1, negative means 0
	Epsilon float64 // share of random choices, in [0, 1]; default 0.05, negative means 0
	Seed    uint64  // of the draws, with Ask.Request; 0 is a seed
}

// UCB chooses the arm with the largest upper confidence bound of its click rate (UCB1 of Auer,
// Cesa-Bianchi and Fischer, Machine Learning 47, 2002, theorem 1): with n showings of an arm
// and N of all arms
//
//	successes/n + Width·√(2·ln N / n)
//
// and first every arm that was never shown. Its regret grows with the logarithm of the number of showings, whatever
// the rates, where each showing is followed by a new policy; it explores longer than Thompson.
//
// That choice is not random, so nothing could be learnt from its log about other choices. Therefore
// each place is filled at random with probability Epsilon, as by EpsilonGreedy, and propensities
// are exact; with Epsilon 0 they are 1.
//
// A UCB is made from the counts as they stand, of which it holds a copy: make a new one when there is new data.
// Immutable, safe for concurrent use.
type UCB struct {
	known
	opt     UCBOptions
	bound   []float64
	scratch sync.Pool // *scratch
}

// NewUCB returns the policy for the arms. ErrEmpty (nil or no arms), ErrOption.
func NewUCB(arms *ClickArms, opt UCBOptions) (*UCB, error) {
	opt.Width = check.OrOff(opt.Width, 1)
	opt.Epsilon = check.OrOff(opt.Epsilon, 0.05)
	var c check.Options
	check.NonNegative(&c, "Width", opt.Width)
	c.Require(opt.Epsilon >= 0 && opt.Epsilon <= 1, "Epsilon", opt.Epsilon, "in [0, 1]")
	if err := c.Err("bandit: NewUCB"); err != nil {
		return nil, err
	}
	if arms.Len() == 0 {
		return nil, fmt.Errorf("bandit: NewUCB: no arms: %w", ErrEmpty)
	}
	p := &UCB{known: arms.known, opt: opt, bound: make([]float64, arms.Len())}
	total := 0.0
	for _, n := range arms.shown {
		total += float64(n)
	}
	for i, n := range arms.shown {
		p.bound[i] = math.Inf(1)
		if n > 0 {
			p.bound[i] = float64(arms.success[i])/float64(n) + opt.Width*math.Sqrt(2*math.Log(total)/float64(n))
		}
	}
	return p, nil
}

// Arms returns the number of arms.
func (p *UCB) Arms() int {
	if p == nil {
		return 0
	}
	return len(p.bound)
}

// Fingerprints returns that of the items that are the arms, 0 where they are unknown.
func (p *UCB) Fingerprints() (users, items uint64) {
	if p == nil {
		return 0, 0
	}
	return p.known.Fingerprints()
}

func (p *UCB) closed() {}

// AppendChoices appends min(K, candidates) of the candidate arms, in order of place; of equal
// bounds the first candidate wins. ErrOption (K < 1), ErrUnknownID (an arm), ErrDuplicate,
// ErrEmpty (a policy that NewUCB has not made). No allocation in steady state. Cost:
// O(K·candidates).
func (p *UCB) AppendChoices(dst []Choice, ask Ask) ([]Choice, error) {
	if p.Arms() == 0 {
		return dst, errUnmade("UCB.AppendChoices", "NewUCB")
	}
	s := memory(&p.scratch)
	defer p.scratch.Put(s)
	if err := s.checkAsk(&ask, len(p.bound), "UCB.AppendChoices"); err != nil {
		return dst, err
	}
	s.scores = s.scores[:0]
	for _, a := range ask.From {
		s.scores = append(s.scores, p.bound[a])
	}
	s.rand.Reset(p.opt.Seed, stageEpsilon, ask.Request)
	return s.greedy(dst, &ask, p.opt.Epsilon), nil
}
