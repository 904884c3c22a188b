package lifetime

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// WinBackOptions configures WinBack. Say with Response or Uplift what a contact does: without
// both it does nothing, and is worth less than nothing.
type WinBackOptions[T Time] struct {
	// Horizon is how far ahead the value of a customer is counted, > 0; 0: a year.
	Horizon T
	// Margin is the share of an amount that is earned, in (0, 1]; 0: 1.
	Margin float64
	// Cost is that of one contact, coupon included, in the unit of money, >= 0.
	Cost float64
	// Response is the chance that a customer who is gone comes back, and stays one, because of a
	// contact, in [0, 1]. Measure it on customers who were left alone.
	Response float64
	// Uplift, if not nil, says for the customer in row i by how much a contact raises the
	// probability that he is one, in [−1, 1], and Response is not read: from a model of uplift. NaN and
	// what lies outside are ErrRange. It is called from one goroutine.
	Uplift func(i int) float64
	// Capacity is the number of contacts that can be made, >= 0; 0: any.
	Capacity int
	// AsOf is the moment that Age is measured to, for the dates of next orders; the zero time gives
	// none.
	AsOf time.Time
}

// withDefaults returns o with its defaults.
func (o WinBackOptions[T]) withDefaults() WinBackOptions[T] {
	if o.Horizon == 0 {
		o.Horizon = Convert[T](Years(1))
	}
	o.Margin = check.Default(o.Margin, 1)
	return o
}

// validate reports every bad field.
func (o WinBackOptions[T]) validate(where string) error {
	var c check.Options
	c.Require(o.Horizon > 0 && check.Finite(float64(o.Horizon)), "Horizon", o.Horizon, "> 0")
	c.Require(o.Margin > 0 && o.Margin <= 1, "Margin", o.Margin, "in (0, 1]")
	c.Require(o.Cost >= 0 && check.Finite(o.Cost), "Cost", o.Cost, ">= 0")
	c.Require(o.Response >= 0 && o.Response <= 1, "Response", o.Response, "in [0, 1]")
	c.Require(o.Capacity >= 0, "Capacity", o.Capacity, ">= 0")
	return c.Err(where)
}

// WinBackRow is one customer of the list.
type WinBackRow[T Time] struct {
	Row   int     // place among the customers given
	Alive float64 // probability that he still is one
	Value float64 // what he brings within the horizon if he is: orders, times amount, times margin
	// AtRisk is (1 − Alive)·Value: what is lost if he is gone.
	AtRisk float64
	// Worth is what a contact is expected to bring less its cost: the rise of the probability times
	// Value, less Cost.
	Worth   float64
	Contact bool // worth more than nothing, and within the capacity
	// NextOrder is the day by which he has ordered with probability ½, as long as he is alive: the
	// zero time without AsOf, and where it lies beyond 290 years.
	NextOrder time.Time

	// The reasons, in plain values.
	Orders   int     // repeat orders so far
	Amount   float64 // to be expected of the next order
	Silence  T       // time since the last order
	UsualGap T       // mean time between his orders; 0 with a single one
	// Unusual is the probability that a customer with his orders who is alive is silent that long.
	Unusual float64
}

// String says in a line why the customer is where he is.
func (r WinBackRow[T]) String() string {
	unit := unitName(unitOf[T]())
	usual := "a single order so far"
	if r.Orders > 0 {
		usual = fmt.Sprintf("usual gap %.1f, %d repeat orders", float64(r.UsualGap), r.Orders)
	}
	return fmt.Sprintf("silent for %.1f %s (%s): that long by chance %.0f %%, alive %.0f %%, %.2f at risk, contact worth %.2f",
		float64(r.Silence), unit, usual, 100*r.Unusual, 100*r.Alive, r.AtRisk, r.Worth)
}

// WinBack lists customers by what it is worth to contact them now, the best first; ties by their
// rows. A customer who is certainly alive is not worth it, however good, nor is one who is gone
// and was never worth much.
//
// Who reacts to a contact is nothing that orders tell: Response and Uplift are the caller's.
// ErrEmpty without customers and for laws that no fit made, ErrUndefined where amounts have no
// mean, ErrOption, ErrRange and ErrNotFinite for a customer that cannot be, by his row;
// context.Cause(ctx) when ctx ends. Cost: some µs a customer.
func WinBack[T Time](ctx context.Context, m *Model[T], amounts *GammaGamma, customers []Customer[T], opt WinBackOptions[T]) ([]WinBackRow[T], error) {
	const where = "lifetime: WinBack"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if len(customers) == 0 {
		return nil, fmt.Errorf("%s: no customers: %w", where, ErrEmpty)
	}
	out := make([]WinBackRow[T], len(customers))
	err := parallel.For(ctx, len(customers), 256, 0, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			row, err := winBackRow(where, m, amounts, customers[i], opt)
			if err != nil {
				return fmt.Errorf("%s: customer %d: %w", where, i, err)
			}
			row.Row = i
			out[i] = row
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		r := &out[i]
		rise := opt.Response * (1 - r.Alive)
		if opt.Uplift != nil {
			rise = opt.Uplift(i)
			if !(rise >= -1 && rise <= 1) {
				return nil, fmt.Errorf("%s: customer %d: Uplift is %v, want in [-1, 1]: %w", where, i, rise, ErrRange)
			}
			rise = min(max(rise, -r.Alive), 1-r.Alive) // no probability leaves [0, 1]
		}
		r.Worth = rise*r.Value - opt.Cost
	}
	slices.SortFunc(out, func(a, b WinBackRow[T]) int { return cmp.Or(cmp.Compare(b.Worth, a.Worth), cmp.Compare(a.Row, b.Row)) })
	for i := range out {
		out[i].Contact = out[i].Worth > 0 && (opt.Capacity == 0 || i < opt.Capacity)
	}
	return out, nil
}

// winBackRow fills what does not depend on what a contact does.
func winBackRow[T Time](where string, m *Model[T], amounts *GammaGamma, c Customer[T], opt WinBackOptions[T]) (row WinBackRow[T], err error) {
	if err := m.asked(where, c); err != nil {
		return row, err
	}
	if row.Amount, err = amounts.of(c.Repeats, c.Value); err != nil {
		return row, err
	}
	alive, ahead := m.ahead(c)
	row.Alive, row.Orders, row.Silence = alive, c.Repeats, c.Age-c.AgeAtLast
	if row.Value, err = finite(where, ahead.expect(float64(opt.Horizon))*row.Amount*opt.Margin); err != nil {
		return row, err
	}
	row.AtRisk = (1 - alive) * row.Value
	if c.Repeats > 0 {
		row.UsualGap = c.AgeAtLast / T(c.Repeats)
	}
	row.Unusual = ahead.unusual(float64(row.Silence))
	if due := ahead.wait(.5) * secondsOf[T](); !opt.AsOf.IsZero() && due < 9e9 {
		row.NextOrder = opt.AsOf.Add(time.Duration(due * 1e9))
	}
	return row, nil
}
