package kpi

import (
	"encoding"
	"fmt"
	"math"
	"math/bits"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Customers[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Customers[string])(nil)
)

// Customers accumulates orders and revenue per customer over one period, for
// the KPIs that need to know who bought: repeat purchase, repurchase, retention,
// revenue per customer. The zero value is empty and ready. Merge is exact and
// also joins customers seen by both. Memory is one map entry per buyer.
type Customers[U comparable] struct {
	ids     dict.Dict[U]
	of      []purchases // by number of the id
	orders  int64
	revenue int64
}

type purchases struct{ orders, revenue int64 }

// Add adds one order (not one line of it) of revenue in minor units.
// ErrOverflow beyond int64; the state is then unchanged.
func (c *Customers[U]) Add(customer U, revenue int64) error {
	if err := check.Receiver("kpi: Customers.Add", c); err != nil {
		return err
	}
	total := c.revenue + revenue
	if (total > c.revenue) != (revenue > 0) {
		return fmt.Errorf("kpi: Customers.Add: revenue of all with %w", check.Private("customer", -1, customer, revenue, ErrOverflow))
	}
	i := c.ids.Index(customer)
	if i < 0 {
		if err := c.join(customer, purchases{1, revenue}); err != nil {
			return err
		}
	} else {
		p := &c.of[i]
		own := p.revenue + revenue
		if (own > p.revenue) != (revenue > 0) {
			return fmt.Errorf("kpi: Customers.Add: revenue of %w", check.Private("customer", -1, customer, revenue, ErrOverflow))
		}
		p.orders, p.revenue = p.orders+1, own
	}
	c.orders, c.revenue = c.orders+1, total
	return nil
}

func (c *Customers[U]) join(customer U, p purchases) error {
	if _, err := c.ids.Add(customer); err != nil {
		return fmt.Errorf("kpi: Customers: %w", err)
	}
	c.of = append(c.of, p)
	return nil
}

// Forget removes a customer with all his orders, as if none had been added, and reports
// whether there was one. Orders that come later make a new customer of him; a state stored before has him
// still. The cost does not grow with the number of customers.
func (c *Customers[U]) Forget(customer U) bool {
	if c == nil {
		return false
	}
	at, last := c.ids.Remove(customer)
	if at < 0 {
		return false
	}
	p := c.of[at]
	c.of[at] = c.of[last]
	c.of = c.of[:last]
	c.orders, c.revenue = c.orders-p.orders, less(c.revenue, p.revenue)
	return true
}

func (c *Customers[U]) has(customer U) bool { return c != nil && c.ids.Index(customer) >= 0 }

// Merge adds the orders of other. ErrMismatch for a merge with itself;
// ErrOverflow leaves c unchanged.
func (c *Customers[U]) Merge(other *Customers[U]) error {
	if err := check.Merge("kpi: Customers.Merge", c, other); err != nil {
		return err
	}
	orders, err1 := check.AddInt64(c.orders, other.orders)
	revenue, err2 := check.AddInt64(c.revenue, other.revenue)
	for _, err := range []error{err1, err2} {
		if err != nil {
			return fmt.Errorf("kpi: Customers.Merge: %w", err)
		}
	}
	fresh := len(c.of)
	for j, u := range other.ids.Keys() {
		i := c.ids.Index(u)
		if i < 0 {
			fresh++
			continue
		}
		if _, err := check.AddInt64(c.of[i].revenue, other.of[j].revenue); err != nil {
			return fmt.Errorf("kpi: Customers.Merge: revenue of %w", check.Private("customer", -1, u, nil, err))
		}
	}
	if fresh > math.MaxInt32 {
		return fmt.Errorf("kpi: Customers.Merge: %d customers: %w", fresh, ErrTooLarge)
	}
	for j, u := range other.ids.Keys() {
		i := c.ids.Index(u)
		if i < 0 {
			if err := c.join(u, other.of[j]); err != nil {
				return err
			}
			continue
		}
		c.of[i].orders += other.of[j].orders
		c.of[i].revenue += other.of[j].revenue
	}
	c.orders, c.revenue = orders, revenue
	return nil
}

// Buyers returns the number of distinct customers.
func (c *Customers[U]) Buyers() int64 {
	if c == nil {
		return 0
	}
	return int64(len(c.of))
}

// Orders returns the number of orders.
func (c *Customers[U]) Orders() int64 {
	if c == nil {
		return 0
	}
	return c.orders
}

// Revenue returns the revenue in minor units.
func (c *Customers[U]) Revenue() int64 {
	if c == nil {
		return 0
	}
	return c.revenue
}

// RepeatPurchaseRate is customers with two or more orders per customer.
func (c *Customers[U]) RepeatPurchaseRate() metrics.Ratio {
	if c == nil {
		return metrics.Ratio{}
	}
	var repeat int64
	for _, p := range c.of {
		if p.orders >= 2 {
			repeat++
		}
	}
	return metrics.RatioOf(repeat, c.Buyers(), c.Buyers())
}

// RepurchaseRate (复购率) is the share of the customers of c who also bought in
// the period of later. The periods must not overlap; a nil later is
// one in which nobody bought.
func (c *Customers[U]) RepurchaseRate(later *Customers[U]) metrics.Ratio {
	if c == nil {
		return metrics.Ratio{}
	}
	var again int64
	for _, u := range c.ids.Keys() {
		if later.has(u) {
			again++
		}
	}
	return metrics.RatioOf(again, c.Buyers(), c.Buyers())
}

// AOV is revenue per order.
func (c *Customers[U]) AOV() metrics.Ratio {
	if c == nil {
		return metrics.Ratio{}
	}
	return metrics.RatioOf(c.revenue, c.orders, c.orders)
}

// ARPPU is revenue per customer, 客单价 per customer; of a Customers fed with
// margins instead of revenue since the first order it is the historic CLV.
func (c *Customers[U]) ARPPU() metrics.Ratio {
	if c == nil {
		return metrics.Ratio{}
	}
	return metrics.RatioOf(c.revenue, c.Buyers(), c.Buyers())
}

// OrdersPerBuyer is the mean number of orders of a customer.
func (c *Customers[U]) OrdersPerBuyer() metrics.Ratio {
	if c == nil {
		return metrics.Ratio{}
	}
	return metrics.RatioOf(c.orders, c.Buyers(), c.Buyers())
}

// AppendBinary appends the binary form: ids ascending, orders and revenue of
// each. ErrOption for ids that are not strings, integers, booleans or structs
// and arrays of them.
func (c *Customers[U]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("kpi: Customers.AppendBinary", c); err != nil {
		return nil, err
	}
	var w codec.Writer
	perm, err := ids.PutSorted(&w, c.ids.Keys())
	if err != nil {
		return nil, fmt.Errorf("kpi: Customers.AppendBinary: %w", err)
	}
	for _, i := range perm {
		w.Int64(c.of[i].orders)
		w.Int64(c.of[i].revenue)
	}
	return w.AppendFrame(dst, codec.KindCustomers, 1), nil
}

// MarshalBinary returns the binary form.
func (c *Customers[U]) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 1, little-endian:
//
//	ids              customers, ascending; see Activity.UnmarshalBinary
//	2×i64 each       orders, at least one, and revenue; both sums within int64
//
// Ids that have no binary form are ErrOption. Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; c is then unchanged.
func (c *Customers[U]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("kpi: Customers.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCustomers, 1)
	if err != nil {
		return fmt.Errorf("kpi: Customers.UnmarshalBinary: %w", err)
	}
	var got Customers[U]
	if got.ids, err = ids.GetSorted[U](r); err != nil {
		return fmt.Errorf("kpi: Customers.UnmarshalBinary: %w", err)
	}
	var err1 error
	var hi, lo, carry uint64 // refunds may come after what they refund: only the whole sum must fit
	for range got.ids.Keys() {
		p := purchases{r.Int64(), r.Int64()}
		got.orders, err1 = check.AddInt64(got.orders, p.orders)
		lo, carry = bits.Add64(lo, uint64(p.revenue), 0)
		hi += uint64(p.revenue>>63) + carry
		if p.orders < 1 || err1 != nil {
			r.Fail("has a customer without orders or sums beyond int64")
			break
		}
		got.of = append(got.of, p)
	}
	if got.revenue = int64(lo); int64(hi) != got.revenue>>63 {
		r.Fail("has revenue beyond int64")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: Customers.UnmarshalBinary: %w", err)
	}
	*c = got
	return nil
}

// Retention returns the share of a cohort that is among the active users of a
// later window; users listed twice count once. What the window is decides the
// kind: day n alone (classic), day n and after (rolling), a range (bracket).
// Leave out cohorts whose window is not over yet: they are censored, not lost. Take it
// for two sets of users that you have; over events take Activity.Retention, which forms
// the cohorts, covers every window and leaves out what is not over.
// Churn is the rest: NewRatio(r.Den()-r.Num(), r.Den()).
func Retention[U comparable](cohort, active []U) metrics.Ratio {
	in := make(map[U]bool, len(cohort))
	for _, u := range cohort {
		in[u] = false
	}
	var kept int64
	for _, u := range active {
		if seen, ok := in[u]; ok && !seen {
			in[u] = true
			kept++
		}
	}
	n := int64(len(in))
	return metrics.RatioOf(kept, n, n)
}
