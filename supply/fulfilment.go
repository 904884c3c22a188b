package supply

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/survive"
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
	// AsOf is the end of observation, required, in the years 1678 to 2261: open orders
	// are judged by it, and what happened at it has happened.
	AsOf time.Time

	// Grace is how long after Promised a delivery still counts as on time, >= 0;
	// default 0.
	Grace time.Duration

	// Hours is the clock of the three stages; nil runs around the clock. Promises are kept or
	// broken by the plain one.
	Hours *Hours

	// Perfect selects what a perfect order must pass; default OnTime, InFull,
	// RightAddress and Undamaged.
	Perfect Criteria

	// Targets are the regions the shop means to serve with a weight each, such as
	// population, finite and > 0; use weight 1 to count regions. Without targets coverage is
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
	var c check.Options
	c.Require(!o.AsOf.IsZero() && o.AsOf.After(minInstant) && o.AsOf.Before(maxInstant), "AsOf", o.AsOf, "a time in 1678 to 2261")
	c.Require(o.Grace >= 0, "Grace", o.Grace, ">= 0")
	c.Require(o.Perfect < Documented<<1, "Perfect", o.Perfect, "a set of the named criteria")
	for _, r := range sorted(o.Targets) {
		w := o.Targets[r]
		c.Require(w > 0 && check.Finite(w), fmt.Sprintf("Targets[%q]", r), w, "finite and > 0")
	}
	return c.Err("supply: NewFulfilment")
}

// Fulfilment measures delivery: how long orders take, whether they come when and
// as promised, and where the shop delivers to. Merge shards freely: the result
// is exactly that of one pass. Not safe for concurrent use.
type Fulfilment struct {
	opt     FulfilmentOptions
	count   fulfilmentCounts
	toShip  survive.Durations
	transit survive.Durations
	cycle   survive.Durations
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

// addAll adds counts and durations, or changes nothing and fails when a sum overflows.
func addAll(where string, a, b []*int64, took [][2]*survive.Durations) error {
	for _, d := range took {
		if err := d[0].Fits(d[1]); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	if err := addCounts(where, a, b); err != nil {
		return err
	}
	for _, d := range took {
		d[0].Merge(d[1])
	}
	return nil
}

// NewFulfilment returns an empty accumulator.
func NewFulfilment(opt FulfilmentOptions) (*Fulfilment, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &Fulfilment{opt: opt, served: map[string]int64{}}, nil
}

// ready refuses nil and the zero value, which has no AsOf.
func (f *Fulfilment) ready(where string) error {
	if f == nil || f.opt.AsOf.IsZero() {
		return fmt.Errorf("%s: not made by NewFulfilment: %w", where, ErrEmpty)
	}
	return nil
}

// Add records one order. An order whose times contradict each other (delivered
// before shipped, anything after AsOf or before 1678) or with negative quantities is refused
// with ErrRange, one whose quantities do not fit with ErrOverflow; both change nothing.
func (f *Fulfilment) Add(d Delivery) error {
	const where = "supply: Fulfilment.Add"
	if err := f.ready(where); err != nil {
		return err
	}
	if err := d.validate(where, f.opt.AsOf); err != nil {
		return err
	}
	// No count is above that of the orders but units and lines, and no bucket above its cases.
	c := &f.count
	if c.Orders+c.Cancelled == math.MaxInt64 || c.LinesDen > math.MaxInt64-d.Lines || c.UnitsDen > math.MaxInt64-d.Ordered ||
		f.toShip.Full() || f.transit.Full() || f.cycle.Full() {
		return fmt.Errorf("%s: orders, units, lines or time: %w", where, ErrOverflow)
	}
	if d.Cancelled {
		c.Cancelled++
		return nil
	}
	f.judge(&d)
	arrived := !d.Delivered.IsZero()
	// Delivered without a recorded shipment: that stage is unknown, not open.
	f.watch(&f.toShip, d.Placed, d.Shipped, arrived)
	f.watch(&f.transit, d.Shipped, d.Delivered, false)
	f.watch(&f.cycle, d.Placed, d.Delivered, false)
	if arrived && d.Region != "" {
		f.served[d.Region]++
	}
	return nil
}

// validate refuses times out of order or after asOf, and quantities that no order
// can have. What is right is told from plain instants; only for what is not, refuse looks which
// field it is.
func (d *Delivery) validate(where string, asOf time.Time) error {
	end := asOf.UnixNano()
	placed, shipped, delivered, promised := stamp(d.Placed), stamp(d.Shipped), stamp(d.Delivered), stamp(d.Promised)
	if placed > early && placed <= end && follows(placed, shipped, end) && follows(max(placed, shipped), delivered, end) && follows(placed, promised, math.MaxInt64) &&
		d.Ordered|d.Received|d.Lines|d.LinesInFull >= 0 && d.LinesInFull <= d.Lines && max(d.RightAddress, d.Undamaged, d.Documented) <= Fail {
		return nil
	}
	return d.refuse(where, asOf)
}

// refuse says what is wrong with a delivery that validate does not take.
func (d *Delivery) refuse(where string, asOf time.Time) error {
	if _, err := instant(where, "Placed", d.Placed); err != nil {
		return err
	}
	for _, c := range []struct {
		name string
		t    time.Time
	}{{"Placed", d.Placed}, {"Shipped", d.Shipped}, {"Delivered", d.Delivered}} {
		if err := known(where, c.name, c.t, asOf); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		a    string
		from time.Time
		b    string
		to   time.Time
	}{
		{"Placed", d.Placed, "Shipped", d.Shipped},
		{"Placed", d.Placed, "Delivered", d.Delivered},
		{"Shipped", d.Shipped, "Delivered", d.Delivered},
		{"Placed", d.Placed, "Promised", d.Promised},
	} {
		if err := span(where, c.a, c.from.Round(0), c.b, c.to.Round(0)); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		name string
		n    int64
	}{{"Ordered", d.Ordered}, {"Received", d.Received}, {"Lines", d.Lines}, {"LinesInFull", d.LinesInFull}} {
		if c.n < 0 {
			return fmt.Errorf("%s: %w", where, check.Private(c.name, -1, nil, c.n, fmt.Errorf("want >= 0: %w", ErrRange)))
		}
	}
	if d.LinesInFull > d.Lines {
		return fmt.Errorf("%s: %w", where, check.Private("LinesInFull", -1, nil, d.LinesInFull, fmt.Errorf("more than Lines: %w", ErrRange)))
	}
	return fmt.Errorf("%s: RightAddress, Undamaged or Documented is no Check: %w", where, ErrRange)
}

// judge counts one order.
func (f *Fulfilment) judge(d *Delivery) {
	c := &f.count
	c.Orders++
	onTime, pending := f.punctual(d, c)
	var inFull Check
	if d.Delivered.IsZero() {
		c.Open++
	} else {
		c.Lines, c.LinesDen = c.Lines+d.LinesInFull, c.LinesDen+d.Lines
		if d.Ordered > 0 {
			inFull = checkOf(d.Received >= d.Ordered)
			c.Units, c.UnitsDen = c.Units+min(d.Received, d.Ordered), c.UnitsDen+d.Ordered
			if d.Received > d.Ordered {
				c.OverDelivered++
			}
		}
	}
	onTime.tally(&c.OnTime, &c.OnTimeDen)
	inFull.tally(&c.InFull, &c.InFullDen)
	d.RightAddress.tally(&c.Address, &c.AddressDen)
	d.Undamaged.tally(&c.Damage, &c.DamageDen)
	d.Documented.tally(&c.Papers, &c.PapersDen)
	if pending { // an order that still has time is neither good nor bad
		return
	}
	passed := onTime.bit(Pass) | inFull.bit(Pass)<<1 | d.RightAddress.bit(Pass)<<2 | d.Undamaged.bit(Pass)<<3 | d.Documented.bit(Pass)<<4
	failed := onTime.bit(Fail) | inFull.bit(Fail)<<1 | d.RightAddress.bit(Fail)<<2 | d.Undamaged.bit(Fail)<<3 | d.Documented.bit(Fail)<<4
	c.OTIFUnknown += 1 - joint(OnTime|InFull, passed, failed).tally(&c.OTIF, &c.OTIFDen)
	c.PerfectUnknown += 1 - joint(f.opt.Perfect, passed, failed).tally(&c.Perfect, &c.PerfectDen)
}

// bit is 1 of a check that is k: Pass is the lower of the two bits of a Check, Fail the higher.
func (c Check) bit(k Check) Criteria { return Criteria(c >> (k - Pass) & 1) }

// joint is the conjunction of the wanted criteria in three-valued logic: one that failed
// decides, otherwise one that is unknown leaves the question open.
func joint(wanted, passed, failed Criteria) Check {
	switch {
	case wanted&failed != 0:
		return Fail
	case wanted&passed == wanted:
		return Pass
	}
	return Unknown
}

// punctual says whether an order was on time, and whether it may still become so.
// An order past its promise that is not there is late, and counted as overdue.
func (f *Fulfilment) punctual(d *Delivery, c *fulfilmentCounts) (onTime Check, pending bool) {
	arrived := !d.Delivered.IsZero()
	latest := stamp(d.Promised)
	latest += min(int64(f.opt.Grace), math.MaxInt64-max(latest, 0))
	switch {
	case d.Promised.IsZero():
		c.NoPromise++
		return Unknown, !arrived
	case arrived:
		return checkOf(stamp(d.Delivered) <= latest), false
	case stamp(f.opt.AsOf) > latest:
		c.Overdue++
		return Fail, false
	}
	return Unknown, true
}

// tally counts one answer as passed and as known, and returns 1 for one that is known. It does
// so without branches, which nobody could foresee.
func (k Check) tally(pass, known *int64) int64 {
	is := int64(k+1) >> 1
	*pass += int64(k & 1)
	*known += is
	return is
}

// watch records a stage in s: done at to, or open until AsOf unless it ended
// unseen.
func (f *Fulfilment) watch(s *survive.Durations, from, to time.Time, ended bool) {
	switch {
	case from.IsZero():
	case !to.IsZero():
		s.Add(elapsed(f.opt.Hours, from, to), true)
	case !ended:
		s.Add(elapsed(f.opt.Hours, from, f.opt.AsOf), false)
	}
}

// Merge adds the state of other, which is not changed. It fails with ErrMismatch
// when the options differ and where other is nil or the receiver, and with ErrOverflow, changing
// nothing, when a count does not fit.
func (f *Fulfilment) Merge(other *Fulfilment) error {
	const where = "supply: Fulfilment.Merge"
	if err := check.Merge(where, f, other); err != nil {
		return err
	}
	if err := f.ready(where); err != nil {
		return err
	}
	if !f.opt.AsOf.Equal(other.opt.AsOf) || f.opt.Grace != other.opt.Grace || f.opt.Perfect != other.opt.Perfect ||
		!maps.Equal(f.opt.Targets, other.opt.Targets) || !calendar.SameHours(f.opt.Hours, other.opt.Hours) {
		return fmt.Errorf("%s: options differ: %w", where, ErrMismatch)
	}
	took := [][2]*survive.Durations{{&f.toShip, &other.toShip}, {&f.transit, &other.transit}, {&f.cycle, &other.cycle}}
	if _, err := check.AddInt64(f.count.Orders+f.count.Cancelled, other.count.Orders+other.count.Cancelled); err != nil {
		return fmt.Errorf("%s: orders: %w", where, err)
	}
	if err := addAll(where, f.count.all(), other.count.all(), took); err != nil {
		return err
	}
	// Orders by region are a part of the counts, and fit where these do.
	for r, n := range other.served {
		f.served[r] += n
	}
	return nil
}

// FulfilmentResult is the result of a Fulfilment. Every Ratio counts orders
// unless it says otherwise; a Ratio over nothing is undefined.
type FulfilmentResult struct {
	Orders    int64 // not cancelled
	Cancelled int64 // left out of everything else
	Open      int64 // not delivered by AsOf
	Overdue   int64 // of these, past their promise
	NoPromise int64 // orders without a promised time: left out of OnTime

	OrderToShip     Durations // order to first parcel
	ShipToDeliver   Durations // first parcel to first delivery
	OrderToDelivery Durations // order to first delivery

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
func (f *Fulfilment) Result() (FulfilmentResult, error) {
	const where = "supply: Fulfilment.Result"
	if err := f.ready(where); err != nil {
		return FulfilmentResult{}, err
	}
	c := f.count
	if c.Orders+c.Cancelled == 0 {
		return FulfilmentResult{}, fmt.Errorf("%s: no orders: %w", where, ErrEmpty)
	}
	share := func(n, d int64) Ratio { return Ratio{float64(n), float64(d)} }
	r := FulfilmentResult{
		Orders: c.Orders, Cancelled: c.Cancelled, Open: c.Open, Overdue: c.Overdue, NoPromise: c.NoPromise,
		OrderToShip: summary(&f.toShip), ShipToDeliver: summary(&f.transit), OrderToDelivery: summary(&f.cycle),
		OnTime: share(c.OnTime, c.OnTimeDen), InFull: share(c.InFull, c.InFullDen),
		LineFill: share(c.Lines, c.LinesDen), UnitFill: share(c.Units, c.UnitsDen),
		OTIF: share(c.OTIF, c.OTIFDen), OverDelivered: c.OverDelivered,
		Perfect: share(c.Perfect, c.PerfectDen), OTIFUnknown: c.OTIFUnknown, PerfectUnknown: c.PerfectUnknown,
		RightAddress: share(c.Address, c.AddressDen), Undamaged: share(c.Damage, c.DamageDen), Documented: share(c.Papers, c.PapersDen),
		PerfectEstimate: 1,
	}
	for i, one := range []Ratio{r.OnTime, r.InFull, r.RightAddress, r.Undamaged, r.Documented} {
		if f.opt.Perfect>>i&1 == 1 {
			r.PerfectEstimate *= one.OrNaN()
		}
	}
	for _, region := range sorted(f.opt.Targets) {
		w := f.opt.Targets[region]
		r.Coverage.Den += w
		if f.served[region] > 0 {
			r.Coverage.Num += w
		} else {
			r.Unserved = append(r.Unserved, region)
		}
	}
	if math.IsInf(r.Coverage.Den, 0) {
		return FulfilmentResult{}, fmt.Errorf("%s: weights of Targets add up to infinity: %w", where, ErrOverflow)
	}
	r.Unserved = slices.Clip(r.Unserved)
	return r, nil
}
