package allocate

import (
	"cmp"
	"context"
	"math"
	"slices"

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
	meter := parallel.NewMeter(ctx)
	for _, above := range []float64{0, math.Inf(-1)} {
		if err := p.takeAbove(ctx, above); err != nil {
			return err
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

// wish is a proposal that a user would take next.
type wish struct {
	reduced float64
	i       int32 // the proposal
	user    int32 // position in start
}

// takeAbove assigns proposals of a reduced value above the one given, in rounds: each user
// asks for the best of those that fit, for as many as may still be had, and those of the
// largest reduced value have the first choice. What has no room never gets some, so that
// users who want nothing that fits are done. A round costs a look at the proposals of the users
// left and a sort of what they ask for: all proposals are never sorted.
func (p *problem) takeAbove(ctx context.Context, above float64) error {
	meter := parallel.NewMeter(ctx)
	for u := range p.most {
		if p.count[u] < p.most[u] {
			p.open = append(p.open, int32(u))
		}
	}
	for len(p.open) > 0 {
		p.wishes = p.wishes[:0]
		still := p.open[:0]
		for _, u := range p.open {
			if err := meter.Did(2 * int(p.start[u+1]-p.start[u])); err != nil {
				return err
			}
			before := len(p.wishes)
			if p.wishes = p.appendWishes(p.wishes, u, above); len(p.wishes) > before {
				still = append(still, u)
			}
		}
		p.open = still
		if err := parallel.SortFunc(ctx, p.wishes, 1, func(a, b wish) int {
			return cmp.Or(cmp.Compare(b.reduced, a.reduced), cmp.Compare(a.i, b.i))
		}); err != nil {
			return err
		}
		for _, w := range p.wishes {
			if err := meter.Did(repairWork); err != nil {
				return err
			}
			if p.fits(p.cand[w.i].Offer) {
				p.in[w.i] = true
				p.count[w.user]++
				p.put(p.cand[w.i].Offer, 1)
			}
		}
		p.open = slices.DeleteFunc(p.open, func(u int32) bool { return p.count[u] == p.most[u] })
	}
	return nil
}

// appendWishes appends the best proposals of a user that fit, as many as the user may still
// have.
func (p *problem) appendWishes(dst []wish, u int32, above float64) []wish {
	from, most := len(dst), int(p.most[u]-p.count[u])
	for i := p.start[u]; i < p.start[u+1]; i++ {
		v := p.reduced(i)
		if !(v > above) || len(dst)-from == most && v <= dst[len(dst)-1].reduced || p.in[i] || !p.fits(p.cand[i].Offer) {
			continue
		}
		if len(dst)-from < most {
			dst = append(dst, wish{})
		}
		k := len(dst) - 1
		for ; k > from && dst[k-1].reduced < v; k-- {
			dst[k] = dst[k-1]
		}
		dst[k] = wish{v, i, u}
	}
	return dst
}

// exchange gives users better offers, in place of others of theirs where needed,
// as far as the limits allow, and reports whether that changed anything.
func (p *problem) exchange(meter *parallel.Meter) (changed bool, err error) {
	var has []int32 // what the user has, ascending
	for u := range p.most {
		n := int(p.start[u+1] - p.start[u])
		if err := meter.Did(n * min(n, int(p.most[u])+1)); err != nil {
			return changed, err
		}
		has = has[:0]
		for i := p.start[u]; i < p.start[u+1] && len(has) < int(p.count[u]); i++ {
			if p.in[i] {
				has = append(has, i)
			}
		}
		for i := p.start[u]; i < p.start[u+1]; i++ {
			// What is out of stock stays so whatever else the user gives back: the usual case.
			if o := p.cand[i].Offer; p.in[i] || p.offers[o].Stock >= 0 && p.taken[o] >= p.offers[o].Stock {
				continue
			}
			if p.count[u] < p.most[u] && p.fits(p.cand[i].Offer) {
				p.in[i] = true
				p.count[u]++
				p.put(p.cand[i].Offer, 1)
				has = insert(has, i)
				changed = true
				continue
			}
			if k := p.worst(has, i); k >= 0 {
				p.in[has[k]], p.in[i] = false, true
				p.put(p.cand[has[k]].Offer, -1)
				p.put(p.cand[i].Offer, 1)
				has = insert(slices.Delete(has, k, k+1), i)
				changed = true
			}
		}
	}
	return changed, nil
}

// insert puts i into what is ascending.
func insert(has []int32, i int32) []int32 {
	k, _ := slices.BinarySearch(has, i)
	return slices.Insert(has, k, i)
}

// worst returns the place in has of the proposal of least value that i is worth more than
// and has room in place of; -1 if there is none.
func (p *problem) worst(has []int32, i int32) int {
	worst := -1
	for k, j := range has {
		if p.cand[j].Value >= p.cand[i].Value || worst >= 0 && p.cand[j].Value >= p.cand[has[worst]].Value {
			continue
		}
		p.put(p.cand[j].Offer, -1)
		if p.fits(p.cand[i].Offer) {
			worst = k
		}
		p.put(p.cand[j].Offer, 1)
	}
	return worst
}
