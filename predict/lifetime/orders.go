package lifetime

import (
	"encoding"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/predict"
)

var (
	_ encoding.BinaryAppender    = (*Orders[string, Weeks])(nil)
	_ encoding.BinaryMarshaler   = (*Orders[string, Weeks])(nil)
	_ encoding.BinaryUnmarshaler = (*Orders[string, Weeks])(nil)
)

// Orders makes customers out of orders: who bought in which periods, and for how much. Orders of
// one period are one purchase, since the laws of repeat buying know no basket that was split.
//
// The zero value counts by days and is ready for use; NewOrders takes longer periods. Any order
// and any shards give the same. It is not safe for concurrent use while Add, Merge, Forget or
// UnmarshalBinary runs. Memory: 16 bytes a customer and period with an order, and some 100 a
// customer.
type Orders[K predict.ID, T Time] struct {
	days int // of a period; 0: 1
	of   map[K][]purchase
}

// purchase is what a customer bought in one period.
type purchase struct {
	period int64
	minor  int64
}

// NewOrders returns an empty state whose periods are that many days long, in [1, 366], counted
// from 1970. The age of a relation is then a whole number of periods. ErrOption.
func NewOrders[K predict.ID, T Time](periodDays int) (*Orders[K, T], error) {
	if periodDays < 1 || periodDays > 366 {
		return nil, fmt.Errorf("lifetime: NewOrders: periodDays is %d, want from 1 to 366: %w", periodDays, ErrOption)
	}
	return &Orders[K, T]{days: periodDays}, nil
}

// length returns the days of a period.
func (o *Orders[K, T]) length() int64 { return int64(max(o.days, 1)) }

// period returns the number of the period of a time, by the clock of its own zone.
func (o *Orders[K, T]) period(at time.Time) int64 {
	day, n := calendar.Day(at, at.Location()), o.length()
	p := day / n
	if day%n < 0 {
		p--
	}
	return p
}

// Add records an order of a customer: minor is its amount in minor units of money, >= 0, less
// what was refunded. Days are those that the clock of at's own zone shows: take at.In(zone), the
// same zone for all.
//
// The zero time, one outside of 1678 to 2262 and a negative amount are ErrRange, a sum beyond
// int64 ErrOverflow; an error changes nothing.
func (o *Orders[K, T]) Add(customer K, at time.Time, minor int64) error {
	const where = "lifetime: Orders.Add"
	if err := check.Receiver(where, o); err != nil {
		return err
	}
	if err := check.Time("at", at); err != nil {
		return fmt.Errorf("%s: %w", where, check.Private("at", -1, customer, nil, err))
	}
	if minor < 0 {
		return fmt.Errorf("%s: %w", where, check.Private("minor", -1, customer, minor, fmt.Errorf("want >= 0: %w", ErrRange)))
	}
	if err := o.add(customer, purchase{o.period(at), minor}); err != nil {
		return fmt.Errorf("%s: %w", where, check.Private("minor", -1, customer, nil, err))
	}
	return nil
}

// add keeps the purchases of a customer ascending by period.
func (o *Orders[K, T]) add(customer K, p purchase) error {
	list := o.of[customer]
	i := sort.Search(len(list), func(i int) bool { return list[i].period >= p.period })
	if i < len(list) && list[i].period == p.period {
		sum, err := check.AddInt64(list[i].minor, p.minor)
		if err != nil {
			return err
		}
		list[i].minor = sum
		return nil
	}
	if o.of == nil {
		o.of = make(map[K][]purchase)
	}
	o.of[customer] = slices.Insert(list, i, p)
	return nil
}

// Merge adds the orders of other, which are those of other customers or other orders: one that
// both know counts its amount twice. Nil and o itself are ErrMismatch, as are periods of another
// length; a sum beyond int64 is ErrOverflow. An error changes nothing.
func (o *Orders[K, T]) Merge(other *Orders[K, T]) error {
	const where = "lifetime: Orders.Merge"
	if err := check.Merge(where, o, other); err != nil {
		return err
	}
	if o.length() != other.length() {
		return fmt.Errorf("%s: periods of %d days, want %d: %w", where, other.length(), o.length(), ErrMismatch)
	}
	for id, list := range other.of { // first whether all sums fit
		own := o.of[id]
		for _, p := range list {
			i := sort.Search(len(own), func(i int) bool { return own[i].period >= p.period })
			if i < len(own) && own[i].period == p.period {
				if _, err := check.AddInt64(own[i].minor, p.minor); err != nil {
					return fmt.Errorf("%s: %w", where, check.Private("minor", -1, id, nil, err))
				}
			}
		}
	}
	for id, list := range other.of {
		for _, p := range list {
			_ = o.add(id, p)
		}
	}
	return nil
}

// Forget removes a customer, and reports whether there was one. What was made of the state
// before, frames and other shards still hold him.
func (o *Orders[K, T]) Forget(customer K) bool {
	if o == nil {
		return false
	}
	_, ok := o.of[customer]
	delete(o.of, customer)
	return ok
}

// Customers returns the customers as of a moment, by ascending id: what was ordered in the periods
// that are over by asOf counts, the first of each customer apart, and Value is the mean of the repeat
// periods in minor units, 0 where they were free, which is read as not known. The age runs to the last of
// these periods: asOf at midnight after the last day of the data makes that day the last.
//
// Nothing ordered at or after asOf is ever in. A period that asOf lies within is not over and does not
// count, orders before asOf included, since they are kept by period: with asOf at noon the day before
// is the last. Take asOf in the zone that Add was given.
//
// ErrEmpty where nothing was ordered in a period that is over, ErrRange for the zero time and one outside of 1678
// to 2262.
func (o *Orders[K, T]) Customers(asOf time.Time) ([]K, []Customer[T], error) {
	const where = "lifetime: Orders.Customers"
	if err := check.Receiver(where, o); err != nil {
		return nil, nil, err
	}
	if err := check.Time("asOf", asOf); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", where, err)
	}
	last := o.period(asOf) - 1
	day := secondsOf[Days]() / secondsOf[T]() * float64(o.length())
	var who []K
	for id, list := range o.of {
		if list[0].period <= last {
			who = append(who, id)
		}
	}
	if len(who) == 0 {
		return nil, nil, fmt.Errorf("%s: nothing was ordered before: %w", where, ErrEmpty)
	}
	slices.Sort(who)
	out := make([]Customer[T], len(who))
	for i, id := range who {
		list := o.of[id]
		first := list[0].period
		c := Customer[T]{Age: T(float64(last-first) * day)}
		sum := 0.0
		for _, p := range list[1:] {
			if p.period > last {
				break
			}
			c.Repeats++
			c.AgeAtLast = T(float64(p.period-first) * day)
			sum += float64(p.minor)
		}
		if c.Repeats > 0 {
			c.Value = sum / float64(c.Repeats)
		}
		out[i] = c
	}
	return who, out, nil
}

// AppendBinary appends the binary form to dst, the same bytes in whatever order the orders came.
// ErrEmpty for a nil receiver.
func (o *Orders[K, T]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("lifetime: Orders.AppendBinary", o); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(unitOf[T]())
	w.Int(int(ids.ClassOf[K]()))
	w.Int64(o.length())
	who := make([]K, 0, len(o.of))
	for id := range o.of {
		who = append(who, id)
	}
	slices.Sort(who)
	ids.PutAscending(&w, who)
	for _, id := range who {
		list := o.of[id]
		w.Int(len(list))
		for _, p := range list {
			w.Int64(p.period)
			w.Int64(p.minor)
		}
	}
	return w.AppendFrame(dst, codec.KindRepeatOrders, 1), nil
}

// MarshalBinary returns the binary form.
func (o *Orders[K, T]) MarshalBinary() ([]byte, error) { return o.AppendBinary(nil) }

// UnmarshalBinary replaces o by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int    unit of time, as of Summary
//	int    class of the ids: 0 strings, 1 signed, 2 unsigned numbers; that of K
//	i64    days of a period, in [1, 366]
//	int    n, the customers
//	n ids  ascending: a string as length and bytes, a number in 8 bytes that its type holds
//	n ×
//	  int    periods with an order, > 0, then for each, ascending strictly:
//	    i64    its number, from 1970, within 110,000 of it
//	    i64    amount in minor units, >= 0
//
// Another unit, class or kind of frame is ErrMismatch, any other length or value ErrCorrupt, a
// newer version ErrVersion; o is then unchanged.
func (o *Orders[K, T]) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Orders.UnmarshalBinary"
	if err := check.Receiver(where, o); err != nil {
		return err
	}
	r, err := openUnit[T](where, data, codec.KindRepeatOrders)
	if err != nil {
		return err
	}
	if class := r.Int(); r.Err() == nil && class != int(ids.ClassOf[K]()) {
		return fmt.Errorf("%s: ids of class %d, want %d: %w", where, class, ids.ClassOf[K](), ErrMismatch)
	}
	days := r.Int64()
	if r.Err() == nil && (days < 1 || days > 366) {
		r.Fail("has periods of no length")
	}
	d := Orders[K, T]{days: int(days)}
	for _, id := range ids.GetAscending[K](r) {
		n, last := r.Int(), int64(math.MinInt64)
		if n == 0 {
			r.Fail("has a customer without an order")
		}
		for i := 0; i < n && r.Err() == nil; i++ {
			p := purchase{r.Int64(), r.Int64()}
			if p.period <= last || p.period < -110_000 || p.period > 110_000 || p.minor < 0 {
				r.Fail("has periods out of order or range, or negative amounts")
				break
			}
			_ = d.add(id, p)
			last = p.period
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*o = d
	return nil
}
