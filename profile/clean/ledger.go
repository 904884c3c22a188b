package clean

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/profile"
)

// Ledger matches refunds and cancellations to orders, so that revenue is counted
// once and taken back once. Records may come in any order and twice; the result
// does not depend on that, nor on how they were split over several Ledgers before
// Merge. It holds all orders in memory. The zero value is empty and ready. Not safe for
// concurrent use.
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

// add joins two states under one id.
func (e *entry[T]) add(o *entry[T], compare func(a, b *T) int) {
	if compare(&o.lo, &e.lo) < 0 {
		e.lo = o.lo
	}
	if compare(&o.hi, &e.hi) > 0 {
		e.hi = o.hi
	}
	e.n += o.n
}

// put joins e into the entry of an id, and compares it with what is held there.
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

// ownOrder returns a copy that shares nothing with o: time in UTC, currency in upper
// case, lines sorted, so that equal content compares equal.
func ownOrder[U, I profile.ID](o *profile.Order[U, I]) profile.Order[U, I] {
	c := *o
	c.Currency = strings.ToUpper(c.Currency)
	c.At = c.At.UTC().Round(0)
	c.Lines = slices.Clone(c.Lines)
	slices.SortFunc(c.Lines, compareLines[I])
	return c
}

// AddOrder takes a whole order. The same ID with the same content, whatever the
// order of its lines, is a Duplicate and counts once. With other content it is a
// Conflict: the earliest version counts, and the report says so. The case of the
// currency does not matter. An invalid order, as Validate says, changes nothing; the error
// names the field, and as a FieldError the order.
func (l *Ledger[U, I]) AddOrder(o *profile.Order[U, I]) (Verdict, error) {
	if err := check.Receiver("clean: Ledger.AddOrder", l); err != nil {
		return Fresh, err
	}
	if err := o.Validate(); err != nil {
		return Fresh, fmt.Errorf("clean: Ledger.AddOrder: %w", err)
	}
	c := ownOrder(o)
	return put(&l.orders, o.ID, entry[profile.Order[U, I]]{c, c, 1}, compareOrders[U, I]), nil
}

// AddLine takes one or more lines of an order whose other lines come in other
// calls, as in logs with one row a line. The order is placed at the earliest
// time of its lines. Every line counts: remove repeated rows first, see Dedupe.
// Lines that disagree on user, order discount, test, channel, campaign or device
// are a Conflict: the head that sorts first counts. A line in a second currency is ErrMismatch.
func (l *Ledger[U, I]) AddLine(o *profile.Order[U, I]) (Verdict, error) {
	if err := check.Receiver("clean: Ledger.AddLine", l); err != nil {
		return Fresh, err
	}
	if err := o.Validate(); err != nil {
		return Fresh, fmt.Errorf("clean: Ledger.AddLine: %w", err)
	}
	head := *o
	head.Currency = strings.ToUpper(o.Currency)
	if old := l.parts[o.ID]; old != nil {
		if err := old.sameCurrency(&head); err != nil {
			return Conflict, fmt.Errorf("clean: Ledger.AddLine: %w", err)
		}
	}
	v := Fresh
	for _, line := range o.Lines {
		v = l.part(&head, line, o.At.UTC().Round(0))
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

// sameCurrency refuses lines of an order in a second currency.
func (p *split[U, I]) sameCurrency(o *profile.Order[U, I]) error {
	if p.heads[0].Currency != o.Currency {
		return check.Private("order", -1, o.ID, nil, fmt.Errorf("lines in %s and %s: %w", p.heads[0].Currency, o.Currency, ErrMismatch))
	}
	return nil
}

// part takes one line of a split order, whose head is o.
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
	if err := check.Receiver("clean: Ledger.AddRefund", l); err != nil {
		return Fresh, err
	}
	if err := r.Validate(); err != nil {
		return Fresh, fmt.Errorf("clean: Ledger.AddRefund: %w", err)
	}
	c := *r
	c.At, c.Currency = c.At.UTC().Round(0), strings.ToUpper(c.Currency)
	return put(&l.refunds, r.ID, entry[profile.Refund[U, I]]{c, c, 1}, compareRefunds[U, I]), nil
}

// Merge adds everything that other holds, and leaves other alone. After an error
// l is unchanged.
func (l *Ledger[U, I]) Merge(other *Ledger[U, I]) error {
	if err := check.Merge("clean: Ledger.Merge", l, other); err != nil {
		return err
	}
	for id, e := range other.parts {
		if mine := l.parts[id]; mine != nil {
			if err := mine.sameCurrency(&e.heads[0]); err != nil {
				return fmt.Errorf("clean: Ledger.Merge: %w", err)
			}
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

// Forget removes all orders, lines of orders and refunds of one user, as a deletion under
// data protection asks for, and reports whether there were any. The totals then lack them:
// an Individual, a table or a report that was made before has to be made again. A refund
// that names an order of the user but another user, or none, goes with the order. Lines
// of other users in an order that was split stay. Cost: one pass over all records.
//
// Records of the user that are added later are counted again: keep the id in a deletion
// log and leave them out. The same name deletes a customer from all states that can
// forget one.
func (l *Ledger[U, I]) Forget(user U) bool {
	if l == nil {
		return false
	}
	gone := make(map[string]bool) // orders of the user
	for id, e := range l.orders {
		if e.lo.User == user || e.hi.User == user {
			delete(l.orders, id)
			gone[id] = true
		}
	}
	for id, p := range l.parts {
		if p.forget(user) {
			gone[id] = true
		}
		if len(p.lines) == 0 {
			delete(l.parts, id)
		}
	}
	found := len(gone) > 0
	for id, e := range l.refunds {
		if e.lo.User == user || e.hi.User == user {
			found = true
		} else if !gone[e.lo.OrderID] || l.orders[e.lo.OrderID] != nil || l.parts[e.lo.OrderID] != nil {
			continue
		}
		delete(l.refunds, id)
	}
	return found
}

// forget removes the heads and lines of a user, and reports whether there were any.
func (p *split[U, I]) forget(user U) bool {
	to := make([]int32, len(p.heads)) // new place of each head, -1 where it goes
	var heads []profile.Order[U, I]
	for h := range p.heads {
		if to[h] = -1; p.heads[h].User != user {
			to[h] = int32(len(heads))
			heads = append(heads, p.heads[h])
		}
	}
	if len(heads) == len(p.heads) {
		return false
	}
	p.heads = heads
	p.lines = slices.DeleteFunc(p.lines, func(x splitLine[I]) bool { return to[x.head] < 0 })
	for i := range p.lines {
		p.lines[i].head = to[p.lines[i].head]
	}
	return true
}
