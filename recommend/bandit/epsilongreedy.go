package bandit

import (
	"sync"

	"github.com/aislekit/aisle/internal/check"
)

// EpsilonGreedyOptions configures NewEpsilonGreedy.
type EpsilonGreedyOptions struct {
	Epsilon float64 // share of random choices, in [0, 1]; default 0.1, negative means 0
	Seed    uint64  // of the draws, with Ask.Request; 0 is a seed
}

// EpsilonGreedy fills each place with the best candidate left, or with
// probability Epsilon with any candidate left, all equally likely (the best among
// them). It needs no arms: what is best is said by the order of the candidates.
// Propensities are exact. Immutable, safe for concurrent use.
type EpsilonGreedy struct {
	made    bool // by NewEpsilonGreedy: a policy of options 0 has another Epsilon than none
	opt     EpsilonGreedyOptions
	scratch sync.Pool // *scratch
}

// NewEpsilonGreedy returns the policy. ErrOption.
func NewEpsilonGreedy(opt EpsilonGreedyOptions) (*EpsilonGreedy, error) {
	opt.Epsilon = check.OrOff(opt.Epsilon, 0.1)
	var c check.Options
	c.Require(opt.Epsilon >= 0 && opt.Epsilon <= 1, "Epsilon", opt.Epsilon, "in [0, 1]")
	if err := c.Err("bandit: NewEpsilonGreedy"); err != nil {
		return nil, err
	}
	return &EpsilonGreedy{made: true, opt: opt}, nil
}

// Arms returns 0: any item will do.
func (e *EpsilonGreedy) Arms() int { return 0 }

func (e *EpsilonGreedy) closed() {}

// AppendChoices appends min(K, candidates) distinct candidates, in order of place.
// ErrOption (K < 1), ErrUnknownID (a negative item), ErrDuplicate, ErrEmpty (a policy that NewEpsilonGreedy has not
// made). No allocation in steady state. Cost: O(K·candidates).
func (e *EpsilonGreedy) AppendChoices(dst []Choice, ask Ask) ([]Choice, error) {
	if e == nil || !e.made {
		return dst, errUnmade("EpsilonGreedy.AppendChoices", "NewEpsilonGreedy")
	}
	s := memory(&e.scratch)
	defer e.scratch.Put(s)
	if err := s.checkAsk(&ask, 0, "EpsilonGreedy.AppendChoices"); err != nil {
		return dst, err
	}
	s.scores = s.scores[:0]
	for i := range ask.From {
		s.scores = append(s.scores, -float64(i))
	}
	s.rand.Reset(e.opt.Seed, stageEpsilon, ask.Request)
	return s.greedy(dst, &ask, e.opt.Epsilon), nil
}

// greedy fills the places with the best of s.scores or, with probability epsilon,
// any.
func (s *scratch) greedy(dst []Choice, ask *Ask, epsilon float64) []Choice {
	s.startLeft(len(s.scores))
	for k := ask.K; k > 0 && len(s.left) > 0; k-- {
		best := s.best()
		at := best
		random := epsilon / float64(len(s.left))
		if s.rand.Float64() < epsilon {
			at = s.rand.Intn(len(s.left))
		}
		p := random
		if at == best {
			p += 1 - epsilon
		}
		dst = append(dst, Choice{Item: ask.From[s.left[at]], Propensity: p})
		s.remove(at, ask)
	}
	return dst
}
