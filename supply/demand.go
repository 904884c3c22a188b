package supply

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
)

// DemandOptions configures a Demand.
type DemandOptions struct {
	// Start is the beginning of period 0, required, in the years 1678 to 2261.
	Start time.Time

	// Period is the length of a period with StepFixed, default 7 days, at least one
	// second; 0 with the other steps.
	Period time.Duration

	// Step cuts time by the calendar of Location: StepDay, StepWeek or StepMonth. Start is
	// then moved back to the beginning of its day, week or month. Default StepFixed.
	Step Step

	// Location is the zone of the calendar; default time.UTC. A state is read back only
	// into a Demand of the same zone, see UnmarshalBinary.
	Location *time.Location

	// SundayWeeks makes weeks start on Sunday instead of Monday.
	SundayWeeks bool
}

const maxPeriods = 1 << 20 // two thousand years of days: what is later is a wrong clock

func (o DemandOptions) withDefaults() DemandOptions {
	o.Start = o.Start.UTC().Round(0)
	if o.Step == StepFixed {
		o.Period = check.Default(o.Period, 7*day)
		o.Location, o.SundayWeeks = nil, false
		return o
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	o.SundayWeeks = o.SundayWeeks && o.Step == StepWeek
	return o
}

// aligned moves Start to the beginning of its period of the calendar.
func (o DemandOptions) aligned() DemandOptions {
	if o.Step != StepFixed && o.Location != nil {
		o.Start = o.starts(o.number(o.Start)).UTC()
	}
	return o
}

func (o DemandOptions) validate() error {
	var c check.Options
	known := !o.Start.IsZero() && o.Start.After(minInstant) && o.Start.Before(maxInstant)
	c.Require(known && o.aligned().Start.After(minInstant), "Start", o.Start, "a time in 1678 to 2261")
	c.Require(o.Step <= StepMonth, "Step", o.Step, "fixed, day, week or month")
	if o.Step == StepFixed {
		c.Require(o.Period >= time.Second, "Period", o.Period, "at least 1s")
	} else {
		c.Require(o.Period == 0, "Period", o.Period, "0 with a Step of the calendar")
		c.Require(o.Location.String() != "Local", "Location", o.Location, "a zone of the same name everywhere")
	}
	return c.Err("supply: NewDemand")
}

func (o DemandOptions) equal(opt DemandOptions) bool {
	return o.Start.Equal(opt.Start) && o.Period == opt.Period && o.Step == opt.Step && o.SundayWeeks == opt.SundayWeeks && o.zone() == opt.zone()
}

// zone names the zone of the calendar.
func (o DemandOptions) zone() string {
	if o.Location == nil {
		return ""
	}
	return o.Location.String()
}

// Demand adds up sales per product and period and remembers when a product could
// not be bought. What was sold during a stock-out is less than what was wanted
// ("censored"); a forecast fitted on it plans the next stock-out. Series flags
// such periods and leaves them out or corrects them.
//
// Merge shards freely; records of one product may be spread over shards. Sums of
// whole units merge exactly, fractional ones to rounding. Memory is proportional
// to products × periods. Not safe for concurrent use.
type Demand[K ID] struct {
	opt  DemandOptions
	skus map[K]*history
	end  int // periods seen over all products
}

// history is what is known of one product.
type history struct {
	units  []float64 // by period, grown as needed
	out    []int64   // ms out of stock by period
	listed int64     // ns of first listing
	has    bool
}

// NewDemand returns an empty accumulator.
func NewDemand[K ID](opt DemandOptions) (*Demand[K], error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &Demand[K]{opt: opt.aligned(), skus: map[K]*history{}}, nil
}

// ready refuses nil and the zero value, which has no periods.
func (d *Demand[K]) ready(where string) error {
	if d == nil || d.opt.Start.IsZero() {
		return fmt.Errorf("%s: not made by NewDemand: %w", where, ErrEmpty)
	}
	return nil
}

func (d *Demand[K]) sku(id K) *history {
	h := d.skus[id]
	if h == nil {
		h = &history{}
		d.skus[id] = h
	}
	return h
}

// period returns the index of the period that holds t.
func (d *Demand[K]) period(where, field string, t time.Time) (int, error) {
	if t.IsZero() || t.Before(d.opt.Start) {
		return 0, fmt.Errorf("%s: %s (%s) is before Start: %w", where, field, t.UTC().Format(time.RFC3339), ErrRange)
	}
	if d.opt.Step != StepFixed {
		p := int64(maxPeriods)
		if t.Before(maxInstant) {
			p = d.opt.number(t) - d.opt.number(d.opt.Start)
		}
		if p >= maxPeriods {
			return 0, fmt.Errorf("%s: %s (%s) is too long after Start: %w", where, field, t.UTC().Format(time.RFC3339), ErrRange)
		}
		return int(p), nil
	}
	since := t.Sub(d.opt.Start) // the longest Duration when t is further away
	p := since / d.opt.Period
	if p >= maxPeriods || since > math.MaxInt64-d.opt.Period {
		return 0, fmt.Errorf("%s: %s (%s) is too long after Start: %w", where, field, t.UTC().Format(time.RFC3339), ErrRange)
	}
	return int(p), nil
}

func grow[T any](xs []T, n int) []T {
	if len(xs) < n {
		xs = append(xs, make([]T, n-len(xs))...)
	}
	return xs
}

// Add records units sold at a time, >= 0. Returns and cancellations are not
// negative demand: leave cancelled lines out and count returns elsewhere.
func (d *Demand[K]) Add(id K, at time.Time, units float64) error {
	const where = "supply: Demand.Add"
	if err := d.ready(where); err != nil {
		return err
	}
	if err := check.Amount(where, "units", units); err != nil {
		return err
	}
	p, err := d.period(where, "at", at)
	if err != nil {
		return err
	}
	h := d.sku(id)
	h.units = grow(h.units, p+1)
	h.units[p] += units
	d.end = max(d.end, p+1)
	return nil
}

// AddStockOut records that a product could not be bought during [from, to).
// Intervals of one product must not overlap. What lies before Start is ignored.
func (d *Demand[K]) AddStockOut(id K, from, to time.Time) error {
	const where = "supply: Demand.AddStockOut"
	if err := d.ready(where); err != nil {
		return err
	}
	if from.IsZero() || to.Before(from) {
		return fmt.Errorf("%s: [%s, %s) is no interval: %w", where, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339), ErrRange)
	}
	if from.Before(d.opt.Start) {
		from = d.opt.Start
	}
	if !from.Before(to) {
		return nil
	}
	first, err := d.period(where, "from", from)
	if err != nil {
		return err
	}
	last, err := d.period(where, "to", to.Add(-1))
	if err != nil {
		return err
	}
	h := d.sku(id)
	h.out = grow(h.out, last+1)
	for p := first; p <= last; p++ {
		begin, end := d.begin(p), d.begin(p+1)
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		h.out[p] = longer(h.out[p], end.Sub(begin).Milliseconds())
	}
	d.end = max(d.end, last+1)
	return nil
}

// longer is the sum of two times out of stock, at most that of int64: past the length of its
// period a time says no more.
func longer(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// AddProduct records when a product was first offered: earlier periods are no
// history of zero demand. The earliest of several counts.
func (d *Demand[K]) AddProduct(id K, listed time.Time) error {
	const where = "supply: Demand.AddProduct"
	if err := d.ready(where); err != nil {
		return err
	}
	ns, err := instant(where, "listed", listed)
	if err != nil {
		return err
	}
	h := d.sku(id)
	if !h.has || ns < h.listed {
		h.listed, h.has = ns, true
	}
	return nil
}

// Extend makes every series at least n periods long, so that quiet periods at
// the end count as zero demand; n beyond about a million is ErrRange.
func (d *Demand[K]) Extend(n int) error {
	const where = "supply: Demand.Extend"
	if err := d.ready(where); err != nil {
		return err
	}
	if n < 0 || n > maxPeriods {
		return fmt.Errorf("%s: n is %d, want 0 to %d: %w", where, n, maxPeriods, ErrRange)
	}
	d.end = max(d.end, n)
	return nil
}

// Merge adds the state of other, which is not changed. It fails with ErrMismatch
// when the options differ and where other is nil or the receiver, and with ErrOverflow, changing
// nothing, when a sum of units does not fit.
func (d *Demand[K]) Merge(other *Demand[K]) error {
	const where = "supply: Demand.Merge"
	if err := check.Merge(where, d, other); err != nil {
		return err
	}
	if err := d.ready(where); err != nil {
		return err
	}
	if !d.opt.equal(other.opt) {
		return fmt.Errorf("%s: options differ: %w", where, ErrMismatch)
	}
	for id, b := range other.skus { // first see that every sum fits
		if a := d.skus[id]; a != nil {
			for p := range min(len(a.units), len(b.units)) {
				if err := fits(a.units[p], b.units[p]); err != nil {
					return fmt.Errorf("%s: product %v: %w", where, id, err)
				}
			}
		}
	}
	for id, b := range other.skus { // per product: order does not matter
		a := d.sku(id)
		a.units = grow(a.units, len(b.units))
		for p, x := range b.units {
			a.units[p] += x
		}
		a.out = grow(a.out, len(b.out))
		for p, x := range b.out {
			a.out[p] = longer(a.out[p], x)
		}
		if b.has && (!a.has || b.listed < a.listed) {
			a.listed, a.has = b.listed, true
		}
	}
	d.end = max(d.end, other.end)
	return nil
}

// IDs returns the products seen, ascending.
func (d *Demand[K]) IDs() []K {
	if d == nil {
		return nil
	}
	return sorted(d.skus)
}

// Periods returns the common length of all series.
func (d *Demand[K]) Periods() int {
	if d == nil {
		return 0
	}
	return d.end
}

// Correction says what Series does with periods of stock-out.
type Correction uint8

const (
	// Scale divides sales by the share of the period in stock, where that is at
	// least a quarter: demand is taken to be even within a period. Periods with
	// less are flagged and get the mean of the periods with more, weighted by time
	// in stock (or what they sold, if that was more).
	Scale Correction = iota
	// Exclude leaves Units as sold and flags every period with a stock-out.
	Exclude
	// Keep leaves Units as sold and flags nothing.
	Keep
)

const minShare = 0.25

// Series is the demand for one product, one element per period from the one in
// which the product was first listed (period First of the Demand), or from
// period 0 if that is unknown.
type Series struct {
	First     int       // the period of the first element
	Units     []float64 // demand, corrected as asked
	Sold      []float64 // as recorded
	Available []float64 // share of the period in stock, 0 to 1
	Censored  []bool    // too little was seen of the period to learn from it; nil: none
}

// Tail returns the last n periods, all for a larger n, none for n <= 0. The slices are
// those of s, without room to append into; those that s has not filled in stay nil.
func (s Series) Tail(n int) Series {
	from := len(s.Units) - min(max(n, 0), len(s.Units))
	s.First += from
	s.Units = tail(s.Units, from)
	s.Sold = tail(s.Sold, from)
	s.Available = tail(s.Available, from)
	s.Censored = tail(s.Censored, from)
	return s
}

// tail is xs from an index on, or nothing where it is shorter.
func tail[T any](xs []T, from int) []T {
	from = min(from, len(xs))
	return xs[from:len(xs):len(xs)]
}

// Series returns the demand series of a product, ErrUnknownID if it was never
// added and ErrOption for an unknown correction. The slices are the caller's.
func (d *Demand[K]) Series(id K, c Correction) (Series, error) {
	const where = "supply: Demand.Series"
	if err := d.ready(where); err != nil {
		return Series{}, err
	}
	h := d.skus[id]
	if h == nil {
		return Series{}, fmt.Errorf("%s: %v: %w", where, id, ErrUnknownID)
	}
	if c > Keep {
		return Series{}, fmt.Errorf("%s: Correction is %d, want Scale, Exclude or Keep: %w", where, c, ErrOption)
	}
	s := Series{}
	late := 0.0 // share of the first period before the listing
	if h.has && h.listed > d.opt.Start.UnixNano() {
		s.First, late = d.listing(h.listed)
		for p := range min(s.First, len(h.units)) {
			if h.units[p] > 0 { // sold before its listing: the listing is wrong
				s.First, late = p, 0
				break
			}
		}
	}
	n := d.end - s.First
	s.Units, s.Sold = make([]float64, n), make([]float64, n)
	s.Available, s.Censored = make([]float64, n), make([]bool, n)
	sum, time := 0.0, 0.0
	for i := range n {
		p := s.First + i
		if p < len(h.units) {
			s.Sold[i] = h.units[p]
		}
		out, length := 0.0, d.length(p)
		switch {
		case length == 0: // a day that the zone skipped: nobody could buy
			out = 1
		case p < len(h.out):
			out = float64(h.out[p]) / length
		}
		if i == 0 {
			out += late
		}
		s.Available[i] = min(max(1-out, 0), 1)
		s.Units[i] = s.Sold[i]
		s.Censored[i] = c == Exclude && s.Available[i] < 1 || c == Scale && s.Available[i] < minShare
		if s.Available[i] >= minShare {
			sum += s.Sold[i]
			time += s.Available[i]
		}
	}
	if c != Scale {
		return s, nil
	}
	for i, a := range s.Available {
		switch {
		case a == 1:
		case a >= minShare:
			s.Units[i] = s.Sold[i] / a
		case time > 0:
			s.Units[i] = max(sum/time, s.Sold[i])
		}
	}
	return s, nil
}

// listing returns the period of an instant after Start, at most the end of all, and the
// share of it that is over then.
func (d *Demand[K]) listing(ns int64) (period int, late float64) {
	if d.opt.Step == StepFixed {
		since, length := uint64(ns)-uint64(d.opt.Start.UnixNano()), uint64(d.opt.Period) // may exceed int64
		return int(min(since/length, uint64(d.end))), float64(since%length) / float64(length)
	}
	at := time.Unix(0, ns)
	p := min(d.opt.number(at)-d.opt.number(d.opt.Start), int64(d.end))
	if p == int64(d.end) {
		return d.end, 0
	}
	return int(p), float64(at.Sub(d.begin(int(p))).Milliseconds()) / d.length(int(p))
}

// length is that of a period in milliseconds, 0 for a day that a zone has skipped.
func (d *Demand[K]) length(p int) float64 {
	if d.opt.Step == StepFixed {
		return float64(d.opt.Period) / 1e6
	}
	return float64(d.begin(p + 1).Sub(d.begin(p)).Milliseconds())
}

// Moments returns mean and standard deviation (ddof 1) of demand per period and
// the number n of periods behind them. Censored periods are skipped; a nil Censored means
// that none is. sd is NaN for n < 2. ErrEmpty for a series without periods, ErrShape for a
// Censored of another length, ErrUndefined where every period is censored: demand that was
// never seen is not 0 (Keep gives what was sold, a lower bound). ErrNotFinite, and
// ErrOverflow where float64 cannot hold the variance. mean and sd are NaN with an error.
func (s Series) Moments() (mean, sd float64, n int, err error) {
	const where = "supply: Series.Moments"
	nan := math.NaN()
	if len(s.Units) == 0 {
		return nan, nan, 0, fmt.Errorf("%s: no periods: %w", where, ErrEmpty)
	}
	if s.Censored != nil {
		if err := check.Len("Censored", len(s.Censored), len(s.Units)); err != nil {
			return nan, nan, 0, fmt.Errorf("%s: %w", where, err)
		}
		if !slices.Contains(s.Censored, false) {
			return nan, nan, 0, fmt.Errorf("%s: all %d periods are censored: %w", where, len(s.Units), ErrUndefined)
		}
	}
	var m moments.Welford
	for i, x := range s.Units {
		if s.Censored != nil && s.Censored[i] {
			continue
		}
		if err := m.Add(x); err != nil {
			return nan, nan, 0, fmt.Errorf("%s: period %d: %w", where, i, err)
		}
	}
	mean, sd, n = m.Mean(), nan, int(m.N())
	if n < 2 {
		return mean, sd, n, nil
	}
	variance, err := m.Variance()
	if err != nil {
		return nan, nan, 0, fmt.Errorf("%s: %w", where, err)
	}
	return mean, math.Sqrt(variance), n, nil
}
