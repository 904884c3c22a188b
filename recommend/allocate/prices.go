package allocate

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
)

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
			if p.most[u] == 1 { // the usual case, twice as fast without lists
				best, offer := 0.0, int32(-1)
				for _, c := range p.cand[p.start[u]:p.start[u+1]] {
					if v := c.Value - p.cost[c.Offer]; v > best {
						best, offer = v, c.Offer
					}
				}
				if offer >= 0 {
					d.profit += best
					d.offers[offer]++
				}
				continue
			}
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
	p.bound = math.Inf(1)
	step, since := 1.0, 0
	gradient := make([]float64, len(p.price))
	for it := 0; it < p.opt.Iterations; it++ {
		p.setCosts(p.price)
		d, err := p.demandAt(ctx)
		if err != nil {
			return err
		}
		dual := p.dual(d, gradient)
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
			if err := p.repair(ctx); err != nil {
				return err
			}
		}
		if p.closed(p.opt.Gap) || step < 1e-6 {
			break
		}
		if !p.movePrices(dual, step, gradient) {
			break // demand meets supply: the dual choice is the best assignment
		}
	}
	p.setCosts(p.bestPrice)
	return p.repair(ctx)
}

// dual returns the dual value at the prices, for what the users take there, and writes
// its subgradient: by resource, demand less capacity.
func (p *problem) dual(d demand, gradient []float64) float64 {
	dual := d.profit
	for r, c := range p.cap {
		gradient[r] = 0
		if !math.IsInf(c, 1) {
			dual += float64(p.price[r] * c)
			gradient[r] = -c
		}
	}
	for o, n := range d.offers {
		if n == 0 {
			continue
		}
		if !math.IsInf(p.cap[o], 1) {
			gradient[o] += float64(n)
		}
		for _, u := range p.offers[o].Uses {
			r := len(p.offers) + u.Limit
			gradient[r] += float64(n) * (float64(u.Amount) / p.scale[r])
		}
	}
	return dual
}

// movePrices goes a step after Polyak along the subgradient, and reports false where
// there is nowhere to go.
func (p *problem) movePrices(dual, step float64, gradient []float64) bool {
	norm := 0.0
	for r, v := range gradient {
		if v < 0 && p.price[r] == 0 {
			gradient[r] = 0
			continue
		}
		norm += float64(v * v)
	}
	if norm == 0 {
		return false
	}
	// Less than the best assignment is a target that cannot be reached; the
	// middle of the gap mostly can.
	t := step * (dual - (p.value+p.bound)/2) / norm
	if t <= 0 {
		t = step * (dual - p.value) / norm
	}
	for r, v := range gradient {
		p.price[r] = max(0, p.price[r]+float64(t*v))
	}
	return true
}
