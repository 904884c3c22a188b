package recommend

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// Choice is an item that an exploring policy chose for a place of a list.
type Choice struct {
	Item int32
	// Propensity is the probability, above 0, with which the policy chooses this
	// item for this place, given the choices for the places before. Log it: what
	// another policy would have earned can be estimated from it. The propensity
	// of a whole list is the product.
	Propensity float64
	// Error is the standard error of Propensity; 0 where it is exact.
	Error float64
}

// EpsilonGreedyOptions configures NewEpsilonGreedy.
type EpsilonGreedyOptions struct {
	Epsilon float64 // share of random choices, in [0, 1]; default 0.1, negative means 0
	Seed    uint64
}

// EpsilonGreedy fills each place with the best candidate left, or with
// probability Epsilon with any candidate left, all equally likely (the best among
// them). Propensities are exact. Equal seeds and request ids give equal choices:
// an id is to be used once. Immutable, safe for concurrent use.
type EpsilonGreedy struct {
	opt     EpsilonGreedyOptions
	scratch sync.Pool // *exploreScratch
}

// exploreScratch is the memory of one request.
type exploreScratch struct {
	rand   rng.Stream
	scores []float64
	left   []int32 // positions of candidates without a place
	x, y   []float64
}

// Stages of the random streams.
const (
	stageEpsilon = 0x6578_7000 + iota
	stageThompson
	stagePropensity
)

// NewEpsilonGreedy returns the policy. ErrOption.
func NewEpsilonGreedy(opt EpsilonGreedyOptions) (*EpsilonGreedy, error) {
	opt.Epsilon = check.OrOff(opt.Epsilon, 0.1)
	var c check.Options
	c.Require(opt.Epsilon <= 1, "Epsilon", opt.Epsilon, "at most 1")
	if err := c.Err("recommend: NewEpsilonGreedy"); err != nil {
		return nil, err
	}
	return &EpsilonGreedy{opt: opt}, nil
}

// AppendChoices appends min(k, len(from)) distinct candidates, in order of place.
// Of equal scores the first is the best. ErrOption (k < 1), ErrNotFinite (a
// score), ErrDuplicate (an item twice). No allocation in steady state. Cost: O(k·len(from)).
func (e *EpsilonGreedy) AppendChoices(dst []Choice, from []Scored, k int, request uint64) ([]Choice, error) {
	if k < 1 {
		return dst, fmt.Errorf("recommend: EpsilonGreedy: k is %d, want at least 1: %w", k, ErrOption)
	}
	return e.choose(dst, from, nil, nil, k, request, nil)
}

func (e *EpsilonGreedy) arms() int { return 0 }

func (e *EpsilonGreedy) choose(dst []Choice, from []Scored, _ []int32, _ []float64, k int, request uint64, n *narrowing) ([]Choice, error) {
	s := exploreMemory(&e.scratch)
	defer e.scratch.Put(s)
	s.scores = s.scores[:0]
	for i, c := range from {
		if !check.Finite(float64(c.Score)) {
			return dst, fmt.Errorf("recommend: EpsilonGreedy: score of candidate %d is %v: %w", i, c.Score, ErrNotFinite)
		}
		s.scores = append(s.scores, float64(c.Score))
	}
	s.left = s.left[:0]
	for _, c := range from {
		s.left = append(s.left, c.Item)
	}
	slices.Sort(s.left)
	for i, it := range s.left {
		if i > 0 && s.left[i-1] == it {
			return dst, fmt.Errorf("recommend: EpsilonGreedy: item %d twice: %w", it, ErrDuplicate)
		}
	}
	s.rand.Reset(e.opt.Seed, stageEpsilon, request)
	return s.greedy(dst, func(i int32) int32 { return from[i].Item }, k, e.opt.Epsilon, n), nil
}

// narrowing is how an Engine takes choices out of what is free, and with them
// what its caps forbid then: such candidates are no longer chosen from.
type narrowing struct {
	free []uint64
	took func(item int32)
}

// remove takes the candidate at the given place off s.left.
func (s *exploreScratch) remove(at int, item func(i int32) int32, n *narrowing) {
	i := s.left[at]
	s.left = slices.Delete(s.left, at, at+1)
	if n != nil {
		n.took(item(i))
		s.left = slices.DeleteFunc(s.left, func(i int32) bool { return !hasItem(n.free, item(i)) })
	}
}

func exploreMemory(p *sync.Pool) *exploreScratch {
	if s, ok := p.Get().(*exploreScratch); ok {
		return s
	}
	return &exploreScratch{}
}

// startLeft makes all n candidates free.
func (s *exploreScratch) startLeft(n int) {
	s.left = slices.Grow(s.left[:0], n)[:n]
	for i := range s.left {
		s.left[i] = int32(i)
	}
}

// greedy fills k places with the best of s.scores or, with probability epsilon,
// any.
func (s *exploreScratch) greedy(dst []Choice, item func(i int32) int32, k int, epsilon float64, n *narrowing) []Choice {
	s.startLeft(len(s.scores))
	for ; k > 0 && len(s.left) > 0; k-- {
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
		dst = append(dst, Choice{Item: item(s.left[at]), Propensity: p})
		s.remove(at, item, n)
	}
	return dst
}

// best returns the place in left of the largest score, the first of equals.
func (s *exploreScratch) best() int {
	at, top := 0, math.Inf(-1)
	for k, i := range s.left {
		if s.scores[i] > top {
			at, top = k, s.scores[i]
		}
	}
	return at
}
