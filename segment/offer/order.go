package offer

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
)

// Line is one line of an order.
type Line[I ID] struct {
	Item       I        // its id
	Categories []string // of the item, all levels: "tea", "tea/green"
	Brand      string   // of the item; "" for none
	Quantity   int64    // > 0
	Price      int64    // of one unit, minor units, >= 0; a gift has 0
	Cost       int64    // of one unit to the shop, >= 0; read by Book.Propose only
}

// Order is what a customer wants to buy, and what is known of the customer.
type Order[U, I ID] struct {
	User     U         // who buys; all guests of one id are one customer
	At       time.Time // what time, day and hence offers it is
	Currency string    // that of the book, any case
	Channel  string    // by which the order comes: "app"
	Segments []string  // the customer's
	Tier     string    // the customer's, as of a member
	First    bool      // the customer has not ordered before
	Codes    []string  // that the customer entered
	Points   int64     // that the customer wants to pay with, at most those the ledger knows of; >= 0
	Lines    []Line[I] // at least one
}

// cart is the lines of an order in an order of their own, by item, price and so on, so that
// neither the sum of an order nor who gets a unit that cannot be halved depends on how its
// lines came; lines that are alike in all of it stay as they came.
type cart[I ID] struct {
	lines             []Line[I]
	at                []int32 // where each came
	amounts, quantity []int64
}

func (l *Line[I]) compare(o *Line[I]) int {
	if x := cmp.Compare(l.Item, o.Item); x != 0 {
		return x
	}
	return cmp.Or(cmp.Compare(l.Price, o.Price), cmp.Compare(l.Quantity, o.Quantity), cmp.Compare(l.Brand, o.Brand), slices.Compare(l.Categories, o.Categories))
}

// cartOf checks an order and returns its lines with the amount and quantity of each.
func (b *Book[U, I]) cartOf(where string, o *Order[U, I]) (*cart[I], error) {
	fail := func(format string, args ...any) (*cart[I], error) {
		return nil, fmt.Errorf("offer: "+where+": "+format, args...)
	}
	if b == nil || b.index == nil {
		return fail("no book: %w", ErrEmpty)
	}
	if o == nil || len(o.Lines) == 0 {
		return fail("no lines: %w", ErrEmpty)
	}
	if c, err := check.Currency("Currency", o.Currency); err != nil {
		return fail("%w", err)
	} else if c != b.opt.Currency {
		return fail("Currency is %s, offers are in %s: %w", c, b.opt.Currency, ErrMismatch)
	}
	if err := check.Time("At", o.At); err != nil {
		return fail("%w", err)
	}
	if o.Points < 0 {
		return fail("%w", check.Private("Points", -1, nil, o.Points, fmt.Errorf("below 0: %w", ErrRange)))
	}
	n := len(o.Lines)
	c := &cart[I]{lines: make([]Line[I], n), at: make([]int32, n), amounts: make([]int64, n), quantity: make([]int64, n)}
	for i := range c.at {
		c.at[i] = int32(i)
	}
	slices.SortFunc(c.at, func(x, y int32) int { return cmp.Or(o.Lines[x].compare(&o.Lines[y]), cmp.Compare(x, y)) })
	var total, cost int64
	for k, i := range c.at {
		l := &o.Lines[i]
		c.lines[k], c.quantity[k] = *l, l.Quantity
		switch {
		case l.Quantity <= 0:
			return fail("%w", check.Private("Quantity", int64(i), nil, l.Quantity, fmt.Errorf("not above 0: %w", ErrRange)))
		case l.Price < 0:
			return fail("%w", check.Private("Price", int64(i), nil, l.Price, fmt.Errorf("below 0: %w", ErrRange)))
		case l.Cost < 0:
			return fail("%w", check.Private("Cost", int64(i), nil, l.Cost, fmt.Errorf("below 0: %w", ErrRange)))
		}
		var err error
		if c.amounts[k], err = check.MulInt64(l.Price, l.Quantity); err == nil {
			total, err = check.AddInt64(total, c.amounts[k])
		}
		if err == nil {
			var all int64
			if all, err = check.MulInt64(l.Cost, l.Quantity); err == nil {
				cost, err = check.AddInt64(cost, all)
			}
		}
		if err != nil {
			return fail("%w", check.Private("Lines", int64(i), nil, nil, ErrOverflow)) // the text of err has the numbers
		}
	}
	return c, nil
}

// within appends the lines that an offer is for.
func (e *entry[I]) within(lines []Line[I], dst []int32) []int32 {
	all := len(e.items)+len(e.categories)+len(e.brands) == 0
	for i := range lines {
		l := &lines[i]
		if all || e.items[l.Item] || l.Brand != "" && e.brands[l.Brand] || slices.ContainsFunc(l.Categories, func(c string) bool { return e.categories[c] }) {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// usage is what a ledger, and open reservations, say of the offers of a book to one customer.
type usage struct {
	mine, all, spent []int64          // by offer: uses by the customer and in all, money given; nil: none
	total            int64            // money given by all offers of the book
	codes            map[codeOf]int64 // uses of the codes that the order brings
	points           int64            // that the customer can use; 0 where the order brings none
}

type codeOf struct{ offer, code string }

func (u *usage) of(xs []int64, k int32) int64 {
	if xs == nil {
		return 0
	}
	return xs[k]
}

// left returns what is left of a budget of which spent is gone; negative: no limit.
func left(budget, spent int64) int64 {
	switch {
	case budget == 0:
		return -1
	case budget < 0:
		return 0
	}
	return max(budget-spent, 0)
}

// short reports whether an amount is more than what is left of a budget.
func short(budget, spent, amount int64) bool {
	l := left(budget, spent)
	return l >= 0 && amount > l
}

// open checks everything that does not depend on the other offers an order gets. It returns
// the field of Offer that closes offer k to the order, "" where none does, and the code that
// opens it. The hold-out comes last: who is held out would have been eligible otherwise, so
// that those of whom it is said are the control group of those who could use the offer.
func (b *Book[U, I]) open(k int32, o *Order[U, I], lines []int32, u *usage) (field, code string) {
	e := &b.offers[k]
	among := func(set []string, x string) bool { return len(set) == 0 || slices.Contains(set, x) }
	switch {
	case !e.From.IsZero() && o.At.Before(e.From):
		return "From", ""
	case !e.Until.IsZero() && !o.At.Before(e.Until):
		return "Until", ""
	case !e.onDay(o.At):
		return e.dayField(), ""
	case !among(e.Channels, o.Channel):
		return "Channels", ""
	case e.First && !o.First:
		return "First", ""
	case len(e.Segments) > 0 && !slices.ContainsFunc(o.Segments, func(s string) bool { return slices.Contains(e.Segments, s) }):
		return "Segments", ""
	case !among(e.Tiers, o.Tier):
		return "Tiers", ""
	case len(lines) == 0:
		return "Items", ""
	case e.PerCustomer > 0 && u.of(u.mine, k) >= e.PerCustomer:
		return "PerCustomer", ""
	case e.Uses > 0 && u.of(u.all, k) >= e.Uses:
		return "Uses", ""
	case left(e.Budget, u.of(u.spent, k)) == 0 || left(b.opt.Budget, u.total) == 0 && e.times == 0:
		return "Budget", ""
	}
	if len(e.Codes) > 0 {
		if code = e.codeOf(o.Codes, u.codes); code == "" {
			return "Codes", ""
		}
	}
	if b.heldOut(e, o.User) {
		return "HoldOut", ""
	}
	return "", code
}

// codeOf returns the first of the codes given that works, "" where none does.
func (e *entry[I]) codeOf(given []string, used map[codeOf]int64) string {
	for _, code := range given {
		if uses, ok := e.Codes[code]; ok && (uses < 0 || used[codeOf{e.ID, code}] < uses) {
			return code
		}
	}
	return ""
}

// onDay reports whether an offer is valid on the day of at.
func (e *entry[I]) onDay(at time.Time) bool {
	if len(e.Weekdays)+len(e.MonthDays)+len(e.dates) == 0 {
		return true
	}
	n := calendar.Day(at, e.zone)
	day := calendar.Date(n)
	last := day.AddDate(0, 0, 1).Day() == 1
	return slices.Contains(e.Weekdays, day.Weekday()) || slices.Contains(e.MonthDays, day.Day()) || last && slices.Contains(e.MonthDays, -1) || e.dates[n]
}

// dayField names the field that says on which days an offer is valid.
func (e *entry[I]) dayField() string {
	switch {
	case len(e.Weekdays) > 0:
		return "Weekdays"
	case len(e.MonthDays) > 0:
		return "MonthDays"
	}
	return "Dates"
}

// heldOut reports whether a customer is held out of an offer: the same customers whatever the
// day, the order of calls and the number of customers, and the same for all offers of a
// campaign that hold as many out; of two shares the smaller one's are among the larger one's.
func (b *Book[U, I]) heldOut(e *entry[I], user U) bool {
	if e.HoldOut == 0 {
		return false
	}
	return rng.Unit(rng.Hash(ids.Seeded(user, b.opt.Seed), rng.HashString(e.Campaign))) < e.HoldOut
}

// HeldOut reports whether a customer is in the hold-out of an offer, and never gets it: a
// keyed lot by Options.Seed, the customer and the offer's Campaign, so that it is the same in
// every process. ErrUnknownID for an offer that the book does not have.
func (b *Book[U, I]) HeldOut(user U, offer string) (bool, error) {
	if b == nil || b.index == nil {
		return false, fmt.Errorf("offer: Book.HeldOut: no book: %w", ErrEmpty)
	}
	k, ok := b.index[offer]
	if !ok {
		return false, fmt.Errorf("offer: Book.HeldOut: offer %q: %w", offer, ErrUnknownID)
	}
	return b.heldOut(&b.offers[k], user), nil
}
