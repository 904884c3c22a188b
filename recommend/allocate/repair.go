package allocate

import (
	"cmp"
	"context"

	"github.com/aislekit/aisle/internal/parallel"
)

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

// repairWork is how many steps of a meter a proposal is: its offer and user lie anywhere.
const repairWork = 32

// repair makes an assignment at the present costs, and keeps it if it is better
// than the best.
func (p *problem) repair(ctx context.Context) error {
	clear(p.in)
	clear(p.taken)
	clear(p.used)
	clear(p.count)
	// Negative ones too: there may be room for them, for prices are estimates.
	for i := range p.order {
		p.order[i] = int32(i)
	}
	err := parallel.SortFunc(ctx, p.order, 1, func(a, b int32) int {
		return cmp.Or(cmp.Compare(p.reduced(b), p.reduced(a)), cmp.Compare(a, b))
	})
	if err != nil {
		return err
	}
	user, meter := p.users(), parallel.NewMeter(ctx)
	for _, i := range p.order {
		if err := meter.Did(repairWork); err != nil {
			return err
		}
		if u := user[i]; p.count[u] < p.most[u] && p.fits(p.cand[i].Offer) {
			p.in[i] = true
			p.count[u]++
			p.put(p.cand[i].Offer, 1)
		}
	}
	for range 10 {
		changed, err := p.exchange(meter)
		if err != nil {
			return err
		}
		if !changed {
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
	return nil
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
func (p *problem) exchange(meter *parallel.Meter) (changed bool, err error) {
	for u := range p.most {
		n := int(p.start[u+1] - p.start[u])
		if err := meter.Did(repairWork * n * min(n, int(p.most[u])+1)); err != nil {
			return changed, err
		}
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
	return changed, nil
}
