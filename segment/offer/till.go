package offer

import (
	"fmt"
	"sync"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/limit"
	"github.com/aislekit/aisle/internal/rng"
)

// Till applies the offers of a book to live orders: Reserve holds what an order takes, Commit
// writes it into the ledger, Release gives it back. Whatever runs at the same time, no budget,
// no limit of uses, of a customer or of a code is exceeded, and no point is used twice. It is
// safe for concurrent use. It has no clock: time is that of the orders. Open reservations are
// in no file: after a restart they are as if released.
type Till[U, I ID] struct {
	mu      sync.Mutex
	book    *Book[U, I]
	names   []string // ids of the offers
	ledger  *Ledger[U]
	budgets []*limit.Budget[uint64] // by offer, nil where there is no limit
	total   *limit.Budget[uint64]   // nil where there is no limit
	made    uint64                  // of reservations made
	holds   map[uint64]*hold[U]

	// What the reservations hold, besides money.
	uses   []int64
	mine   map[U]map[int32]int64
	codes  map[codeOf]int64
	points map[U]int64
}

// hold is an open reservation.
type hold[U ID] struct {
	entries []Redemption[U] // to be written by Commit
	offers  []int32         // of the book, of the first so many entries
	at      int64
}

// Reservation is an order with its offers held, until Commit, Release or Expire.
type Reservation struct {
	// ID is for Commit and Release: a hash of the customer, the time of the order and how many
	// reservations the till has made, from 1 to 2⁵³, which fits the numbers of JSON. An id from
	// before a restart is hence that of no open reservation, unless the same order is reserved
	// anew. It is no secret: whose it is remains to be checked where customers send it.
	ID    uint64
	Quote *Quote // what the order costs
}

// NewTill returns a till that goes on from a ledger, of which it takes a copy; nil is an
// empty one. What the ledger has given counts against the budgets. ErrEmpty without a book.
func NewTill[U, I ID](book *Book[U, I], ledger *Ledger[U]) (*Till[U, I], error) {
	const where = "offer: NewTill"
	if book == nil || book.index == nil {
		return nil, fmt.Errorf("%s: no book: %w", where, ErrEmpty)
	}
	t := &Till[U, I]{
		book: book, names: book.names(), ledger: new(Ledger[U]), holds: map[uint64]*hold[U]{},
		uses: make([]int64, len(book.offers)), mine: map[U]map[int32]int64{}, codes: map[codeOf]int64{}, points: map[U]int64{},
	}
	if ledger != nil {
		if err := t.ledger.merge(ledger); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	var nobody U
	u := t.ledger.usage(t.names, nobody, nil, nil)
	t.budgets = make([]*limit.Budget[uint64], len(book.offers))
	for k := range book.offers {
		t.budgets[k] = started(book.offers[k].Budget, u.of(u.spent, int32(k)))
	}
	t.total = started(book.opt.Budget, u.total)
	return t, nil
}

// started returns a budget of which spent is gone, nil for none.
func started(amount, spent int64) *limit.Budget[uint64] {
	if amount == 0 {
		return nil
	}
	amount = max(amount, 0)
	spent = min(spent, amount)
	b, _ := limit.NewBudget[uint64](amount) // not below 0: no error
	_, _ = b.Reserve(0, spent)              // as much as there is: held
	_ = b.Commit(0, spent)
	return b
}

// gone returns what is spent and held of a budget; where there is none, spent.
func gone(b *limit.Budget[uint64], spent int64) int64 {
	if b == nil {
		return spent
	}
	_, spent, held := b.State()
	return spent + held
}

// refund gives back to a budget what came back of all that was given. A budget that was made
// smaller than what had been given has spent all of itself, and gets nothing back until
// less than that is given.
func refund(b *limit.Budget[uint64], given, back int64) {
	if b == nil {
		return
	}
	amount, _, _ := b.State()
	_ = b.Refund(min(given, amount) - min(given-back, amount)) // min(given, amount) is what is spent
}

// usage is that of the ledger with what is reserved. t.mu is held.
func (t *Till[U, I]) usage(order *Order[U, I]) usage {
	u := t.ledger.usage(t.names, order.User, order.Codes, t.book.pays(order))
	if u.all == nil {
		u.all, u.spent = make([]int64, len(t.names)), make([]int64, len(t.names))
	}
	if u.mine == nil {
		u.mine = make([]int64, len(t.names))
	}
	if u.codes == nil {
		u.codes = map[codeOf]int64{}
	}
	for k, id := range t.names {
		u.all[k] += t.uses[k]
		u.mine[k] += t.mine[order.User][int32(k)]
		u.spent[k] = gone(t.budgets[k], u.spent[k])
		for _, code := range order.Codes {
			if n := t.codes[codeOf{id, code}]; n > 0 {
				u.codes[codeOf{id, code}] = t.ledger.codes[codeOf{id, code}] + n
			}
		}
	}
	u.total = gone(t.total, u.total)
	u.points = max(u.points-t.points[order.User], 0)
	return u
}

// Price is Book.Price by the till's ledger and open reservations. It holds nothing: what it
// promises may be gone when the customer pays.
func (t *Till[U, I]) Price(order *Order[U, I]) (*Quote, error) {
	c, err := t.cartOf("Till.Price", order)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	u := t.usage(order)
	t.mu.Unlock()
	return t.book.price(order, c, &u), nil
}

func (t *Till[U, I]) cartOf(where string, order *Order[U, I]) (*cart[I], error) {
	if t == nil || t.book == nil {
		return nil, fmt.Errorf("offer: %s: no till: %w", where, ErrEmpty)
	}
	return t.book.cartOf(where, order)
}

// Reserve prices an order and holds what it takes: uses, codes, money of the budgets, points.
// Where others took something in between, it prices again, so that it fails only for the
// reasons of Book.Price, and at that at once. Pricing runs outside of the lock but for a last
// try.
func (t *Till[U, I]) Reserve(order *Order[U, I]) (Reservation, error) {
	c, err := t.cartOf("Till.Reserve", order)
	if err != nil {
		return Reservation{}, err
	}
	for range 3 {
		t.mu.Lock()
		u := t.usage(order)
		t.mu.Unlock()
		q := t.book.price(order, c, &u)
		t.mu.Lock()
		id, ok := t.hold(order, q)
		t.mu.Unlock()
		if ok {
			return Reservation{id, q}, nil
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.usage(order)
	q := t.book.price(order, c, &u)
	id, _ := t.hold(order, q) // nothing can have changed
	return Reservation{id, q}, nil
}

// hold takes what a quote needs, all of it or nothing, and returns the number of the
// reservation. t.mu is held.
func (t *Till[U, I]) hold(order *Order[U, I], q *Quote) (uint64, bool) {
	u := t.usage(order)
	if q.PointsUsed > u.points {
		return 0, false
	}
	h := &hold[U]{at: order.At.UnixNano()}
	id := t.id(order)
	for i := range q.Applied {
		v := &q.Verdicts[q.Applied[i]]
		k := t.book.index[v.Offer]
		e := &t.book.offers[k]
		if e.PerCustomer > 0 && u.mine[k] >= e.PerCustomer || e.Uses > 0 && u.all[k] >= e.Uses || v.code != "" && e.codeOf([]string{v.code}, u.codes) == "" {
			return 0, t.unfunded(id, h.offers)
		}
		if b := t.budgets[k]; b != nil {
			if ok, err := b.Reserve(id, v.Discount); !ok || err != nil {
				return 0, t.unfunded(id, h.offers)
			}
		}
		h.offers = append(h.offers, k)
		h.entries = append(h.entries, Redemption[U]{User: order.User, Offer: v.Offer, Code: v.code, At: order.At, Discount: v.Discount})
	}
	if t.total != nil {
		if ok, err := t.total.Reserve(id, q.Discount); !ok || err != nil {
			return 0, t.unfunded(id, h.offers)
		}
	}
	if q.PointsUsed > 0 || q.PointsEarned > 0 {
		h.entries = append(h.entries, Redemption[U]{User: order.User, At: order.At, Used: q.PointsUsed, Earned: q.PointsEarned, Expires: q.Expires})
	}
	t.made++
	t.holds[id] = h
	t.count(h, 1)
	return id, true
}

// id returns a number for a reservation that no open one has, and, but by a chance of some 10⁻¹⁶,
// none of another till: a process that starts anew does not take an old id for another's order.
func (t *Till[U, I]) id(order *Order[U, I]) uint64 {
	key := rng.Hash(ids.Seeded(order.User, t.book.opt.Seed), uint64(order.At.UnixNano()), t.made)
	for again := uint64(0); ; again++ {
		id := rng.Hash(key, again)>>11 + 1
		if t.holds[id] == nil {
			return id
		}
	}
}

// unfunded gives back the money that a reservation which did not come about has taken.
func (t *Till[U, I]) unfunded(id uint64, offers []int32) bool {
	for _, k := range offers {
		if b := t.budgets[k]; b != nil {
			b.Release(id)
		}
	}
	return false
}

// count adds n times what a reservation holds besides money.
func (t *Till[U, I]) count(h *hold[U], n int64) {
	for i, k := range h.offers {
		r := &h.entries[i]
		t.uses[k] += n
		of := t.mine[r.User]
		if of == nil {
			of = map[int32]int64{}
			t.mine[r.User] = of
		}
		if of[k] += n; of[k] == 0 {
			delete(of, k)
		}
		if len(of) == 0 {
			delete(t.mine, r.User)
		}
		if r.Code != "" {
			c := codeOf{r.Offer, r.Code}
			if t.codes[c] += n; t.codes[c] == 0 {
				delete(t.codes, c)
			}
		}
	}
	for i := len(h.offers); i < len(h.entries); i++ {
		r := &h.entries[i]
		if t.points[r.User] += n * r.Used; t.points[r.User] == 0 {
			delete(t.points, r.User)
		}
	}
}

// open returns a reservation that is open. t.mu is held.
func (t *Till[U, I]) open(where string, id uint64) (*hold[U], error) {
	h := t.holds[id]
	if h == nil {
		return nil, fmt.Errorf("offer: Till.%s: no open reservation %d: %w", where, id, ErrUnknownID)
	}
	return h, nil
}

// Commit writes what a reservation holds into the ledger and returns the entries, for the
// caller's log: a Ledger to which a log is added has the same bytes as the till's. ErrUnknownID
// for a reservation that is not open: it was committed, released or has expired, and the
// order's offers are not given. ErrOverflow where a sum of the ledger does not fit; the
// reservation stays open.
func (t *Till[U, I]) Commit(id uint64) ([]Redemption[U], error) {
	if t == nil || t.book == nil {
		return nil, fmt.Errorf("offer: Till.Commit: no till: %w", ErrEmpty)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	h, err := t.open("Commit", id)
	if err != nil {
		return nil, err
	}
	var all Ledger[U] // so that all entries are written or none
	for _, r := range h.entries {
		if err := all.Add(r); err != nil {
			return nil, fmt.Errorf("offer: Till.Commit: %w", err)
		}
	}
	if err := t.ledger.merge(&all); err != nil {
		return nil, fmt.Errorf("offer: Till.Commit: sums of the ledger: %w", err)
	}
	t.count(h, -1)
	delete(t.holds, id)
	sum := int64(0)
	for i, k := range h.offers {
		sum += h.entries[i].Discount
		if b := t.budgets[k]; b != nil {
			_ = b.Commit(id, h.entries[i].Discount) // as much as is held
		}
	}
	if t.total != nil {
		_ = t.total.Commit(id, sum)
	}
	return h.entries, nil
}

// Release gives back what a reservation holds. ErrUnknownID where it is not open.
func (t *Till[U, I]) Release(id uint64) error {
	if t == nil || t.book == nil {
		return fmt.Errorf("offer: Till.Release: no till: %w", ErrEmpty)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	h, err := t.open("Release", id)
	if err != nil {
		return err
	}
	t.release(id, h)
	return nil
}

func (t *Till[U, I]) release(id uint64, h *hold[U]) {
	t.count(h, -1)
	delete(t.holds, id)
	t.unfunded(id, h.offers)
	if t.total != nil {
		t.total.Release(id)
	}
}

// Expire releases the reservations of orders before a moment, which nobody finished, and
// returns how many these were. Call it now and then, with the time of the newest order less
// what a checkout may take.
func (t *Till[U, I]) Expire(before time.Time) int {
	if t == nil || t.book == nil || check.Time("before", before) != nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n, end := 0, before.UnixNano()
	for id, h := range t.holds {
		if h.at < end {
			t.release(id, h)
			n++
		}
	}
	return n
}

// Add enters what did not come of a reservation: a refund, whose Discount is then free for
// others, or points given and taken. ErrRange for a use of an offer, which has to be reserved,
// and for a refund of more than the offer has given; other errors as Ledger.Add. After an
// error nothing is changed.
func (t *Till[U, I]) Add(r Redemption[U]) error {
	const where = "offer: Till.Add"
	if t == nil || t.book == nil {
		return fmt.Errorf("%s: no till: %w", where, ErrEmpty)
	}
	if err := r.validate(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	given := t.ledger.offers[r.Offer].given()
	if r.Offer != "" && (!r.Refund || r.Discount > given) {
		return fmt.Errorf("%s: %w", where, check.Private("Discount", -1, r.User, r.Discount, fmt.Errorf("no refund, or of more than the offer has given: %w", ErrRange)))
	}
	all := t.ledger.given(t.names)
	if err := t.ledger.Add(r); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if k, known := t.book.index[r.Offer]; known {
		refund(t.budgets[k], given, r.Discount)
		refund(t.total, all, r.Discount)
	}
	return nil
}

// Forget removes a customer from the ledger. Open reservations stay.
func (t *Till[U, I]) Forget(user U) bool {
	if t == nil || t.book == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ledger.Forget(user)
}

// Ledger returns a copy of the ledger: what was committed.
func (t *Till[U, I]) Ledger() *Ledger[U] {
	if t == nil || t.book == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	out := new(Ledger[U])
	_ = out.merge(t.ledger) // sums that fit
	return out
}

// Open returns how many reservations are open.
func (t *Till[U, I]) Open() int {
	if t == nil || t.book == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.holds)
}
