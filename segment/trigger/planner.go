package trigger

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/limit"
	"github.com/aislekit/aisle/internal/rng"
)

// Planner takes events and says which messages go out when. It has no clock, no timers and
// no input or output of its own: time is what Advance is told. Make one with New.
//
// All methods may be called by many goroutines at once: each is one step behind one lock,
// so that Advance of many goroutines never passes a cap together. Memory: some 400 bytes a
// customer, 80 more for each trigger and 300 more once there were messages, 16 for each message that
// counts for a cap; 44 a look that is remembered, 60 an item, 60 a waiting event.
type Planner[U, I ID] struct {
	mu sync.Mutex
	s  *core[U, I]
}

// core is the state behind the lock.
type core[U, I ID] struct {
	opt   Options[U, I]
	rules []rule
	by    [kinds][]int32 // the rules that an event of the kind may arm
	off   guards

	zones   []zone
	started bool
	resumed bool  // was read from a frame, and no time has passed since
	clock   int64 // the asOf of the last Advance
	stats   Stats

	users     map[U]int32 // numbers of customers
	customers []customer[U]
	free      []int32 // numbers that nobody has
	wakes     heap[int32]

	items    dict.Dict[I]
	goods    []good
	looks    []look
	spare    int32 // first look of the list of those that nobody has, or none
	events   heap[event]
	counts   limit.Counts[U]
	channels []tally
	hours    [24]tally
}

// guards are switched off only by tests, to show that they notice.
type guards struct{ caps, quiet, exclusion, coolDown bool }

// rule is a trigger with what is looked up once.
type rule struct {
	Trigger
	hash     uint64 // of the name, so that the hold-out does not depend on the order
	channels uint64 // allowed ones
	excludes []int32
	cancels  [kinds]bool
	days     []int64 // occasions of OnDates, ascending
	minDrop  uint64  // in millionths
}

// zone is a time zone in use.
type zone struct {
	name  string
	clock calendar.Clock
}

// none stands for no instant, never for one that does not come.
const (
	none  = math.MinInt64
	never = math.MaxInt64
)

// customer is all that is kept of one customer.
type customer[U ID] struct {
	id       U
	hash     uint64 // of the id and the seed: what is drawn for the customer
	there    bool   // not a free number
	zone     int32
	channels uint64
	bought   bool
	dates    []date // by name
	stage    string
	staged   int64
	last     [kinds]int64 // newest event of each kind, or none
	plans    []plan       // by rule
	looks    []int32      // oldest first
	rates    []tally      // by channel; nil before the first message
	hours    []tally      // by hour of the day
	open     []answer     // messages that may still be answered, oldest first
	wake     int64        // the first due of the plans, or never
	pos      int32        // in wakes, or -1
}

// date is one of Customer.Dates.
type date struct {
	name string
	day  calendar.Civil
}

// plan is the message of one trigger for one customer, waiting or not.
type plan struct {
	from  int64 // newest event that armed it, or none; of days the last occasion that is over
	since int64 // the cause, where it waits
	day   int64 // the occasion, where it waits for one
	first int64 // when it was planned for
	due   int64 // when to look at it next; never where nothing waits
	sent  int64 // last message, or none
	items []int32
	drawn bool // the hour was drawn
}

// New returns a planner for the triggers of opt, or an error that names every bad field,
// ErrOption.
func New[U, I ID](opt Options[U, I]) (*Planner[U, I], error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	k := newCore(opt)
	if _, err := k.zone(""); err != nil {
		return nil, fmt.Errorf("trigger: New: Zone %.40q: %w: %w", opt.Zone, err, ErrOption)
	}
	return &Planner[U, I]{s: k}, nil
}

// newCore returns an empty state for options that are valid.
func newCore[U, I ID](opt Options[U, I]) *core[U, I] {
	k := &core[U, I]{opt: opt, users: map[U]int32{}, spare: -1, channels: make([]tally, len(opt.Channels))}
	k.wakes = heap[int32]{before: k.wakesBefore, moved: func(who int32, pos int) { k.customers[who].pos = int32(pos) }}
	k.events = heap[event]{before: k.eventBefore}
	for _, ch := range opt.Channels {
		k.keep(ch.Caps)
	}
	k.keep(opt.Caps)
	k.rules = make([]rule, len(opt.Triggers))
	for i, t := range opt.Triggers {
		r := rule{Trigger: t, hash: rng.HashString(t.Name), channels: math.MaxUint64 >> (64 - len(opt.Channels)), minDrop: uint64(math.Round(t.MinDrop * 1e6))}
		if t.Channels != nil {
			r.channels = 0
			for _, name := range t.Channels {
				r.channels |= 1 << channelOf(opt.Channels, name)
			}
		}
		for j, other := range opt.Triggers {
			if slices.Contains(t.Excludes, other.Name) || slices.Contains(other.Excludes, t.Name) {
				r.excludes = append(r.excludes, int32(j))
			}
		}
		for _, kind := range t.Cancel {
			r.cancels[kind] = true
		}
		if t.When == OnDates {
			r.days = occasions(t, opt.Business)
		}
		if kind := armed[t.When]; kind != 0 {
			k.by[kind] = append(k.by[kind], int32(i))
		}
		k.rules[i] = r
	}
	return k
}

// armed is the event that arms a trigger, 0 for days.
var armed = [...]Kind{
	BrowseAbandoned: Viewed, CartAbandoned: Carted, PriceDropped: Priced, BackInStock: Stocked, FirstOrder: Ordered, StageChanged: Staged, OnEvent: Happened, OnSeason: 0,
}

// keep makes the counts remember what the caps need: days in a zone may be longer than 24
// hours, and one may be skipped.
func (k *core[U, I]) keep(caps []Cap) {
	for _, c := range caps {
		k.counts.Keep = max(k.counts.Keep, keepDays(c.Days), int64(c.Window))
	}
}

func keepDays(days int) int64 { return int64(days+3) * daySpan }

// lock returns the state, locked, or ErrEmpty.
func (p *Planner[U, I]) lock(where string) (*core[U, I], error) {
	if err := check.Receiver(where, p); err != nil {
		return nil, err
	}
	p.mu.Lock()
	if p.s == nil {
		p.mu.Unlock()
		return nil, fmt.Errorf("%s: not made by New: %w", where, ErrEmpty)
	}
	return p.s, nil
}

// Add takes an event, which has its effect at the next Advance whose asOf is not before it;
// one of the future waits until then. Events between two calls of Advance may come in any
// order, and twice: the result is that of their order in time. One that comes late, after an
// Advance beyond it, counts from the next one on: it cancels what still waits, and starts
// what was not yet overtaken by what happened since. ErrRange names a bad field; ErrTooLarge
// is returned beyond MaxEvents, MaxCustomers and MaxItems. After an error nothing is changed.
// Cost: the logarithm of the number of waiting events, without allocation once memory has grown.
func (p *Planner[U, I]) Add(e Event[U, I]) error {
	const where = "trigger: Planner.Add"
	k, err := p.lock(where)
	if err != nil {
		return err
	}
	defer p.mu.Unlock()
	x := event{who: -1, item: -1}
	if x, err = k.convert(e, x); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if len(k.events.s) >= k.opt.MaxEvents {
		return fmt.Errorf("%s: more than %d events wait: %w", where, k.opt.MaxEvents, ErrTooLarge)
	}
	newItem := hasItem(e.Kind) && k.items.Index(e.Item) < 0
	if newItem && k.items.Len() >= k.opt.MaxItems {
		return fmt.Errorf("%s: more than %d items: %w", where, k.opt.MaxItems, ErrTooLarge)
	}
	if e.Kind >= Staged {
		if x.who, err = k.customer(e.User); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	if hasItem(e.Kind) {
		if x.item, err = k.item(e.Item); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	k.events.push(x)
	return nil
}

// convert checks the fields of an event that its kind reads.
func (k *core[U, I]) convert(e Event[U, I], x event) (event, error) {
	if e.Kind == 0 || e.Kind >= kinds {
		return x, fmt.Errorf("Kind is %d, want one of the constants: %w", uint8(e.Kind), ErrRange)
	}
	if err := moment("At", e.At); err != nil {
		return x, err
	}
	x.kind, x.at = e.Kind, e.At.UnixNano()
	switch e.Kind {
	case Priced, Stocked:
		if e.Amount < 0 {
			return x, fmt.Errorf("field Amount is %d, want >= 0: %w", e.Amount, ErrRange)
		}
		x.amount = e.Amount
	case Staged, Happened, Responded:
		if !named(e.Name) {
			return x, fmt.Errorf("field Name has %d bytes, want 1 to %d: %w", len(e.Name), maxName, ErrRange)
		}
		x.name = e.Name
	}
	if e.Kind == Responded {
		if err := moment("Sent", e.Sent); err != nil {
			return x, err
		}
		x.sent = e.Sent.UnixNano()
		if channelOf(k.opt.Channels, e.Name) < 0 {
			return x, check.Private("Name", -1, e.User, e.Name, fmt.Errorf("no channel: %w", ErrUnknownID))
		}
	}
	return x, nil
}

// moment refuses times beyond the year 2260, after which there must be room for delays and
// windows, and those that check.Time does.
func moment(field string, t time.Time) error {
	if err := check.Time(field, t); err != nil {
		return err
	}
	if t.Unix() >= lastDay*86400 || t.Unix() < -lastDay*86400 {
		return fmt.Errorf("%s is outside the years 1679 to 2260: %w", field, ErrRange)
	}
	return nil
}

func hasItem(kind Kind) bool { return kind == Priced || kind == Stocked || kind >= Viewed }

// customer returns the number of a customer, a new one if need be.
func (k *core[U, I]) customer(id U) (int32, error) {
	if who, ok := k.users[id]; ok {
		return who, nil
	}
	if len(k.users) >= k.opt.MaxCustomers {
		return -1, fmt.Errorf("more than %d customers: %w", k.opt.MaxCustomers, ErrTooLarge)
	}
	who := int32(len(k.customers))
	if n := len(k.free); n > 0 {
		who, k.free = k.free[n-1], k.free[:n-1]
	} else {
		k.customers = append(k.customers, customer[U]{})
	}
	c := customer[U]{id: id, hash: ids.Seeded(id, k.opt.Seed), there: true, staged: none, wake: never, pos: -1, plans: make([]plan, len(k.rules))}
	for i := range c.last {
		c.last[i] = none
	}
	for i := range c.plans {
		c.plans[i] = plan{from: none, since: none, due: never, sent: none}
	}
	k.customers[who] = c
	k.users[id] = who
	return who, nil
}

// item returns the number of an item, a new one if need be.
func (k *core[U, I]) item(id I) (int32, error) {
	at, err := k.items.Add(id)
	if err == nil && int(at) == len(k.goods) {
		k.goods = append(k.goods, good{first: -1, priced: none, stocked: none})
	}
	return at, err
}

// Set says what is known of a customer from now on, in the place of all that was said
// before: zone, channels agreed to, dates. It takes effect at once: nothing that a later
// Advance yields goes by a channel that is gone. ErrUnknownID for a channel or a zone that
// nobody knows, ErrRange for a date that does not exist, ErrTooLarge beyond MaxCustomers;
// after an error nothing is changed.
func (p *Planner[U, I]) Set(user U, c Customer) error {
	const where = "trigger: Planner.Set"
	k, err := p.lock(where)
	if err != nil {
		return err
	}
	defer p.mu.Unlock()
	var channels uint64
	for i, name := range c.Channels {
		j := channelOf(k.opt.Channels, name)
		if j < 0 {
			return fmt.Errorf("%s: %w", where, check.Private(fmt.Sprintf("Channels[%d]", i), -1, user, name, ErrUnknownID))
		}
		channels |= 1 << j
	}
	dates := make([]date, 0, len(c.Dates))
	for _, name := range slices.Sorted(maps.Keys(c.Dates)) {
		d := c.Dates[name]
		if _, ok := d.Number(); !ok || !named(name) {
			return fmt.Errorf("%s: %w", where, check.Private("Dates", -1, user, d, fmt.Errorf("no date of the years 1678 to 2261, or no name of 1 to %d bytes: %w", maxName, ErrRange)))
		}
		dates = append(dates, date{name, d})
	}
	at, err := k.zone(c.Zone)
	if err != nil {
		return fmt.Errorf("%s: %w", where, check.Private("Zone", -1, user, c.Zone, err))
	}
	who, err := k.customer(user)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	x := &k.customers[who]
	x.zone, x.channels, x.bought, x.dates = at, channels, c.Bought, dates
	if k.started {
		k.scheduleAll(who)
	}
	return nil
}

// zone returns the number of a time zone in use. Errors do not name it: it may be a
// customer's, and so may what Zones says of it.
func (k *core[U, I]) zone(name string) (int32, error) {
	if name == "" {
		name = k.opt.Zone
	}
	if name == "" {
		name = "UTC"
	}
	for i := range k.zones {
		if k.zones[i].name == name {
			return int32(i), nil
		}
	}
	loc := time.UTC
	if name != "UTC" {
		if k.opt.Zones == nil || !named(name) {
			return 0, fmt.Errorf("no zone that Zones may be asked for: %w", ErrUnknownID)
		}
		var err error
		if loc, err = k.opt.Zones(name); err != nil || loc == nil {
			return 0, fmt.Errorf("no zone that Zones knows: %w", ErrUnknownID)
		}
	}
	if len(k.zones) >= 4096 {
		return 0, fmt.Errorf("more than 4096 zones: %w", ErrTooLarge)
	}
	k.zones = append(k.zones, zone{name, calendar.Clock{Zone: loc}})
	return int32(len(k.zones) - 1), nil
}

// Advance lets time pass until asOf and appends the messages that go out until then,
// asOf included, to dst, in the order of their At. However many steps the time is cut into,
// the messages are the same, as long as each step comes after the events before it: a year
// may be one step, or half a million. Messages in the spare room of dst lend their Items:
// whoever keeps messages calls it with a dst without room, such as nil.
//
// A message says by At when it goes out. A service that was down for hours gets those of
// these hours, too; with Options.Grace they are planned anew for asOf, with its quiet hours: Due is asOf then, and Expire counts from it.
// An asOf before that of the last call, or outside the years 1679 to 2260, is ErrRange, and dst
// comes back as it was. Time begins with the first call, or with an event before it; days
// before that are nobody's. Cost: that of the events and messages of the time, each with the
// logarithm of the number of customers.
func (p *Planner[U, I]) Advance(dst []Message[U, I], asOf time.Time) ([]Message[U, I], error) {
	const where = "trigger: Planner.Advance"
	k, err := p.lock(where)
	if err != nil {
		return dst, err
	}
	defer p.mu.Unlock()
	if err := moment("asOf", asOf); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	until := asOf.UnixNano()
	if k.started && until < k.clock {
		return dst, fmt.Errorf("%s: asOf is %v before the last: %w", where, time.Duration(k.clock-until), ErrRange)
	}
	k.start(until)
	grace := int64(none)
	if k.opt.Grace > 0 {
		grace = until - int64(k.opt.Grace)
	}
	for {
		at, wake := int64(never), int64(never)
		if len(k.events.s) > 0 {
			at = k.events.s[0].at
		}
		if len(k.wakes.s) > 0 {
			wake = k.customers[k.wakes.s[0]].wake
		}
		switch {
		case min(at, wake) > until:
			k.clock = until
			return dst, nil
		case at <= max(wake, k.clock): // what happens until the moment of a message comes before it, late or not
			k.clock = max(k.clock, at)
			k.handle()
		case wake < grace:
			k.replan(k.wakes.s[0], grace, until)
		default:
			k.clock = max(k.clock, wake)
			dst = k.fire(dst, k.wakes.s[0])
		}
	}
}

// start begins time at the first event, or at until.
func (k *core[U, I]) start(until int64) {
	if k.resumed { // not when it is read, so that what is read is written again as it was
		k.resumed = false
		for who := range k.customers {
			k.startDays(int32(who))
			k.rest(int32(who))
		}
	}
	if k.started {
		return
	}
	k.started, k.clock = true, until
	if len(k.events.s) > 0 {
		k.clock = min(until, k.events.s[0].at)
	}
	for who := range k.customers {
		if k.customers[who].there {
			k.scheduleAll(int32(who))
		}
	}
}

// replan plans what was due before grace anew for until, from which on Expire counts, too.
func (k *core[U, I]) replan(who int32, grace, until int64) {
	c := &k.customers[who]
	for i := range c.plans {
		if c.plans[i].due < grace {
			c.plans[i].first, c.plans[i].due = until, until
		}
	}
	k.rest(who)
}

// Planned is a message that waits.
type Planned struct {
	Trigger string    // its name
	At      time.Time // when it is looked at next, in the customer's zone
}

// Waiting appends the messages that wait for a customer, in the order of Options.Triggers.
// Whether one goes out is decided at its time. ErrUnknownID where there is no such customer.
func (p *Planner[U, I]) Waiting(dst []Planned, user U) ([]Planned, error) {
	const where = "trigger: Planner.Waiting"
	k, err := p.lock(where)
	if err != nil {
		return dst, err
	}
	defer p.mu.Unlock()
	who, ok := k.users[user]
	if !ok {
		return dst, fmt.Errorf("%s: %w", where, check.Private("user", -1, user, nil, ErrUnknownID))
	}
	c := &k.customers[who]
	for i := range c.plans {
		if due := c.plans[i].due; due != never {
			dst = append(dst, Planned{k.rules[i].Name, time.Unix(0, due).In(k.zones[c.zone].clock.Zone)})
		}
	}
	return dst, nil
}

// Stats counts what became of events and messages since the planner was made.
type Stats struct {
	Customers int // known now
	Waiting   int // events whose time has not come

	Events      int64 // that took effect
	Duplicates  int64 // the same event again before it took effect
	Messages    int64 // gone out
	Explored    int64 // of these, by a drawn channel or hour
	Held        int64 // not gone out for the hold-out
	Cancelled   int64 // by an event
	CoolingDown int64 // causes and messages within CoolDown
	Excluded    int64 // by another trigger's message
	Expired     int64 // waited too long for caps and quiet hours
	NoChannel   int64 // no channel that the customer agreed to
	Empty       int64 // nothing left to say, or Options.Fill said no
}

// Stats returns the counts, zeroes for nil.
func (p *Planner[U, I]) Stats() Stats {
	k, err := p.lock("")
	if err != nil {
		return Stats{}
	}
	defer p.mu.Unlock()
	s := k.stats
	s.Customers, s.Waiting = len(k.users), len(k.events.s)
	return s
}
