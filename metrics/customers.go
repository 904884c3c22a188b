package metrics

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Customers accumulates orders and revenue per customer over one period, for
// the KPIs that need to know who bought: repeat purchase, repurchase, retention,
// revenue per customer. The zero value is empty and ready. Merge is exact and
// also joins customers seen by both. Memory is one map entry per buyer.
type Customers[U comparable] struct {
	m       map[U]purchases
	orders  int64
	revenue int64
}

type purchases struct{ orders, revenue int64 }

// Add adds one order (not one line of it) of revenue in minor units.
// ErrOverflow beyond int64; the state is then unchanged.
func (c *Customers[U]) Add(customer U, revenue int64) error {
	old := c.m[customer]
	total, err := check.AddInt64(c.revenue, revenue)
	if err != nil {
		return fmt.Errorf("metrics: Customers: customer %v: %w", customer, err)
	}
	own, err := check.AddInt64(old.revenue, revenue)
	if err != nil {
		return fmt.Errorf("metrics: Customers: customer %v: %w", customer, err)
	}
	if c.m == nil {
		c.m = map[U]purchases{}
	}
	c.m[customer] = purchases{old.orders + 1, own}
	c.orders, c.revenue = c.orders+1, total
	return nil
}

// Merge adds the orders of other. ErrMismatch for a merge with itself;
// ErrOverflow leaves c unchanged.
func (c *Customers[U]) Merge(other *Customers[U]) error {
	if err := canMerge("Customers", c, other); err != nil {
		return err
	}
	orders, err1 := check.AddInt64(c.orders, other.orders)
	revenue, err2 := check.AddInt64(c.revenue, other.revenue)
	for _, err := range []error{err1, err2} {
		if err != nil {
			return fmt.Errorf("metrics: Customers: %w", err)
		}
	}
	for u, p := range other.m {
		if _, err := check.AddInt64(c.m[u].revenue, p.revenue); err != nil {
			return fmt.Errorf("metrics: Customers: customer %v: %w", u, err)
		}
	}
	if c.m == nil {
		c.m = make(map[U]purchases, len(other.m))
	}
	for u, p := range other.m {
		old := c.m[u]
		c.m[u] = purchases{old.orders + p.orders, old.revenue + p.revenue}
	}
	c.orders, c.revenue = orders, revenue
	return nil
}

// Buyers returns the number of distinct customers.
func (c *Customers[U]) Buyers() int64 { return int64(len(c.m)) }

// Orders returns the number of orders.
func (c *Customers[U]) Orders() int64 { return c.orders }

// Revenue returns the revenue in minor units.
func (c *Customers[U]) Revenue() int64 { return c.revenue }

// RepeatPurchaseRate is customers with two or more orders per customer.
func (c *Customers[U]) RepeatPurchaseRate() Ratio {
	var repeat int64
	for _, p := range c.m {
		if p.orders >= 2 {
			repeat++
		}
	}
	return Ratio{repeat, c.Buyers(), c.Buyers()}
}

// RepurchaseRate (复购率) is the share of the customers of c who also bought in
// the period of later. The periods must not overlap.
func (c *Customers[U]) RepurchaseRate(later *Customers[U]) Ratio {
	var again int64
	for u := range c.m {
		if _, ok := later.m[u]; ok {
			again++
		}
	}
	return Ratio{again, c.Buyers(), c.Buyers()}
}

// AOV is revenue per order.
func (c *Customers[U]) AOV() Ratio { return Ratio{c.revenue, c.orders, c.orders} }

// ARPPU is revenue per customer, 客单价 per customer.
func (c *Customers[U]) ARPPU() Ratio { return Ratio{c.revenue, c.Buyers(), c.Buyers()} }

// OrdersPerBuyer is the mean number of orders of a customer.
func (c *Customers[U]) OrdersPerBuyer() Ratio { return Ratio{c.orders, c.Buyers(), c.Buyers()} }

// Retention returns the share of a cohort that is among the active users of a
// later window; users listed twice count once. What the window is decides the
// kind: day n alone (classic), day n and after (rolling), a range (bracket).
// Leave out cohorts whose window is not over yet: they are censored, not lost.
// Churn is the rest: NewRatio(r.Den()-r.Num(), r.Den()).
func Retention[U comparable](cohort, active []U) Ratio {
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
	return Ratio{kept, n, n}
}
