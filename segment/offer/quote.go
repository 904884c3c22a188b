package offer

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
)

// PricedLine is what a line of an order costs. List − Discount − Paid is Net, and none is
// below 0.
type PricedLine struct {
	List     int64 // price times quantity
	Discount int64 // its part of what offers take off
	Paid     int64 // its part of what points pay
	Net      int64 // what is left to pay
	Points   int64 // its part of Quote.PointsUsed
	Earned   int64 // its part of Quote.PointsEarned
	Quantity int64 // units
}

// Quote is an order with offers applied: what the customer pays, for which line, and why.
type Quote struct {
	Currency string // that of the book
	// List − Discount − Paid is Net; each is the sum of its lines.
	List, Discount, Paid, Net int64
	PointsUsed, PointsEarned  int64
	Expires                   time.Time // of the points earned; zero: never
	Lines                     []PricedLine
	// Verdicts says of each offer of the book, in order of application, why it applies or
	// does not.
	Verdicts []Verdict
	// Applied are the indices in Verdicts of the offers that apply, ascending. Part k·n+l of
	// Parts is what the k-th of them takes off line l, of n lines.
	Applied []int32
	Parts   []int64
	// Bound is a discount that no combination within the rules exceeds; Exact says that
	// Discount reaches it: no other combination is better for the customer. A search that ran
	// out of Options.Nodes may leave it false.
	Bound int64
	Exact bool
}

// Price returns what an order costs under the best combination of offers for the customer that
// the rules allow, given what the ledger knows; nil is a ledger that knows nothing, and of no
// points. Offers are applied one after the other in order of priority, each to what those
// before it have left; of all combinations that keep to Group, Alone, Excludes, PerOrder and
// the budgets the one with the largest discount is taken, among equals the one with more
// points, and then the one that takes the earliest offers. Then points pay, in whole lots, and
// new ones are earned on what is paid in money, rounded down; an offer of points that is then
// left with none to give does not apply.
//
// Discounts, points and payments are shared out to the lines by largest remainders (Hamilton's
// method), in proportion to what is left of each, among equal remainders by item, price,
// quantity, brand and categories: lines always add up to their order, whatever theirs is.
//
// Errors: ErrEmpty (no lines, or a Book that New did not make), ErrMismatch (another
// currency), ErrRange (a quantity, price, cost, time or number of points), ErrOverflow (a sum
// beyond int64). The order is not changed. Cost: a sort of the lines for each offer tried; see
// Options.Nodes. An order that brings points costs one pass over all movements of points of the
// customer more, where some lie after the order one for each bit of the number of points. Safe
// for concurrent use while nobody changes the ledger; a Till does that.
func (b *Book[U, I]) Price(order *Order[U, I], ledger *Ledger[U]) (*Quote, error) {
	c, err := b.cartOf("Book.Price", order)
	if err != nil {
		return nil, err
	}
	u := ledger.usage(b.names(), order.User, order.Codes, b.pays(order))
	return b.price(order, c, &u), nil
}

// pays returns when an order pays with points, nil where it does not.
func (b *Book[U, I]) pays(order *Order[U, I]) *time.Time {
	if order.Points == 0 || b.opt.Points.Lot == 0 {
		return nil
	}
	return &order.At
}

// names returns the ids of the offers.
func (b *Book[U, I]) names() []string {
	out := make([]string, len(b.offers))
	for i := range b.offers {
		out[i] = b.offers[i].ID
	}
	return out
}

// pricing is one order being priced.
type pricing[U, I ID] struct {
	*cart[I]
	b        *Book[U, I]
	order    *Order[U, I]
	u        *usage
	verdicts []Verdict // by offer of the book
	problem  problem
}

// price finds the best combination and writes it out. The order was checked.
func (b *Book[U, I]) price(order *Order[U, I], c *cart[I], u *usage) *Quote {
	p := b.pricing(order, c, u)
	return p.quote(p.problem.solve())
}

// pricing checks offer by offer what does not depend on the others; those left are the
// candidates of the search.
func (b *Book[U, I]) pricing(order *Order[U, I], c *cart[I], u *usage) *pricing[U, I] {
	p := &pricing[U, I]{cart: c, b: b, order: order, u: u, verdicts: make([]Verdict, len(b.offers))}
	p.problem = problem{
		amounts: c.amounts, quantity: c.quantity, clash: b.clash, left: left(b.opt.Budget, u.total), perOrder: b.opt.PerOrder, nodes: b.opt.Nodes,
	}
	groups := map[string]int32{}
	for _, k := range b.order {
		e := &b.offers[k]
		lines := e.within(c.lines, nil)
		field, code := b.open(k, order, lines, u)
		p.verdicts[k] = Verdict{Offer: e.ID, Field: field, code: code, currency: b.opt.Currency}
		if field != "" {
			continue
		}
		x := candidate{benefit: &e.benefit, k: k, lines: lines, left: left(e.Budget, u.of(u.spent, k)), group: -1, alone: e.Alone}
		if e.Group != "" {
			g, ok := groups[e.Group]
			if !ok {
				g = int32(len(groups))
				groups[e.Group] = g
			}
			x.group = g
		}
		p.problem.candidates = append(p.problem.candidates, x)
	}
	p.problem.groups = len(groups)
	return p
}

// quote applies the combination found once more and explains every candidate at the place
// where it was, or would have been, applied.
func (p *pricing[U, I]) quote(s solution) *Quote {
	n := len(p.amounts)
	q := &Quote{Currency: p.b.opt.Currency, Lines: make([]PricedLine, n), Bound: s.bound, Exact: s.exact}
	rest := slices.Clone(p.amounts)
	parts := make([]int64, n*len(s.taken))
	var times []int32 // candidates that give points
	done := 0
	for i := range p.problem.candidates {
		c := &p.problem.candidates[i]
		v := &p.verdicts[c.k]
		if done == len(s.taken) || s.taken[done] != int32(i) {
			p.refuse(v, c, s.taken, rest, q.Discount)
			continue
		}
		v.Applied = true
		if m, _ := c.gain(rest, p.quantity, c.lines); m > 0 {
			c.take(m, rest, p.quantity, c.lines, parts[done*n:(done+1)*n])
			v.Discount = m
			q.Discount += m
		} else {
			times = append(times, int32(i))
		}
		done++
	}
	for l, a := range p.amounts {
		q.Lines[l] = PricedLine{List: a, Discount: a - rest[l], Net: rest[l], Quantity: p.quantity[l]}
		q.List += a
	}
	q.Net = q.List - q.Discount
	p.pay(q, rest)
	p.earn(q, times)
	for _, k := range p.b.order {
		if v := p.verdicts[k]; v.Applied {
			q.Applied = append(q.Applied, int32(len(q.Verdicts)))
		}
		q.Verdicts = append(q.Verdicts, p.verdicts[k])
	}
	// Back to the order in which the lines came.
	lines := q.Lines
	q.Lines, q.Parts = make([]PricedLine, n), make([]int64, n*len(q.Applied))
	for l, at := range p.at {
		q.Lines[at] = lines[l]
		for k := range q.Applied {
			q.Parts[k*n+int(at)] = parts[k*n+l]
		}
	}
	return q
}

// pay lets points pay; rest is what each line costs and is used up.
func (p *pricing[U, I]) pay(q *Quote, rest []int64) {
	o := p.b.opt.Points
	want := min(p.order.Points, p.u.points)
	if o.Lot == 0 || want < o.Lot {
		return
	}
	most := q.Net
	if o.MaxShare < 100 {
		most = mulDiv(q.Net, int64(math.Round(o.MaxShare*1e4)), 1_000_000)
	}
	lots := min(want/o.Lot, most/o.Worth)
	if lots == 0 {
		return
	}
	q.PointsUsed, q.Paid = lots*o.Lot, lots*o.Worth
	q.Net -= q.Paid
	for l, x := range split(q.Paid, rest) {
		q.Lines[l].Paid, q.Lines[l].Net = x, q.Lines[l].Net-x
	}
	weights := make([]int64, len(q.Lines))
	for l := range weights {
		weights[l] = q.Lines[l].Paid
	}
	for l, x := range split(q.PointsUsed, weights) {
		q.Lines[l].Points = x
	}
}

// earn adds the points that the money paid earns, and those of the candidates times. One of
// them that gives none, since points pay for all or most of the order, does not apply after
// all: it would use up the offer for nothing.
func (p *pricing[U, I]) earn(q *Quote, times []int32) {
	o := p.b.opt.Points
	if o.Per == 0 {
		return
	}
	net := make([]int64, len(q.Lines))
	for l := range net {
		net[l] = q.Lines[l].Net
	}
	give := func(points int64, lines []int32) int64 {
		weights := make([]int64, len(lines))
		for i, l := range lines {
			weights[i] = net[l]
		}
		points = min(points, math.MaxInt64-q.PointsEarned)
		for i, x := range split(points, weights) {
			q.Lines[lines[i]].Earned += x
		}
		q.PointsEarned += points
		return points
	}
	all := make([]int32, len(net))
	for l := range all {
		all[l] = int32(l)
	}
	give(q.Net/o.Per, all)
	for _, i := range times {
		c := &p.problem.candidates[i]
		v := &p.verdicts[c.k]
		if v.Points = give(c.extra(sumOf(net, c.lines)), c.lines); v.Points == 0 {
			v.Applied, v.Field = false, "Times"
		}
	}
	if o.Days > 0 && q.PointsEarned > 0 {
		zone := p.b.opt.Zone
		q.Expires = calendar.Start(calendar.Day(p.order.At, zone)+int64(o.Days)+1, zone)
		if check.Time("Expires", q.Expires) != nil { // later than any order can be
			q.Expires = time.Time{}
		}
	}
}

// Return is what goes back for units of a line.
type Return struct {
	Money    int64   // to the customer
	Points   int64   // of those used, to the customer
	Earned   int64   // of those earned, from the customer
	Discount int64   // that offers gave on these units, and do not give any more
	Parts    []int64 // of Discount, by Quote.Applied
}

// Return says what goes back when the customer returns units of a line of which before have
// come back already. Each unit stands for an equal part of its line; fractions are rounded so
// that returning all units, one by one or together, gives back exactly what the line cost.
// What offers gave on other lines stays, though what is kept might not have earned it.
// ErrRange for a line, or a number of units, that the quote does not have.
func (q *Quote) Return(line int, before, units int64) (Return, error) {
	switch {
	case q == nil || len(q.Lines) == 0:
		return Return{}, fmt.Errorf("offer: Quote.Return: no quote: %w", ErrEmpty)
	case line < 0 || line >= len(q.Lines):
		return Return{}, fmt.Errorf("offer: Quote.Return: line is %d, want in [0, %d): %w", line, len(q.Lines), ErrRange)
	}
	l := &q.Lines[line]
	switch {
	case before < 0 || units < 0 || before > l.Quantity || units > l.Quantity-before:
		return Return{}, fmt.Errorf("offer: Quote.Return: %d units after %d, line %d has %d: %w", units, before, line, l.Quantity, ErrRange)
	case l.Quantity <= 0 || min(l.Net, l.Points, l.Earned) < 0 || len(q.Parts) != len(q.Applied)*len(q.Lines):
		return Return{}, fmt.Errorf("offer: Quote.Return: line %d is none that Price wrote: %w", line, ErrRange)
	}
	part := func(whole int64) int64 {
		return mulDiv(whole, before+units, l.Quantity) - mulDiv(whole, before, l.Quantity)
	}
	r := Return{Money: part(l.Net), Points: part(l.Points), Earned: part(l.Earned)}
	for k := range q.Applied {
		x := q.Parts[k*len(q.Lines)+line]
		if x < 0 {
			return Return{}, fmt.Errorf("offer: Quote.Return: line %d is none that Price wrote: %w", line, ErrRange)
		}
		r.Parts = append(r.Parts, part(x))
		r.Discount += r.Parts[k]
	}
	return r, nil
}

// Verdict says whether an offer applies to an order, and why.
type Verdict struct {
	Offer    string // ID
	Applied  bool   // whether it is given
	Discount int64  // taken off
	Points   int64  // given beyond the usual ones
	// Field names what decided against the offer, a field of Offer ("MinSpend", "Segments"),
	// or "PerOrder" of Options. It is "" where the offer applies, and where the combination
	// taken is better without it.
	Field   string
	Missing int64  // with MinSpend, Every and Steps: what its lines lack
	With    string // with Group, Alone and Excludes: the offer taken that it does not go with

	code     string
	currency string
}

// refuse says why a candidate was not taken, at its place: amounts is what those before it
// left.
func (p *pricing[U, I]) refuse(v *Verdict, c *candidate, taken []int32, amounts []int64, money int64) {
	e := &p.b.offers[c.k]
	base := sumOf(amounts, c.lines)
	m, points := c.gain(amounts, p.quantity, c.lines)
	switch {
	case base < c.least:
		v.Field, v.Missing = "MinSpend", c.least-base
	case m == 0 && points == 0 && c.every > 0:
		v.Field, v.Missing = "Every", c.every-base
	case m == 0 && points == 0 && len(c.steps) > 0:
		v.Field, v.Missing = "Steps", c.steps[0].From-base
	case m == 0 && points == 0 && c.times > 0:
		v.Field = "Times"
	case m == 0 && points == 0: // gifts, or all was taken off already
		v.Field = "Items"
	default:
		for _, i := range taken {
			f := &p.b.offers[p.problem.candidates[i].k]
			if rule := e.apart(f); rule != "" {
				v.Field, v.With = rule, f.ID
				return
			}
		}
		switch {
		case c.left >= 0 && m > c.left || p.problem.left >= 0 && m > p.problem.left-money:
			v.Field = "Budget"
		case p.problem.perOrder > 0 && len(taken) >= p.problem.perOrder:
			v.Field = "PerOrder"
		}
	}
}

// String is the verdict in a sentence: `"spring" needs 23.00 EUR more.`
func (v Verdict) String() string {
	name := strconv.Quote(v.Offer)
	money := func(x int64) string { return check.MinorText(x, v.currency) + " " + v.currency }
	switch v.Field {
	case "":
		switch {
		case !v.Applied:
			return name + " is left out: the offers taken are better without it."
		case v.Discount > 0:
			return name + " takes " + money(v.Discount) + " off."
		}
		return fmt.Sprintf("%s gives %d points more.", name, v.Points)
	case "MinSpend", "Every", "Steps":
		return name + " needs " + money(v.Missing) + " more."
	case "Group", "Alone", "Excludes":
		return fmt.Sprintf("%s does not go with %q, which is taken.", name, v.With)
	}
	if text, ok := sentences[v.Field]; ok {
		return name + " " + text
	}
	return name + " does not apply."
}

// sentences are those without a number.
var sentences = map[string]string{
	"From":        "is not valid yet.",
	"Until":       "is not valid any more.",
	"Weekdays":    "is not valid on this day of the week.",
	"MonthDays":   "is not valid on this day of the month.",
	"Dates":       "is not valid on this day.",
	"Channels":    "is not for this channel.",
	"First":       "is for a first order.",
	"Segments":    "is not for any of the customer's segments.",
	"Tiers":       "is not for the customer's tier.",
	"Times":       "earns no point more on what is paid in money.",
	"Items":       "has nothing in this order to take anything off.",
	"PerCustomer": "was used by the customer as often as it may be.",
	"Uses":        "was used as often as it may be.",
	"Budget":      "has not enough of its budget left.",
	"Codes":       "needs a code that works.",
	"HoldOut":     "is kept from this customer, so that its effect can be measured.",
	"PerOrder":    "would be one offer too many for an order.",
}
