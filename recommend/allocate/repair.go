package allocate

import (
	"cmp"
	"slices"
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
