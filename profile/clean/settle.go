package clean

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/profile"
)

// Settled is an order with what became of it.
type Settled[U, I profile.ID] struct {
	Order     profile.Order[U, I] // as its first version says; lines in ascending order
	Paid      int64               // minor units of Order.Currency
	Refunded  int64               // of it taken back, 0 … Paid
	Cancelled bool                // wholly void; then Refunded is Paid
}

// Net returns what the shop kept of the order.
func (s *Settled[U, I]) Net() int64 {
	if s == nil {
		return 0
	}
	return s.Paid - s.Refunded
}

// Total sums one currency.
type Total struct {
	Currency  string // of all amounts
	Orders    int64  // not cancelled
	Cancelled int64  // wholly void
	Paid      int64  // minor units, of all orders, cancelled ones too
	Refunded  int64  // taken back from these
	Unmatched int64  // refunds that belong to no known order: not in Refunded
	Excess    int64  // refunds beyond what was paid: not in Refunded
}

// Net returns Paid - Refunded.
func (t Total) Net() int64 { return t.Paid - t.Refunded }

// Settlement is the result of Ledger.Settle.
type Settlement[U, I profile.ID] struct {
	Orders []Settled[U, I] // by time, then ID; without test orders
	// Refunds are the parts of refunds that were applied, by time, then ID, then
	// order: OrderID and a positive Amount always set, User that of the order.
	Refunds []profile.Refund[U, I]
	Totals  []Total // by currency

	TestOrders       int64 // left out
	DuplicateOrders  int64 // repeated records of orders, same content
	ConflictOrders   int64 // orders with differing records: the first version counts
	DuplicateRefunds int64 // repeated records of refunds, same content
	ConflictRefunds  int64 // refunds with differing records: the first version counts
	RefundsEarly     int64 // applied although dated before their order
	RefundsOver      int64 // that exceed what was left of their order
	RefundsUnmatched int64 // that belong to no known order, wholly or in part
	RefundsCurrency  int64 // in another currency than their order: unmatched too
	RefundsUser      int64 // applied although they name another user than their order
	Invalid          int64 // split orders whose sum overflows or whose discount exceeds it
}

// Settle matches all records before asOf; the zero time means all. A refund or
// cancellation at or after asOf is not known yet and changes nothing; only the
// counts of duplicates and conflicts may include records from then on.
//
// A refund with OrderID reduces that order, never below 0: what goes beyond is
// Excess. It does so too where its User, unless zero, is not that of the order, which is
// counted as RefundsUser: one of the two records is wrong. A cancellation takes back whatever is left, so that refund plus
// cancellation of one order count once. A refund without OrderID is matched to
// the latest earlier orders in its currency in which the user bought the item and
// has not returned it yet, at the same unit price first; its Amount is spread by
// pieces. Settle changes nothing; totals beyond int64 are ErrOverflow.
func (l *Ledger[U, I]) Settle(asOf time.Time) (*Settlement[U, I], error) {
	if l == nil {
		return nil, fmt.Errorf("clean: Ledger.Settle: no ledger: %w", ErrEmpty)
	}
	t := &settling[U, I]{
		known:  func(at time.Time) bool { return asOf.IsZero() || at.Before(asOf) },
		result: &Settlement[U, I]{},
		totals: make(map[string]*Total),
	}
	t.takeOrders(l)
	refunds := t.takeRefunds(l)
	t.index(refunds)
	for _, r := range refunds {
		if err := t.apply(r); err != nil {
			return nil, fmt.Errorf("clean: Ledger.Settle: %w", check.Private("refund", -1, r.ID, r.Amount, err))
		}
	}
	if err := t.sum(); err != nil {
		return nil, fmt.Errorf("clean: Ledger.Settle: %w", err)
	}
	return t.result, nil
}

// settling is one run of Settle: first all orders that are known, then the refunds
// by time, each of which takes what is left.
type settling[U, I profile.ID] struct {
	known  func(at time.Time) bool
	result *Settlement[U, I]
	totals map[string]*Total           // by currency
	byID   map[string]int              // place in result.Orders
	goods  map[userItem[U, I]][]bought // lines in order of time; nil where no refund needs it
}

// bought is one line of an order, with the pieces not returned yet.
type bought struct {
	order int
	price int64
	left  int64
}

type userItem[U, I profile.ID] struct {
	user U
	item I
}

// takeOrders puts the known orders into the result, by time, then ID. An ID that came
// both as a whole and in lines is a conflict, and the whole one counts.
func (t *settling[U, I]) takeOrders(l *Ledger[U, I]) {
	s := t.result
	seen := make(map[string]bool, len(l.orders)+len(l.parts))
	for id, e := range l.orders {
		if !t.known(e.lo.At) {
			continue
		}
		seen[id] = true
		if compareOrders(&e.lo, &e.hi) != 0 || l.parts[id] != nil {
			s.ConflictOrders++
		} else {
			s.DuplicateOrders += e.n - 1
		}
		o := e.lo
		o.Lines = slices.Clone(o.Lines)
		t.take(o)
	}
	for id, p := range l.parts {
		if seen[id] {
			continue
		}
		if o, conflict, ok := p.whole(t.known); ok {
			if conflict {
				s.ConflictOrders++
			}
			t.take(o)
		}
	}
	slices.SortFunc(s.Orders, func(a, b Settled[U, I]) int {
		return cmp.Or(a.Order.At.Compare(b.Order.At), cmp.Compare(a.Order.ID, b.Order.ID))
	})
}

// take puts one order into the result, unless it is a test or its lines do not add
// up: orders in lines are only now seen as a whole.
func (t *settling[U, I]) take(o profile.Order[U, I]) {
	switch paid, err := o.Paid(); {
	case o.Test:
		t.result.TestOrders++
	case err != nil || o.Validate() != nil:
		t.result.Invalid++
	default:
		t.result.Orders = append(t.result.Orders, Settled[U, I]{Order: o, Paid: paid})
	}
}

// takeRefunds returns the known refunds by time. Cancellations come after refunds of
// the same moment: they take what is left.
func (t *settling[U, I]) takeRefunds(l *Ledger[U, I]) []profile.Refund[U, I] {
	var refunds []profile.Refund[U, I]
	for _, e := range l.refunds {
		if !t.known(e.lo.At) {
			continue
		}
		if compareRefunds(&e.lo, &e.hi) != 0 {
			t.result.ConflictRefunds++
		} else {
			t.result.DuplicateRefunds += e.n - 1
		}
		refunds = append(refunds, e.lo)
	}
	slices.SortFunc(refunds, func(a, b profile.Refund[U, I]) int {
		return cmp.Or(a.At.Compare(b.At), compareBools(a.Cancel, b.Cancel), cmp.Compare(a.ID, b.ID))
	})
	return refunds
}

// index notes where to find the orders by ID, and by user and item where any of the
// refunds names no order.
func (t *settling[U, I]) index(refunds []profile.Refund[U, I]) {
	orders := t.result.Orders
	t.byID = make(map[string]int, len(orders))
	for i := range orders {
		t.byID[orders[i].Order.ID] = i
	}
	if !slices.ContainsFunc(refunds, func(r profile.Refund[U, I]) bool { return r.OrderID == "" }) {
		return
	}
	t.goods = make(map[userItem[U, I]][]bought)
	for i := range orders {
		o := &orders[i].Order
		for _, line := range o.Lines {
			key := userItem[U, I]{o.User, line.Item}
			t.goods[key] = append(t.goods[key], bought{i, line.Price, line.Quantity})
		}
	}
}

// apply takes one refund from the orders it belongs to, and puts the rest into the
// totals of its currency.
func (t *settling[U, I]) apply(r profile.Refund[U, I]) error {
	excess, unmatched := int64(0), int64(0)
	if r.OrderID != "" {
		excess, unmatched = t.named(r)
	} else {
		excess, unmatched = t.spread(r, t.goods[userItem[U, I]{r.User, r.Item}])
	}
	if excess > 0 {
		t.result.RefundsOver++
	}
	if unmatched > 0 || r.OrderID != "" && !t.matches(r) {
		t.result.RefundsUnmatched++
	}
	if excess|unmatched == 0 {
		return nil
	}
	total := t.total(r.Currency)
	var err error
	if total.Excess, err = check.AddInt64(total.Excess, excess); err == nil {
		total.Unmatched, err = check.AddInt64(total.Unmatched, unmatched)
	}
	if err != nil {
		return fmt.Errorf("sum of refunds: %w", ErrOverflow)
	}
	return nil
}

// matches reports whether the order that r names is there in the same currency.
func (t *settling[U, I]) matches(r profile.Refund[U, I]) bool {
	i, ok := t.byID[r.OrderID]
	return ok && t.result.Orders[i].Order.Currency == r.Currency
}

// named takes a refund from the order it names. A cancellation takes what is left,
// whatever its Amount.
func (t *settling[U, I]) named(r profile.Refund[U, I]) (excess, unmatched int64) {
	i, ok := t.byID[r.OrderID]
	if !ok {
		return 0, r.Amount
	}
	o := &t.result.Orders[i]
	if o.Order.Currency != r.Currency {
		t.result.RefundsCurrency++
		return 0, r.Amount
	}
	var unknown U
	if r.User != unknown && r.User != o.Order.User {
		t.result.RefundsUser++
	}
	amount := r.Amount
	if r.Cancel {
		amount = o.Paid - o.Refunded
		o.Cancelled = true
	}
	return t.give(r, i, amount), 0
}

// spread matches a refund that names no order: latest purchases first, those at
// the same unit price before others. lines are those of its user and item.
func (t *settling[U, I]) spread(r profile.Refund[U, I], lines []bought) (excess, unmatched int64) {
	left, money := r.Quantity, r.Amount
	for pass := range 2 {
		for k := len(lines) - 1; k >= 0 && left > 0; k-- {
			b := &lines[k]
			o := &t.result.Orders[b.order].Order
			samePrice := r.Amount%r.Quantity == 0 && b.price == r.Amount/r.Quantity
			if b.left == 0 || o.At.After(r.At) || o.Currency != r.Currency || pass == 0 && !samePrice {
				continue
			}
			pieces := min(left, b.left)
			part := money
			if pieces < left {
				part = mulDiv(money, pieces, left)
			}
			excess += t.give(r, b.order, part)
			b.left -= pieces
			left -= pieces
			money -= part
		}
	}
	return excess, money
}

// give takes amount back from order i for refund r, and returns what did not fit.
func (t *settling[U, I]) give(r profile.Refund[U, I], i int, amount int64) int64 {
	o := &t.result.Orders[i]
	fit := min(amount, o.Paid-o.Refunded)
	if r.At.Before(o.Order.At) {
		t.result.RefundsEarly++
	}
	if fit > 0 {
		o.Refunded += fit
		r.OrderID, r.User, r.Amount = o.Order.ID, o.Order.User, fit
		t.result.Refunds = append(t.result.Refunds, r)
	}
	return amount - fit
}

// sum adds up the orders by currency.
func (t *settling[U, I]) sum() error {
	for i := range t.result.Orders {
		o := &t.result.Orders[i]
		total := t.total(o.Order.Currency)
		if o.Cancelled {
			total.Cancelled++
		} else {
			total.Orders++
		}
		var err error
		if total.Paid, err = check.AddInt64(total.Paid, o.Paid); err != nil {
			return fmt.Errorf("paid in %s: %w", total.Currency, ErrOverflow)
		}
		total.Refunded += o.Refunded // at most Paid
	}
	for _, c := range slices.Sorted(maps.Keys(t.totals)) {
		t.result.Totals = append(t.result.Totals, *t.totals[c])
	}
	return nil
}

// total returns the total of a currency, which begins at 0.
func (t *settling[U, I]) total(currency string) *Total {
	total := t.totals[currency]
	if total == nil {
		total = &Total{Currency: currency}
		t.totals[currency] = total
	}
	return total
}

// mulDiv is a·b/c for 0 <= a, 0 <= b <= c, 0 < c, without overflow.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}
