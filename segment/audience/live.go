package audience

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
)

// Change is one user who enters or leaves a live audience.
type Change struct {
	User int32     // as the table numbers them
	At   time.Time // when, as the rule has it
	In   bool      // enters; else leaves
}

// Live is an audience that follows events and the clock: at any instant it holds whom
// Program.Select would find in a table with all events that have come until then,
// evaluated at that instant. It is safe for concurrent use; calls follow one another.
//
// Memory: 17 bytes for each user of the table, and for each who had an event since,
// and each kind of it that the rule asks about, what can still decide: of a clause that
// counts to n the newest n+1 events, of one about the last that one and later ones that may
// count, of a sequence those that lie within the span of its first step (all, where it has
// none), and all that are to come; twice that and 32 at most, of 9 bytes or more each. Beyond
// 65,536 events of a kind to one user Add refuses.
type Live struct {
	mu    sync.Mutex
	p     *Program
	now   int64
	in    *bitset.Set
	kinds map[*column]*liveKind
	queue wakes
}

// liveKind is one kind of events that the rule asks about.
type liveKind struct {
	clauses   []liveClause // by their slot
	histories map[int32]*history
}

// liveClause is a clause about a kind of events, and how long those matter that a
// sequence asks for: -1 where it is no step, 0 for ever.
type liveClause struct {
	*bound
	step time.Duration
}

// history is what a live audience keeps of one user's events of one kind.
type history struct {
	times    []int64 // ascending
	verdicts []Truth // of each event, for each clause about the kind, whether it counts
	width    int     // clauses about the kind
	limit    int     // from how many on it is looked at what can be dropped
	dropped  []int64 // by clause, when the newest of those that counted, or might, was; longAgo: none was
}

const (
	maxHistory = 1 << 16
	minHistory = 32
	longAgo    = math.MinInt64
)

// Live returns the audience as Select has it, at Options.AsOf, to be kept by events and
// the clock from then on. The table must not change meanwhile; users who may come have rows
// in it. AsOf that is missing is ErrOption. Cost: a Select and one look at each user.
func (p *Program) Live(ctx context.Context) (*Live, error) {
	const where = "audience: Program.Live"
	if err := p.made(where); err != nil {
		return nil, err
	}
	var c check.Options
	c.Require(p.hasAsOf, "AsOf", "the zero time", "an instant, from which the audience follows the clock")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	in, err := p.where(ctx, p.root, True)
	if err != nil {
		return nil, err
	}
	l := &Live{p: p, now: p.asOf, in: in, kinds: map[*column]*liveKind{}}
	l.ask(p.root, -1)
	l.queue.init(p.table.n)
	m := l.at(l.now)
	for u := range int32(p.table.n) {
		if u%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		l.queue.set(u, m.next(p.root, u))
	}
	return l, nil
}

// ask notes which kinds of events the rule asks about, and for what.
func (l *Live) ask(b *bound, step time.Duration) {
	if b.op == opThen {
		step = b.kids[0].to
	}
	for _, k := range b.kids {
		l.ask(k, step)
	}
	if b.col == nil || b.col.kind != eventsColumn || b.op == opThen {
		return
	}
	k := l.kinds[b.col]
	if k == nil {
		k = &liveKind{histories: map[int32]*history{}}
		l.kinds[b.col] = k
	}
	if b.op == opRecency || b.op == opFrequency {
		for len(k.clauses) <= b.slot {
			k.clauses = append(k.clauses, liveClause{})
		}
		k.clauses[b.slot] = liveClause{b, step}
	}
}

// at is the moment by which the rule is evaluated at an instant.
func (l *Live) at(now int64) moment {
	return moment{asOf: now, live: func(c *column, u int32) *history {
		if k := l.kinds[c]; k != nil {
			return k.histories[u]
		}
		return nil
	}}
}

// made refuses nil and what Program.Live did not make.
func (l *Live) made(where string) error {
	if l == nil || l.p == nil {
		return fmt.Errorf("%s: not made by Program.Live: %w", where, ErrEmpty)
	}
	return nil
}

// Add takes events of one kind, those of the table's attribute name, in any order, and
// appends to dst who enters or leaves for that, now, by user. Late events count as if they had
// come in time; those to come count when Advance comes to them. A user whose events were
// missing has some from now on. Events must have no users Missing (ErrMismatch); properties
// that the attribute does not have are ErrUnknownID, those of another kind ErrMismatch,
// those left out missing. Kinds that the rule does not ask about are checked and dropped.
// Beside an error dst comes back as it was, and the audience is as before.
//
// Cost: a look at the rule and at what is kept of each user concerned.
func (l *Live) Add(dst []Change, name string, events Events) ([]Change, error) {
	const where = "audience: Live.Add"
	if err := l.made(where); err != nil {
		return dst, err
	}
	c, err := l.p.table.column(name, place{}, eventsColumn)
	if err == nil {
		err = events.fit(c, name)
	}
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	if err := events.check(where, name, l.p.table.n); err != nil {
		return dst, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kinds[c]
	if k == nil {
		return dst, nil
	}
	if err := l.room(where, name, c, k, &events); err != nil {
		return dst, err
	}
	for i, u := range events.Users {
		h := l.open(c, k, u)
		h.insert(events.At[i].UnixNano(), k, func(b *bound) Truth { return events.truth(b, i) })
		if len(h.times) >= h.limit {
			h.prune(k, l.now)
		}
	}
	users := slices.Clone(events.Users)
	slices.Sort(users)
	for _, u := range slices.Compact(users) {
		dst = l.judge(dst, u, l.now)
	}
	return dst, nil
}

// room refuses events that would leave too many to one user; what can be dropped is dropped.
func (l *Live) room(where, name string, c *column, k *liveKind, events *Events) error {
	more := map[int32]int{}
	for _, u := range events.Users {
		more[u]++
	}
	for i, u := range events.Users {
		n := more[u]
		if h := k.histories[u]; h != nil {
			if len(h.times)+n > maxHistory {
				h.prune(k, l.now)
			}
			n += len(h.times)
		} else {
			from, to := c.row(u)
			n += int(to - from)
		}
		if n > maxHistory {
			return fmt.Errorf("%s: %q: row %d: user %d would have %d events that matter, want at most %d: %w", where, name, i, u, n, maxHistory, ErrTooLarge)
		}
	}
	return nil
}

// open returns what is kept of a user, which begins with what the table has.
func (l *Live) open(c *column, k *liveKind, u int32) *history {
	h := k.histories[u]
	if h != nil {
		return h
	}
	h = &history{width: len(k.clauses), limit: minHistory, dropped: slices.Repeat([]int64{longAgo}, len(k.clauses))}
	m := moment{asOf: l.now}
	from, to := c.row(u)
	for i := from; i < to; i++ {
		h.insert(c.times[i], k, func(b *bound) Truth { return m.truth(b, int32(i)) })
	}
	k.histories[u] = h
	return h
}

// insert takes one event in; truth judges it by the conditions of a clause.
func (h *history) insert(t int64, k *liveKind, truth func(where *bound) Truth) {
	at := upTo(h.times, t)
	h.times = slices.Insert(h.times, at, t)
	h.verdicts = slices.Insert(h.verdicts, at*h.width, make([]Truth, h.width)...)
	for s, c := range k.clauses {
		v := True
		if c.where != nil {
			v = truth(c.where)
		}
		h.verdicts[at*h.width+s] = v
	}
}

// prune drops the events that can decide nothing any more, as the clock goes forward only:
// whether n events lie in a span that ends now is decided by the n-th from the end. The last
// that counts stays also where its span is over, to be told; of others that are dropped it is
// noted when the newest was, so that nobody takes what is left for all.
func (h *history) prune(k *liveKind, now int64) {
	keep := make([]bool, len(h.times))
	happened := upTo(h.times, now)
	for i := happened; i < len(keep); i++ {
		keep[i] = true
	}
	for s, c := range k.clauses {
		need := 1
		if c.op == opFrequency {
			need = max(c.min, min(c.max, math.MaxInt-1)+1, 1)
		}
		sure, maybe := 0, 0
		for i := happened - 1; i >= 0; i-- {
			v, t := h.verdicts[i*h.width+s], h.times[i]
			if c.step >= 0 {
				keep[i] = keep[i] || v != False && (c.step == 0 || since(t, now) < uint64(c.step))
				continue
			}
			in := c.bound.within(t, now)
			if sure >= need || !in && c.op != opRecency {
				break
			}
			switch v {
			case True:
				sure++
				keep[i] = true
			case Unknown:
				maybe++
				keep[i] = keep[i] || in && (c.op == opRecency || maybe <= need)
			}
		}
	}
	n := 0
	for i, ok := range keep {
		for s := 0; s < h.width && !ok; s++ {
			if h.verdicts[i*h.width+s] != False {
				h.dropped[s] = max(h.dropped[s], h.times[i])
			}
		}
		if ok {
			h.times[n] = h.times[i]
			copy(h.verdicts[n*h.width:(n+1)*h.width], h.verdicts[i*h.width:])
			n++
		}
	}
	h.times, h.verdicts = slices.Clip(h.times[:n]), slices.Clip(h.verdicts[:n*h.width])
	h.limit = max(minHistory, 2*n)
}

// newestDropped is when the newest event of a user was that a clause counted, or might have,
// and that is not kept any more; longAgo where all are.
func (m moment) newestDropped(b *bound, u int32) int64 {
	if m.live != nil {
		if h := m.live(b.col, u); h != nil {
			return h.dropped[b.slot]
		}
	}
	return longAgo
}

// less reports whether a count within the span of a clause is of fewer events than there were.
func (m moment) less(b *bound, u int32) bool {
	t := m.newestDropped(b, u)
	return t != longAgo && b.within(t, m.asOf)
}

// judge evaluates the rule for one user at an instant, and when to look again.
func (l *Live) judge(dst []Change, u int32, now int64) []Change {
	m := l.at(now)
	if in := m.truth(l.p.root, u) == True; in != l.in.Has(u) {
		if in {
			l.in.Add(u)
		} else {
			l.in.Remove(u)
		}
		dst = append(dst, Change{User: u, At: time.Unix(0, now).UTC(), In: in})
	}
	l.queue.set(u, m.next(l.p.root, u))
	return dst
}

// Advance sets the clock to an instant, and appends to dst who enters or leaves on the
// way, each at its own instant, by instant and user: it does not matter in how many steps the
// clock is set. An instant before that of the last call is ErrRange, with dst as it was. Ctx is looked at
// between instants; where it ends, the audience stands at the last that was done (AsOf),
// and dst has what happened until then, beside the error.
//
// Cost: of each user for whom a span ends or an event comes to happen on the way a look at
// the rule.
func (l *Live) Advance(ctx context.Context, dst []Change, to time.Time) ([]Change, error) {
	const where = "audience: Live.Advance"
	if err := l.made(where); err != nil {
		return dst, err
	}
	if !nanosFit(to) {
		return dst, fmt.Errorf("%s: %v, want a year from 1678 to 2261: %w", where, to, ErrRange)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	end := to.UnixNano()
	if end < l.now {
		return dst, fmt.Errorf("%s: %v is before %v, at which the audience stands: %w", where, to, time.Unix(0, l.now).UTC(), ErrRange)
	}
	for {
		u, t := l.queue.first()
		if t != l.now && ctx.Err() != nil {
			return dst, context.Cause(ctx)
		}
		if t > end {
			break
		}
		l.now = t
		dst = l.judge(dst, u, t)
	}
	l.now = end
	return dst, nil
}

// AsOf returns the instant at which the audience stands; the zero time for nil.
func (l *Live) AsOf() time.Time {
	if l.made("") != nil {
		return time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Unix(0, l.now).UTC()
}

// Has reports whether a user is in the audience now; false for one who does not exist.
func (l *Live) Has(user int32) bool {
	if l.made("") != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in.Has(user)
}

// Set returns the audience of now, with the floor of the program. Its cost is a copy.
func (l *Live) Set() (*Set, error) {
	if err := l.made("audience: Live.Set"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &Set{set: l.in.Clone(), min: l.p.minSize}
	if a.size() == 0 {
		a.reason = "the rule is true of nobody at this instant"
	}
	return a, nil
}

// Explain is Program.Explain for now. Verdicts, and when and by which clauses they turn, are
// those of all events; where some that decide nothing any more were dropped, a count is told as
// "9 or more" and its Turn has no By, and Has tells "events" without their number.
func (l *Live) Explain(user int32) (Explanation, error) {
	const where = "audience: Live.Explain"
	if err := l.made(where); err != nil {
		return Explanation{}, err
	}
	if err := l.p.table.user(user); err != nil {
		return Explanation{}, fmt.Errorf("%s: %w", where, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := *l.p
	now.moment = l.at(l.now)
	return now.Explain(user)
}
