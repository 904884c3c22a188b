package bandit

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

var (
	_ Policy = (*EpsilonGreedy)(nil)
	_ Policy = (*Thompson)(nil)
	_ Policy = (*LinUCB)(nil)
	_ Policy = (*LinearThompson)(nil)
)

// Policy chooses items with a probability that it knows: EpsilonGreedy, Thompson, UCB,
// LinUCB and LinearThompson. It is what an Engine of package recommend explores
// with. A policy is immutable and safe for concurrent use.
type Policy interface {
	// Arms returns the number of arms the policy knows about; 0 where any item will
	// do.
	Arms() int

	// AppendChoices appends min(K, candidates) distinct candidates of the ask to dst,
	// in order of place. Equal policies and asks give equal choices. Errors leave dst
	// as it came. No allocation in steady state.
	AppendChoices(dst []Choice, ask Ask) ([]Choice, error)

	closed() // an Engine relies on what these policies promise
}

// Ask is what a Policy is asked: K of the candidates From.
type Ask struct {
	// From are the candidates: distinct items, best first. EpsilonGreedy takes the
	// first that is left for the best; to the others the order only breaks ties.
	From []int32
	K    int // places to fill, at least 1
	// Request names the request. The same id draws the same numbers, so an id is to
	// be used once.
	Request uint64
	Context []float64 // what is known of the situation; LinUCB and LinearThompson only

	// Free, when set, says after each choice which candidates may still be chosen;
	// Took, when set, is told the choice before. So a choice may rule others out, and
	// propensities take it into account: caps of a brand, things that exclude each
	// other.
	Free func(item int32) bool
	Took func(item int32)
}

// Choice is an item that a Policy chose for a place of a list.
type Choice struct {
	Item int32 // one of Ask.From
	// Propensity is the probability, above 0, with which the policy chooses this
	// item for this place, given the choices for the places before. Log it: what
	// another policy would have earned can be estimated from it. The propensity
	// of a whole list is the product.
	Propensity float64
	// Error is the standard error of Propensity; 0 where it is exact.
	Error float64
}

// scratch is the memory of one request.
type scratch struct {
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

func memory(p *sync.Pool) *scratch {
	if s, ok := p.Get().(*scratch); ok {
		return s
	}
	return &scratch{}
}

// checkAsk reports a K below 1, and a candidate that comes twice, is negative or none of
// the arms, if there are any. It uses s.left.
func (s *scratch) checkAsk(ask *Ask, arms int, where string) error {
	if ask.K < 1 {
		return fmt.Errorf("bandit: %s: K is %d, want at least 1: %w", where, ask.K, ErrOption)
	}
	for i, a := range ask.From {
		if a < 0 || arms > 0 && int(a) >= arms {
			return fmt.Errorf("bandit: %s: From[%d] is arm %d of %d: %w", where, i, a, arms, ErrUnknownID)
		}
	}
	s.left = append(s.left[:0], ask.From...)
	slices.Sort(s.left)
	for i, a := range s.left {
		if i > 0 && s.left[i-1] == a {
			return fmt.Errorf("bandit: %s: item %d twice in From: %w", where, a, ErrDuplicate)
		}
	}
	return nil
}

// checkContext reports a context that is not d finite numbers.
func checkContext(x []float64, d int, where string) error {
	if len(x) != d {
		return fmt.Errorf("bandit: %s: context has length %d, want %d: %w", where, len(x), d, ErrShape)
	}
	for k, v := range x {
		if !check.Finite(v) {
			return fmt.Errorf("bandit: %s: context has %v at %d: %w", where, v, k, ErrNotFinite)
		}
	}
	return nil
}

// startLeft makes all n candidates free.
func (s *scratch) startLeft(n int) {
	s.left = slices.Grow(s.left[:0], n)[:n]
	for i := range s.left {
		s.left[i] = int32(i)
	}
}

// remove takes the candidate at the given place off s.left, and what is ruled out
// by it.
func (s *scratch) remove(at int, ask *Ask) {
	item := ask.From[s.left[at]]
	s.left = slices.Delete(s.left, at, at+1)
	if ask.Took != nil {
		ask.Took(item)
	}
	if ask.Free != nil {
		s.left = slices.DeleteFunc(s.left, func(i int32) bool { return !ask.Free(ask.From[i]) })
	}
}

// best returns the place in left of the largest score, the first of equals.
func (s *scratch) best() int {
	at, top := 0, math.Inf(-1)
	for k, i := range s.left {
		if s.scores[i] > top {
			at, top = k, s.scores[i]
		}
	}
	return at
}
