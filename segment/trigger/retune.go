package trigger

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/ids"
)

// Retune lets other options hold from now on, as for new triggers and other caps, and
// keeps everything that is known. Triggers of the same Name and When are the same: what waits
// for them goes on as it was planned, and days that follow come by the new settings, also where
// there were none left; what waits for others is dropped, and new ones begin. Customers keep the
// zone that they have until Set says another, those without one the Options.Zone of then.
// Channels may be added and stand in another order, but none may go, ErrMismatch, since what
// went out by them counts for caps. A cap that looks further back than all before it does not
// know what was forgotten by then. Other errors are those of New, and after one nothing is
// changed. To change options over a restart, read the state with the options that wrote it
// first. Cost: one pass over everything.
func (p *Planner[U, I]) Retune(opt Options[U, I]) error {
	const where = "trigger: Planner.Retune"
	k, err := p.lock(where)
	if err != nil {
		return err
	}
	defer p.mu.Unlock()
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if len(k.users) > opt.MaxCustomers || k.items.Len() > opt.MaxItems || len(k.events.s) > opt.MaxEvents {
		return fmt.Errorf("%s: more customers, items or events than the options allow: %w", where, ErrTooLarge)
	}
	n := newCore(opt)
	channels, triggers := make([]int32, len(k.opt.Channels)), make([]int, len(n.rules)) // new of old, old of new
	for i, ch := range k.opt.Channels {
		if channels[i] = int32(channelOf(opt.Channels, ch.Name)); channels[i] < 0 {
			return fmt.Errorf("%s: no channel %.40q: %w", where, ch.Name, ErrMismatch)
		}
		n.channels[channels[i]] = k.channels[i]
	}
	for i, r := range n.rules {
		if triggers[i] = triggerOf(k.opt.Triggers, r.Name); triggers[i] >= 0 && k.rules[triggers[i]].When != r.When {
			triggers[i] = -1
		}
	}
	zones := make([]int32, len(k.zones))
	if _, err := n.zone(""); err != nil { // number 0 is that of strangers
		return fmt.Errorf("%s: Zone %.40q: %w", where, opt.Zone, err)
	}
	for i, z := range k.zones {
		if zones[i], err = n.zone(z.name); err != nil {
			return fmt.Errorf("%s: zone in use: %w", where, err)
		}
	}
	// From here on nothing fails. Ids, items, looks and the totals move as they are.
	n.off, n.started, n.clock, n.stats, n.hours = k.off, k.started, k.clock, k.stats, k.hours
	n.users, n.free, n.items, n.goods, n.looks, n.spare, n.events.s = k.users, k.free, k.items, k.goods, k.looks, k.spare, k.events.s
	if slices.ContainsFunc(opt.Channels, func(ch Channel) bool { return n.capping(&ch) }) { // else nobody asks
		k.counts.Move(&n.counts, channels)
	}
	n.customers = make([]customer[U], len(k.customers))
	for who := range k.customers {
		n.customers[who] = k.customers[who].retuned(len(opt.Channels), channels, triggers, zones)
		c := &n.customers[who]
		if !c.there {
			continue
		}
		if c.hash = ids.Seeded(c.id, opt.Seed); n.started {
			n.startDays(int32(who))
		}
		n.rest(int32(who))
	}
	p.s = n
	return nil
}

// startDays plans the days of triggers that wait for none: new ones, and those that have run
// out and may have more by other options. What is over stays so by plan.from.
func (k *core[U, I]) startDays(who int32) {
	c := &k.customers[who]
	for i := range c.plans {
		if c.plans[i].due == never && k.rules[i].When.dated() && c.channels != 0 {
			k.schedule(c, i, k.clock)
		}
	}
}

// retuned returns the customer with numbers of channels, triggers and zones of n.
func (c customer[U]) retuned(total int, channels []int32, triggers []int, zones []int32) customer[U] {
	if !c.there {
		return c
	}
	old := c
	c.zone, c.channels, c.wake, c.pos = zones[c.zone], 0, never, -1
	c.plans = make([]plan, len(triggers))
	for i, from := range triggers {
		c.plans[i] = plan{from: none, since: none, due: never, sent: none}
		if from >= 0 {
			c.plans[i] = old.plans[from]
		}
	}
	if old.rates != nil {
		c.rates = make([]tally, total)
	}
	for i, to := range channels {
		c.channels |= old.channels >> i & 1 << to
		if c.rates != nil {
			c.rates[to] = old.rates[i]
		}
	}
	c.open = slices.Clone(c.open)
	for i := range c.open {
		c.open[i].channel = channels[c.open[i].channel]
	}
	return c
}
