package supply

import (
	"encoding"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*CostToServe)(nil)
	_ encoding.BinaryMarshaler   = (*CostToServe)(nil)
	_ encoding.BinaryUnmarshaler = (*CostToServe)(nil)
)

// CostToServeOptions configures a CostToServe.
type CostToServeOptions struct {
	// Currency names the unit of all money; states of different currencies do not merge.
	Currency string

	// Factors are the emissions of each mode of transport, in grams of CO₂ equivalent for a
	// tonne carried a kilometre, finite and >= 0: from the carrier or from a table such as that of
	// the GLEC framework. None is built in. The map is copied.
	Factors map[string]float64
}

func (o CostToServeOptions) withDefaults() CostToServeOptions {
	o.Factors = maps.Clone(o.Factors)
	return o
}

func (o CostToServeOptions) validate() error {
	var c check.Options
	for _, mode := range sorted(o.Factors) {
		f := o.Factors[mode]
		c.Require(f >= 0 && f <= check.MaxAmount, fmt.Sprintf("Factors[%.40q]", mode), f, "in [0, 1e15]")
	}
	return c.Err("supply: NewCostToServe")
}

// Leg is a part of the way of a parcel.
type Leg struct {
	Mode   string // of transport, one of Factors
	Meters int64  // 0 to 10⁹
	Grams  int64  // 0 to 10¹², weight that is carried, with its packing
}

// CostToServe adds up what it costs to serve orders, in money by part and in emissions by mode
// of transport. One of it for each customer, region or channel shows which of them earn less
// than they cost; see the package documentation for how to keep many. Merge shards freely: the
// result is exactly that of one pass. Not safe for concurrent use.
type CostToServe struct {
	opt     CostToServeOptions
	orders  int64
	revenue int64
	parcels int64
	costs   []costPart
	modes   []modeSum
	made    bool
}

type costPart struct {
	name   string
	amount int64
}

// modeSum is what was carried by one mode; gram metres have 128 bits, which no trade fills.
type modeSum struct {
	name    string
	legs    int64
	hi, low uint64
}

// NewCostToServe returns an empty accumulator.
func NewCostToServe(opt CostToServeOptions) (*CostToServe, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &CostToServe{opt: opt, made: true}, nil
}

// ready refuses nil and the zero value.
func (c *CostToServe) ready(where string) error {
	if c == nil || !c.made {
		return fmt.Errorf("%s: not made by NewCostToServe: %w", where, ErrEmpty)
	}
	return nil
}

// AddOrders records orders and their revenue, in minor units, each >= 0.
func (c *CostToServe) AddOrders(orders, revenue int64) error {
	const where = "supply: CostToServe.AddOrders"
	if err := c.ready(where); err != nil {
		return err
	}
	if orders < 0 || revenue < 0 {
		return fmt.Errorf("%s: orders %d, revenue %d, want >= 0: %w", where, orders, revenue, ErrRange)
	}
	return addCounts(where, []*int64{&c.orders, &c.revenue}, []*int64{&orders, &revenue})
}

// AddCost records what a part of serving cost, such as "picking", "freight" or "returns", in
// minor units, >= 0.
func (c *CostToServe) AddCost(part string, amount int64) error {
	const where = "supply: CostToServe.AddCost"
	if err := c.ready(where); err != nil {
		return err
	}
	if amount < 0 {
		return fmt.Errorf("%s: amount is %d, want >= 0: %w", where, amount, ErrRange)
	}
	p := c.part(part)
	sum, err := check.AddInt64(p.amount, amount)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	p.amount = sum
	return nil
}

// part returns the part of a name, a new one if need be. There are few: a sorted list is
// smaller than a map, and as fast.
func (c *CostToServe) part(name string) *costPart {
	i := sort.Search(len(c.costs), func(i int) bool { return c.costs[i].name >= name })
	if i == len(c.costs) || c.costs[i].name != name {
		c.costs = slices.Insert(c.costs, i, costPart{name: name})
	}
	return &c.costs[i]
}

func (c *CostToServe) mode(name string) *modeSum {
	i := sort.Search(len(c.modes), func(i int) bool { return c.modes[i].name >= name })
	if i == len(c.modes) || c.modes[i].name != name {
		c.modes = slices.Insert(c.modes, i, modeSum{name: name})
	}
	return &c.modes[i]
}

// AddParcel records one parcel by the legs of its way, which are not kept; none where it was
// carried by nobody. A mode without a factor is ErrUnknownID, a distance or weight out of
// range ErrRange.
func (c *CostToServe) AddParcel(legs []Leg) error {
	const where = "supply: CostToServe.AddParcel"
	if err := c.ready(where); err != nil {
		return err
	}
	for i, l := range legs {
		if _, ok := c.opt.Factors[l.Mode]; !ok {
			return fmt.Errorf("%s: legs[%d]: mode %.40q has no factor: %w", where, i, l.Mode, ErrUnknownID)
		}
		if l.Meters < 0 || l.Meters > 1e9 || l.Grams < 0 || l.Grams > 1e12 {
			return fmt.Errorf("%s: %w", where, check.Private("legs", int64(i), nil, fmt.Sprintf("%d m, %d g", l.Meters, l.Grams), fmt.Errorf("distance or weight out of range: %w", ErrRange)))
		}
	}
	// Of no more legs than these the sums fit: gram metres of one are below 2⁷⁰.
	full := c.parcels == math.MaxInt64
	for i := range c.modes {
		full = full || c.modes[i].legs > math.MaxInt64-int64(len(legs)) || c.modes[i].hi > math.MaxUint64-uint64(len(legs)+1)<<6
	}
	if full {
		return fmt.Errorf("%s: parcels, legs or weight times distance: %w", where, ErrOverflow)
	}
	c.parcels++
	for _, l := range legs {
		m := c.mode(l.Mode)
		hi, low := bits.Mul64(uint64(l.Meters), uint64(l.Grams))
		m.legs++
		m.add(hi, low)
	}
	return nil
}

// add adds gram metres and reports whether they fit.
func (m *modeSum) add(hi, low uint64) bool {
	low, carry := bits.Add64(m.low, low, 0)
	hi, over := bits.Add64(m.hi, hi, carry)
	m.hi, m.low = hi, low
	return over == 0
}

// Merge adds the state of other, which is not changed. It fails with ErrMismatch when the
// options differ and where other is nil or the receiver, and with ErrOverflow, changing
// nothing, when a sum leaves int64.
func (c *CostToServe) Merge(other *CostToServe) error {
	const where = "supply: CostToServe.Merge"
	if err := check.Merge(where, c, other); err != nil {
		return err
	}
	if err := c.ready(where); err != nil {
		return err
	}
	if err := other.ready(where); err != nil {
		return err
	}
	if c.opt.Currency != other.opt.Currency || !maps.Equal(c.opt.Factors, other.opt.Factors) {
		return fmt.Errorf("%s: options differ: %w", where, ErrMismatch)
	}
	n := *c
	n.costs, n.modes = slices.Clone(c.costs), slices.Clone(c.modes)
	if err := addCounts(where, []*int64{&n.orders, &n.revenue, &n.parcels}, []*int64{&other.orders, &other.revenue, &other.parcels}); err != nil {
		return err
	}
	for _, p := range other.costs {
		if err := addCounts(where, []*int64{&n.part(p.name).amount}, []*int64{&p.amount}); err != nil {
			return err
		}
	}
	for _, m := range other.modes {
		to := n.mode(m.name)
		if err := addCounts(where, []*int64{&to.legs}, []*int64{&m.legs}); err != nil {
			return err
		}
		if !to.add(m.hi, m.low) {
			return fmt.Errorf("%s: weight times distance: %w", where, ErrOverflow)
		}
	}
	*c = n
	return nil
}

// CostPart is a part of the cost to serve.
type CostPart struct {
	Name     string // as the shop words it
	Amount   int64  // in minor units
	PerOrder Ratio  // over all orders
}

// ModeEmissions is what one mode of transport carried and emitted.
type ModeEmissions struct {
	Mode     string  // of Factors
	Legs     int64   // of all parcels
	TonneKm  float64 // weight times distance
	Grams    float64 // of CO₂ equivalent: TonneKm times the factor
	OfWeight Ratio   // TonneKm over that of all modes
}

// CostToServeResult is the result of a CostToServe. Ratios over nothing are undefined.
type CostToServeResult struct {
	Orders  int64 // served
	Revenue int64 // of these, in minor units
	Parcels int64 // sent

	Cost      int64      // of all parts, in minor units
	PerOrder  Ratio      // cost over orders
	OfRevenue Ratio      // cost over revenue
	Costs     []CostPart // largest first, ties by name

	Emissions         float64         // grams of CO₂ equivalent
	EmissionPerParcel Ratio           // over parcels
	EmissionPerOrder  Ratio           // over orders
	Modes             []ModeEmissions // by name
}

// Result reports everything added so far and does not change the state. ErrEmpty when nothing
// was added, ErrOverflow when the sum of the parts leaves int64.
func (c *CostToServe) Result() (CostToServeResult, error) {
	const where = "supply: CostToServe.Result"
	if err := c.ready(where); err != nil {
		return CostToServeResult{}, err
	}
	if c.orders|c.revenue|c.parcels == 0 && len(c.costs) == 0 {
		return CostToServeResult{}, fmt.Errorf("%s: nothing was added: %w", where, ErrEmpty)
	}
	r := CostToServeResult{Orders: c.orders, Revenue: c.revenue, Parcels: c.parcels}
	orders := float64(c.orders)
	for _, p := range c.costs {
		if err := addCounts(where, []*int64{&r.Cost}, []*int64{&p.amount}); err != nil {
			return CostToServeResult{}, err
		}
		r.Costs = append(r.Costs, CostPart{p.name, p.amount, Ratio{float64(p.amount), orders}})
	}
	slices.SortStableFunc(r.Costs, func(a, b CostPart) int {
		switch {
		case a.Amount > b.Amount:
			return -1
		case a.Amount < b.Amount:
			return 1
		}
		return 0
	})
	all := 0.0
	for _, m := range c.modes {
		e := ModeEmissions{Mode: m.name, Legs: m.legs, TonneKm: (float64(m.hi)*0x1p64 + float64(m.low)) / 1e9}
		e.Grams = e.TonneKm * c.opt.Factors[m.name]
		all += e.TonneKm
		r.Emissions += e.Grams
		r.Modes = append(r.Modes, e)
	}
	for i := range r.Modes {
		r.Modes[i].OfWeight = Ratio{r.Modes[i].TonneKm, all}
	}
	r.PerOrder, r.OfRevenue = Ratio{float64(r.Cost), orders}, Ratio{float64(r.Cost), float64(c.revenue)}
	r.EmissionPerParcel, r.EmissionPerOrder = Ratio{r.Emissions, float64(c.parcels)}, Ratio{r.Emissions, orders}
	return r, nil
}

// AppendBinary appends the state to dst. Equal states give equal bytes. ErrEmpty for one
// that NewCostToServe has not made.
func (c *CostToServe) AppendBinary(dst []byte) ([]byte, error) {
	if err := c.ready("supply: CostToServe.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.String(c.opt.Currency)
	names := sorted(c.opt.Factors)
	w.Strings(names)
	for _, name := range names {
		w.Float64(c.opt.Factors[name])
	}
	w.Int64(c.orders)
	w.Int64(c.revenue)
	w.Int64(c.parcels)
	w.Int(len(c.costs))
	for _, p := range c.costs {
		w.String(p.name)
		w.Int64(p.amount)
	}
	w.Int(len(c.modes))
	for _, m := range c.modes {
		w.String(m.name)
		w.Int64(m.legs)
		w.Int64(int64(m.hi))
		w.Int64(int64(m.low))
	}
	return w.AppendFrame(dst, codec.KindCostToServe, 1), nil
}

// MarshalBinary returns the state as bytes.
func (c *CostToServe) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	string   Currency
//	[]string modes of Factors, ascending without repeats, and then f64 for each, in [0, 1e15]
//	3×i64    orders, revenue and parcels, >= 0
//	int n    and n parts of the cost, ascending by name: string, i64 amount >= 0
//	int n    and n modes, ascending, each of Factors: string, i64 legs > 0, 2×u64 gram metres,
//	         the higher half first
//
// Any other length, order or value is ErrCorrupt, another kind of frame is ErrMismatch, a newer
// version ErrVersion; the receiver is then unchanged. A nil receiver is ErrEmpty.
func (c *CostToServe) UnmarshalBinary(data []byte) error {
	const name = "CostToServe"
	if err := check.Receiver("supply: CostToServe.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindCostToServe, 1)
	if err != nil {
		return err
	}
	n := CostToServe{made: true}
	n.opt.Currency = r.String()
	for i, modes := 0, r.Strings(); i < len(modes) && r.Err() == nil; i++ {
		if i == 0 {
			n.opt.Factors = map[string]float64{}
		} else if modes[i] <= modes[i-1] {
			r.Fail("has modes out of order")
		}
		n.opt.Factors[modes[i]] = decodeAmount(r)
	}
	n.orders, n.revenue, n.parcels = decodeCount(r), decodeCount(r), decodeCount(r)
	for left := r.Int(); left > 0 && r.Err() == nil; left-- {
		p := costPart{r.String(), decodeCount(r)}
		if k := len(n.costs); k > 0 && p.name <= n.costs[k-1].name {
			r.Fail("has parts out of order")
		}
		n.costs = append(n.costs, p)
	}
	for left := r.Int(); left > 0 && r.Err() == nil; left-- {
		m := modeSum{name: r.String(), legs: decodeCount(r), hi: uint64(r.Int64()), low: uint64(r.Int64())}
		_, known := n.opt.Factors[m.name]
		if k := len(n.modes); k > 0 && m.name <= n.modes[k-1].name || !known || m.legs == 0 {
			r.Fail("has modes out of order, without a factor or a leg")
		}
		n.modes = append(n.modes, m)
	}
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*c = n
	return nil
}
