package allocate

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// exactSearch is branch and bound over the proposals, user by user, those with
// the largest reduced value first. At fixed prices the value of a completion is
// its reduced value plus what it uses at the prices, so it is at most
//
//	Σ reduced of what is chosen + what the rest of the users would choose + Σ price·capacity
//
// which costs O(1) a node. It reports whether the search was complete.
func (p *problem) exactSearch(ctx context.Context) (bool, error) {
	if len(p.cand) > maxExact {
		return false, nil
	}
	p.setCosts(p.bestPrice)
	clear(p.in)
	clear(p.taken)
	clear(p.used)
	clear(p.count)
	s := branching{p: p, ctx: ctx, nodes: p.opt.Nodes, user: p.users()}
	p.order = make([]int32, len(p.cand))
	for i := range p.order {
		p.order[i] = int32(i)
	}
	slices.SortFunc(p.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.user[a], s.user[b]), cmp.Compare(p.reduced(b), p.reduced(a)), cmp.Compare(a, b))
	})
	s.prefix = make([]float64, len(p.cand)+1)
	for k, i := range p.order {
		s.prefix[k+1] = s.prefix[k] + max(0, p.reduced(i))
	}
	s.later = make([]float64, len(p.most)+1)
	for u := len(p.most) - 1; u >= 0; u-- {
		s.later[u] = s.later[u+1] + s.rest(int(p.start[u]), u, int(p.most[u]))
	}
	for r, c := range p.cap {
		if !math.IsInf(c, 1) {
			s.base += float64(p.bestPrice[r] * c)
		}
	}
	s.branch(0, 0, 0)
	if s.err != nil {
		return false, s.err
	}
	return s.nodes > 0, nil
}

// users returns the position in start of the user of each proposal.
func (p *problem) users() []int32 {
	out := make([]int32, len(p.cand))
	for u := range p.most {
		for i := p.start[u]; i < p.start[u+1]; i++ {
			out[i] = int32(u)
		}
	}
	return out
}

// maxExact bounds the depth of the search.
const maxExact = 20_000

type branching struct {
	p      *problem
	ctx    context.Context
	err    error
	nodes  int
	user   []int32   // by proposal
	prefix []float64 // Σ of the positive reduced values, in order
	later  []float64 // by user: what this and the later users choose at the prices
	base   float64   // Σ price·capacity
}

// rest is the reduced value of the best left of user u from place k on in the
// order.
func (s *branching) rest(k, u, left int) float64 {
	return s.prefix[min(k+left, int(s.p.start[u+1]))] - s.prefix[k]
}

// branch decides on the proposal at place k of the order.
func (s *branching) branch(k int, reduced, value float64) {
	p := s.p
	if value > p.value+1e-12*p.value {
		p.value = value
		copy(p.chosen, p.in)
	}
	if k == len(p.order) || s.nodes <= 0 || s.err != nil {
		return
	}
	s.nodes--
	if s.nodes&4095 == 0 {
		if s.err = context.Cause(s.ctx); s.err != nil {
			return
		}
	}
	i := p.order[k]
	u := int(s.user[i])
	left := int(p.most[u] - p.count[u])
	if bound := reduced + s.rest(k, u, left) + s.later[u+1] + s.base; bound <= p.value+1e-10*math.Abs(bound) {
		return
	}
	if left == 0 {
		s.branch(int(p.start[u+1]), reduced, value)
		return
	}
	if o := p.cand[i].Offer; p.fits(o) {
		p.in[i] = true
		p.count[u]++
		p.put(o, 1)
		s.branch(k+1, reduced+p.reduced(i), value+p.cand[i].Value)
		p.put(o, -1)
		p.count[u]--
		p.in[i] = false
	}
	s.branch(k+1, reduced, value)
}
