package supply

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// InventoryOptions configures an Inventory.
type InventoryOptions struct {
	// From and To bound the window [From, To), required, at least a second within the
	// years 1678 to 2261. Figures per year are
	// scaled from it with 365 days.
	From, To time.Time

	// DeadAfter is how long before To the last sale of a product must lie for its
	// stock to be dead, > 0; default 180 days. Stock of a product that never sold is
	// dead once it has been there that long.
	DeadAfter time.Duration

	// Ages are the upper ends of the age bands of stock, ascending, > 0; default
	// 30, 60, 90 and 180 days. A last band holds what is older.
	Ages []time.Duration

	// Currency names the unit of all money, for instance "EUR"; states of
	// different currencies do not merge.
	Currency string

	// What stock costs to keep, a year of 365 days, each finite and >= 0: CapitalRate the
	// share of its value that the money bound in it would earn, RiskRate the share that is
	// lost to damage, theft, age and insurance, SpaceRate the minor units for one unit of
	// space (see AddSpace).
	CapitalRate, RiskRate, SpaceRate float64
}

const day = 24 * time.Hour

func (o InventoryOptions) withDefaults() InventoryOptions {
	o.From, o.To = o.From.UTC().Round(0), o.To.UTC().Round(0)
	o.DeadAfter = check.Default(o.DeadAfter, 180*day)
	if len(o.Ages) == 0 {
		o.Ages = []time.Duration{30 * day, 60 * day, 90 * day, 180 * day}
	}
	o.Ages = slices.Clone(o.Ages)
	return o
}

func (o InventoryOptions) validate() error {
	var c check.Options
	c.Require(!o.From.IsZero() && o.From.After(minInstant), "From", o.From, "a time in 1678 to 2261")
	c.Require(o.To.After(o.From) && o.To.Before(maxInstant), "To", o.To, "a time after From, up to 2261")
	c.Require(o.To.Sub(o.From) >= time.Second, "To", o.To, "at least a second after From")
	c.Require(o.DeadAfter > 0, "DeadAfter", o.DeadAfter, "> 0")
	ascending(&c, o.Ages)
	for i, rate := range o.rates() {
		c.Require(check.Finite(rate) && rate >= 0 && rate <= check.MaxAmount, [...]string{"CapitalRate", "RiskRate", "SpaceRate"}[i], rate, "in [0, 1e15]")
	}
	return c.Err("supply: NewInventory")
}

func (o *InventoryOptions) rates() [3]float64 {
	return [3]float64{o.CapitalRate, o.RiskRate, o.SpaceRate}
}

// Inventory measures how well stock is used: turnover, days of supply, margin on
// stock, sell-through, age and dead stock, per product and in total. Money is in
// minor units of one currency.
//
// Merge shards freely; records of one product may be spread over shards. Money
// and counts merge exactly, averages to rounding. Not safe for concurrent use.
type Inventory[K ID] struct {
	opt  InventoryOptions
	skus map[K]*stocked
}

// stocked is what is known of one product.
type stocked struct {
	valueTime float64 // Σ value × milliseconds within the window; whole, so mostly exact
	unitTime  float64
	end       int64 // end of the latest level, ns
	hasEnd    bool
	units     int64 // on hand at end
	value     int64
	sold      int64
	revenue   int64
	cost      int64
	lastSale  int64
	hasSale   bool
	receipts  map[int64]int64 // units by day of receipt
	received  int64           // within the window
	space     float64         // that a unit takes; 0 where not told
}

// NewInventory returns an empty accumulator.
func NewInventory[K ID](opt InventoryOptions) (*Inventory[K], error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &Inventory[K]{opt: opt, skus: map[K]*stocked{}}, nil
}

// ready refuses nil and the zero value, which has no window.
func (v *Inventory[K]) ready(where string) error {
	if v == nil || v.opt.To.IsZero() {
		return fmt.Errorf("%s: not made by NewInventory: %w", where, ErrEmpty)
	}
	return nil
}

func (v *Inventory[K]) sku(id K) *stocked {
	s := v.skus[id]
	if s == nil {
		s = &stocked{}
		v.skus[id] = s
	}
	return s
}

// AddLevel records that during [from, to) a product had units on hand, worth
// value at cost. Intervals of one product must not overlap; the latest gives the
// stock at the end, and of two that end together the larger. Time without a
// record counts as no stock. What begins at To is of the next window and not kept, but for a count
// of stock at that moment, from = to.
func (v *Inventory[K]) AddLevel(id K, from, to time.Time, units, value int64) error {
	const where = "supply: Inventory.AddLevel"
	if err := v.ready(where); err != nil {
		return err
	}
	if _, err := instant(where, "from", from); err != nil {
		return err
	}
	end, err := instant(where, "to", to)
	if err != nil {
		return err
	}
	if to.Before(from) {
		return fmt.Errorf("%s: to is before from: %w", where, ErrRange)
	}
	if units < 0 || value < 0 {
		return fmt.Errorf("%s: units %d, value %d, want >= 0: %w", where, units, value, ErrRange)
	}
	if from.After(v.opt.To) || from.Equal(v.opt.To) && to.After(from) { // the next window's
		return nil
	}
	s := v.sku(id)
	if from.Before(v.opt.From) {
		from = v.opt.From
	}
	if to.After(v.opt.To) {
		to = v.opt.To
		end = to.UnixNano()
	}
	if ms := to.Sub(from).Milliseconds(); ms > 0 {
		s.valueTime += float64(value) * float64(ms)
		s.unitTime += float64(units) * float64(ms)
	}
	s.setEnd(end, units, value)
	return nil
}

func (s *stocked) setEnd(end, units, value int64) {
	switch {
	case !s.hasEnd || end > s.end:
		s.end, s.hasEnd, s.units, s.value = end, true, units, value
	case end == s.end && (units > s.units || units == s.units && value > s.value):
		s.units, s.value = units, value
	}
}

// AddSale records units sold for revenue that had cost to buy. Sales outside the
// window only tell when the product last sold (if before To).
func (v *Inventory[K]) AddSale(id K, at time.Time, units, revenue, cost int64) error {
	const where = "supply: Inventory.AddSale"
	if err := v.ready(where); err != nil {
		return err
	}
	ns, err := instant(where, "at", at)
	if err != nil {
		return err
	}
	if units < 0 || revenue < 0 || cost < 0 {
		return fmt.Errorf("%s: units %d, revenue %d, cost %d, want >= 0: %w", where, units, revenue, cost, ErrRange)
	}
	if !at.Before(v.opt.To) {
		return nil
	}
	s := v.sku(id)
	if !at.Before(v.opt.From) {
		if err := addCounts(where, []*int64{&s.sold, &s.revenue, &s.cost}, []*int64{&units, &revenue, &cost}); err != nil {
			return err
		}
	}
	if units > 0 && (!s.hasSale || ns > s.lastSale) {
		s.lastSale, s.hasSale = ns, true
	}
	return nil
}

// AddReceipt records units put into stock. Receipts before the window do not
// count for sell-through but give the age of what is left.
func (v *Inventory[K]) AddReceipt(id K, at time.Time, units int64) error {
	const where = "supply: Inventory.AddReceipt"
	if err := v.ready(where); err != nil {
		return err
	}
	ns, err := instant(where, "at", at)
	if err != nil {
		return err
	}
	if units < 0 {
		return fmt.Errorf("%s: units is %d, want >= 0: %w", where, units, ErrRange)
	}
	if units == 0 || !at.Before(v.opt.To) {
		return nil
	}
	s := v.sku(id)
	d := floorDiv(ns, int64(day))
	sum, err := check.AddInt64(s.receipts[d], units)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if !at.Before(v.opt.From) {
		received, err := check.AddInt64(s.received, units)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		s.received = received
	}
	if s.receipts == nil {
		s.receipts = map[int64]int64{}
	}
	s.receipts[d] = sum
	return nil
}

// AddSpace records how much space one unit takes, in the unit of which SpaceRate is the
// price, such as litres or pallets; > 0. Told more than once, the largest counts; a product that it is not
// told of takes 1.
func (v *Inventory[K]) AddSpace(id K, unit float64) error {
	const where = "supply: Inventory.AddSpace"
	if err := v.ready(where); err != nil {
		return err
	}
	if err := check.Amount(where, "unit", unit); err != nil {
		return err
	}
	if unit == 0 {
		return fmt.Errorf("%s: unit is 0, want > 0: %w", where, ErrRange)
	}
	s := v.sku(id)
	s.space = max(s.space, unit)
	return nil
}

// Merge adds the state of o, which is not changed. It fails with ErrMismatch
// when the options differ or o is the receiver, and with ErrOverflow, changing
// nothing, when a sum leaves int64.
func (v *Inventory[K]) Merge(other *Inventory[K]) error {
	const where = "supply: Inventory.Merge"
	if err := check.Merge(where, v, other); err != nil {
		return err
	}
	if err := v.ready(where); err != nil {
		return err
	}
	if !v.opt.From.Equal(other.opt.From) || !v.opt.To.Equal(other.opt.To) || v.opt.DeadAfter != other.opt.DeadAfter ||
		!slices.Equal(v.opt.Ages, other.opt.Ages) || v.opt.Currency != other.opt.Currency || v.opt.rates() != other.opt.rates() {
		return fmt.Errorf("%s: options differ: %w", where, ErrMismatch)
	}
	for id, b := range other.skus { // first see that every sum fits
		a := v.skus[id]
		if a == nil {
			continue
		}
		if err := cmp.Or(fits(a.valueTime, b.valueTime), fits(a.unitTime, b.unitTime)); err != nil {
			return fmt.Errorf("%s: product %v: stock over time: %w", where, id, err)
		}
		for i, x := range a.sums() {
			if _, err := check.AddInt64(*x, *b.sums()[i]); err != nil {
				return fmt.Errorf("%s: product %v: %w", where, id, err)
			}
		}
		for d, n := range b.receipts {
			if _, err := check.AddInt64(a.receipts[d], n); err != nil {
				return fmt.Errorf("%s: product %v: %w", where, id, err)
			}
		}
	}
	for id, b := range other.skus { // per product: order does not matter
		a := v.sku(id)
		a.space = max(a.space, b.space)
		a.valueTime += b.valueTime
		a.unitTime += b.unitTime
		for i, x := range a.sums() {
			*x += *b.sums()[i]
		}
		if b.hasEnd {
			a.setEnd(b.end, b.units, b.value)
		}
		if b.hasSale && (!a.hasSale || b.lastSale > a.lastSale) {
			a.lastSale, a.hasSale = b.lastSale, true
		}
		if a.receipts == nil && len(b.receipts) > 0 {
			a.receipts = map[int64]int64{}
		}
		for d, n := range b.receipts {
			a.receipts[d] += n
		}
	}
	return nil
}

func (s *stocked) sums() []*int64 {
	return []*int64{&s.sold, &s.revenue, &s.cost, &s.received}
}

// CarryingCost is what it cost to keep stock during the window, in minor units.
type CarryingCost struct {
	Capital float64 // interest on the money bound
	Space   float64 // room
	Risk    float64 // damage, theft, age, insurance
	Total   float64 // of the three
	Rate    Ratio   // total a year over the average value
}

// StockFigures are the figures of one product or of all together. Ratios over
// nothing are undefined.
type StockFigures struct {
	Units int64 // on hand at the end of the window
	Value int64 // of these, at cost, in minor units

	AverageUnits float64 // mean on hand over the window
	AverageValue float64 // at cost, in minor units

	Sold                  int64 // units within the window
	Revenue, Cost, Margin int64 // of these, in minor units

	// Turnover is the cost of goods sold per year over the average value of
	// stock; DaysOfSupply is 365 over it, that is, how many days the average
	// stock lasts. GMROI is the margin per year over the average value.
	Turnover, GMROI Ratio
	DaysOfSupply    Ratio

	SellThrough Ratio // units sold over units received, both within the window

	Dead      bool  // nothing sold for DeadAfter; in a total, whether any product is
	DeadUnits int64 // units on hand of dead products
	DeadValue int64 // of these, at cost

	// AgedUnits is the stock on hand by age, one band per element of Ages and one
	// for older. Units are taken to leave in the order they came (FIFO), so what
	// is left came last; units without a receipt are in the last band.
	AgedUnits []int64

	Carrying CarryingCost // by CapitalRate, SpaceRate and RiskRate
}

// InventoryResult is the result of an Inventory.
type InventoryResult[K ID] struct {
	Total    StockFigures   // of all products together
	IDs      []K            // ascending
	Products []StockFigures // in the order of IDs
}

// Result reports everything added so far and does not change the state.
// ErrEmpty when nothing was added, ErrOverflow when a total leaves int64.
func (v *Inventory[K]) Result() (InventoryResult[K], error) {
	const where = "supply: Inventory.Result"
	if err := v.ready(where); err != nil {
		return InventoryResult[K]{}, err
	}
	if len(v.skus) == 0 {
		return InventoryResult[K]{}, fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	r := InventoryResult[K]{IDs: sorted(v.skus)}
	t := &r.Total
	t.AgedUnits = make([]int64, len(v.opt.Ages)+1)
	var received int64
	for _, id := range r.IDs {
		s := v.skus[id]
		f := v.figures(s)
		r.Products = append(r.Products, f)
		a := []*int64{&t.Units, &t.Value, &t.Sold, &t.Revenue, &t.Cost, &t.DeadUnits, &t.DeadValue, &received}
		b := []*int64{&f.Units, &f.Value, &f.Sold, &f.Revenue, &f.Cost, &f.DeadUnits, &f.DeadValue, &s.received}
		if err := addCounts(where, a, b); err != nil {
			return InventoryResult[K]{}, err
		}
		for i := range t.AgedUnits {
			t.AgedUnits[i] += f.AgedUnits[i]
		}
		t.AverageUnits += f.AverageUnits
		t.AverageValue += f.AverageValue
		t.Dead = t.Dead || f.Dead
		t.Carrying.Space += f.Carrying.Space
	}
	t.SellThrough = Ratio{float64(t.Sold), float64(received)}
	v.rates(t)
	return r, nil
}

func (v *Inventory[K]) days() float64 { return v.opt.To.Sub(v.opt.From).Hours() / 24 }

func (v *Inventory[K]) rates(f *StockFigures) {
	f.Margin = f.Revenue - f.Cost // both >= 0: cannot overflow
	year := 365 / v.days()
	f.Turnover = Ratio{float64(f.Cost) * year, f.AverageValue}
	f.GMROI = Ratio{float64(f.Margin) * year, f.AverageValue}
	f.DaysOfSupply = Ratio{365 * f.AverageValue, float64(f.Cost) * year}
	c := &f.Carrying // Space is set, as only products know theirs
	c.Capital, c.Risk = f.AverageValue*v.opt.CapitalRate/year, f.AverageValue*v.opt.RiskRate/year
	c.Total = c.Capital + c.Space + c.Risk
	c.Rate = Ratio{c.Total * year, f.AverageValue}
}

// figures returns those of one product. Units on hand are aged from the newest
// receipt backwards; what never sold has been on the shelf since its first receipt.
func (v *Inventory[K]) figures(s *stocked) StockFigures {
	window := float64(v.opt.To.Sub(v.opt.From)) / 1e6 // ms
	f := StockFigures{
		Units: s.units, Value: s.value, Sold: s.sold, Revenue: s.revenue, Cost: s.cost,
		AverageUnits: s.unitTime / window, AverageValue: s.valueTime / window,
		SellThrough: Ratio{float64(s.sold), float64(s.received)},
		AgedUnits:   make([]int64, len(v.opt.Ages)+1),
	}
	f.Carrying.Space = f.AverageUnits * check.Default(s.space, 1) * v.opt.SpaceRate * v.days() / 365
	v.rates(&f)
	end := float64(v.opt.To.UnixNano()) // differences of far instants leave int64
	last, since := float64(s.lastSale), s.hasSale
	left := s.units
	received := sorted(s.receipts)
	for i := len(received) - 1; i >= 0 && left > 0; i-- { // newest first
		age := end - float64(received[i])*float64(day)
		band := 0
		for band < len(v.opt.Ages) && age > float64(v.opt.Ages[band]) {
			band++
		}
		n := min(left, s.receipts[received[i]])
		f.AgedUnits[band] += n
		left -= n
	}
	f.AgedUnits[len(v.opt.Ages)] += left
	if !since && len(received) > 0 {
		last, since = float64(received[0])*float64(day), true // never sold: on the shelf since its first receipt
	}
	if s.units > 0 && (!since || end-last > float64(v.opt.DeadAfter)) {
		f.Dead, f.DeadUnits, f.DeadValue = true, s.units, s.value
	}
	return f
}
