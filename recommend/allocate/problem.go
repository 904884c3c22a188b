package allocate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// problem is one being solved. Resources are the stocks, by offer, and
// then the shared limits, scaled so that the largest amount of each is 1.
type problem struct {
	opt    Options
	offers []Offer
	cand   []Proposal // of positive value and a user who may get something; by user, then offer
	start  []int32    // of the users in cand, and its end
	most   []int32    // by user of start
	cap    []float64  // by resource, scaled; +Inf for no limit
	scale  []float64  // by resource: largest amount

	price     []float64 // by resource, of a scaled unit
	cost      []float64 // by offer, at price
	bestPrice []float64
	bound     float64

	value  float64 // of the best assignment
	chosen []bool  // by proposal

	// Of the assignment under construction:
	open   []int32 // users who may want more
	wishes []wish
	order  []int32 // of the exact search
	taken  []int64 // by offer
	used   []int64 // by shared limit
	in     []bool
	count  []int32 // by user of start
}

// newProblem checks and sorts the input.
func newProblem(proposals []Proposal, offers []Offer, opt Options) (*problem, error) {
	p := &problem{opt: opt, offers: offers}
	if err := p.setResources(); err != nil {
		return nil, err
	}
	if err := p.setCandidates(proposals); err != nil {
		return nil, err
	}
	n := len(p.cap)
	p.price, p.cost = make([]float64, n), make([]float64, len(offers))
	p.bestPrice = make([]float64, n)
	p.chosen, p.in = make([]bool, len(p.cand)), make([]bool, len(p.cand))
	p.taken, p.used = make([]int64, len(offers)), make([]int64, len(opt.Limits))
	p.count = make([]int32, len(p.most))
	return p, nil
}

// setResources scales stocks and limits.
func (p *problem) setResources() error {
	offers, limits := p.offers, p.opt.Limits
	if err := checkUses("allocate: Solve", offers, len(limits)); err != nil {
		return err
	}
	n := len(offers) + len(limits)
	p.cap, p.scale = make([]float64, n), make([]float64, n)
	for i := range p.scale {
		p.scale[i] = 1
	}
	for o := range offers {
		p.cap[o] = float64(offers[o].Stock)
		if offers[o].Stock < 0 {
			p.cap[o] = math.Inf(1)
		}
		for _, u := range offers[o].Uses {
			r := len(offers) + u.Limit
			p.scale[r] = max(p.scale[r], float64(u.Amount))
		}
	}
	for l, v := range limits {
		p.cap[len(offers)+l] = float64(v) / p.scale[len(offers)+l]
	}
	return nil
}

// setCandidates keeps the proposals that may be chosen, by user and then offer, and
// notes where each user's begin.
func (p *problem) setCandidates(proposals []Proposal) error {
	for i, c := range proposals {
		switch {
		case !check.Finite(c.Value) || math.Abs(c.Value) > 1e150:
			return fmt.Errorf("allocate: Solve: proposals[%d].Value is %v: %w", i, c.Value, ErrNotFinite)
		case uint32(c.Offer) >= uint32(len(p.offers)):
			return fmt.Errorf("allocate: Solve: proposals[%d].Offer is %d of %d: %w", i, c.Offer, len(p.offers), ErrRange)
		case c.User < 0 || p.opt.UserMost != nil && int(c.User) >= len(p.opt.UserMost):
			return fmt.Errorf("allocate: Solve: proposals[%d].User is %d: %w", i, c.User, ErrRange)
		}
	}
	if len(proposals) > math.MaxInt32 {
		return fmt.Errorf("allocate: Solve: %d proposals: %w", len(proposals), ErrOverflow)
	}
	p.cand = byUser(proposals)
	for i := 1; i < len(p.cand); i++ {
		if a, b := p.cand[i-1], p.cand[i]; a.User == b.User && a.Offer == b.Offer {
			return fmt.Errorf("allocate: Solve: user %d and offer %d twice: %w", b.User, b.Offer, ErrDuplicate)
		}
	}
	p.cand = slices.DeleteFunc(p.cand, func(c Proposal) bool {
		return c.Value <= 0 || p.opt.UserMost != nil && p.opt.UserMost[c.User] == 0 || !p.everFits(c.Offer)
	})
	for i := range p.cand {
		if i == 0 || p.cand[i].User != p.cand[i-1].User {
			most := int32(p.opt.PerUser)
			if p.opt.UserMost != nil {
				most = p.opt.UserMost[p.cand[i].User]
			}
			p.start, p.most = append(p.start, int32(i)), append(p.most, most)
		}
	}
	p.start = append(p.start, int32(len(p.cand)))
	return nil
}

// byUser returns the proposals by user, then offer: those of a user by counting, where users
// are not far apart.
func byUser(proposals []Proposal) []Proposal {
	byOffer := func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Offer, b.Offer))
	}
	last := 0
	for _, c := range proposals {
		last = max(last, int(c.User))
	}
	if slices.IsSortedFunc(proposals, byOffer) || last > 4*len(proposals) {
		out := slices.Clone(proposals)
		slices.SortFunc(out, byOffer)
		return out
	}
	next := make([]int32, last+2) // by user, where the next of hers goes
	for _, c := range proposals {
		next[c.User+1]++
	}
	for u := range last {
		next[u+1] += next[u]
	}
	out := make([]Proposal, len(proposals))
	for _, c := range proposals {
		out[next[c.User]] = c
		next[c.User]++
	}
	from := int32(0)
	for _, to := range next[:last+1] {
		slices.SortFunc(out[from:to], byOffer)
		from = to
	}
	return out
}

// everFits reports whether a single assignment of an offer keeps the limits.
func (p *problem) everFits(offer int32) bool {
	o := &p.offers[offer]
	if o.Stock == 0 {
		return false
	}
	for _, u := range o.Uses {
		if u.Amount > p.opt.Limits[u.Limit] {
			return false
		}
	}
	return true
}

// result makes the plan of the best assignment.
func (p *problem) result(optimal bool) *Plan {
	a := &Plan{Value: p.value, Bound: max(p.bound, p.value), Optimal: optimal}
	if optimal {
		a.Bound = a.Value
	}
	a.Taken, a.Used = make([]int64, len(p.offers)), make([]int64, len(p.opt.Limits))
	for i, in := range p.chosen {
		if in {
			c := p.cand[i]
			a.Chosen = append(a.Chosen, c)
			a.Taken[c.Offer]++
			for _, u := range p.offers[c.Offer].Uses {
				a.Used[u.Limit] += u.Amount
			}
		}
	}
	n := len(p.offers)
	a.StockPrice = slices.Clone(p.bestPrice[:n])
	for l := range p.opt.Limits {
		a.LimitPrice = append(a.LimitPrice, p.bestPrice[n+l]/p.scale[n+l])
	}
	return a
}
