package supply

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Check is the answer to one yes-or-no question about a delivery. Its zero value
// says that nobody recorded the answer.
type Check uint8

// Answers. What is Unknown never counts as passed.
const (
	Unknown Check = iota
	Pass
	Fail
)

// and is the conjunction of three-valued logic: one Fail decides, otherwise one
// Unknown leaves the question open.
func and(checks ...Check) Check {
	out := Pass
	for _, c := range checks {
		switch c {
		case Fail:
			return Fail
		case Unknown:
			out = Unknown
		}
	}
	return out
}

func checkOf(ok bool) Check {
	if ok {
		return Pass
	}
	return Fail
}

// Criteria selects what a perfect order must pass.
type Criteria uint8

// Criteria of a perfect order.
const (
	OnTime Criteria = 1 << iota
	InFull
	RightAddress
	Undamaged
	Documented // papers and invoice right
)

// Delivery is one order on its way. Zero times have not happened (or, for
// Promised, were not given).
type Delivery struct {
	Placed    time.Time // required
	Shipped   time.Time // first parcel handed over
	Delivered time.Time // first delivery to the customer
	Promised  time.Time // latest delivery time promised when the order was placed
	Cancelled bool      // left out of every figure but Cancelled

	Region string // destination, for coverage

	// Units and lines ordered, and of these what the first delivery held in
	// full. Ordered 0 means that quantities are unknown.
	Ordered, Received  int64
	Lines, LinesInFull int64

	// What else a perfect order needs.
	RightAddress, Undamaged, Documented Check
}

// FulfilmentOptions configures a Fulfilment.
type FulfilmentOptions struct {
	// AsOf is the end of observation, required: open orders are judged by it.
	AsOf time.Time

	// Grace is how long after Promised a delivery still counts as on time.
	Grace time.Duration

	// Perfect selects what a perfect order must pass; default OnTime, InFull,
	// RightAddress and Undamaged.
	Perfect Criteria

	// Targets are the regions the shop means to serve with a weight each, such as
	// population; use weight 1 to count regions. Without targets coverage is
	// undefined. The map is copied.
	Targets map[string]float64
}

func (o FulfilmentOptions) withDefaults() FulfilmentOptions {
	o.Perfect = orDefault(o.Perfect)
	o.Targets = maps.Clone(o.Targets)
	o.AsOf = o.AsOf.UTC().Round(0)
	return o
}

func orDefault(c Criteria) Criteria {
	if c == 0 {
		return OnTime | InFull | RightAddress | Undamaged
	}
	return c
}

func (o FulfilmentOptions) validate() error {
	var e check.Options
	e.Require(!o.AsOf.IsZero() && o.AsOf.After(minInstant) && o.AsOf.Before(maxInstant), "AsOf", o.AsOf, "a time in 1678 to 2261")
	e.Require(o.Grace >= 0, "Grace", o.Grace, ">= 0")
	e.Require(o.Perfect < Documented<<1, "Perfect", o.Perfect, "a set of the named criteria")
	for _, r := range sorted(o.Targets) {
		w := o.Targets[r]
		e.Require(w > 0 && check.Finite(w), fmt.Sprintf("Targets[%q]", r), w, "finite and > 0")
	}
	return e.Err("supply: NewFulfilment")
}

// Fulfilment measures delivery: how long orders take, whether they come when and
// as promised, and where the shop delivers to. Merge shards freely: the result
// is exactly that of one pass. Not safe for concurrent use.
type Fulfilment struct {
	opts    FulfilmentOptions
	count   fulfilmentCounts
	toShip  durations
	transit durations
	cycle   durations
	served  map[string]int64 // delivered orders by region
}

// fulfilmentCounts are plain sums, in the order of their binary form.
type fulfilmentCounts struct {
	Orders, Cancelled, Open, Overdue, NoPromise, OverDelivered int64

	OnTime, OnTimeDen, InFull, InFullDen   int64
	Lines, LinesDen, Units, UnitsDen       int64
	OTIF, OTIFDen, OTIFUnknown             int64
	Perfect, PerfectDen, PerfectUnknown    int64
	Address, AddressDen, Damage, DamageDen int64
	Papers, PapersDen                      int64
}

func (c *fulfilmentCounts) all() []*int64 {
	return []*int64{
		&c.Orders, &c.Cancelled, &c.Open, &c.Overdue, &c.NoPromise, &c.OverDelivered,
		&c.OnTime, &c.OnTimeDen, &c.InFull, &c.InFullDen,
		&c.Lines, &c.LinesDen, &c.Units, &c.UnitsDen,
		&c.OTIF, &c.OTIFDen, &c.OTIFUnknown,
		&c.Perfect, &c.PerfectDen, &c.PerfectUnknown,
		&c.Address, &c.AddressDen, &c.Damage, &c.DamageDen, &c.Papers, &c.PapersDen,
	}
}

// addCounts adds b to a, or changes nothing and fails when a sum overflows.
func addCounts(where string, a, b []*int64) error {
	for i := range a {
		if _, err := check.AddInt64(*a[i], *b[i]); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	for i := range a {
		*a[i] += *b[i]
	}
	return nil
}

// NewFulfilment returns an empty accumulator.
func NewFulfilment(opts FulfilmentOptions) (*Fulfilment, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	return &Fulfilment{opts: opts, served: map[string]int64{}}, nil
}

// Add records one order. An order whose times contradict each other (delivered
// before shipped, anything after AsOf) or with negative quantities is refused
// with ErrRange and changes nothing.
func (f *Fulfilment) Add(d Delivery) error {
	const where = "supply: Fulfilment.Add"
	if d.Placed.IsZero() {
		return fmt.Errorf("%s: Placed is the zero time: %w", where, ErrRange)
	}
	for _, c := range []struct {
		name string
		t    time.Time
	}{{"Placed", d.Placed}, {"Shipped", d.Shipped}, {"Delivered", d.Delivered}} {
		if err := known(where, c.name, c.t, f.opts.AsOf); err != nil {
			return err
		}
	}
	for _, err := range []error{
		span(where, "Placed", d.Placed, "Shipped", d.Shipped),
		span(where, "Placed", d.Placed, "Delivered", d.Delivered),
		span(where, "Shipped", d.Shipped, "Delivered", d.Delivered),
		span(where, "Placed", d.Placed, "Promised", d.Promised),
	} {
		if err != nil {
			return err
		}
	}
	for _, c := range []struct {
		name string
		n    int64
	}{{"Ordered", d.Ordered}, {"Received", d.Received}, {"Lines", d.Lines}, {"LinesInFull", d.LinesInFull}} {
		if c.n < 0 {
			return fmt.Errorf("%s: %s is %d, want >= 0: %w", where, c.name, c.n, ErrRange)
		}
	}
	if d.LinesInFull > d.Lines {
		return fmt.Errorf("%s: LinesInFull is %d of %d Lines: %w", where, d.LinesInFull, d.Lines, ErrRange)
	}
	if d.RightAddress > Fail || d.Undamaged > Fail || d.Documented > Fail {
		return fmt.Errorf("%s: RightAddress, Undamaged or Documented is no Check: %w", where, ErrRange)
	}

	var c fulfilmentCounts
	if d.Cancelled {
		c.Cancelled = 1
		return addCounts(where, f.count.all(), c.all())
	}
	c.Orders = 1
	arrived := !d.Delivered.IsZero()
	var onTime, inFull Check
	pending := false
	switch latest := d.Promised.Add(f.opts.Grace); {
	case d.Promised.IsZero():
		c.NoPromise = 1
		pending = !arrived
	case arrived:
		onTime = checkOf(!d.Delivered.After(latest))
	case f.opts.AsOf.After(latest):
		onTime = Fail // overdue and not there counts as late
		c.Overdue = 1
	default:
		pending = true
	}
	if !arrived {
		c.Open = 1
	}
	if arrived && d.Ordered > 0 {
		inFull = checkOf(d.Received >= d.Ordered)
		c.Units, c.UnitsDen = min(d.Received, d.Ordered), d.Ordered
		if d.Received > d.Ordered {
			c.OverDelivered = 1
		}
	}
	if arrived {
		c.Lines, c.LinesDen = d.LinesInFull, d.Lines
	}
	tally := func(k Check, pass, known, unknown *int64) {
		switch k {
		case Pass:
			*pass, *known = *pass+1, *known+1
		case Fail:
			*known++
		default:
			*unknown++
		}
	}
	var ignored int64
	tally(onTime, &c.OnTime, &c.OnTimeDen, &ignored)
	tally(inFull, &c.InFull, &c.InFullDen, &ignored)
	tally(d.RightAddress, &c.Address, &c.AddressDen, &ignored)
	tally(d.Undamaged, &c.Damage, &c.DamageDen, &ignored)
	tally(d.Documented, &c.Papers, &c.PapersDen, &ignored)
	if !pending { // an order that still has time is neither good nor bad
		tally(and(onTime, inFull), &c.OTIF, &c.OTIFDen, &c.OTIFUnknown)
		perfect := Pass
		for i, k := range []Check{onTime, inFull, d.RightAddress, d.Undamaged, d.Documented} {
			if f.opts.Perfect>>i&1 == 1 {
				perfect = and(perfect, k)
			}
		}
		tally(perfect, &c.Perfect, &c.PerfectDen, &c.PerfectUnknown)
	}
	if err := addCounts(where, f.count.all(), c.all()); err != nil {
		return err
	}

	asOf := f.opts.AsOf
	stage := func(s *durations, from, to time.Time, ended bool) {
		switch {
		case from.IsZero():
		case !to.IsZero():
			s.add(to.Sub(from), true)
		case !ended:
			s.add(asOf.Sub(from), false)
		}
	}
	// Delivered without a recorded shipment: that stage is unknown, not open.
	stage(&f.toShip, d.Placed, d.Shipped, arrived)
	stage(&f.transit, d.Shipped, d.Delivered, false)
	stage(&f.cycle, d.Placed, d.Delivered, false)
	if arrived && d.Region != "" {
		f.served[d.Region]++
	}
	return nil
}

// Merge adds the state of o, which is not changed. It fails with ErrMismatch
// when the options differ or o is the receiver.
func (f *Fulfilment) Merge(o *Fulfilment) error {
	const where = "supply: Fulfilment.Merge"
	switch {
	case o == nil || o == f:
		return fmt.Errorf("%s: state is nil or the receiver itself: %w", where, ErrMismatch)
	case !f.opts.AsOf.Equal(o.opts.AsOf) || f.opts.Grace != o.opts.Grace || f.opts.Perfect != o.opts.Perfect || !maps.Equal(f.opts.Targets, o.opts.Targets):
		return fmt.Errorf("%s: options differ: %w", where, ErrMismatch)
	}
	if err := addCounts(where, f.count.all(), o.count.all()); err != nil {
		return err
	}
	f.toShip.merge(&o.toShip)
	f.transit.merge(&o.transit)
	f.cycle.merge(&o.cycle)
	for r, n := range o.served {
		f.served[r] += n
	}
	return nil
}

// FulfilmentReport is the result of a Fulfilment. Every Ratio counts orders
// unless it says otherwise; a Ratio over nothing is undefined.
type FulfilmentReport struct {
	Orders    int64 // not cancelled
	Cancelled int64
	Open      int64 // not delivered by AsOf
	Overdue   int64 // of these, past their promise
	NoPromise int64 // orders without a promised time: left out of OnTime

	OrderToShip, ShipToDeliver, OrderToDelivery Durations

	OnTime   Ratio // delivered by promise + grace, over delivered + overdue
	InFull   Ratio // first delivery held everything, over delivered orders of known quantity
	LineFill Ratio // lines in full at the first delivery, over lines
	UnitFill Ratio // units at the first delivery, over units; over-delivery counts once
	OTIF     Ratio // both on time and in full, per order

	OverDelivered int64 // orders that held more than was ordered

	// Perfect is the joint share of orders that passed every selected criterion
	// (SCOR RL.1.1). An order with a failed criterion failed, whatever else is
	// unknown; an order with an unknown criterion and no failed one is left out
	// and counted in PerfectUnknown.
	Perfect        Ratio
	OTIFUnknown    int64
	PerfectUnknown int64

	// PerfectEstimate is the product of the single rates, which equals Perfect
	// only if failures are independent; NaN if a rate is undefined.
	PerfectEstimate float64

	RightAddress, Undamaged, Documented Ratio // the single rates

	Coverage Ratio    // weight of target regions with a delivery, over weight of all targets
	Unserved []string // target regions without one, ascending
}

// Result reports all orders added so far and does not change the state. It is
// ErrEmpty when there are none.
func (f *Fulfilment) Result() (FulfilmentReport, error) {
	c := f.count
	if c.Orders+c.Cancelled == 0 {
		return FulfilmentReport{}, fmt.Errorf("supply: Fulfilment.Result: no orders: %w", ErrEmpty)
	}
	share := func(n, d int64) Ratio { return Ratio{float64(n), float64(d)} }
	r := FulfilmentReport{
		Orders: c.Orders, Cancelled: c.Cancelled, Open: c.Open, Overdue: c.Overdue, NoPromise: c.NoPromise,
		OrderToShip: f.toShip.result(), ShipToDeliver: f.transit.result(), OrderToDelivery: f.cycle.result(),
		OnTime: share(c.OnTime, c.OnTimeDen), InFull: share(c.InFull, c.InFullDen),
		LineFill: share(c.Lines, c.LinesDen), UnitFill: share(c.Units, c.UnitsDen),
		OTIF: share(c.OTIF, c.OTIFDen), OverDelivered: c.OverDelivered,
		Perfect: share(c.Perfect, c.PerfectDen), OTIFUnknown: c.OTIFUnknown, PerfectUnknown: c.PerfectUnknown,
		RightAddress: share(c.Address, c.AddressDen), Undamaged: share(c.Damage, c.DamageDen), Documented: share(c.Papers, c.PapersDen),
		PerfectEstimate: 1,
	}
	for i, one := range []Ratio{r.OnTime, r.InFull, r.RightAddress, r.Undamaged, r.Documented} {
		if f.opts.Perfect>>i&1 == 1 {
			r.PerfectEstimate *= one.OrNaN()
		}
	}
	for _, region := range sorted(f.opts.Targets) {
		w := f.opts.Targets[region]
		r.Coverage.Den += w
		if f.served[region] > 0 {
			r.Coverage.Num += w
		} else {
			r.Unserved = append(r.Unserved, region)
		}
	}
	if math.IsInf(r.Coverage.Den, 0) {
		return FulfilmentReport{}, fmt.Errorf("supply: Fulfilment.Result: weights of Targets add up to infinity: %w", ErrOverflow)
	}
	r.Unserved = slices.Clip(r.Unserved)
	return r, nil
}
