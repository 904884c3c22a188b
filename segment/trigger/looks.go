package trigger

import (
	"math/bits"
	"slices"
)

// good is what is known of an item.
type good struct {
	price   int64 // minor units
	priced  int64 // since when, or none
	stocked int64 // when stock was told last, or none
	out     bool  // none on hand
	first   int32 // of the looks at it, or -1
}

// look is the newest look of one customer at one item.
type look struct {
	who, item  int32
	prev, next int32 // looks at the same item; next also of those that nobody has
	at         int64
	price      int64
	priced     bool // the price was known
	out        bool // it was out of stock
}

// look remembers what a customer looked at; the oldest is forgotten beyond MaxLooks.
func (k *core[U, I]) look(who int32, e event) {
	c := &k.customers[who]
	for i, l := range c.looks {
		if k.looks[l].item != e.item {
			continue
		}
		if k.looks[l].at >= e.at {
			return
		}
		k.unlook(who, i)
		break
	}
	for len(c.looks) >= k.opt.MaxLooks {
		if k.looks[c.looks[0]].at > e.at {
			return
		}
		k.unlook(who, 0)
	}
	g := &k.goods[e.item]
	k.join(who, look{item: e.item, at: e.at, price: g.price, priced: g.priced != none, out: g.out})
}

// join enters a look in the lists of its customer, by time, and of its item.
func (k *core[U, I]) join(who int32, x look) {
	c, g := &k.customers[who], &k.goods[x.item]
	l := k.spare
	if l >= 0 {
		k.spare = k.looks[l].next
	} else {
		l = int32(len(k.looks))
		k.looks = append(k.looks, look{})
	}
	x.who, x.prev, x.next = who, -1, g.first
	k.looks[l] = x
	if g.first >= 0 {
		k.looks[g.first].prev = l
	}
	g.first = l
	at := len(c.looks)
	for at > 0 && k.looks[c.looks[at-1]].at > x.at {
		at--
	}
	c.looks = slices.Insert(c.looks, at, l)
}

// unlook forgets look number i of a customer.
func (k *core[U, I]) unlook(who int32, i int) {
	c := &k.customers[who]
	l := c.looks[i]
	c.looks = slices.Delete(c.looks, i, i+1)
	x := k.looks[l]
	if x.prev >= 0 {
		k.looks[x.prev].next = x.next
	} else {
		k.goods[x.item].first = x.next
	}
	if x.next >= 0 {
		k.looks[x.next].prev = x.prev
	}
	k.looks[l] = look{who: -1, next: k.spare}
	k.spare = l
}

// price sets the price of an item and arms the messages of those who looked when it was
// higher.
func (k *core[U, I]) price(e event) {
	g := &k.goods[e.item]
	if e.at < g.priced || e.at == g.priced && e.amount <= g.price {
		return // late: a newer price is known, or of one instant the one that takes effect last
	}
	fell := g.priced == none || e.amount < g.price
	g.price, g.priced = e.amount, e.at
	if !fell {
		return
	}
	for l := g.first; l >= 0; l = k.looks[l].next {
		x := k.looks[l]
		for _, i := range k.by[Priced] {
			if r := &k.rules[i]; x.recent(r, e.at) && x.cheaper(r, e.amount) {
				k.arm(x.who, i, e)
			}
		}
		k.rest(x.who)
	}
}

// recent reports whether the look was not too long before at.
func (x *look) recent(r *rule, at int64) bool { return x.at <= at && later(x.at, r.Within) >= at }

// cheaper reports whether the price has fallen enough since the look.
func (x *look) cheaper(r *rule, price int64) bool {
	if !x.priced || price >= x.price {
		return false
	}
	// fell·10⁶ >= price·minDrop, exactly
	hi, lo := bits.Mul64(uint64(x.price-price), 1_000_000)
	hi2, lo2 := bits.Mul64(uint64(x.price), r.minDrop)
	return hi > hi2 || hi == hi2 && lo >= lo2
}

// stock sets the stock of an item and arms the messages of those who looked in vain.
func (k *core[U, I]) stock(e event) {
	g := &k.goods[e.item]
	if e.at < g.stocked || e.at == g.stocked && e.amount == 0 {
		return // late: newer stock is known, or of one instant the one that takes effect last
	}
	back := g.out && e.amount > 0
	g.out, g.stocked = e.amount == 0, e.at
	if !back {
		return
	}
	for l := g.first; l >= 0; l = k.looks[l].next {
		x := k.looks[l]
		for _, i := range k.by[Stocked] {
			if x.out && x.recent(&k.rules[i], e.at) {
				k.arm(x.who, i, e)
			}
		}
		k.rest(x.who)
	}
}

// still drops the items of a message of which it is no longer true what it says, and
// reports whether it still says anything that is true.
func (k *core[U, I]) still(c *customer[U], r *rule, p *plan) bool {
	switch r.When {
	case PriceDropped:
		p.items = slices.DeleteFunc(p.items, func(item int32) bool {
			l := k.lookAt(c, item)
			return l == nil || !l.cheaper(r, k.goods[item].price)
		})
	case BackInStock:
		p.items = slices.DeleteFunc(p.items, func(item int32) bool { return k.goods[item].out })
	case StageChanged:
		return (r.To == "" || c.stage == r.To) && (r.From == "" || c.stage != r.From)
	default:
		return true
	}
	return len(p.items) > 0
}

// told notes that a customer knows the new price, and that there is stock again.
func (k *core[U, I]) told(c *customer[U], r *rule, p *plan) {
	for _, item := range p.items {
		l := k.lookAt(c, item)
		switch {
		case l == nil:
		case r.When == PriceDropped:
			l.price = k.goods[item].price
		case r.When == BackInStock:
			l.out = false
		}
	}
}

func (k *core[U, I]) lookAt(c *customer[U], item int32) *look {
	for _, l := range c.looks {
		if k.looks[l].item == item {
			return &k.looks[l]
		}
	}
	return nil
}
