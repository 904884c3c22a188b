package offer

import (
	"cmp"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Hint says what a customer could still do: goods for Missing more, list price, on lines that
// the offer is for, take Gain more off the order. What is paid in the end rises by
// Missing − Gain, which may be negative.
type Hint struct {
	Offer         string // whose next step is reached
	Missing, Gain int64  // minor units

	currency string
}

// String is the hint in words: "23.00 EUR more to save 40.00 EUR".
func (h Hint) String() string {
	return check.MinorText(h.Missing, h.currency) + " " + h.currency + " more to save " + check.MinorText(h.Gain, h.currency) + " " + h.currency
}

// Hints returns, for each offer with a threshold (MinSpend, Every, Steps) that is open to the
// order but for that, what is missing to its next step and what reaching it would save. Each
// is tried: the order is priced again with so much more on the first line that the offer is
// for, and Gain is by how much the discount of the whole order grows; steps that would save
// nothing, since a better offer stands against them, are not returned. Hints ascend by
// Missing, then come in order of application. Errors as Book.Price. Cost: that of pricing the
// order, for each offer two or more times.
func (b *Book[U, I]) Hints(order *Order[U, I], ledger *Ledger[U]) ([]Hint, error) {
	c, err := b.cartOf("Book.Hints", order)
	if err != nil {
		return nil, err
	}
	u := ledger.usage(b.names(), order.User, order.Codes, b.pays(order))
	p := b.pricing(order, c, &u)
	now := p.problem.solve()
	var out []Hint
	for i := range p.problem.candidates {
		if missing, gain := p.reach(i, now); gain > 0 {
			out = append(out, Hint{b.offers[p.problem.candidates[i].k].ID, missing, gain, b.opt.Currency})
		}
	}
	slices.SortStableFunc(out, func(x, y Hint) int { return cmp.Compare(x.Missing, y.Missing) })
	return out, nil
}

// before returns what is left of the lines of candidate i when its turn comes, given the
// combination taken.
func (p *problem) before(i int, amounts []int64, s solution) int64 {
	rest := slices.Clone(amounts)
	part := make([]int64, len(amounts))
	for _, j := range s.taken {
		if int(j) >= i {
			break
		}
		c := &p.candidates[j]
		if m, _ := c.gain(rest, p.quantity, c.lines); m > 0 {
			c.take(m, rest, p.quantity, c.lines, part)
		}
	}
	return sumOf(rest, p.candidates[i].lines)
}

// reach finds what candidate i lacks to its next step, and what reaching it gains. Offers
// applied before may take a part of what is added, so more is added until the step is reached.
func (p *pricing[U, I]) reach(i int, now solution) (missing, gain int64) {
	c := &p.problem.candidates[i]
	if c.times > 0 {
		return 0, 0
	}
	base := p.problem.before(i, p.amounts, now)
	target := c.next(base)
	if target == 0 {
		return 0, 0
	}
	total, more := int64(0), p.problem
	for _, a := range p.amounts {
		total += a
	}
	line := slices.MinFunc(c.lines, func(x, y int32) int { return cmp.Compare(p.at[x], p.at[y]) })
	for range 8 {
		missing += target - base
		if _, err := check.AddInt64(total, missing); err != nil {
			return 0, 0 // a threshold that no order reaches
		}
		more.amounts = slices.Clone(p.amounts)
		more.amounts[line] += missing
		s := more.solve()
		if base = more.before(i, more.amounts, s); base >= target {
			return missing, s.money - now.money
		}
	}
	return 0, 0
}
