package trigger

import (
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/limit"
	"github.com/aislekit/aisle/internal/rng"
)

// fire decides about the messages of a customer that are due at the clock: the one of the
// highest priority first, since it takes what caps leave and excludes others.
func (k *core[U, I]) fire(dst []Message[U, I], who int32) []Message[U, I] {
	c := &k.customers[who]
	for {
		best := -1
		for i := range c.plans {
			if c.plans[i].due <= k.clock && (best < 0 || k.precedes(c, i, best)) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		dst = k.decide(dst, who, best)
	}
	k.rest(who)
	return dst
}

func (k *core[U, I]) precedes(c *customer[U], a, b int) bool {
	if x, y := k.rules[a].Priority, k.rules[b].Priority; x != y {
		return x > y
	}
	return c.plans[a].first < c.plans[b].first
}

// decide sends one message, moves it to later, or drops it.
func (k *core[U, I]) decide(dst []Message[U, I], who int32, rule int) []Message[U, I] {
	c, r := &k.customers[who], &k.rules[rule]
	p := &c.plans[rule]
	drop := func(count *int64) []Message[U, I] {
		*count++
		k.finish(c, rule)
		return dst
	}
	last := later(p.first, r.Expire)
	allowed := c.channels & r.channels
	switch {
	case k.clock > last:
		return drop(&k.stats.Expired)
	case allowed == 0:
		return drop(&k.stats.NoChannel)
	case k.cooling(r, p, k.clock):
		return drop(&k.stats.CoolingDown)
	case k.excluded(c, r):
		return drop(&k.stats.Excluded)
	case !k.still(c, r, p):
		return drop(&k.stats.Empty)
	}
	open, next := uint64(0), int64(never)
	for ch := range k.opt.Channels {
		if allowed>>ch&1 == 0 {
			continue
		}
		if at := k.permit(c, ch, k.clock); at == k.clock {
			open |= 1 << ch
		} else {
			next = min(next, at)
		}
	}
	if open == 0 {
		if next > last {
			return drop(&k.stats.Expired)
		}
		p.due = next
		return dst
	}
	ch, drawn := k.choose(c, r, p, open)
	return k.send(dst, who, rule, ch, drawn)
}

// send fills a message, appends it and counts it.
func (k *core[U, I]) send(dst []Message[U, I], who int32, rule, ch int, drawn bool) []Message[U, I] {
	c, r := &k.customers[who], &k.rules[rule]
	p := &c.plans[rule]
	p.items = p.items[:min(len(p.items), r.MaxItems)] // the newest; more wait in case these are withdrawn
	held := c.heldOut(0, k.opt.HoldOut) || c.heldOut(r.hash, r.HoldOut)
	n := len(dst)
	dst = room(dst)
	m := &dst[n]
	loc := k.zones[c.zone].clock.Zone
	*m = Message[U, I]{
		User: c.id, Trigger: r.Name, Channel: k.opt.Channels[ch].Name, At: time.Unix(0, k.clock).In(loc), Due: time.Unix(0, p.first).In(loc),
		Since: time.Unix(0, p.since).In(loc), Items: m.Items[:0], Reason: reasons[r.When], Explored: drawn || p.drawn, Held: held,
	}
	for _, item := range p.items {
		m.Items = append(m.Items, k.items.Key(item))
	}
	if held {
		m.Channel, m.Explored = "", false
	}
	if k.opt.Fill != nil && !k.opt.Fill(m) {
		k.stats.Empty++
		k.finish(c, rule)
		return dst[:n]
	}
	if !k.capping(&k.opt.Channels[ch]) {
		// nobody will ask
	} else if err := k.counts.Add(c.id, int32(ch), k.clock); err != nil { // as many events as there can be: the cap that is safe
		k.stats.Expired++
		k.finish(c, rule)
		return dst[:n]
	}
	k.told(c, r, p)
	p.sent = k.clock
	k.finish(c, rule)
	if held {
		k.stats.Held++
		if !k.opt.Held {
			return dst[:n]
		}
		return dst
	}
	k.stats.Messages++
	if m.Explored {
		k.stats.Explored++
	}
	k.count(c, ch)
	return dst
}

// room appends one message, in spare room with the items that lie there.
func room[U, I ID](dst []Message[U, I]) []Message[U, I] {
	if n := len(dst); n < cap(dst) {
		return dst[:n+1]
	}
	return append(dst, Message[U, I]{})
}

// reasons are the sentences that Options.Fill finds.
var reasons = [...]string{
	BrowseAbandoned: "You looked at this.", CartAbandoned: "This is still in your cart.", PriceDropped: "What you looked at is on sale.",
	BackInStock: "What you looked for is back in stock.", FirstOrder: "Thank you for your first order.", StageChanged: "We thought of you.", OnEvent: "There is news for you.",
	Anniversary: "It is your day.", OnDates: "The day is near.", OnPayDay: "It is pay day.", OnSeason: "The season begins.",
}

// finish ends the waiting of a message, and plans the next one of a trigger of days.
func (k *core[U, I]) finish(c *customer[U], rule int) {
	p := &c.plans[rule]
	p.due = never
	if k.rules[rule].When.dated() {
		p.from = p.day
		k.schedule(c, rule, p.first)
	}
}

// cooling reports whether a trigger's last message was too short a time ago.
func (k *core[U, I]) cooling(r *rule, p *plan, at int64) bool {
	return !k.off.coolDown && p.sent != none && at < later(p.sent, r.CoolDown)
}

// excluded reports whether a message that excludes this one went out too short a time ago.
func (k *core[U, I]) excluded(c *customer[U], r *rule) bool {
	return !k.off.exclusion && slices.ContainsFunc(r.excludes, func(j int32) bool {
		sent := c.plans[j].sent
		return sent != none && k.clock < later(sent, k.opt.ExcludeFor)
	})
}

// heldOut reports whether a customer is among a share of them, which tag draws.
func (c *customer[U]) heldOut(tag uint64, share float64) bool {
	return share > 0 && rng.Unit(rng.Hash(c.hash, tag)) < share
}

// permit returns the first instant from at on at which a channel may be used: no quiet
// hours, and room under all caps.
func (k *core[U, I]) permit(c *customer[U], ch int, at int64) int64 {
	own := &k.opt.Channels[ch]
	for range 100 {
		next := k.silence(k.opt.Quiet, c, at)
		next = max(next, k.silence(own.Quiet, c, at))
		next = max(next, k.capped(k.opt.Caps, c, limit.All, at))
		next = max(next, k.capped(own.Caps, c, int32(ch), at))
		if next == at || next == never {
			return next
		}
		at = next
	}
	return never // quiet hours of all and of the channel that leave nothing between them
}

// capping reports whether messages by a channel count for any cap.
func (k *core[U, I]) capping(ch *Channel) bool { return len(k.opt.Caps)+len(ch.Caps) > 0 }

// capped returns the first instant from at on at which no cap is full, never for one of 0.
func (k *core[U, I]) capped(caps []Cap, c *customer[U], group int32, at int64) int64 {
	next := at
	for _, x := range caps {
		if k.off.caps {
			break
		}
		if x.N == 0 {
			return never
		}
		newest, ok := k.counts.Newest(c.id, group, x.N) // must leave the window
		switch {
		case !ok:
		case x.Window > 0:
			next = max(next, later(newest, x.Window))
		default:
			clock := &k.zones[c.zone].clock
			first := clock.Day(time.Unix(0, newest)) + int64(x.Days) // the day on which it has left
			if clock.Day(time.Unix(0, at)) < first {
				next = max(next, calendar.Start(first, clock.Zone).UnixNano())
			}
		}
	}
	return next
}

// silence returns the first instant from at on that lies in no quiet hours: at itself, or
// when the clock shows the end of them.
func (k *core[U, I]) silence(q Quiet, c *customer[U], at int64) int64 {
	loc := k.zones[c.zone].clock.Zone
	for range 10 {
		if q.From == q.To || k.off.quiet || !q.covers(time.Unix(0, at), loc) {
			return at
		}
		t := time.Unix(0, at).In(loc)
		end := int64(q.To / time.Second)
		if q.To%time.Second != 0 {
			end++ // instants are planned to the second
		}
		day := calendar.Day(t, loc)
		if calendar.Shows(t, loc) >= end {
			day++
		}
		next := at
		for ; next <= at; day++ {
			first, last, _ := calendar.Resolve(day*86400+end, loc)
			if next = first * int64(time.Second); next <= at {
				next = last * int64(time.Second)
			}
		}
		if _, change := t.ZoneBounds(); change.After(t) && change.UnixNano() < next {
			next = change.UnixNano() // a clock that is put back may show a time before the quiet one
		}
		at = next
	}
	return at
}

// covers reports whether the clock of loc shows a quiet time.
func (q Quiet) covers(t time.Time, loc *time.Location) bool {
	w := time.Duration(calendar.Shows(t, loc))*time.Second + time.Duration(t.Nanosecond())
	if q.From < q.To {
		return w >= q.From && w < q.To
	}
	return q.From != q.To && (w >= q.From || w < q.To)
}
