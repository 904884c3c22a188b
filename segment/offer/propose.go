package offer

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// Response is what an offer is expected to do to one customer: the chances to buy without it
// and with it, and the money of a purchase, in minor units.
type Response struct {
	Base, With float64 // chances, in [0, 1]
	Margin     int64   // of a purchase before the discount: price less cost; may be negative
	Discount   int64   // of a purchase with the offer, >= 0
	Contact    int64   // cost of telling the customer, whether or not there is a purchase, >= 0
}

// Expectation is what is to be expected of an offer to one customer, in minor units.
type Expectation struct {
	Cost float64 // With·Discount + Contact: also those who would have bought get the discount
	Gain float64 // With·(Margin − Discount) − Base·Margin − Contact: margin added, cost paid
	// BreakEven is the least With at which Gain is not below 0; NaN where no chance in [0, 1] is.
	BreakEven float64
}

// Expect returns the expected cost and margin effect of an offer. ErrRange for a chance
// outside [0, 1] and for a negative discount or contact, ErrNotFinite for a chance that is NaN.
func (r Response) Expect() (Expectation, error) {
	const where = "offer: Response.Expect"
	for _, f := range []struct {
		name  string
		value float64
	}{{"Base", r.Base}, {"With", r.With}} {
		if !check.Finite(f.value) {
			return Expectation{}, fmt.Errorf("%s: %w", where, check.Private(f.name, -1, nil, f.value, ErrNotFinite))
		}
		if f.value < 0 || f.value > 1 {
			return Expectation{}, fmt.Errorf("%s: %w", where, check.Private(f.name, -1, nil, f.value, fmt.Errorf("not in [0, 1]: %w", ErrRange)))
		}
	}
	if r.Discount < 0 {
		return Expectation{}, fmt.Errorf("%s: %w", where, check.Private("Discount", -1, nil, r.Discount, fmt.Errorf("below 0: %w", ErrRange)))
	}
	if r.Contact < 0 {
		return Expectation{}, fmt.Errorf("%s: %w", where, check.Private("Contact", -1, nil, r.Contact, fmt.Errorf("below 0: %w", ErrRange)))
	}
	margin, discount, contact := float64(r.Margin), float64(r.Discount), float64(r.Contact)
	e := Expectation{Cost: r.With*discount + contact, Gain: r.With*(margin-discount) - r.Base*margin - contact, BreakEven: math.NaN()}
	need := r.Base*margin + contact // what With purchases have to bring
	switch {
	case need <= 0:
		e.BreakEven = 0
	case margin > discount && need <= margin-discount:
		e.BreakEven = need / (margin - discount)
	}
	return e, nil
}

// Prospect is a customer to whom offers might be given: an order such as the customer would
// place, with the costs of its lines, and the chances to buy.
type Prospect[U, I ID] struct {
	Order Order[U, I] // the customer, and what the customer usually buys
	Base  float64     // chance to buy without an offer, in [0, 1]
	With  []float64   // chance to buy with each offer, as given to New; NaN: not to be proposed
}

// Candidates are rows of who might get which offer, as parallel slices: what
// recommend/allocate, or any other solver, assigns.
type Candidates struct {
	User     []int32   // index of the prospect, ascending
	Offer    []int32   // index of the offer as given to New, ascending for one user
	Value    []float64 // expected margin added, Expectation.Gain
	Cost     []int64   // what the offer costs if it is used: discount, points at their worth, and contact
	Expected []float64 // Expectation.Cost
}

// Propose returns the candidates of a campaign. An offer is a candidate for a prospect who is
// not held out of it, whose order it would apply to if it were the only one, and who may still
// use it by the ledger (nil: nothing is used); codes are not asked for, as they come with the
// offer. The discount has to be left in the budget of the offer and in that of all; points take
// nothing from either. Rows of negative Value are there, too: they say by how much an offer would
// lose.
//
// Errors: ErrShape (With of another length than the offers), ErrRange and ErrNotFinite (a
// chance), those of Book.Price for an order, each with the number of the prospect, and
// context.Cause(ctx). Cost: O(offers × lines) a prospect, on all processors; the result does
// not depend on their number.
func (b *Book[U, I]) Propose(ctx context.Context, prospects []Prospect[U, I], ledger *Ledger[U]) (*Candidates, error) {
	const where = "offer: Book.Propose"
	if b == nil || b.index == nil {
		return nil, fmt.Errorf("%s: no book: %w", where, ErrEmpty)
	}
	if len(prospects) > math.MaxInt32 {
		return nil, fmt.Errorf("%s: %d prospects, want at most 2³¹−1: %w", where, len(prospects), ErrOverflow)
	}
	names := b.names()
	const block = 256
	blocks := make([]Candidates, (len(prospects)+block-1)/block)
	err := parallel.For(ctx, len(prospects), block, 0, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			if err := b.propose(&blocks[lo/block], int32(i), &prospects[i], ledger, names); err != nil {
				return fmt.Errorf("%s: prospects[%d]: %w", where, i, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all Candidates
	for k := range blocks {
		x := &blocks[k]
		all.User, all.Offer = append(all.User, x.User...), append(all.Offer, x.Offer...)
		all.Value, all.Cost, all.Expected = append(all.Value, x.Value...), append(all.Cost, x.Cost...), append(all.Expected, x.Expected...)
	}
	return &all, nil
}

// propose adds the rows of one prospect.
func (b *Book[U, I]) propose(c *Candidates, user int32, p *Prospect[U, I], ledger *Ledger[U], names []string) error {
	if len(p.With) != len(b.offers) {
		return fmt.Errorf("field With has %d chances for %d offers: %w", len(p.With), len(b.offers), ErrShape)
	}
	cart, err := b.cartOf("Book.Price", &p.Order)
	if err != nil {
		return err
	}
	margin := int64(0)
	for i, l := range cart.lines {
		margin += cart.amounts[i] - l.Cost*l.Quantity // both sums were checked
	}
	u := ledger.usage(names, p.Order.User, nil, nil)
	for k := range b.offers {
		e := &b.offers[k]
		if math.IsNaN(p.With[k]) {
			continue
		}
		lines := e.within(cart.lines, nil)
		if field, _ := b.open(int32(k), &p.Order, lines, &u); field != "" && field != "Codes" || field == "Codes" && b.heldOut(e, p.Order.User) {
			continue
		}
		discount, points := e.gain(cart.amounts, cart.quantity, lines)
		if discount == 0 && points == 0 {
			continue
		}
		if short(e.Budget, u.of(u.spent, int32(k)), discount) || short(b.opt.Budget, u.total, discount) {
			continue
		}
		if o := b.opt.Points; o.Lot > 0 && points > 0 {
			discount = plus(discount, saturated((points-1)/o.Lot+1, o.Worth))
		}
		x, err := Response{p.Base, p.With[k], margin, discount, e.Contact}.Expect()
		if err != nil {
			return fmt.Errorf("offer %q: %w", e.ID, err)
		}
		cost := plus(discount, e.Contact)
		c.User, c.Offer = append(c.User, user), append(c.Offer, int32(k))
		c.Value, c.Cost, c.Expected = append(c.Value, x.Gain), append(c.Cost, cost), append(c.Expected, x.Cost)
	}
	return nil
}

// Settle keeps, of rows of candidates that were chosen for a campaign, those that go together:
// for each user the offer of the highest priority is kept, among equals the one of more value,
// then the one given first to New, and each further one unless Group, Alone or Excludes
// stands against one kept. A row that comes twice is kept once. It returns the rows kept,
// ascending; rows is not changed. ErrRange for a row that candidates, or an offer that the
// book, does not have, ErrShape for slices of lengths that differ, ErrNotFinite for a value.
func (b *Book[U, I]) Settle(candidates *Candidates, rows []int) ([]int, error) {
	const where = "offer: Book.Settle"
	if b == nil || b.index == nil || candidates == nil {
		return nil, fmt.Errorf("%s: no book, or no candidates: %w", where, ErrEmpty)
	}
	c := candidates
	if len(c.Offer) != len(c.User) || len(c.Value) != len(c.User) {
		return nil, fmt.Errorf("%s: candidates of %d users, %d offers, %d values: %w", where, len(c.User), len(c.Offer), len(c.Value), ErrShape)
	}
	for i, r := range rows {
		switch {
		case r < 0 || r >= len(c.User):
			return nil, fmt.Errorf("%s: rows[%d] is %d, want in [0, %d): %w", where, i, r, len(c.User), ErrRange)
		case c.Offer[r] < 0 || int(c.Offer[r]) >= len(b.offers):
			return nil, fmt.Errorf("%s: Offer[%d] is %d, want in [0, %d): %w", where, r, c.Offer[r], len(b.offers), ErrRange)
		case !check.Finite(c.Value[r]):
			return nil, fmt.Errorf("%s: Value[%d] is %v: %w", where, r, c.Value[r], ErrNotFinite)
		}
	}
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(x, y int) int {
		p, q := c.Offer[x], c.Offer[y]
		return cmp.Or(cmp.Compare(c.User[x], c.User[y]), cmp.Compare(b.offers[q].Priority, b.offers[p].Priority),
			cmp.Compare(c.Value[y], c.Value[x]), cmp.Compare(p, q), cmp.Compare(x, y))
	})
	var kept []int
	first := 0 // of this user in kept
	for _, r := range sorted {
		if len(kept) > 0 && c.User[kept[len(kept)-1]] != c.User[r] {
			first = len(kept)
		}
		if !slices.ContainsFunc(kept[first:], func(q int) bool { return c.Offer[q] == c.Offer[r] || b.clash[c.Offer[q]][c.Offer[r]] }) {
			kept = append(kept, r)
		}
	}
	slices.Sort(kept)
	return kept, nil
}
