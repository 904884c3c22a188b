package trigger

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Planner[string, string])(nil)
	_ encoding.BinaryMarshaler   = (*Planner[string, string])(nil)
	_ encoding.BinaryUnmarshaler = (*Planner[string, string])(nil)
)

// MarshalBinary is AppendBinary into a new slice.
func (p *Planner[U, I]) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// AppendBinary appends the state as a frame that UnmarshalBinary reads: everything but
// Options. Planners that took the same events and steps write the same bytes, in whatever
// order the events came between two steps.
func (p *Planner[U, I]) AppendBinary(dst []byte) ([]byte, error) {
	k, err := p.lock("trigger: Planner.AppendBinary")
	if err != nil {
		return dst, err
	}
	defer p.mu.Unlock()
	var w codec.Writer
	w.Int(ids.ClassOf[U]().Letter())
	w.Int(ids.ClassOf[I]().Letter())
	w.Int(len(k.opt.Channels))
	for _, ch := range k.opt.Channels {
		w.String(ch.Name)
	}
	w.Int(len(k.rules))
	for _, r := range k.rules {
		w.String(r.Name)
		w.Int(int(r.When))
	}
	w.Bool(k.started)
	w.Int64(k.clock)
	w.Int64s(k.stats.list())
	itemOrder, itemNumber := sorted(k.items.Keys())
	w.Int(len(itemOrder))
	for _, i := range itemOrder {
		g := k.goods[i]
		ids.Put(&w, k.items.Key(i))
		w.Int64s([]int64{g.price, g.priced, g.stocked})
		w.Bool(g.out)
	}
	whos := make([]int32, 0, len(k.users))
	for _, who := range k.users {
		whos = append(whos, who)
	}
	slices.SortFunc(whos, func(a, b int32) int { return cmp.Compare(k.customers[a].id, k.customers[b].id) })
	number := make([]int32, len(k.customers))
	w.Int(len(whos))
	for i, who := range whos {
		number[who] = int32(i)
		k.putCustomer(&w, &k.customers[who], itemNumber)
	}
	if err := k.counts.Write(&w); err != nil {
		return dst, err
	}
	events := slices.Clone(k.events.s)
	slices.SortFunc(events, k.compareEvents)
	w.Int(len(events))
	for _, e := range events {
		if e.who >= 0 {
			e.who = number[e.who]
		}
		if e.item >= 0 {
			e.item = itemNumber[e.item]
		}
		w.Int64s([]int64{e.at, int64(e.kind), int64(e.who), int64(e.item), e.amount, e.sent})
		w.String(e.name)
	}
	putTallies(&w, k.channels)
	putTallies(&w, k.hours[:])
	return w.AppendFrame(dst, codec.KindTriggers, 1), nil
}

// sorted returns the numbers of ids in natural order, and the place of each number there.
func sorted[I ID](keys []I) (order, place []int32) {
	order, place = make([]int32, len(keys)), make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
	for i, x := range order {
		place[x] = int32(i)
	}
	return order, place
}

// putCustomer appends one customer.
func (k *core[U, I]) putCustomer(w *codec.Writer, c *customer[U], itemNumber []int32) {
	ids.Put(w, c.id)
	w.String(k.zones[c.zone].name)
	w.Uint64(c.channels)
	w.Bool(c.bought)
	w.Int(len(c.dates))
	for _, d := range c.dates {
		w.String(d.name)
		w.Int64s([]int64{int64(d.day.Year), int64(d.day.Month), int64(d.day.Day)})
	}
	w.String(c.stage)
	w.Int64(c.staged)
	w.Int64s(c.last[1:])
	for _, p := range c.plans {
		w.Int64s([]int64{p.from, p.sent})
		w.Bool(p.due != never)
		if p.due == never {
			continue // what is left of the last one means nothing
		}
		w.Int64s([]int64{p.since, p.day, p.first, p.due})
		items := make([]int32, len(p.items))
		for i, x := range p.items {
			items[i] = itemNumber[x]
		}
		w.Int32s(items)
		w.Bool(p.drawn)
	}
	w.Int(len(c.looks))
	for _, l := range c.looks {
		x := k.looks[l]
		w.Int64s([]int64{int64(itemNumber[x.item]), x.at, x.price})
		w.Bool(x.priced)
		w.Bool(x.out)
	}
	w.Bool(c.rates != nil)
	if c.rates == nil {
		return
	}
	putTallies(w, c.rates)
	putTallies(w, c.hours)
	w.Int(len(c.open))
	for _, a := range c.open {
		w.Int64s([]int64{a.at, int64(a.channel)})
		w.Bool(a.answered)
	}
}

func putTallies(w *codec.Writer, xs []tally) {
	for _, x := range xs {
		w.Uint64(uint64(x.sent)<<32 | uint64(x.answered))
	}
}

// list returns the counts that are kept, in the order of the fields.
func (s *Stats) list() []int64 {
	return []int64{s.Events, s.Duplicates, s.Messages, s.Explored, s.Held, s.Cancelled, s.CoolingDown, s.Excluded, s.Expired, s.NoChannel, s.Empty}
}

// UnmarshalBinary replaces the state of a planner that New made with the one that
// AppendBinary wrote. Options are not stored: settings may be others, and hold from now on;
// channels must have the same names, and triggers the same Name and When, in the same order,
// ErrMismatch, as for other types of ids. Days of triggers that have run out start again at the
// next Advance where the settings have more of them. Zones are asked for by name, ErrUnknownID. More customers, items or
// waiting events than Options allow are ErrTooLarge.
//
// Payload, version 1: classes of the ids of customers and items; names of the channels, name and When
// of the triggers; flag whether time has begun, and the clock in nanoseconds since 1970; the
// counts of Stats from Events on. Then the items, ascending: id, price, since when, since when
// stock is known, flag out of stock. Then the customers, ascending: id, zone, bits of the
// channels, flag bought, dates by name, stage and since when, the newest event of each kind;
// for each trigger what armed it, the last message, a flag whether one waits, and then its
// cause, occasion, plan, next look, items and whether its hour was drawn; the looks from the
// oldest on; a flag for messages so far, and then counts by channel and hour and the messages
// that may be answered. Then what counts for caps (keys, and of each the instants and
// channels), the events that wait in order of effect, and the counts by channel and hour of
// all customers. Instants that are none are the smallest int64.
//
// Everything is checked: order, numbers, dates, lengths, that no count passes what it is a part
// of. After an error nothing is changed.
func (p *Planner[U, I]) UnmarshalBinary(data []byte) error {
	const where = "trigger: Planner.UnmarshalBinary"
	old, err := p.lock(where)
	if err != nil {
		return err
	}
	defer p.mu.Unlock()
	r, err := codec.Open(data, codec.KindTriggers, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	k := newCore(old.opt)
	k.off = old.off
	if _, err := k.zone(""); err != nil { // number 0 is that of strangers
		return fmt.Errorf("%s: Zone %.40q: %w", where, k.opt.Zone, err)
	}
	if err := k.read(r); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	p.s = k
	return nil
}

// read reads a payload into an empty state.
func (k *core[U, I]) read(r *codec.Reader) error {
	if u, i := r.Int(), r.Int(); r.Err() == nil && (u != ids.ClassOf[U]().Letter() || i != ids.ClassOf[I]().Letter()) {
		return fmt.Errorf("ids of other types: %w", ErrMismatch)
	}
	same := func(what string, n int, name func(i int) string, when func(i int) When) error {
		if m := r.Int(); r.Err() == nil && m != n {
			return fmt.Errorf("%d %s, want %d: %w", m, what, n, ErrMismatch)
		}
		for i := range n {
			if s := r.String(); r.Err() == nil && s != name(i) {
				return fmt.Errorf("%s %d is %.40q, want %.40q: %w", what, i, s, name(i), ErrMismatch)
			}
			if when == nil {
				continue
			}
			if x := r.Int(); r.Err() == nil && x != int(when(i)) {
				return fmt.Errorf("%s %d, %.40q, has When %d, want %d: %w", what, i, name(i), x, when(i), ErrMismatch)
			}
		}
		return nil
	}
	if err := same("channels", len(k.opt.Channels), func(i int) string { return k.opt.Channels[i].Name }, nil); err != nil {
		return err
	}
	if err := same("triggers", len(k.rules), func(i int) string { return k.rules[i].Name }, func(i int) When { return k.rules[i].When }); err != nil {
		return err
	}
	k.started, k.clock = r.Bool(), r.Int64()
	if r.Err() == nil && (!k.started && k.clock != 0 || !instant(k.clock)) {
		r.Fail("has no clock")
	}
	counts := r.Int64s()
	if r.Err() == nil && (len(counts) != len(k.stats.list()) || slices.Min(counts) < 0) {
		r.Fail("has counts that are none")
	}
	if r.Err() != nil {
		return r.Err()
	}
	s := &k.stats
	for i, to := range []*int64{&s.Events, &s.Duplicates, &s.Messages, &s.Explored, &s.Held, &s.Cancelled, &s.CoolingDown, &s.Excluded, &s.Expired, &s.NoChannel, &s.Empty} {
		*to = counts[i]
	}
	if err := k.readItems(r); err != nil {
		return err
	}
	if err := k.readCustomers(r); err != nil {
		return err
	}
	if err := k.readCounts(r); err != nil {
		return err
	}
	if err := k.readEvents(r); err != nil {
		return err
	}
	getTallies(r, k.channels)
	getTallies(r, k.hours[:])
	k.resumed = k.started
	return r.Done()
}

// readCounts reads what counts for caps. Those of the writer may look further back than ours:
// what is too old for these goes with the next message of the customer.
func (k *core[U, I]) readCounts(r *codec.Reader) error {
	keep := k.counts.Keep
	k.counts.Keep = keepDays(366)
	defer func() { k.counts.Keep = keep }()
	return k.counts.Read(r, len(k.opt.Channels), func(user U, newest int64) bool {
		_, ok := k.users[user]
		return ok && k.past(newest)
	})
}

// instant reports whether x may be one: none of the marks, nor beyond what a time may be.
func instant(x int64) bool { return x > math.MinInt64+2e9 && x <= horizon }

// past reports whether x may be an instant of what has happened.
func (k *core[U, I]) past(x int64) bool { return k.started && instant(x) && x <= k.clock }

func (k *core[U, I]) pastOrNone(x int64) bool { return x == none || k.past(x) }

// tuple reads n numbers.
func tuple(r *codec.Reader, n int) []int64 {
	xs := r.Int64s()
	if r.Err() == nil && len(xs) != n {
		r.Fail("has a record of another length")
	}
	if r.Err() != nil {
		return make([]int64, n)
	}
	return xs
}

// readItems reads the items.
func (k *core[U, I]) readItems(r *codec.Reader) error {
	n := r.Int()
	if r.Err() == nil && n > k.opt.MaxItems {
		return fmt.Errorf("%d items, want at most %d: %w", n, k.opt.MaxItems, ErrTooLarge)
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		var id I
		ids.Get(r, &id)
		xs := tuple(r, 3)
		g := good{price: xs[0], priced: xs[1], stocked: xs[2], out: r.Bool(), first: -1}
		if r.Err() == nil && (i > 0 && cmp.Compare(k.items.Key(int32(i-1)), id) >= 0 || g.price < 0 || !k.pastOrNone(g.priced) || !k.pastOrNone(g.stocked) ||
			g.priced == none && g.price != 0 || g.out && g.stocked == none) {
			r.Fail("has an item that is none")
		}
		if r.Err() != nil {
			break
		}
		if _, err := k.items.Add(id); err != nil {
			return err
		}
		k.goods = append(k.goods, g)
	}
	return r.Err()
}

// readCustomers reads the customers and puts those who wait in order.
func (k *core[U, I]) readCustomers(r *codec.Reader) error {
	n := r.Int()
	if r.Err() == nil && n > k.opt.MaxCustomers {
		return fmt.Errorf("%d customers, want at most %d: %w", n, k.opt.MaxCustomers, ErrTooLarge)
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		var id U
		ids.Get(r, &id)
		if r.Err() == nil && i > 0 && cmp.Compare(k.customers[i-1].id, id) >= 0 {
			r.Fail("has customers out of order")
		}
		if r.Err() != nil {
			break
		}
		who, err := k.customer(id)
		if err != nil {
			return err
		}
		if err := k.getCustomer(r, who); err != nil {
			return err
		}
		if r.Err() == nil {
			k.rest(who)
		}
	}
	return r.Err()
}

// getCustomer reads what putCustomer wrote behind the id.
func (k *core[U, I]) getCustomer(r *codec.Reader, who int32) error {
	c := &k.customers[who]
	name := r.String()
	c.channels, c.bought = r.Uint64(), r.Bool()
	if r.Err() == nil && (name == "" || c.channels>>(len(k.opt.Channels)-1) > 1) {
		r.Fail("has a customer without a zone, or with a channel that is none")
	}
	for i, n := 0, r.Int(); i < n && r.Err() == nil; i++ {
		d, xs := date{name: r.String()}, tuple(r, 3)
		d.day = calendar.Civil{Year: int(xs[0]), Month: time.Month(xs[1]), Day: int(xs[2])}
		if _, ok := d.day.Number(); r.Err() == nil && (!ok || !named(d.name) || i > 0 && c.dates[i-1].name >= d.name) {
			r.Fail("has a date that is none")
		}
		c.dates = append(c.dates, d)
	}
	c.stage, c.staged = r.String(), r.Int64()
	copy(c.last[1:], tuple(r, len(c.last)-1))
	if r.Err() == nil && (len(c.stage) > maxName || !k.pastOrNone(c.staged) || (c.stage == "") != (c.staged == none) || slices.ContainsFunc(c.last[:], func(x int64) bool { return !k.pastOrNone(x) })) {
		r.Fail("has a stage or an event that is none")
	}
	for i := range c.plans {
		k.getPlan(r, &c.plans[i], k.rules[i].When.dated())
	}
	for i, n := 0, r.Int(); i < n && r.Err() == nil; i++ {
		xs := tuple(r, 3)
		x := look{at: xs[1], price: xs[2], priced: r.Bool(), out: r.Bool()}
		if r.Err() == nil && (i >= 1000 || xs[0] < 0 || xs[0] >= int64(len(k.goods)) || !k.past(x.at) || x.price < 0 || !x.priced && x.price != 0 ||
			i > 0 && k.looks[c.looks[i-1]].at > x.at || k.lookAt(c, int32(xs[0])) != nil) {
			r.Fail("has a look that is none")
		}
		if r.Err() == nil {
			x.item = int32(xs[0])
			k.join(who, x)
		}
	}
	if r.Bool() {
		k.getAnswers(r, c)
	}
	if r.Err() != nil {
		return r.Err()
	}
	var err error
	c.zone, err = k.zone(name)
	return err
}

// getPlan reads the plan of one trigger.
func (k *core[U, I]) getPlan(r *codec.Reader, p *plan, dated bool) {
	xs := tuple(r, 2)
	p.from, p.sent = xs[0], xs[1]
	from := k.pastOrNone(p.from)
	if dated {
		from = p.from == none || isDay(p.from)
	}
	if r.Err() == nil && (!from || !k.pastOrNone(p.sent)) {
		r.Fail("has a trigger at no time")
	}
	if !r.Bool() || r.Err() != nil {
		return
	}
	xs = tuple(r, 4)
	p.since, p.day, p.first, p.due = xs[0], xs[1], xs[2], xs[3]
	p.items, p.drawn = r.Int32s(), r.Bool()
	since := k.past(p.since) && p.day == 0
	if dated {
		since = k.started && instant(p.since) && isDay(p.day) && len(p.items) == 0
	}
	if r.Err() == nil && (!since || !instant(p.first) || !instant(p.due) || p.due < p.first || len(p.items) > maxItems) {
		r.Fail("has a message at no time")
	}
	if r.Err() != nil {
		return
	}
	for i, x := range p.items {
		if x < 0 || int(x) >= len(k.goods) || slices.Contains(p.items[:i], x) {
			r.Fail("has a message about an item that is none")
			return
		}
	}
}

// isDay reports whether x may be an occasion.
func isDay(x int64) bool { return x >= -2*lastDay && x <= 2*lastDay }

// getAnswers reads counts of messages and those that may be answered.
func (k *core[U, I]) getAnswers(r *codec.Reader, c *customer[U]) {
	c.rates, c.hours = make([]tally, len(k.opt.Channels)), make([]tally, 24)
	getTallies(r, c.rates)
	getTallies(r, c.hours)
	n := r.Int()
	if r.Err() == nil && n > maxOpen {
		r.Fail("has too many messages to answer")
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		xs := tuple(r, 2)
		a := answer{xs[0], int32(xs[1]), r.Bool()}
		if r.Err() == nil && (!k.past(a.at) || xs[1] < 0 || xs[1] >= int64(len(c.rates)) || i > 0 && c.open[i-1].at > a.at) {
			r.Fail("has a message to answer that is none")
		}
		c.open = append(c.open, a)
	}
}

// getTallies reads what putTallies wrote.
func getTallies(r *codec.Reader, xs []tally) {
	for i := range xs {
		x := r.Uint64()
		xs[i] = tally{uint32(x >> 32), uint32(x)}
		if xs[i].answered > xs[i].sent {
			r.Fail("has more answers than messages")
		}
	}
}

// readEvents reads the events that wait.
func (k *core[U, I]) readEvents(r *codec.Reader) error {
	n := r.Int()
	if r.Err() == nil && n > k.opt.MaxEvents {
		return fmt.Errorf("%d events, want at most %d: %w", n, k.opt.MaxEvents, ErrTooLarge)
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		xs := tuple(r, 6)
		e := event{at: xs[0], kind: Kind(xs[1]), who: int32(xs[2]), item: int32(xs[3]), amount: xs[4], sent: xs[5], name: r.String()}
		if r.Err() != nil {
			break
		}
		within := func(x int64, want bool, n int) bool { return want && x >= 0 && x < int64(n) || !want && x == -1 }
		switch {
		case xs[1] <= 0 || xs[1] >= int64(kinds) || !instant(e.at) || !within(xs[2], e.kind >= Staged, len(k.customers)) || !within(xs[3], hasItem(e.kind), len(k.goods)),
			e.amount < 0 || e.kind > Stocked && e.amount != 0,
			(e.kind == Staged || e.kind == Responded || e.kind == Happened) != (e.name != "") || len(e.name) > maxName,
			e.kind == Responded && (channelOf(k.opt.Channels, e.name) < 0 || !instant(e.sent)) || e.kind != Responded && e.sent != 0,
			i > 0 && k.compareEvents(k.events.s[i-1], e) > 0:
			r.Fail("has an event that is none")
			return r.Err()
		}
		k.events.s = append(k.events.s, e) // ascending: a heap
	}
	return r.Err()
}
