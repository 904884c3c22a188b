package segment

import (
	"encoding"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Pareto)(nil)
	_ encoding.BinaryMarshaler   = (*Pareto)(nil)
	_ encoding.BinaryUnmarshaler = (*Pareto)(nil)
)

// maxAmount is the largest amount of one customer, so that a float64 holds it exactly.
const maxAmount = 1 << 53

// Pareto counts customers by their money, exactly: how much of it the best few bring, how few
// bring most of it, how unequal it is spread, and tiers whose thresholds follow the shop. The
// zero value is empty and ready; merging shards in any order is the same as one pass. It is
// not safe for concurrent use while Add, Merge or UnmarshalBinary runs. Memory: 16 bytes for
// each different amount, and up to as much again while adding.
//
// Money may be negative where more was refunded than paid. Shares are then of what is left, so
// that the best may bring more than all of it, and Gini may be above 1.
//
// What is there to be published is refused below MinAudience customers, be they all, the best
// few, or those that are left. Nor is it found out by subtraction of answers about nearly the
// same customers: these are put, by their money, into 2, 5, 10, 20, 100, 200, … equal parts, as many as
// leave MinAudience in each, and TopShare, Needed and Result know how much each part brings and no
// more. So shares that are whole parts are exact, as .2 is from 250 customers on and .01 from 5,000; in
// between a straight line is drawn, which tells somewhat less than the best there bring. With a MinAudience
// of −1 all is exact. The state itself holds what each customer spent, and is not to be given
// away.
type Pareto struct {
	// MinAudience is the number of customers below which nothing about them is told: 0 means
	// 50, −1 no floor. It is the reader's, not part of the counts: Merge and the binary form
	// leave it alone.
	MinAudience int

	amounts, count []int64 // different ones, ascending, and how many customers have each
	fresh          []int64 // added since, in no order
}

// Add counts one customer with all of his money, in minor units. ErrRange beyond ±2⁵³.
func (p *Pareto) Add(amount int64) error {
	const where = "segment: Pareto.Add"
	if err := check.Receiver(where, p); err != nil {
		return err
	}
	if amount < -maxAmount || amount > maxAmount {
		return fmt.Errorf("%s: %w", where, check.Private("amount", -1, nil, amount, fmt.Errorf("beyond 2⁵³: %w", ErrRange)))
	}
	if p.fresh = append(p.fresh, amount); len(p.fresh) > len(p.amounts)+1024 {
		p.amounts, p.count = p.counted()
		p.fresh = p.fresh[:0]
	}
	return nil
}

// counted returns all amounts, the fresh ones included, and leaves the state alone.
func (p *Pareto) counted() (amounts, count []int64) {
	if len(p.fresh) == 0 {
		return p.amounts, p.count
	}
	fresh := slices.Clone(p.fresh)
	slices.Sort(fresh)
	ones := make([]int64, 0, len(fresh))
	kept := fresh[:0]
	for _, v := range fresh {
		if n := len(kept); n > 0 && kept[n-1] == v {
			ones[n-1]++
			continue
		}
		kept, ones = append(kept, v), append(ones, 1)
	}
	return united(p.amounts, p.count, kept, ones)
}

// united adds two counts by ascending amounts.
func united(a, na, b, nb []int64) (amounts, count []int64) {
	amounts, count = make([]int64, 0, len(a)+len(b)), make([]int64, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			amounts, count = append(amounts, a[0]), append(count, na[0])
			a, na = a[1:], na[1:]
		case len(a) == 0 || b[0] < a[0]:
			amounts, count = append(amounts, b[0]), append(count, nb[0])
			b, nb = b[1:], nb[1:]
		default:
			amounts, count = append(amounts, a[0]), append(count, na[0]+nb[0])
			a, na, b, nb = a[1:], na[1:], b[1:], nb[1:]
		}
	}
	return amounts, count
}

// Merge adds the customers of other. Nil and the value itself are ErrMismatch, more than
// 2⁶³−1 customers are ErrOverflow; an error changes nothing.
func (p *Pareto) Merge(other *Pareto) error {
	const where = "segment: Pareto.Merge"
	if err := check.Merge(where, p, other); err != nil {
		return err
	}
	a, na := p.counted()
	b, nb := other.counted()
	if _, err := check.AddInt64(customers(na), customers(nb)); err != nil {
		return fmt.Errorf("%s: customers: %w", where, err)
	}
	p.amounts, p.count = united(a, na, b, nb)
	p.fresh = p.fresh[:0]
	return nil
}

// customers adds the counts, which fit.
func customers(count []int64) int64 {
	n := int64(0)
	for _, c := range count {
		n += c
	}
	return n
}

// curve is what questions are asked of: all amounts, and what they add up to.
type curve struct {
	amounts, count []int64
	n              int64
	total          sum128
	floor          int64
}

// curve checks that there is somebody, and enough of them, to tell about.
func (p *Pareto) curve(where string) (*curve, error) {
	if err := check.Receiver(where, p); err != nil {
		return nil, err
	}
	var c check.Options
	c.Require(p.MinAudience >= -1, "MinAudience", p.MinAudience, "> 0, or -1 for no floor")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	v := &curve{floor: check.Floor(p.MinAudience)}
	v.amounts, v.count = p.counted()
	for i, a := range v.amounts {
		v.n += v.count[i]
		v.total.addTimes(a, v.count[i])
	}
	if v.n == 0 {
		return nil, fmt.Errorf("%s: no customers: %w", where, ErrEmpty)
	}
	return v, nil
}

// published is curve where what comes out may be told, and shares of the money exist.
func (p *Pareto) published(where string) (*curve, error) {
	v, err := p.curve(where)
	switch {
	case err != nil:
		return nil, err
	case check.Few(v.n, v.floor):
		return nil, fmt.Errorf("%s: fewer than %d customers: %w", where, v.floor, ErrPrivacy)
	case v.total.float() <= 0:
		return nil, fmt.Errorf("%s: the money of all customers is not above 0: %w", where, ErrUndefined)
	}
	return v, nil
}

// few reports whether the best k customers, or those that are left, are too few to tell
// about; all and nobody are not.
func (v *curve) few(k float64) bool {
	least := float64(v.floor)
	return least > 1 && (k > 0 && k < least || k < float64(v.n) && float64(v.n)-k < least)
}

// top returns the money of the best k customers, k in 0 … n; of one of them who counts in
// part that part.
func (v *curve) top(k float64) float64 {
	sum := sum128{}
	for i := len(v.amounts) - 1; i >= 0; i-- {
		n := v.count[i]
		if float64(n) >= k {
			return sum.float() + float64(k*float64(v.amounts[i]))
		}
		k -= float64(n)
		sum.addTimes(v.amounts[i], n)
	}
	return sum.float()
}

// needed returns how many of the best customers bring that share of the money, with room for
// the rounding of the share: 80 of 100 are .8 of it.
func (v *curve) needed(share float64) int64 {
	want, sum, n := share*v.total.float()*(1-1e-12), sum128{}, int64(0)
	for i := len(v.amounts) - 1; i >= 0; i-- {
		before := sum.float()
		sum.addTimes(v.amounts[i], v.count[i])
		if sum.float() >= want {
			left := int64(math.Ceil((want - before) / float64(v.amounts[i])))
			return n + min(max(left, 1), v.count[i])
		}
		n += v.count[i]
	}
	return v.n
}

// parts are the numbers of equal parts that customers are put into where there is a floor.
var parts = []float64{1, 2, 5, 10, 20, 100, 200, 1000, 2000, 10_000, 20_000, 100_000, 200_000, 1_000_000}

// steps returns between how many equal parts of the customers the curve is told, 0 for
// everywhere: so many that each has no fewer than the floor. Else two questions a customer apart
// would tell, by subtraction, what that customer spent.
func (v *curve) steps() float64 {
	if v.floor <= 1 {
		return 0
	}
	at := sort.Search(len(parts), func(i int) bool { return float64(v.n)/parts[i] < float64(v.floor) })
	return parts[max(at, 1)-1]
}

// told is top with a straight line from step to step.
func (v *curve) told(k float64) float64 {
	steps := v.steps()
	if steps == 0 {
		return v.top(k)
	}
	step := math.Floor(k / float64(v.n) * steps)
	low := step / steps * float64(v.n)
	if low == k {
		return v.top(k)
	}
	high := (step + 1) / steps * float64(v.n)
	from, to := v.top(low), v.top(high)
	return from + float64((to-from)*(k-low)/(high-low))
}

// neededTold is needed on the line of told.
func (v *curve) neededTold(share float64) int64 {
	steps := v.steps()
	if steps == 0 {
		return v.needed(share)
	}
	want := share * v.total.float() * (1 - 1e-12)
	step := 1 + sort.Search(int(steps)-1, func(i int) bool { return v.top(float64(i+1)/steps*float64(v.n)) >= want })
	low, high := float64(step-1)/steps*float64(v.n), float64(step)/steps*float64(v.n)
	from, to := v.top(low), v.top(high)
	k := low + float64((want-from)/(to-from)*(high-low))
	return min(max(int64(math.Ceil(k*(1-1e-12))), 1), v.n)
}

// gini is Σ (2i−n−1)·xᵢ / (n·Σx) over the amounts in ascending order.
func (v *curve) gini() float64 {
	sum, below := 0.0, int64(0)
	for i, a := range v.amounts {
		c := v.count[i]
		sum += float64(float64(a) * float64(c) * (2*float64(below) + float64(c) - float64(v.n)))
		below += c
	}
	return sum / (float64(v.n) * v.total.float())
}

// ParetoResult says how the money is spread over the customers.
type ParetoResult struct {
	Customers int64   // all of them
	Money     int64   // of all of them, in minor units
	Gini      float64 // 0 where all bring the same, towards 1 where one brings all
	Top20     float64 // share of the money that the best fifth brings; NaN where they, or the others, are few
	For80     float64 // share of the customers, the best ones, that bring 80 % of it; NaN where they, or the others, are few
}

// Result returns how the money is spread. ErrEmpty without customers, ErrPrivacy below
// MinAudience, ErrUndefined where the money is not above 0, ErrOverflow where it is beyond
// int64, ErrOption for a MinAudience below −1.
func (p *Pareto) Result() (ParetoResult, error) {
	const where = "segment: Pareto.Result"
	v, err := p.published(where)
	if err != nil {
		return ParetoResult{}, err
	}
	money, ok := v.total.int64()
	if !ok {
		return ParetoResult{}, fmt.Errorf("%s: money of all: %w", where, ErrOverflow)
	}
	r := ParetoResult{Customers: v.n, Money: money, Gini: v.gini(), Top20: math.NaN(), For80: math.NaN()}
	if k := .2 * float64(v.n); !v.few(k) {
		r.Top20 = v.told(k) / v.total.float()
	}
	if k := float64(v.neededTold(.8)); !v.few(k) {
		r.For80 = k / float64(v.n)
	}
	return r, nil
}

// TopShare returns the share of the money that a share of the customers, in (0, 1], brings,
// the best of them: TopShare(.01) is that of the best hundredth. A customer at the border
// counts in part, and it does not matter which of equal ones. ErrRange for another share,
// ErrPrivacy where those customers, or the others, are fewer than MinAudience; else the errors
// of Result, without ErrOverflow.
func (p *Pareto) TopShare(customers float64) (float64, error) {
	const where = "segment: Pareto.TopShare"
	v, err := p.published(where)
	if err != nil {
		return 0, err
	}
	k := customers * float64(v.n)
	switch {
	case !(customers > 0 && customers <= 1):
		return 0, fmt.Errorf("%s: share %v, want it in (0, 1]: %w", where, customers, ErrRange)
	case v.few(k):
		return 0, fmt.Errorf("%s: fewer than %d customers on one side of the share: %w", where, v.floor, ErrPrivacy)
	}
	return v.told(k) / v.total.float(), nil
}

// Needed returns the share of the customers, the best of them, that it takes for a share of
// the money in (0, 1]: Needed(.8) of .2 is the rule of eighty to twenty. Whole customers are
// counted. Errors are those of TopShare.
func (p *Pareto) Needed(money float64) (float64, error) {
	const where = "segment: Pareto.Needed"
	v, err := p.published(where)
	if err != nil {
		return 0, err
	}
	if !(money > 0 && money <= 1) {
		return 0, fmt.Errorf("%s: share %v, want it in (0, 1]: %w", where, money, ErrRange)
	}
	k := v.neededTold(money)
	if v.few(float64(k)) {
		return 0, fmt.Errorf("%s: fewer than %d customers on one side of the share: %w", where, v.floor, ErrPrivacy)
	}
	return float64(k) / float64(v.n), nil
}

// AppendBinary appends the binary form to dst, the same bytes in whatever order the customers
// came.
func (p *Pareto) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("segment: Pareto.AppendBinary", p); err != nil {
		return dst, err
	}
	var w codec.Writer
	amounts, count := p.counted()
	w.Int64s(amounts)
	w.Int64s(count)
	return w.AppendFrame(dst, codec.KindPareto, 1), nil
}

// MarshalBinary returns the binary form.
func (p *Pareto) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces the counts of p by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	[]i64    different amounts, ascending strictly, within ±2⁵³
//	[]i64    customers of each, > 0, together 2⁶³−1 at most
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; p is then unchanged.
func (p *Pareto) UnmarshalBinary(data []byte) error {
	const where = "segment: Pareto.UnmarshalBinary"
	if err := check.Receiver(where, p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPareto, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	amounts, count := r.Int64s(), r.Int64s()
	if r.Err() == nil && len(amounts) != len(count) {
		r.Fail("has amounts without customers")
	}
	n := int64(0)
	for i := range amounts {
		if r.Err() != nil {
			break
		}
		if amounts[i] < -maxAmount || amounts[i] > maxAmount || i > 0 && amounts[i] <= amounts[i-1] || count[i] <= 0 {
			r.Fail("has amounts out of order or beyond 2⁵³, or of no customer")
			break
		}
		if n, err = check.AddInt64(n, count[i]); err != nil {
			r.Fail("counts more customers than fit")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	p.amounts, p.count, p.fresh = amounts, count, nil
	return nil
}
