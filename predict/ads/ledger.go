package ads

import (
	"encoding"
	"fmt"
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
	// Keep is how long an event is known again when it is told twice, > 0, at most 1098 days: older ones are
	// refused; default 7 days. From the first time on, for up to twice as long: to tell it again does not prolong it.
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
// Memory: 16 bytes an impression that a cap asks for, and some 80 a user of those; some 12 an event that was charged.
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
}

// thousandths of the caller's unit of money.
const thousandths = 1000

// memo remembers what was told, by spans of time: the newest two.
type memo struct {
	mu     sync.Mutex
	newest int64 // number of the span
	told   [2]map[uint64]struct{}
}

// NewLedger returns an empty ledger. ErrOption.
func NewLedger[U predict.ID](opt LedgerOptions) (*Ledger[U], error) {
	opt = opt.withDefaults()
	if err := opt.validate("ads: NewLedger"); err != nil {
		return nil, err
	}
	l := &Ledger[U]{opt: opt, accounts: map[string]*account{}}
	for i := range l.stripes {
		l.stripes[i].counts.Keep = int64(opt.Remember)
	}
	l.known.newest = math.MinInt64
	l.known.told = [2]map[uint64]struct{}{{}, {}}
	return l, nil
}

// made reports whether NewLedger made it.
func (l *Ledger[U]) made() bool { return l != nil && l.accounts != nil }

// open returns the account of an ad with the budget it has now; 0: no bound.
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
	if budget > 0 {
		amount = budget * thousandths
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
		if first, ok := s.counts.Newest(user, group, c.N); ok && at-first < int64(c.Per) {
			return true
		}
	}
	return false
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

// first reports whether an event is told for the first time, and remembers it. One that is too
// old to say is ErrRange. m.mu is held.
func (m *memo) first(key uint64, at, keep int64) (bool, error) {
	span := at / keep
	if at%keep < 0 {
		span--
	}
	switch {
	case m.newest != math.MinInt64 && span < m.newest-1:
		return false, fmt.Errorf("an event older than is remembered: %w", ErrRange)
	case m.newest == math.MinInt64 || span > m.newest+1:
		clear(m.told[0])
		clear(m.told[1])
	case span == m.newest+1:
		m.told[0], m.told[1] = m.told[1], m.told[0]
		clear(m.told[0])
	}
	m.newest = max(m.newest, span)
	for _, told := range m.told {
		if _, twice := told[key]; twice {
			return false, nil
		}
	}
	m.told[m.newest-span][key] = struct{}{}
	return true, nil
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
	cost, err := a.budget.Spend(thousandths)
	if err != nil {
		return 0, err
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
	w.Int64(l.known.newest)
	for _, told := range l.known.told {
		keys := make([]uint64, 0, len(told))
		for k := range told {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		w.Uint64s(keys)
	}
	for i := range l.stripes {
		if err := l.stripes[i].counts.Write(&w); err != nil {
			return dst, fmt.Errorf("%s: %w", where, err)
		}
	}
	return w.AppendFrame(dst, codec.KindAdLedger, 2), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (l *Ledger[U]) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary replaces l, which no Server may use meanwhile. Payload of version 2, little-endian:
//
//	int     class of the users: 0 strings, 1 signed, 2 unsigned integers
//	i64     Remember, i64 Keep, in nanoseconds, both in (0, 1098 days]
//	int     number of ads, then for each: string id, another one each; i64 spent, >= 0, in thousandths; i64 budget,
//	        thousands up to 1e18, or the largest number where there is none: those of version 1 have none
//	i64     number of the newest span of events, at/Keep, or the smallest number where there is none
//	[]u64   twice: hashes of the events of that span and of the one before, ascending strictly,
//	        no hash in both, none without a newest span
//	64 times what internal/limit writes of impressions, by a hash of the user: int users, each
//	        id, ascending strictly, then for each int events and (i64 nanoseconds, int ad), ascending
//
// Users of another class and another kind of frame are ErrMismatch, a newer version ErrVersion, all
// else ErrCorrupt; l is then unchanged. Memory grows with the bytes given.
func (l *Ledger[U]) UnmarshalBinary(data []byte) error {
	const where = "ads: Ledger.UnmarshalBinary"
	if err := check.Receiver(where, l); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAdLedger, 2)
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
		bounded := amount > 0 && amount <= maxBid*thousandths && amount%thousandths == 0
		if r.Err() == nil && (spent < 0 || !bounded && amount != math.MaxInt64 || id == "" || d.accounts[id] != nil) {
			r.Fail("has ads that cannot be")
		}
		if r.Err() == nil {
			a := d.open(id, 0)
			_, _ = a.budget.Spend(spent)
			_ = a.budget.Resize(amount) // late clicks of an ad that no Server has any more stay within it
		}
	}
	d.known.read(r)
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
	l.opt, l.accounts, l.list, l.known.newest, l.known.told = d.opt, d.accounts, d.list, d.known.newest, d.known.told
	for i := range l.stripes {
		c := &l.stripes[i].counts
		c.Keep = int64(opt.Remember)
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
	m.newest = r.Int64()
	for s := range m.told {
		keys := r.Uint64s()
		m.told[s] = make(map[uint64]struct{}, len(keys))
		for i, k := range keys {
			_, twice := m.told[0][k]
			if i > 0 && keys[i-1] >= k || twice || m.newest == math.MinInt64 {
				r.Fail("has events out of order, twice, or of no span")
				return
			}
			m.told[s][k] = struct{}{}
		}
	}
}
