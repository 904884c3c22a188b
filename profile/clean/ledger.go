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

// Ledger matches refunds and cancellations to orders, so that revenue is counted
// once and taken back once. Records may come in any order and twice; the result
// does not depend on that, nor on how they were split over several Ledgers before
// Merge. It holds all orders in memory. Not safe for concurrent use.
type Ledger[U, I profile.ID] struct {
	orders  map[string]*entry[profile.Order[U, I]]
	parts   map[string]*split[U, I] // from AddLine
	refunds map[string]*entry[profile.Refund[U, I]]
}

// entry keeps the smallest and the largest content under one id: they differ if
// and only if there is a conflict, and both survive any merge.
type entry[T any] struct {
	lo, hi T
	n      int64
}

func (e *entry[T]) add(o *entry[T], compare func(a, b *T) int) {
	if compare(&o.lo, &e.lo) < 0 {
		e.lo = o.lo
	}
	if compare(&o.hi, &e.hi) > 0 {
		e.hi = o.hi
	}
	e.n += o.n
}

func put[T any](m *map[string]*entry[T], id string, e entry[T], compare func(a, b *T) int) Verdict {
	if *m == nil {
		*m = make(map[string]*entry[T])
	}
	old := (*m)[id]
	if old == nil {
		(*m)[id] = &e
		return Fresh
	}
	v := Conflict
	if compare(&old.lo, &e.lo) == 0 {
		v = Duplicate
	}
	old.add(&e, compare)
	return v
}

func ownOrder[U, I profile.ID](o *profile.Order[U, I]) profile.Order[U, I] {
	c := *o
	c.At = c.At.UTC().Round(0)
	c.Lines = slices.Clone(c.Lines)
	slices.SortFunc(c.Lines, compareLines[I])
	return c
}

// AddOrder takes a whole order. The same ID with the same content, whatever the
// order of its lines, is a Duplicate and counts once. With other content it is a
// Conflict: the earliest version counts, and the report says so. An invalid order
// changes nothing; the error names the field.
func (l *Ledger[U, I]) AddOrder(o *profile.Order[U, I]) (Verdict, error) {
	if err := o.Validate(); err != nil {
		return Fresh, fmt.Errorf("clean: Ledger.AddOrder: %w", err)
	}
	c := ownOrder(o)
	return put(&l.orders, o.ID, entry[profile.Order[U, I]]{c, c, 1}, compareOrders[U, I]), nil
}

// AddLine takes one or more lines of an order whose other lines come in other
// calls, as in logs with one row a line. The order is placed at the earliest
// time of its lines. Every line counts: remove repeated rows first, see Dedupe.
// Lines that disagree on user, order discount or test are a Conflict: the head
// that sorts first counts. A line in a second currency is ErrMismatch.
func (l *Ledger[U, I]) AddLine(o *profile.Order[U, I]) (Verdict, error) {
	if err := o.Validate(); err != nil {
		return Fresh, fmt.Errorf("clean: Ledger.AddLine: %w", err)
	}
	if old := l.parts[o.ID]; old != nil && old.heads[0].Currency != o.Currency {
		return Conflict, fmt.Errorf("clean: Ledger.AddLine: order %q has lines in %s and %s: %w", o.ID, old.heads[0].Currency, o.Currency, ErrMismatch)
	}
	v := Fresh
	for _, line := range o.Lines {
		v = l.part(o, line, o.At.UTC().Round(0))
	}
	return v, nil
}

// split is an order in lines. A line keeps its own time, so that Settle can leave
// out those it may not know yet.
type split[U, I profile.ID] struct {
	heads []profile.Order[U, I] // distinct, without lines; usually one
	lines []splitLine[I]
}

type splitLine[I profile.ID] struct {
	line profile.OrderLine[I]
	at   time.Time
	head int32
}

func (l *Ledger[U, I]) part(o *profile.Order[U, I], line profile.OrderLine[I], at time.Time) Verdict {
	if l.parts == nil {
		l.parts = make(map[string]*split[U, I])
	}
	p := l.parts[o.ID]
	if p == nil {
		p = &split[U, I]{}
		l.parts[o.ID] = p
	}
	h := slices.IndexFunc(p.heads, func(q profile.Order[U, I]) bool { return compareHeads(&q, o) == 0 })
	if h < 0 {
		h = len(p.heads)
		c := *o
		c.Lines, c.At = nil, time.Time{}
		p.heads = append(p.heads, c)
	}
	p.lines = append(p.lines, splitLine[I]{line, at, int32(h)})
	if len(p.heads) > 1 {
		return Conflict
	}
	return Fresh
}

// whole puts the known lines together; ok is false where there are none.
func (p *split[U, I]) whole(known func(time.Time) bool) (o profile.Order[U, I], conflict, ok bool) {
	best := -1
	var lines []profile.OrderLine[I]
	var at time.Time
	for _, x := range p.lines {
		if !known(x.at) {
			continue
		}
		lines = append(lines, x.line)
		if at.IsZero() || x.at.Before(at) {
			at = x.at
		}
		h := int(x.head)
		conflict = conflict || best >= 0 && best != h
		if best < 0 || compareHeads(&p.heads[h], &p.heads[best]) < 0 {
			best = h
		}
	}
	if best < 0 {
		return o, false, false
	}
	o = p.heads[best]
	o.At, o.Lines = at, lines
	slices.SortFunc(o.Lines, compareLines[I])
	return o, conflict, true
}

// AddRefund takes a refund or cancellation; Duplicate and Conflict are as in
// AddOrder.
func (l *Ledger[U, I]) AddRefund(r *profile.Refund[U, I]) (Verdict, error) {
	if err := r.Validate(); err != nil {
		return Fresh, fmt.Errorf("clean: Ledger.AddRefund: %w", err)
	}
	c := *r
	c.At = c.At.UTC().Round(0)
	return put(&l.refunds, r.ID, entry[profile.Refund[U, I]]{c, c, 1}, compareRefunds[U, I]), nil
}

// Merge adds everything that other holds, and leaves other alone. After an error
// l is unchanged.
func (l *Ledger[U, I]) Merge(other *Ledger[U, I]) error {
	if err := check.Merge("clean: Ledger.Merge", l, other); err != nil {
		return err
	}
	for id, e := range other.parts {
		if mine := l.parts[id]; mine != nil && mine.heads[0].Currency != e.heads[0].Currency {
			return fmt.Errorf("clean: Ledger.Merge: order %q has lines in %s and %s: %w", id, mine.heads[0].Currency, e.heads[0].Currency, ErrMismatch)
		}
	}
	for id, e := range other.orders {
		put(&l.orders, id, *e, compareOrders[U, I])
	}
	for id, e := range other.refunds {
		put(&l.refunds, id, *e, compareRefunds[U, I])
	}
	for _, p := range other.parts {
		for _, x := range p.lines {
			l.part(&p.heads[x.head], x.line, x.at)
		}
	}
	return nil
}

// Settled is an order with what became of it.
type Settled[U, I profile.ID] struct {
	Order     profile.Order[U, I]
	Paid      int64
	Refunded  int64 // 0 … Paid
	Cancelled bool
}

// Net returns what the shop kept of the order.
func (s *Settled[U, I]) Net() int64 { return s.Paid - s.Refunded }

// Total sums one currency.
type Total struct {
	Currency  string
	Orders    int64 // not cancelled
	Cancelled int64
	Paid      int64 // of all orders, cancelled ones too
	Refunded  int64 // taken back from these
	Unmatched int64 // refunds that belong to no known order: not in Refunded
	Excess    int64 // refunds beyond what was paid: not in Refunded
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
	DuplicateRefunds int64
	ConflictRefunds  int64
	RefundsEarly     int64 // applied although dated before their order
	RefundsOver      int64 // that exceed what was left of their order
	RefundsUnmatched int64 // that belong to no known order, wholly or in part
	RefundsCurrency  int64 // in another currency than their order: unmatched too
	Invalid          int64 // split orders whose sum overflows or whose discount exceeds it
}

// Settle matches all records before asOf; the zero time means all. A refund or
// cancellation at or after asOf is not known yet and changes nothing; only the
// counts of duplicates and conflicts may include records from then on.
//
// A refund with OrderID reduces that order, never below 0: what goes beyond is
// Excess. A cancellation takes back whatever is left, so that refund plus
// cancellation of one order count once. A refund without OrderID is matched to
// the latest earlier orders in its currency in which the user bought the item and has not
// returned it yet, at the same unit price first; its Amount is spread by pieces.
// Settle changes nothing; totals beyond int64 are ErrOverflow.
func (l *Ledger[U, I]) Settle(asOf time.Time) (*Settlement[U, I], error) {
	known := func(t time.Time) bool { return asOf.IsZero() || t.Before(asOf) }
	s := &Settlement[U, I]{}
	seen := make(map[string]bool, len(l.orders)+len(l.parts))
	take := func(o profile.Order[U, I]) {
		if o.Test {
			s.TestOrders++
			return
		}
		if o.Validate() != nil {
			s.Invalid++
			return
		}
		paid, _ := o.Paid() // Validate has seen it
		s.Orders = append(s.Orders, Settled[U, I]{Order: o, Paid: paid})
	}
	for id, e := range l.orders {
		if !known(e.lo.At) {
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
		take(o)
	}
	for id, p := range l.parts {
		if seen[id] {
			continue
		}
		if o, conflict, ok := p.whole(known); ok {
			if conflict {
				s.ConflictOrders++
			}
			take(o)
		}
	}
	slices.SortFunc(s.Orders, func(a, b Settled[U, I]) int {
		return cmp.Or(a.Order.At.Compare(b.Order.At), cmp.Compare(a.Order.ID, b.Order.ID))
	})
	totals := make(map[string]*Total)
	if err := l.apply(s, known, totals); err != nil {
		return nil, fmt.Errorf("clean: Ledger.Settle: %w", err)
	}
	for i := range s.Orders {
		o := &s.Orders[i]
		t := totalOf(totals, o.Order.Currency)
		if o.Cancelled {
			t.Cancelled++
		} else {
			t.Orders++
		}
		var err error
		if t.Paid, err = check.AddInt64(t.Paid, o.Paid); err != nil {
			return nil, fmt.Errorf("clean: Ledger.Settle: %s: %w", t.Currency, err)
		}
		t.Refunded += o.Refunded // at most Paid
	}
	for _, c := range slices.Sorted(maps.Keys(totals)) {
		s.Totals = append(s.Totals, *totals[c])
	}
	return s, nil
}

func totalOf(m map[string]*Total, currency string) *Total {
	t := m[currency]
	if t == nil {
		t = &Total{Currency: currency}
		m[currency] = t
	}
	return t
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

func (l *Ledger[U, I]) apply(s *Settlement[U, I], known func(time.Time) bool, totals map[string]*Total) error {
	var refunds []profile.Refund[U, I]
	anonymous := false
	for _, e := range l.refunds {
		if !known(e.lo.At) {
			continue
		}
		if compareRefunds(&e.lo, &e.hi) != 0 {
			s.ConflictRefunds++
		} else {
			s.DuplicateRefunds += e.n - 1
		}
		refunds = append(refunds, e.lo)
		anonymous = anonymous || e.lo.OrderID == ""
	}
	// Cancellations after refunds of the same moment: they take what is left.
	slices.SortFunc(refunds, func(a, b profile.Refund[U, I]) int {
		return cmp.Or(a.At.Compare(b.At), compareBools(a.Cancel, b.Cancel), cmp.Compare(a.ID, b.ID))
	})
	byID := make(map[string]int, len(s.Orders))
	for i := range s.Orders {
		byID[s.Orders[i].Order.ID] = i
	}
	var goods map[userItem[U, I]][]bought
	if anonymous {
		goods = make(map[userItem[U, I]][]bought)
		for i := range s.Orders {
			o := &s.Orders[i].Order
			for _, line := range o.Lines {
				key := userItem[U, I]{o.User, line.Item}
				goods[key] = append(goods[key], bought{i, line.Price, line.Quantity})
			}
		}
	}
	sum := func(at *int64, x int64) error {
		v, err := check.AddInt64(*at, x)
		if err == nil {
			*at = v
		}
		return err
	}
	// give takes amount back from order i, and reports what did not fit.
	give := func(r profile.Refund[U, I], i int, amount int64) int64 {
		o := &s.Orders[i]
		fit := min(amount, o.Paid-o.Refunded)
		if r.At.Before(o.Order.At) {
			s.RefundsEarly++
		}
		if fit > 0 {
			o.Refunded += fit
			r.OrderID, r.User, r.Amount = o.Order.ID, o.Order.User, fit
			s.Refunds = append(s.Refunds, r)
		}
		return amount - fit
	}
	for _, r := range refunds {
		excess, unmatched := int64(0), int64(0)
		if r.OrderID != "" {
			i, ok := byID[r.OrderID]
			switch {
			case !ok:
				s.RefundsUnmatched++
				unmatched = r.Amount
			case s.Orders[i].Order.Currency != r.Currency:
				s.RefundsCurrency++
				s.RefundsUnmatched++
				unmatched = r.Amount
			default:
				amount := r.Amount
				if o := &s.Orders[i]; r.Cancel {
					amount = o.Paid - o.Refunded
					o.Cancelled = true
				}
				if excess = give(r, i, amount); excess > 0 {
					s.RefundsOver++
				}
			}
		} else {
			excess, unmatched = l.spread(s, r, goods[userItem[U, I]{r.User, r.Item}], give)
			if excess > 0 {
				s.RefundsOver++
			}
			if unmatched > 0 {
				s.RefundsUnmatched++
			}
		}
		if excess|unmatched != 0 {
			t := totalOf(totals, r.Currency)
			if err := cmp.Or(sum(&t.Excess, excess), sum(&t.Unmatched, unmatched)); err != nil {
				return fmt.Errorf("refund %q: %w", r.ID, err)
			}
		}
	}
	return nil
}

// spread matches a refund that names no order: latest purchases first, those at
// the same unit price before others.
func (l *Ledger[U, I]) spread(s *Settlement[U, I], r profile.Refund[U, I], lines []bought, give func(profile.Refund[U, I], int, int64) int64) (excess, unmatched int64) {
	left, money := r.Quantity, r.Amount
	for pass := range 2 {
		for k := len(lines) - 1; k >= 0 && left > 0; k-- {
			b := &lines[k]
			o := &s.Orders[b.order].Order
			samePrice := r.Amount%r.Quantity == 0 && b.price == r.Amount/r.Quantity
			if b.left == 0 || o.At.After(r.At) || o.Currency != r.Currency || pass == 0 && !samePrice {
				continue
			}
			pieces := min(left, b.left)
			part := money
			if pieces < left {
				part = mulDiv(money, pieces, left)
			}
			excess += give(r, b.order, part)
			b.left -= pieces
			left -= pieces
			money -= part
		}
	}
	return excess, money
}

// mulDiv is a·b/c for 0 <= a, 0 <= b <= c, 0 < c, without overflow.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}
