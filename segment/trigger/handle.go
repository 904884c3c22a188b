package trigger

import (
	"cmp"
	"slices"
	"time"
)

// event is an Event with numbers in the place of ids.
type event struct {
	at        int64
	kind      Kind
	who, item int32 // -1 where the kind has none
	amount    int64
	name      string
	sent      int64
}

// eventBefore is the order in which events take effect: that of time, then one that does
// not depend on the order in which they came.
func (k *core[U, I]) eventBefore(a, b event) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	return k.compareEvents(a, b) < 0
}

func (k *core[U, I]) compareEvents(a, b event) int {
	if c := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind)); c != 0 {
		return c
	}
	if a.who != b.who {
		return cmp.Compare(k.customers[a.who].id, k.customers[b.who].id)
	}
	if a.item != b.item {
		return cmp.Compare(k.items.Key(a.item), k.items.Key(b.item))
	}
	return cmp.Or(cmp.Compare(a.amount, b.amount), cmp.Compare(a.name, b.name), cmp.Compare(a.sent, b.sent))
}

func (d date) compare(other date) int { return cmp.Compare(d.name, other.name) }

// handle lets the first event of the heap take effect, and drops those that are the same.
func (k *core[U, I]) handle() {
	e := k.events.remove(0)
	for len(k.events.s) > 0 && k.events.s[0] == e {
		k.events.remove(0)
		k.stats.Duplicates++
	}
	k.stats.Events++
	switch e.kind {
	case Priced:
		k.price(e)
		return
	case Stocked:
		k.stock(e)
		return
	}
	c := &k.customers[e.who]
	first := false
	switch e.kind {
	case Responded:
		k.respond(c, e)
	case Viewed, Carted:
		k.look(e.who, e)
	case Uncarted, Ordered:
		k.withdraw(e.who, e)
		first = e.kind == Ordered && c.last[Ordered] == none && !c.bought
	}
	for i := range k.rules {
		if p := &c.plans[i]; k.rules[i].cancels[e.kind] && p.due != never && e.at >= p.since {
			k.finish(c, i)
			k.stats.Cancelled++
		}
	}
	before, may := c.stage, k.by[e.kind]
	if e.kind == Staged {
		if e.name == before || cmp.Or(cmp.Compare(e.at, c.staged), cmp.Compare(e.name, before)) < 0 {
			may = nil // nothing new, or overtaken
			c.staged = max(c.staged, e.at)
		} else {
			c.stage, c.staged = e.name, e.at
		}
	}
	for _, i := range may {
		r := &k.rules[i]
		switch {
		case r.When == FirstOrder && !first && c.plans[i].from != e.at: // another line of the first order is
		case r.When == OnEvent && r.Event != e.name:
		case r.When == StageChanged && (before == "" || r.From != "" && r.From != before || r.To != "" && r.To != e.name):
		default:
			k.arm(e.who, i, e)
		}
	}
	c.last[e.kind] = max(c.last[e.kind], e.at)
	k.rest(e.who)
}

// arm makes the message of a trigger wait for its time. The same event again, and an older
// one than has been dealt with, start nothing.
func (k *core[U, I]) arm(who, rule int32, e event) {
	c, r := &k.customers[who], &k.rules[rule]
	p := &c.plans[rule]
	for kind := range kinds {
		ends := r.cancels[kind] || r.When == CartAbandoned && kind == Uncarted
		if ends && c.last[kind] >= e.at && kind != e.kind {
			return // what would have cancelled it is known already
		}
	}
	waits := p.due != never
	switch {
	case e.at <= p.from && !waits:
		return
	case e.at <= p.from:
		k.include(p, e.item, false)
		return
	}
	p.from = e.at
	if k.cooling(r, p, e.at) {
		k.stats.CoolingDown++
		return
	}
	if !waits {
		p.items = p.items[:0]
	}
	k.include(p, e.item, true)
	if waits && r.When != BrowseAbandoned && r.When != CartAbandoned {
		return // whoever waits for one thing does not wait longer because of another
	}
	p.since = e.at
	k.aim(c, r, p, later(e.at, r.Delay))
}

// maxItems is how many items a message may wait with: more than MaxItems lets out, since
// some of them may be withdrawn until then.
const maxItems = 100

// include puts an item to those of a message: newest first, each once, the oldest goes.
func (k *core[U, I]) include(p *plan, item int32, newest bool) {
	if item < 0 {
		return
	}
	at := slices.Index(p.items, item)
	switch {
	case at >= 0 && newest:
		p.items = slices.Delete(p.items, at, at+1)
	case at >= 0 || !newest && len(p.items) >= maxItems:
		return
	case len(p.items) >= maxItems:
		p.items = p.items[:len(p.items)-1]
	}
	if newest {
		p.items = slices.Insert(p.items, 0, item)
	} else {
		p.items = append(p.items, item)
	}
}

// horizon is later than everything, and still an instant.
const horizon = never - 3e9

// later returns at + d, at most the horizon.
func later(at int64, d time.Duration) int64 {
	if at > horizon-int64(d) {
		return horizon
	}
	return at + int64(d)
}

// withdraw takes an item out of the messages that were about wanting it: out of carts, and
// where it was bought out of those of prices and stock, with the look at it.
func (k *core[U, I]) withdraw(who int32, e event) {
	c := &k.customers[who]
	for i := range k.rules {
		p, w := &c.plans[i], k.rules[i].When
		at := slices.Index(p.items, e.item)
		if p.due == never || at < 0 {
			continue
		}
		late := e.at < p.since
		switch {
		case e.kind == Uncarted && w == CartAbandoned:
			if late && at == 0 { // what came last is what came after
				continue
			}
		case e.kind == Ordered && (w == PriceDropped || w == BackInStock):
			if l := k.lookAt(c, e.item); late && (l == nil || l.at > e.at) { // looked again since
				continue
			}
		default: // an order cancels carts as Cancel says
			continue
		}
		if p.items = slices.Delete(p.items, at, at+1); len(p.items) == 0 {
			p.due = never
			k.stats.Cancelled++
		}
	}
	if e.kind == Ordered {
		for i, l := range c.looks {
			if k.looks[l].item == e.item && k.looks[l].at <= e.at {
				k.unlook(who, i)
				return
			}
		}
	}
}

// rest brings a customer to its place among those who wait.
func (k *core[U, I]) rest(who int32) {
	c := &k.customers[who]
	c.wake = never
	for i := range c.plans {
		c.wake = min(c.wake, c.plans[i].due)
	}
	switch {
	case c.pos < 0 && c.wake != never:
		k.wakes.push(who)
	case c.pos >= 0 && c.wake == never:
		k.wakes.remove(int(c.pos))
	case c.pos >= 0:
		k.wakes.fix(int(c.pos))
	}
}

// wakesBefore orders customers by the time of their next message, then by id.
func (k *core[U, I]) wakesBefore(a, b int32) bool {
	x, y := &k.customers[a], &k.customers[b]
	if x.wake != y.wake {
		return x.wake < y.wake
	}
	return x.id < y.id
}
