package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Observation is an event with its user, as an Engine observes it.
type Observation[U, I ID] struct {
	User   U         // who, in the dataset or not
	Item   I         // what it was about
	Weight float32   // strength, on the scale of the dataset; 0 means 1, below 0 it takes back: see Event
	At     time.Time // the zero time means now
	Seq    int64     // orders events of one instant: see Builder.AddSeq
	// Dislike says that the user does not want the item; see Event. A Builder leaves
	// dislikes out.
	Dislike bool
	// ID, when set, names the event: the same ID a second time is a duplicate,
	// whatever else the event says. Without it user, item and time do.
	ID string
}

// LiveOptions configures what an Engine keeps of live events.
type LiveOptions struct {
	// PerUser is how many events of one user are kept: the latest by time.
	// Default 200. Items of events beyond it stay seen, see Seen.
	PerUser int
	// Total is how many events are kept in all; beyond it the user observed
	// longest ago loses the oldest event. Default 1,000,000.
	Total int
	// Seen is how many pairs of user and item are remembered as seen, or disliked,
	// whose events PerUser and Total let go; beyond it the user who lost events
	// longest ago is forgotten so, and LiveStats counts it. Default 4,000,000.
	Seen int
	// NewItems is how many items that only events named may be recommended: those
	// that came first. Default 1000; negative means none. AddItems is not bounded.
	NewItems int
	// Ahead is how far in the future an event may lie, for clocks that
	// disagree. Default a minute; negative means none.
	Ahead time.Duration
	// ForgetFor is how long Forget keeps events up to a deletion, and rows with them,
	// from coming back; default 30 days, negative means for ever. The host deletes the
	// user from its log, datasets and snapshots meanwhile.
	ForgetFor time.Duration
	// MaxMasks is how many deletions are kept so at a time, in 32 bytes each; default
	// 1,000,000. Beyond it Forget is ErrTooLarge.
	MaxMasks int
	// Clock tells the time; default time.Now.
	Clock func() time.Time
}

func (o LiveOptions) withDefaults() LiveOptions {
	o.PerUser = check.Default(o.PerUser, 200)
	o.Total = check.Default(o.Total, 1_000_000)
	o.Seen = check.Default(o.Seen, 4_000_000)
	o.NewItems = check.OrOff(o.NewItems, 1000)
	o.Ahead = check.OrOff(o.Ahead, time.Minute)
	o.ForgetFor = check.Default(o.ForgetFor, 30*24*time.Hour)
	o.MaxMasks = check.Default(o.MaxMasks, 1_000_000)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

func (o LiveOptions) validate(c *check.Options) {
	check.Positive(c, "Live.PerUser", o.PerUser)
	check.Positive(c, "Live.Total", o.Total)
	check.Positive(c, "Live.Seen", o.Seen)
	check.Positive(c, "Live.MaxMasks", o.MaxMasks)
}

// liveEvent is a kept event.
type liveEvent[I ID] struct {
	item    I
	weight  float32
	dislike bool
	at      int64 // Unix nanoseconds
	seq     int64
	id      string
}

// compareLive sorts events as they happened, but for those of one instant and
// sequence number, which are in order of arrival.
func compareLive[I ID](a, b liveEvent[I]) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq))
}

// liveUser is a user with events, ascending by compareLive, in the list of users
// by last observation.
type liveUser[U, I ID] struct {
	id         U
	events     []liveEvent[I]
	prev, next *liveUser[U, I]
}

// place returns where an event of now belongs, and whether it is there already.
func (u *liveUser[U, I]) place(ev liveEvent[I]) (at int, twice bool) {
	at = sort.Search(len(u.events), func(k int) bool { return compareLive(u.events[k], ev) > 0 })
	for k := at - 1; k >= 0 && compareLive(u.events[k], ev) == 0; k-- {
		twice = twice || u.events[k].item == ev.item && u.events[k].id == ev.id
	}
	return at, twice
}

func (u *liveUser[U, I]) has(item I) bool {
	return slices.ContainsFunc(u.events, func(e liveEvent[I]) bool { return e.item == item })
}

// live is what an engine knows beyond its dataset, by ids, so that it outlives
// swaps. Writers hold write all along, and mu for the moment in which they change
// what readers see; readers hold mu to copy the events of one user.
type live[U, I ID] struct {
	opt LiveOptions

	write    sync.Mutex
	ids      map[string]struct{}
	tally    past
	registry []*arrival[I]     // items the dataset does not know, in the order they came
	unknown  map[I]*arrival[I] // the same
	stock    stock[I]
	ends     liveUser[U, I] // ends.next: observed last, ends.prev: longest ago
	evicted  uint64

	deletions atomic.Uint64 // calls of Forget

	mu    sync.RWMutex
	users map[U]*liveUser[U, I]
	seen  seenMarks[U, I]
	masks masks
	total int
}

func (l *live[U, I]) init(opt LiveOptions) {
	l.opt = opt
	l.reset()
}

func (l *live[U, I]) reset() {
	l.ids, l.unknown, l.registry = map[string]struct{}{}, map[I]*arrival[I]{}, nil
	l.ends.next, l.ends.prev = &l.ends, &l.ends
	l.users, l.masks, l.total = map[U]*liveUser[U, I]{}, masks{}, 0
	l.seen.init()
}

func (l *live[U, I]) setRegistry(r []*arrival[I]) {
	l.registry = r
	clear(l.unknown)
	for _, a := range r {
		l.unknown[a.Item] = a
	}
}

// unlink takes u out of the list; front puts it at the head.
func (l *live[U, I]) unlink(u *liveUser[U, I]) { u.prev.next, u.next.prev = u.next, u.prev }

func (l *live[U, I]) front(u *liveUser[U, I]) {
	u.prev, u.next = &l.ends, l.ends.next
	u.prev.next, u.next.prev = u, u
}

// read copies to w the events of a user, and when the user was forgotten.
func (l *live[U, I]) read(w *scratch[I], user U) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	w.events, w.marks = w.events[:0], w.marks[:0]
	if u := l.users[user]; u != nil {
		w.events = append(w.events, u.events...)
	}
	w.marks = append(w.marks, l.seen.of(user)...)
	w.forgotten, w.masked = l.forgotten(user)
}

// contained reports whether the dataset holds an event already: one at or before
// the watermark, or of a pair that it knows at that time or later. row says
// whether the user's row counts.
func (s *state[U, I]) contained(u, i int32, at int64, row bool) bool {
	if at <= s.watermark {
		return true
	}
	x := s.data.Interactions
	if !row || u < 0 || i < 0 || int(i) >= s.items || x.times == nil {
		return false
	}
	if p := x.users.Find(int(u), i); p >= 0 {
		return x.times[p] >= at
	}
	if r := s.data.rest; r != nil && int(u) < r.Len() { // of a pair that netted to nothing
		for k := r.ptr[u]; k < r.ptr[u+1]; k++ {
			if r.events[k] == i && r.at[k] >= at {
				return true
			}
		}
	}
	return false
}

// holds is contained for an event of now. No dataset holds dislikes.
func (s *state[U, I]) holds(u, i int32, ev *liveEvent[I], row bool) bool {
	return !ev.dislike && s.contained(u, i, ev.at, row)
}

// Observe takes up an event: the user's next answer reflects it, by whatever the
// sources make of a history (fold-in, neighbours), and so do the counts of items
// that the dataset does not know. Users and items may be new. Cost: microseconds;
// nothing is fitted, and nothing runs afterwards.
//
// Memory is bounded by LiveOptions: what is beyond the bounds is forgotten, oldest
// first, but for the items, which stay seen. Events decay, are weighed and capped as
// those of the dataset are (BuilderOptions). A weight below 0 takes back, unless
// BuilderOptions.Ratings is set, and Dislike lets the item never be recommended: see
// Event. Events stay across Swap, except those that the new dataset contains: at
// or before EngineOptions.Watermark, or of a user and item whose last event in
// the dataset is not older. Dislikes stay until a later event of the pair.
//
// An event that was evicted leaves the time of its pair, so that it does not count twice when a
// log delivers it again: an event of user and item that is not later than the last
// evicted one of the two is taken for one of these, whatever its ID. A late one that is new is
// refused with them; the item is seen all the same. Dislikes are refused so where a later
// one was evicted; else they are taken, which changes nothing the second time.
//
// Errors, after which nothing has changed: ErrDuplicate (observed before, not later than
// an evicted event of its user and item, or the dataset contains it), ErrRange (a time more than
// LiveOptions.Ahead in the future or outside the years 1678 to 2262, an id that is the
// empty string),
// ErrNotFinite (a weight).
func (e *Engine[U, I]) Observe(o Observation[U, I]) error {
	const where = "recommend: Engine.Observe"
	if err := e.made(where); err != nil {
		return err
	}
	if emptyID(o.User) || emptyID(o.Item) {
		return fmt.Errorf("%s: item %q: the id of the user or item is empty: %w", where, fmt.Sprint(o.Item), ErrRange)
	}
	if !check.Finite(float64(o.Weight)) {
		return fmt.Errorf("%s: weight of item %v is %v: %w", where, o.Item, o.Weight, ErrNotFinite)
	}
	l := &e.live
	now := l.opt.Clock()
	undated := o.At.IsZero()
	if undated {
		o.At = now
	}
	if o.At.Before(time.Unix(0, math.MinInt64+1)) || o.At.After(time.Unix(0, math.MaxInt64)) {
		return fmt.Errorf("%s: item %v: time %v is out of range: %w", where, o.Item, o.At, ErrRange)
	}
	if late := o.At.Sub(now); late > l.opt.Ahead {
		return fmt.Errorf("%s: item %v: time %v is %v in the future, want at most %v: %w", where, o.Item, o.At, late, l.opt.Ahead, ErrRange)
	}
	ev := liveEvent[I]{item: o.Item, weight: check.Default(o.Weight, 1), at: o.At.UnixNano(), seq: o.Seq, id: o.ID, dislike: o.Dislike}

	l.write.Lock()
	defer l.write.Unlock()
	s := e.state.Load()
	ui := s.data.Users.Of(o.User)
	l.expireMasks(now)
	forgotten, masked := l.forgotten(o.User)
	if masked && ev.at <= forgotten {
		if !undated {
			return fmt.Errorf("%s: item %v: the event of %v is of a user who was forgotten since: %w", where, o.Item, o.At, ErrDuplicate)
		}
		ev.at = forgotten + 1 // now, which is after the deletion
	}
	if s.holds(ui, s.data.Items.Of(o.Item), &ev, !masked || ui >= 0 && !s.hidden(ui, forgotten)) {
		return fmt.Errorf("%s: item %v: the dataset contains the event of %v: %w", where, o.Item, o.At, ErrDuplicate)
	}
	if m := l.seen.mark(o.User, o.Item); m != nil && !undated && m.covers(&ev) {
		return fmt.Errorf("%s: item %v: the event of %v is not later than one of the pair that was evicted: %w", where, o.Item, o.At, ErrDuplicate)
	}
	u := l.users[o.User]
	if _, twice := l.ids[ev.id]; twice && ev.id != "" {
		return fmt.Errorf("%s: item %v: event %q came before: %w", where, o.Item, ev.id, ErrDuplicate)
	}
	at := 0
	if u != nil {
		var twice bool
		if at, twice = u.place(ev); twice {
			return fmt.Errorf("%s: item %v: the event of %v came before: %w", where, o.Item, o.At, ErrDuplicate)
		}
	}
	if ev.id != "" {
		l.ids[ev.id] = struct{}{}
	}
	joins := s.data.Items.Of(ev.item) < 0
	isNew := joins && (u == nil || !u.has(ev.item))
	before := taker[I]{item: ev.item}
	if joins && !isNew {
		before.at, before.has = l.takes(s, u, ev.item)
	}
	l.mu.Lock()
	if u == nil {
		u = &liveUser[U, I]{id: o.User}
		l.users[o.User] = u
	} else {
		l.unlink(u)
	}
	u.events = slices.Insert(u.events, at, ev)
	l.total++
	l.mu.Unlock()
	l.front(u)
	changed := false
	if isNew {
		changed = l.join(ev.item)
	}
	if joins {
		l.retake(s, u, before)
	}
	if len(u.events) > l.opt.PerUser {
		changed = l.evict(s, u) || changed
	}
	for l.total > l.opt.Total {
		changed = l.evict(s, l.ends.prev) || changed
	}
	if changed {
		return e.publish(s, where)
	}
	return nil
}

// join counts a user with events on an item that the dataset does not know, and reports
// whether the item is new.
func (l *live[U, I]) join(item I) bool {
	a := l.unknown[item]
	isNew := a == nil
	if isNew {
		a = &arrival[I]{Arrival: Arrival[I]{Item: item}, live: &takers{}}
		l.unknown[item] = a
		l.registry = append(l.registry, a)
	}
	a.live.users++
	return isNew
}

// leave counts a user of an item off, and reports whether the item is gone.
func (l *live[U, I]) leave(item I) bool {
	a := l.unknown[item]
	if a == nil {
		return false
	}
	if a.live.users--; a.live.users > 0 || a.added {
		return false
	}
	delete(l.unknown, item)
	l.registry = slices.DeleteFunc(slices.Clone(l.registry), func(o *arrival[I]) bool { return o == a })
	return true
}

// evict drops the oldest event of a user, whose item stays seen, and reports whether an
// item left.
func (l *live[U, I]) evict(s *state[U, I], u *liveUser[U, I]) bool {
	l.evicted++
	l.mark(s, u.id, &u.events[0])
	return l.discard(s, u, func(k int, _ liveEvent[I]) bool { return k == 0 })
}

// discard removes the events for which gone is true, and the user with the last. It
// reports whether an item left.
func (l *live[U, I]) discard(s *state[U, I], u *liveUser[U, I], gone func(k int, e liveEvent[I]) bool) (left bool) {
	var items []I
	for k, e := range u.events {
		if gone(k, e) && l.unknown[e.item] != nil {
			items = append(items, e.item)
		}
	}
	slices.Sort(items)
	var before []taker[I]
	for _, item := range slices.Compact(items) {
		at, has := l.takes(s, u, item)
		before = append(before, taker[I]{item, at, has})
	}
	l.remove(u, gone)
	for _, b := range before {
		l.retake(s, u, b)
		if !u.has(b.item) {
			left = l.leave(b.item) || left
		}
	}
	return left
}

// remove is discard without a look at the items.
func (l *live[U, I]) remove(u *liveUser[U, I], gone func(k int, e liveEvent[I]) bool) {
	l.mu.Lock()
	kept := u.events[:0]
	for k, e := range u.events {
		if !gone(k, e) {
			kept = append(kept, e)
			continue
		}
		l.total--
		if e.id != "" {
			delete(l.ids, e.id)
		}
	}
	clear(u.events[len(kept):])
	u.events = kept
	if len(kept) == 0 {
		delete(l.users, u.id)
	}
	l.mu.Unlock()
	if len(kept) == 0 {
		l.unlink(u)
	}
}

// publish makes requests see the arrivals of the registry.
func (e *Engine[U, I]) publish(s *state[U, I], where string) error {
	next, err := s.withArrivals(e.live.registry, e.live.opt.NewItems, e.live.inStock(), where)
	if err != nil {
		return err
	}
	e.state.Store(next)
	return nil
}

// LiveStats says what an Engine holds beyond its dataset.
type LiveStats struct {
	Users     int    // with live events
	Events    int    // kept
	Evicted   uint64 // dropped for the bounds of LiveOptions
	Seen      int    // pairs of user and item remembered as seen or disliked of those
	Unseen    uint64 // pairs dropped for LiveOptions.Seen
	NewItems  int    // joined items that the dataset does not know
	Forgotten int    // masked users
}

// Live returns what the engine holds beyond its dataset.
func (e *Engine[U, I]) Live() LiveStats {
	if e.made("") != nil {
		return LiveStats{}
	}
	l := &e.live
	l.write.Lock()
	defer l.write.Unlock()
	l.expireMasks(l.opt.Clock())
	return LiveStats{Users: len(l.users), Events: l.total, Evicted: l.evicted, Seen: l.seen.total, Unseen: l.seen.lost, NewItems: len(e.state.Load().arrivals), Forgotten: l.masks.len()}
}

// settle makes the live part fit a new dataset: next is published, then the
// events it contains are dropped, a user at a time. The order lets every request
// see each event in the dataset or among the live ones.
func (e *Engine[U, I]) settle(next *state[U, I], where string) error {
	l, old := &e.live, e.state.Load()
	registry := l.recount(next, func(a *arrival[I]) map[string][]float32 { return next.sameSpaces(old, a.Vectors) })
	with, err := next.withArrivals(registry, l.opt.NewItems, nil, where)
	if err != nil {
		return err
	}
	with.setStock(l.inStock())
	e.state.Store(with)
	l.sweep(with)
	l.setRegistry(registry)
	return nil
}

// within returns which events of u the dataset of s contains.
func (l *live[U, I]) within(s *state[U, I], u *liveUser[U, I]) func(k int, ev liveEvent[I]) bool {
	ui := s.data.Users.Of(u.id)
	forgotten, masked := l.forgotten(u.id)
	row := ui >= 0 && (!masked || !s.hidden(ui, forgotten))
	return func(_ int, ev liveEvent[I]) bool { return s.holds(ui, s.data.Items.Of(ev.item), &ev, row) }
}

// recount returns the registry for the dataset of s: the items that it does not
// know, those of the registry first, with their users.
func (l *live[U, I]) recount(s *state[U, I], vectors func(a *arrival[I]) map[string][]float32) []*arrival[I] {
	counts := map[I]*takers{}
	var events []liveEvent[I]
	for u := l.ends.prev; u != &l.ends; u = u.prev {
		gone := l.within(s, u)
		events = events[:0]
		for k, ev := range u.events {
			if s.data.Items.Of(ev.item) < 0 && !gone(k, ev) {
				events = append(events, ev)
			}
		}
		slices.SortStableFunc(events, func(a, b liveEvent[I]) int { return cmp.Compare(a.item, b.item) })
		l.countPairs(s, events, counts)
	}
	var registry []*arrival[I]
	for _, a := range l.registry {
		n := counts[a.Item]
		delete(counts, a.Item)
		if s.data.Items.Of(a.Item) >= 0 || !a.added && n == nil {
			continue
		}
		c := &arrival[I]{Arrival: a.Arrival, added: a.added, live: n}
		if n == nil {
			c.live = &takers{}
		}
		c.Vectors = vectors(a)
		registry = append(registry, c)
	}
	rest := make([]I, 0, len(counts))
	for item := range counts {
		rest = append(rest, item)
	}
	slices.Sort(rest)
	for _, item := range rest {
		registry = append(registry, &arrival[I]{Arrival: Arrival[I]{Item: item}, live: counts[item]})
	}
	return registry
}

// countPairs counts the user of events, which are sorted by item.
func (l *live[U, I]) countPairs(s *state[U, I], events []liveEvent[I], counts map[I]*takers) {
	for k := 0; k < len(events); {
		item := events[k].item
		l.tally.begin()
		for ; k < len(events) && events[k].item == item; k++ {
			l.tally.add(pastOf(&events[k]))
		}
		t := counts[item]
		if t == nil {
			t = &takers{}
			counts[item] = t
		}
		t.users++
		if at, has := l.has(s); has {
			t.change(at, s.halfLife, true)
		}
	}
}

// sweep drops the events that the dataset of s contains. Items are not counted off: the registry is made anew.
func (l *live[U, I]) sweep(s *state[U, I]) {
	clear(l.unknown)
	for u := l.ends.prev; u != &l.ends; {
		before := u.prev
		gone := l.within(s, u)
		if slices.ContainsFunc(u.events, func(ev liveEvent[I]) bool { return gone(0, ev) }) {
			l.discard(s, u, gone)
		}
		u = before
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.each(func(u *seenUser[U, I]) {
		gone := l.within(s, &liveUser[U, I]{id: u.id})
		l.seen.remove(u, func(x seenMark[I]) bool { return gone(0, liveEvent[I]{item: x.item, at: x.at, dislike: x.dislike}) })
	})
}

// sameSpaces returns the vectors of the sources that still have the vectors they
// had: in the space of another fit a vector means nothing.
func (s *state[U, I]) sameSpaces(old *state[U, I], vectors map[string][]float32) map[string][]float32 {
	var out map[string][]float32
	for k := range s.sources {
		name := s.sources[k].Name
		v := vectors[name]
		if len(v) == 0 {
			continue
		}
		now := vectorsOf(s.sources[k].Model)
		if now == nil {
			continue
		}
		for _, src := range old.sources {
			was := vectorsOf(src.Model)
			if src.Name != name || was == nil {
				continue
			}
			a, _, f := now.itemVectors()
			b, _, g := was.itemVectors()
			if f == g && len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] {
				if out == nil {
					out = map[string][]float32{}
				}
				out[name] = v
			}
		}
	}
	return out
}
