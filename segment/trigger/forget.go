package trigger

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
)

// Forget removes a customer with everything that is known of it: events that wait,
// messages that wait, counts, responses, channels. Who comes back is a stranger without
// channels. Items, and what is counted over all customers, stay. ErrUnknownID where there is
// none. Cost: one pass over the events that wait.
func (p *Planner[U, I]) Forget(user U) error {
	const where = "trigger: Planner.Forget"
	k, err := p.lock(where)
	if err != nil {
		return err
	}
	defer p.mu.Unlock()
	who, ok := k.users[user]
	if !ok {
		return fmt.Errorf("%s: %w", where, check.Private("user", -1, user, nil, ErrUnknownID))
	}
	c := &k.customers[who]
	for len(c.looks) > 0 {
		k.unlook(who, 0)
	}
	if c.pos >= 0 {
		k.wakes.remove(int(c.pos))
	}
	k.events.filter(func(e event) bool { return e.who != who })
	k.counts.Forget(user)
	delete(k.users, user)
	k.customers[who] = customer[U]{pos: -1, wake: never}
	k.free = append(k.free, who)
	return nil
}

// ForgetItems removes items that have left the shop, with their prices, stock and looks, and
// events of these that wait, so that there is room for others under MaxItems. They leave the
// messages that wait, too, and one that was about nothing else is cancelled. An item of which
// a customer's event waits stays, since an order is one whatever was bought. Items that are not
// known are passed over. Cost: one pass over everything, however many items.
func (p *Planner[U, I]) ForgetItems(items []I) error {
	k, err := p.lock("trigger: Planner.ForgetItems")
	if err != nil {
		return err
	}
	defer p.mu.Unlock()
	gone := make([]bool, k.items.Len())
	for _, id := range items {
		if i := k.items.Index(id); i >= 0 {
			gone[i] = true
		}
	}
	for _, e := range k.events.s {
		if e.item >= 0 && e.who >= 0 {
			gone[e.item] = false
		}
	}
	for i, away := range gone {
		for l := k.goods[i].first; away && l >= 0; l = k.goods[i].first {
			who := k.looks[l].who
			k.unlook(who, slices.Index(k.customers[who].looks, l))
		}
	}
	k.events.filter(func(e event) bool { return e.item < 0 || !gone[e.item] })
	to, kept := make([]int32, len(gone)), make([]I, 0, len(gone))
	for i, id := range k.items.Keys() {
		if to[i] = int32(len(kept)); !gone[i] {
			k.goods[len(kept)] = k.goods[i]
			kept = append(kept, id)
		}
	}
	k.items, k.goods = *dict.Of(kept), k.goods[:len(kept)]
	for i := range k.looks {
		if x := &k.looks[i]; x.who >= 0 {
			x.item = to[x.item]
		}
	}
	for i := range k.events.s { // their order is that of the ids
		if e := &k.events.s[i]; e.item >= 0 {
			e.item = to[e.item]
		}
	}
	for who := range k.customers {
		k.withoutItems(int32(who), gone, to)
	}
	return nil
}

// withoutItems takes items that are gone out of the messages of a customer and renumbers the
// others. Thanks for a first order stay: all else says nothing without its items.
func (k *core[U, I]) withoutItems(who int32, gone []bool, to []int32) {
	c := &k.customers[who]
	for i := range c.plans {
		p := &c.plans[i]
		if p.due == never {
			p.items = p.items[:0]
			continue
		}
		before := len(p.items)
		p.items = slices.DeleteFunc(p.items, func(item int32) bool { return gone[item] })
		for j, item := range p.items {
			p.items[j] = to[item]
		}
		if before > 0 && len(p.items) == 0 && k.rules[i].When != FirstOrder {
			k.finish(c, i)
			k.stats.Cancelled++
		}
	}
	k.rest(who)
}
