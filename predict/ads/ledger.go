package ads

import (
	"encoding"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/limit"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
)

var (
	_ encoding.BinaryAppender    = (*Ledger[string])(nil)
	_ encoding.BinaryMarshaler   = (*Ledger[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Ledger[string])(nil)
)

// LedgerOptions configures NewLedger.
type LedgerOptions struct {
	// Remember is how long impressions count for caps, > 0, at most 1098 days: no Cap may be longer; default 30
	// days.
	Remember time.Duration
	// Keep is how long an event is known again when it is told twice, > 0, at most 1098 days, and up to three times as long; default 7
	// days. Older ones are refused once that was forgotten.
	Keep time.Duration
}

func (o LedgerOptions) withDefaults() LedgerOptions {
	o.Remember = check.Default(o.Remember, 30*24*time.Hour)
	o.Keep = check.Default(o.Keep, 7*24*time.Hour)
	return o
}

func (o LedgerOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Remember > 0 && o.Remember <= maxElapsed, "Remember", o.Remember, "in (0, 1098 days]")
	c.Require(o.Keep > 0 && o.Keep <= maxElapsed, "Keep", o.Keep, "in (0, 1098 days]")
	return c.Err(where)
}

// Ledger knows what every ad has cost, and who has seen which. Servers that share one never
// spend more than a budget nor show more than a cap together, whatever runs at once. It is safe for
// concurrent use, but for UnmarshalBinary. Make one with NewLedger, or read one that was stored.
//
// After a restart read the last Ledger that was stored, and tell Server.Record the log since
// then, or more of it: what the ledger knows already changes nothing. Pacing begins anew, from what is left.
//
// Clocks may differ, and one may be wrong: what has come is what three quarters of the last hundred pages of some users, or
// of the last hundred events, agree on, and before there were as many, nothing has. Only that makes the ledger forget; an event or a page far ahead of it is remembered with the others until its
// time has come, and changes nothing for those of the present. Where nobody else is heard while one whose clock is ahead lives through three times
// Keep, that is taken for time: events of the span in which it began, half of Keep, are then refused, and those after it are not.
//
// Memory: 16 bytes an impression that a cap asks for, and some 80 a user of those, for at most 1¼ times Remember; some 12 an event that was
// charged, for three times Keep, and of events further ahead 65,536 at most.
type Ledger[U predict.ID] struct {
	opt      LedgerOptions
	mu       sync.RWMutex // of the two below
	accounts map[string]*account
	list     []*account // by number
	stripes  [stripes]stripe[U]
	known    memo
}

// stripes is the number of locks over users: pages of two users rarely wait for each other.
const stripes = 64

// stripe is what is known of some of the users. Whoever serves one of them holds mu.
type stripe[U predict.ID] struct {
	mu     sync.Mutex
	counts limit.Counts[U] // impressions; groups are numbers of accounts
	clock  limit.Clock     // of pages
	pruned int64           // by the clock; 0: never
}

// account is what an ad has cost, in thousandths, so that one impression of a thousand is a whole number.
type account struct {
	id     string
	number int32
	budget *limit.Budget[uint64]

	mu     sync.Mutex // of pacing
	bucket limit.Bucket
	pid    limit.PID
	start  int64      // of the period of pid; 0: none
	late   limit.Late // behind start
	spent  int64      // at start
	holds  []hold     // what is set aside, in the order it was
	open   int        // the first of holds that may still be
}

// hold is what an impression set aside.
type hold struct {
	key uint64
	at  int64
}

// thousandths of the caller's unit of money.
const thousandths = 1000

// memo remembers what was told, by spans of half of Keep.
type memo struct {
	mu    sync.Mutex
	clock limit.Clock
	told  map[int64]map[uint64]struct{}
	gone  []int64 // spans that were forgotten, ascending: one that is neither here nor told has had no events
	lost  int64   // the last of those before, which gone has no room for; the smallest number: none
}

// Spans of a memo.
const (
	spansLive  = 2 // before that of now, all kept
	spansPast  = 3 // before those, should the clock be ahead
	spansGone  = 1 << 12
	eventsNext = 1 << 16 // in spans after the next one
)

// NewLedger returns an empty ledger. ErrOption.
func NewLedger[U predict.ID](opt LedgerOptions) (*Ledger[U], error) {
	opt = opt.withDefaults()
	if err := opt.validate("ads: NewLedger"); err != nil {
		return nil, err
	}
	l := &Ledger[U]{opt: opt, accounts: map[string]*account{}}
	l.known.lost, l.known.told = math.MinInt64, map[int64]map[uint64]struct{}{}
	return l, nil
}

// made reports whether NewLedger made it.
func (l *Ledger[U]) made() bool { return l != nil && l.accounts != nil }

// open returns the account of an ad with the budget it has now; 0: no bound, negative: nothing.
func (l *Ledger[U]) open(id string, budget int64) *account {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.accounts[id]
	if a == nil {
		b, _ := limit.NewBudget[uint64](math.MaxInt64) // not below 0
		a = &account{id: id, number: int32(len(l.list)), budget: b}
		l.accounts[id], l.list = a, append(l.list, a)
	}
	amount := int64(math.MaxInt64)
	if budget != 0 {
		amount = max(budget, 0) * thousandths
	}
	_ = a.budget.Resize(amount)
	return a
}

// left returns what may still be spent, in thousandths.
func (a *account) left() int64 {
	amount, spent, held := a.budget.State()
	return amount - spent - held
}

// stripe returns that of a user.
func (l *Ledger[U]) stripe(user U) *stripe[U] { return &l.stripes[stripeOf(user)] }

func stripeOf[U predict.ID](user U) uint64 { return ids.Seeded(user, 0xad5) % stripes }

// full reports whether an impression at an instant would break one of the caps. The lock of the
// stripe is held.
func (s *stripe[U]) full(caps []Cap, user U, group int32, at int64) bool {
	for _, c := range caps {
		if s.counts.Full(user, group, c.N, int64(c.Per), at) {
			return true
		}
	}
	return false
}

// tell takes the time of a page, and forgets what is no longer asked for. The lock of the stripe is held.
func (s *stripe[U]) tell(at, remember int64) {
	s.clock.Tell(at)
	early, late, ok := s.clock.Now()
	switch {
	case !ok:
	case s.pruned == 0:
		s.pruned = early
	case early-s.pruned >= max(remember/4, 1):
		s.counts.Prune(early - remember)
		s.pruned = early
	case late-s.pruned < -remember: // what was ahead is right again
		s.counts.Prune(late - remember)
		s.pruned = late
	}
}

// release gives back what was set aside longer ago than hold, or by a clock that differs by as much. a.mu is held.
func (a *account) release(at, hold int64) {
	for a.open < len(a.holds) {
		h := a.holds[a.open]
		if d := at - h.at; d < hold && d > -hold {
			break
		}
		a.budget.Release(h.key)
		a.open++
	}
	if a.open > len(a.holds)/2 {
		a.holds, a.open = a.holds[:copy(a.holds, a.holds[a.open:])], 0
	}
}

// hold sets an amount aside, and reports whether there was as much. An event that has been told is not waited for.
func (a *account) hold(request uint64, amount, at int64) bool {
	key := rng.Hash(request, rng.HashString(a.id))
	ok, err := a.budget.Reserve(key, amount)
	if err != nil {
		return true // the same page again
	}
	if ok {
		a.mu.Lock()
		a.holds = append(a.holds, hold{key, at})
		a.mu.Unlock()
	}
	return ok
}

// count counts an impression unless one of the caps of all ads is full, and reports whether it did. The lock of the stripe is held.
func (s *stripe[U]) count(x *Impression[U], caps []Cap, group int32) bool {
	at := x.At.UnixNano()
	if s.full(caps, x.User, limit.All, at) {
		return false
	}
	mark := at
	for s.counts.Has(x.User, group, mark) { // another page of this very instant
		mark--
	}
	x.At = x.At.Add(time.Duration(mark - at))
	return s.counts.Add(x.User, group, mark) == nil
}

// drop gives back what an impression set aside.
func (a *account) drop(request uint64) { a.budget.Release(rng.Hash(request, rng.HashString(a.id))) }

// Spent returns what an ad has cost, in thousandths of the unit of money: a click for 35 costs
// 35000, an impression at 35 a thousand costs 35. 0 for one that nobody knows.
func (l *Ledger[U]) Spent(ad string) int64 {
	if !l.made() {
		return 0
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	a := l.accounts[ad]
	if a == nil {
		return 0
	}
	_, spent, _ := a.budget.State()
	return spent
}

// Forget removes all impressions of a user.
func (l *Ledger[U]) Forget(user U) {
	if l.made() {
		l.stripe(user).counts.Forget(user)
	}
}

// find returns the account of an ad, ErrUnknownID where there is none.
func (l *Ledger[U]) find(id string) (*account, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if a := l.accounts[id]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("ad %q: %w", id, ErrUnknownID)
}

// span returns the number of the span of an instant, of half of keep each.
func span(at, keep int64) int64 {
	width := max(keep/2, 1)
	n := at / width
	if at%width < 0 {
		n--
	}
	return n
}

// first reports whether an event is told for the first time, and remembers it. One that is too
// old to say, and one too many of those far ahead, is ErrRange. m.mu is held.
func (m *memo) first(key uint64, at, keep int64) (bool, error) {
	of := span(at, keep)
	if _, gone := slices.BinarySearch(m.gone, of); gone || m.lost != math.MinInt64 && of <= m.lost {
		return false, fmt.Errorf("an event older than is remembered: %w", ErrRange)
	}
	for _, told := range m.told {
		if _, twice := told[key]; twice {
			return false, nil
		}
	}
	if now, _, ok := m.clock.Now(); ok && of > span(now, keep)+1 {
		next := 0
		for n, told := range m.told {
			if n > span(now, keep)+1 {
				next += len(told)
			}
		}
		if next >= eventsNext {
			return false, fmt.Errorf("more than %d events at times that have not come: %w", eventsNext, ErrRange)
		}
	}
	made := m.told[of] == nil
	if made {
		m.told[of] = map[uint64]struct{}{}
	}
	m.told[of][key] = struct{}{}
	was, _, _ := m.clock.Now()
	m.clock.Tell(at)
	if now, _, _ := m.clock.Now(); made || span(now, keep) != span(was, keep) {
		m.forget(keep)
	}
	return true, nil
}

// forget drops the spans that are long past, but for the last of them: should the clock be ahead, those are the present.
func (m *memo) forget(keep int64) {
	now, _, ok := m.clock.Now()
	if !ok || len(m.told) <= spansLive+spansPast {
		return
	}
	var past []int64
	for n := range m.told {
		if n < span(now, keep)-spansLive {
			past = append(past, n)
		}
	}
	slices.Sort(past)
	for _, n := range past[:max(len(past)-spansPast, 0)] {
		delete(m.told, n)
		at, _ := slices.BinarySearch(m.gone, n)
		m.gone = slices.Insert(m.gone, at, n)
	}
	if n := len(m.gone) - spansGone; n > 0 {
		m.lost = m.gone[n-1]
		m.gone = slices.Delete(m.gone, 0, n)
	}
}

// charge spends for an event, once, and returns what it cost. That it was told and what it cost
// is one step, so that a copy of the ledger knows both or neither.
func (l *Ledger[U]) charge(a *account, request uint64, outcome Outcome, thousandths, at int64) (int64, error) {
	l.known.mu.Lock()
	defer l.known.mu.Unlock()
	first, err := l.known.first(rng.Hash(request, rng.HashString(a.id), uint64(outcome)), at, int64(l.opt.Keep))
	if err != nil {
		return 0, err
	}
	if !first {
		return 0, fmt.Errorf("told before: %w", ErrDuplicate)
	}
	cost := thousandths
	if a.budget.Commit(rng.Hash(request, rng.HashString(a.id)), thousandths) != nil { // nothing is set aside, or no longer
		if cost, err = a.budget.Spend(thousandths); err != nil {
			return 0, err
		}
	}
	a.mu.Lock()
	a.bucket.Take(float64(cost))
	a.mu.Unlock()
	return cost, nil
}

// AppendBinary appends the binary form of l to dst; it locks out whoever spends meanwhile.
// ErrEmpty for one that NewLedger has not made. Cost: a copy and a sort.
func (l *Ledger[U]) AppendBinary(dst []byte) ([]byte, error) {
	const where = "ads: Ledger.AppendBinary"
	if !l.made() {
		return dst, fmt.Errorf("%s: no ledger: %w", where, ErrEmpty)
	}
	for i := range l.stripes {
		l.stripes[i].mu.Lock()
		defer l.stripes[i].mu.Unlock()
	}
	l.known.mu.Lock()
	defer l.known.mu.Unlock()
	l.mu.RLock()
	defer l.mu.RUnlock()
	var w codec.Writer
	w.Int(int(ids.ClassOf[U]()))
	w.Int64(int64(l.opt.Remember))
	w.Int64(int64(l.opt.Keep))
	w.Int(len(l.list))
	for _, a := range l.list {
		amount, spent, _ := a.budget.State()
		w.String(a.id)
		w.Int64(spent)
		w.Int64(amount)
	}
	w.Int64(l.known.lost)
	w.Int(len(l.known.gone))
	for _, n := range l.known.gone {
		w.Int64(n)
	}
	w.Int(len(l.known.told))
	for _, n := range slices.Sorted(maps.Keys(l.known.told)) {
		w.Int64(n)
		w.Uint64s(slices.Sorted(maps.Keys(l.known.told[n])))
	}
	for i := range l.stripes {
		if err := l.stripes[i].counts.Write(&w); err != nil {
			return dst, fmt.Errorf("%s: %w", where, err)
		}
	}
	return w.AppendFrame(dst, codec.KindAdLedger, 3), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (l *Ledger[U]) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary replaces l, which no Server may use meanwhile. Payload of version 3, little-endian:
//
//	int     class of the users: 0 strings, 1 signed, 2 unsigned integers
//	i64     Remember, i64 Keep, in nanoseconds, both in (0, 1098 days]
//	int     number of ads, then for each: string id, another one each; i64 spent, >= 0, in thousandths; i64 budget,
//	        thousands from 0 up to 1e18, or the largest number where there is none: those of version 1 have none
//	i64     the last span of events that no one before is known of, of half of Keep each, or the smallest number where there is none
//	int     number of spans forgotten after it, at most 4096, then i64 each, ascending strictly and above it
//	int     number of spans, then for each, ascending strictly and above that: i64 its number, none of those forgotten, []u64 hashes of
//	        its events, at least one, ascending strictly, each in one span
//	64 times what internal/limit writes of impressions, by a hash of the user: int users, each
//	        id, ascending strictly, then for each int events and (i64 nanoseconds, int ad), ascending
//
// In place of the spans, versions 1 and 2 have an i64, the number of the newest span, of Keep each, or the smallest number where there
// is none, and the hashes of it and of the one before.
//
// Users of another class and another kind of frame are ErrMismatch, a newer version ErrVersion, all
// else ErrCorrupt; l is then unchanged. Memory grows with the bytes given.
func (l *Ledger[U]) UnmarshalBinary(data []byte) error {
	const where = "ads: Ledger.UnmarshalBinary"
	if err := check.Receiver(where, l); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAdLedger, 3)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if got, want := r.Int(), int(ids.ClassOf[U]()); r.Err() == nil && got >= 0 && got <= 2 && got != want {
		return fmt.Errorf("%s: users of another class: %w", where, ErrMismatch)
	} else if got != want {
		r.Fail("has users of no class")
	}
	opt := LedgerOptions{Remember: time.Duration(r.Int64()), Keep: time.Duration(r.Int64())}
	if r.Err() == nil && (opt.Remember <= 0 || opt.Keep <= 0 || opt.validate("") != nil) {
		r.Fail("has times that cannot be")
	}
	if r.Err() != nil {
		return fmt.Errorf("%s: %w", where, r.Err())
	}
	d, err := NewLedger[U](opt)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n := r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		id, spent, amount := r.String(), r.Int64(), int64(math.MaxInt64)
		if r.Version > 1 {
			amount = r.Int64()
		}
		bounded := (amount > 0 || amount == 0 && r.Version > 2) && amount <= maxBid*thousandths && amount%thousandths == 0
		if r.Err() == nil && (spent < 0 || !bounded && amount != math.MaxInt64 || id == "" || d.accounts[id] != nil) {
			r.Fail("has ads that cannot be")
		}
		if r.Err() == nil {
			a := d.open(id, 0)
			_, _ = a.budget.Spend(spent)
			_ = a.budget.Resize(amount) // late clicks of an ad that no Server has any more stay within it
		}
	}
	if r.Version > 2 {
		d.known.read(r)
	} else {
		d.known.readNewest(r)
	}
	for i := range d.stripes {
		if r.Err() != nil {
			break
		}
		of := func(user U, _ int64) bool { return stripeOf(user) == uint64(i) }
		if err := d.stripes[i].counts.Read(r, len(d.list), of); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	l.opt, l.accounts, l.list = d.opt, d.accounts, d.list
	l.known.clock, l.known.lost, l.known.gone, l.known.told = limit.Clock{}, d.known.lost, d.known.gone, d.known.told
	for i := range l.stripes {
		c := &l.stripes[i].counts
		l.stripes[i].clock, l.stripes[i].pruned = limit.Clock{}, 0
		to := make([]int32, len(d.list))
		for k := range to {
			to[k] = int32(k)
		}
		d.stripes[i].counts.Move(c, to)
	}
	return nil
}

// read reads what was told.
func (m *memo) read(r *codec.Reader) {
	m.lost = r.Int64()
	after := func(number int64, first bool, last int64) bool {
		return number > last || first && m.lost == math.MinInt64
	}
	last := m.lost
	for i, n := 0, r.Int(); i < n && r.Err() == nil; i++ {
		number := r.Int64()
		if r.Err() == nil && (n > spansGone || !after(number, i == 0, last)) {
			r.Fail("has spans forgotten that are out of order, or too many")
			return
		}
		last = number
		m.gone = append(m.gone, number)
	}
	last = m.lost
	for i, n := 0, r.Int(); i < n && r.Err() == nil; i++ {
		number, keys := r.Int64(), r.Uint64s()
		if _, gone := slices.BinarySearch(m.gone, number); r.Err() == nil && (gone || !after(number, i == 0, last) || len(keys) == 0) {
			r.Fail("has spans out of order, or without events")
			return
		}
		last = number
		m.add(r, number, keys)
	}
}

// readNewest reads what versions before the third have: two spans of Keep, the newest and the one before, which become the later
// halves of theirs.
func (m *memo) readNewest(r *codec.Reader) {
	newest := r.Int64()
	for s := range int64(2) {
		keys := r.Uint64s()
		if len(keys) > 0 && (newest == math.MinInt64 || newest > math.MaxInt64/4 || newest < math.MinInt64/4) {
			r.Fail("has events of a span that is none")
			return
		}
		if len(keys) > 0 {
			m.add(r, 2*(newest-s)+1, keys)
		}
	}
	if newest != math.MinInt64 {
		m.lost = 2*max(min(newest, math.MaxInt64/4), math.MinInt64/4) - 3
	}
}

// add adds the events of a span.
func (m *memo) add(r *codec.Reader, number int64, keys []uint64) {
	told := make(map[uint64]struct{}, len(keys))
	for i, k := range keys {
		twice := false
		for _, other := range m.told {
			_, in := other[k]
			twice = twice || in
		}
		if i > 0 && keys[i-1] >= k || twice {
			r.Fail("has events out of order, or twice")
			return
		}
		told[k] = struct{}{}
	}
	m.told[number] = told
}
