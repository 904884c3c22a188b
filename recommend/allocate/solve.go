package allocate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// Proposal is an offer that a user might get, with what that is worth: the
// uplift of a coupon in money, a calibrated probability times margin, a bid.
type Proposal struct {
	User  int32
	Offer int32
	Value float64
}

// Offer is something to assign to users: an item to recommend, a coupon, an ad.
type Offer struct {
	Stock int64 // how many users can get it at most; negative means no limit
	Uses  []Use // what each assignment takes of shared limits
}

// Use is the amount of a shared limit that one assignment takes: money of a
// budget, a view of a campaign's exposure, a parcel of a warehouse's day.
type Use struct {
	Limit  int   // index into Options.Limits
	Amount int64 // >= 0
}

// Options configures Solve.
type Options struct {
	PerUser  int     // offers a user gets at most; default 1
	UserMost []int32 // by user, instead of PerUser; 0 gives nothing
	Limits   []int64 // shared limits, >= 0: money in minor units, views, parcels

	Iterations int     // steps of the search for prices; default 400
	Gap        float64 // the search for prices stops this near to the bound, relative; default 1e-4, negative means 0
	Nodes      int     // steps of the exact search that follows; default 300,000, negative means none
	Workers    int     // goroutines; default GOMAXPROCS. No influence on the result
}

func (o Options) withDefaults() Options {
	o.PerUser = check.Default(o.PerUser, 1)
	o.Iterations = check.Default(o.Iterations, 400)
	o.Gap = check.OrOff(o.Gap, 1e-4)
	o.Nodes = check.OrOff(o.Nodes, 300_000)
	return o
}

func (o Options) validate() error {
	var c check.Options
	c.Require(o.PerUser >= 1 && o.PerUser <= math.MaxInt32, "PerUser", o.PerUser, "at least 1")
	check.Positive(&c, "Iterations", o.Iterations)
	c.Require(o.Gap < 1, "Gap", o.Gap, "below 1")
	for i, l := range o.Limits {
		c.Require(l >= 0, fmt.Sprintf("Limits[%d]", i), l, "at least 0")
	}
	for u, n := range o.UserMost {
		c.Require(n >= 0, fmt.Sprintf("UserMost[%d]", u), n, "at least 0")
	}
	return c.Err("allocate: Solve")
}

// Plan says who gets what. No limit is exceeded, ever.
type Plan struct {
	Chosen []Proposal // by user, then offer
	Value  float64    // their sum
	// Bound is what no assignment within the limits can exceed; Value where
	// Optimal.
	Bound   float64
	Optimal bool // proven: no assignment is worth more (to 1e-9)

	Taken []int64 // by offer: assignments
	Used  []int64 // by shared limit

	// StockPrice and LimitPrice are dual prices: about what one more unit of an
	// offer's stock, or of a shared limit, would add to Value. 0 where there is
	// enough.
	StockPrice []float64
	LimitPrice []float64
}

// Gap returns (Bound - Value)/Bound, 0 where Bound is 0.
func (a *Plan) Gap() float64 {
	if a.Bound == 0 {
		return 0
	}
	return (a.Bound - a.Value) / a.Bound
}

// Solve chooses, out of the proposals of a whole campaign, who gets which
// offer, so that the sum of values is as large as stocks, budgets and the users'
// patience allow: each user gets at most PerUser offers, none twice, each offer
// goes to at most Stock users, and what assignments take of a shared limit adds
// up to no more than it. Proposals of value <= 0 are never chosen.
//
// The limits are turned into prices (Lagrangian relaxation): given prices every
// user takes what is worth more than it costs, and the prices move along the
// subgradient, with steps after Polyak, until demand meets supply. Every so
// often the choice at the present prices is repaired to keep all limits, dearest
// first, and improved by exchanges; the best of these is the answer, and the
// lowest dual value met is the Bound. What gap is left is searched exactly, by
// branch and bound over the proposals (up to 20,000) with the bound at the final
// prices: small problems are solved to proven optimality, large ones come with
// their Gap.
//
// The result does not depend on Workers or on the order of proposals. Cost an
// iteration: O(proposals); a sort of the proposals every 25.
//
// Errors: ErrOption, ErrNotFinite (a value), ErrRange (an offer, user, limit or
// amount), ErrDuplicate (a proposal or limit twice), and context.Cause(ctx).
// No proposals are no error.
func Solve(ctx context.Context, proposals []Proposal, offers []Offer, opt Options) (*Plan, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	p, err := newProblem(proposals, offers, opt)
	if err != nil {
		return nil, err
	}
	if err := p.priceSearch(ctx); err != nil {
		return nil, err
	}
	optimal := p.closed(1e-9)
	if !optimal && opt.Nodes > 0 {
		if optimal, err = p.exactSearch(ctx); err != nil {
			return nil, err
		}
	}
	return p.result(optimal), nil
}

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
	order []int32
	taken []int64 // by offer
	used  []int64 // by shared limit
	in    []bool
	count []int32 // by user of start
}

func newProblem(proposals []Proposal, offers []Offer, opt Options) (*problem, error) {
	p := &problem{opt: opt, offers: offers}
	n := len(offers) + len(opt.Limits)
	p.cap, p.scale = make([]float64, n), make([]float64, n)
	for i := range p.scale {
		p.scale[i] = 1
	}
	for o := range offers {
		p.cap[o] = float64(offers[o].Stock)
		if offers[o].Stock < 0 {
			p.cap[o] = math.Inf(1)
		}
		for k, u := range offers[o].Uses {
			if u.Limit < 0 || u.Limit >= len(opt.Limits) || u.Amount < 0 {
				return nil, fmt.Errorf("allocate: Solve: offer %d uses %d of limit %d of %d: %w", o, u.Amount, u.Limit, len(opt.Limits), ErrRange)
			}
			for _, v := range offers[o].Uses[:k] {
				if v.Limit == u.Limit {
					return nil, fmt.Errorf("allocate: Solve: offer %d uses limit %d twice: %w", o, u.Limit, ErrDuplicate)
				}
			}
			r := len(offers) + u.Limit
			p.scale[r] = max(p.scale[r], float64(u.Amount))
		}
	}
	for l, v := range opt.Limits {
		p.cap[len(offers)+l] = float64(v) / p.scale[len(offers)+l]
	}
	for i, c := range proposals {
		switch {
		case !check.Finite(c.Value) || math.Abs(c.Value) > 1e150:
			return nil, fmt.Errorf("allocate: Solve: proposals[%d].Value is %v: %w", i, c.Value, ErrNotFinite)
		case uint32(c.Offer) >= uint32(len(offers)):
			return nil, fmt.Errorf("allocate: Solve: proposals[%d].Offer is %d of %d: %w", i, c.Offer, len(offers), ErrRange)
		case c.User < 0 || opt.UserMost != nil && int(c.User) >= len(opt.UserMost):
			return nil, fmt.Errorf("allocate: Solve: proposals[%d].User is %d: %w", i, c.User, ErrRange)
		}
		p.cand = append(p.cand, c)
	}
	if len(p.cand) > math.MaxInt32 {
		return nil, fmt.Errorf("allocate: Solve: %d proposals: %w", len(p.cand), ErrOverflow)
	}
	slices.SortFunc(p.cand, func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Offer, b.Offer))
	})
	for i := 1; i < len(p.cand); i++ {
		if a, b := p.cand[i-1], p.cand[i]; a.User == b.User && a.Offer == b.Offer {
			return nil, fmt.Errorf("allocate: Solve: user %d and offer %d twice: %w", b.User, b.Offer, ErrDuplicate)
		}
	}
	p.cand = slices.DeleteFunc(p.cand, func(c Proposal) bool {
		return c.Value <= 0 || opt.UserMost != nil && opt.UserMost[c.User] == 0 || !p.everFits(c.Offer)
	})
	for i := range p.cand {
		if i == 0 || p.cand[i].User != p.cand[i-1].User {
			most := int32(opt.PerUser)
			if opt.UserMost != nil {
				most = opt.UserMost[p.cand[i].User]
			}
			p.start, p.most = append(p.start, int32(i)), append(p.most, most)
		}
	}
	p.start = append(p.start, int32(len(p.cand)))
	p.price, p.cost = make([]float64, n), make([]float64, len(offers))
	p.bestPrice = make([]float64, n)
	p.chosen, p.in = make([]bool, len(p.cand)), make([]bool, len(p.cand))
	p.taken, p.used = make([]int64, len(offers)), make([]int64, len(opt.Limits))
	p.count = make([]int32, len(p.most))
	p.order = make([]int32, len(p.cand))
	return p, nil
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

// setCosts computes what an assignment of each offer costs at the prices.
func (p *problem) setCosts(price []float64) {
	for o := range p.offers {
		c := price[o]
		for _, u := range p.offers[o].Uses {
			r := len(p.offers) + u.Limit
			c += float64(price[r] * (float64(u.Amount) / p.scale[r]))
		}
		p.cost[o] = c
	}
}

func (p *problem) reduced(i int32) float64 { return p.cand[i].Value - p.cost[p.cand[i].Offer] }

// demand is what the users of a block take at the prices.
type demand struct {
	profit float64
	offers []int64
}

// demandAt returns what all users take.
func (p *problem) demandAt(ctx context.Context) (demand, error) {
	d, err := parallel.Reduce(ctx, len(p.most), 4096, p.opt.Workers, func(lo, hi int) (demand, error) {
		d := demand{offers: make([]int64, len(p.offers))}
		var top []float64 // the best so far, descending
		var who []int32
		for u := lo; u < hi; u++ {
			top, who = top[:0], who[:0]
			for i := p.start[u]; i < p.start[u+1]; i++ {
				v := p.reduced(i)
				if !(v > 0) || len(top) == int(p.most[u]) && v <= top[len(top)-1] {
					continue
				}
				if len(top) < int(p.most[u]) {
					top, who = append(top, v), append(who, i)
				}
				k := len(top) - 1
				for ; k > 0 && top[k-1] < v; k-- {
					top[k], who[k] = top[k-1], who[k-1]
				}
				top[k], who[k] = v, i
			}
			for k, v := range top {
				d.profit += v
				d.offers[p.cand[who[k]].Offer]++
			}
		}
		return d, nil
	}, func(a, b demand) demand {
		a.profit += b.profit
		for o, n := range b.offers {
			a.offers[o] += n
		}
		return a
	})
	if d.offers == nil {
		d.offers = make([]int64, len(p.offers))
	}
	return d, err
}

// closed reports whether the gap is at most the given share.
func (p *problem) closed(gap float64) bool { return p.bound-p.value <= gap*p.bound }

// priceSearch lowers the dual value, and keeps the lowest and the best repaired
// assignment.
func (p *problem) priceSearch(ctx context.Context) error {
	const repairEvery, patience = 25, 15
	nOffers := len(p.offers)
	p.bound = math.Inf(1)
	step, since := 1.0, 0
	g := make([]float64, len(p.price))
	for it := 0; it < p.opt.Iterations; it++ {
		p.setCosts(p.price)
		d, err := p.demandAt(ctx)
		if err != nil {
			return err
		}
		dual := d.profit
		for r, c := range p.cap {
			g[r] = 0
			if !math.IsInf(c, 1) {
				dual += float64(p.price[r] * c)
				g[r] = -c
			}
		}
		for o, n := range d.offers {
			if n == 0 {
				continue
			}
			if !math.IsInf(p.cap[o], 1) {
				g[o] += float64(n)
			}
			for _, u := range p.offers[o].Uses {
				g[nOffers+u.Limit] += float64(n) * (float64(u.Amount) / p.scale[nOffers+u.Limit])
			}
		}
		if dual < p.bound-1e-12*math.Abs(dual) {
			p.bound, since = dual, 0
			copy(p.bestPrice, p.price)
		} else if since++; since == patience {
			// Overshooting: go on from the best prices, with smaller steps.
			step, since = step/2, 0
			copy(p.price, p.bestPrice)
			continue
		}
		if it%repairEvery == 0 {
			p.repair()
		}
		if p.closed(p.opt.Gap) || step < 1e-6 {
			break
		}
		norm := 0.0
		for r, v := range g {
			if v < 0 && p.price[r] == 0 {
				g[r] = 0
				continue
			}
			norm += float64(v * v)
		}
		if norm == 0 {
			break // demand meets supply: the dual choice is the best assignment
		}
		// Less than the best assignment is a target that cannot be reached; the
		// middle of the gap mostly can.
		t := step * (dual - (p.value+p.bound)/2) / norm
		if t <= 0 {
			t = step * (dual - p.value) / norm
		}
		for r, v := range g {
			p.price[r] = max(0, p.price[r]+float64(t*v))
		}
	}
	p.setCosts(p.bestPrice)
	p.repair()
	return nil
}

// fits reports whether one more assignment of an offer keeps the limits.
func (p *problem) fits(offer int32) bool {
	o := &p.offers[offer]
	if o.Stock >= 0 && p.taken[offer] >= o.Stock {
		return false
	}
	for _, u := range o.Uses {
		if u.Amount > p.opt.Limits[u.Limit]-p.used[u.Limit] {
			return false
		}
	}
	return true
}

// put adds (n = 1) or takes back (n = -1) an assignment of an offer.
func (p *problem) put(offer int32, n int64) {
	p.taken[offer] += n
	for _, u := range p.offers[offer].Uses {
		p.used[u.Limit] += n * u.Amount
	}
}

// repair makes an assignment at the present costs, and keeps it if it is better
// than the best.
func (p *problem) repair() {
	clear(p.in)
	clear(p.taken)
	clear(p.used)
	clear(p.count)
	// Negative ones too: there may be room for them, for prices are estimates.
	for i := range p.order {
		p.order[i] = int32(i)
	}
	slices.SortFunc(p.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(p.reduced(b), p.reduced(a)), cmp.Compare(a, b))
	})
	user := p.users()
	for _, i := range p.order {
		if u := user[i]; p.count[u] < p.most[u] && p.fits(p.cand[i].Offer) {
			p.in[i] = true
			p.count[u]++
			p.put(p.cand[i].Offer, 1)
		}
	}
	for range 10 {
		if !p.exchange() {
			break
		}
	}
	value := 0.0
	for i, in := range p.in {
		if in {
			value += p.cand[i].Value
		}
	}
	if value > p.value {
		p.value = value
		copy(p.chosen, p.in)
	}
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

// exchange gives users better offers, in place of others of theirs where needed,
// as far as the limits allow, and reports whether that changed anything.
func (p *problem) exchange() bool {
	changed := false
	for u := range p.most {
		for i := p.start[u]; i < p.start[u+1]; i++ {
			if p.in[i] {
				continue
			}
			if p.count[u] < p.most[u] && p.fits(p.cand[i].Offer) {
				p.in[i] = true
				p.count[u]++
				p.put(p.cand[i].Offer, 1)
				changed = true
				continue
			}
			worst := int32(-1)
			for j := p.start[u]; j < p.start[u+1]; j++ {
				if !p.in[j] || p.cand[j].Value >= p.cand[i].Value || worst >= 0 && p.cand[j].Value >= p.cand[worst].Value {
					continue
				}
				p.put(p.cand[j].Offer, -1)
				if p.fits(p.cand[i].Offer) {
					worst = j
				}
				p.put(p.cand[j].Offer, 1)
			}
			if worst >= 0 {
				p.in[worst], p.in[i] = false, true
				p.put(p.cand[worst].Offer, -1)
				p.put(p.cand[i].Offer, 1)
				changed = true
			}
		}
	}
	return changed
}

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
