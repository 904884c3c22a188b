package supply

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// AssortmentOptions configures an Assortment.
type AssortmentOptions struct {
	// Categories is the planned range: category coverage is measured against it.
	// Empty means that coverage is undefined. Order and repeats do not matter.
	Categories []string

	// NewWithin is how long after its first listing a product counts as new;
	// > 0; default 30 days.
	NewWithin time.Duration

	// StockAge is how long after the end of its last interval (AddStock) a product still
	// counts as seen: what was in stock then is in stock, later nobody knows. Default 30
	// days; negative means for ever.
	StockAge time.Duration
}

func (o AssortmentOptions) withDefaults() AssortmentOptions {
	o.NewWithin = check.Default(o.NewWithin, 30*day)
	o.StockAge = max(check.Default(o.StockAge, 30*day), -1)
	o.Categories = slices.Clone(o.Categories)
	slices.Sort(o.Categories)
	o.Categories = slices.Compact(o.Categories)
	return o
}

func (o AssortmentOptions) validate() error {
	var c check.Options
	c.Require(o.NewWithin > 0, "NewWithin", o.NewWithin, "> 0")
	return c.Err("supply: NewAssortment")
}

// Assortment measures what a shop offers: how many products, how evenly they
// sell, whether they are in stock, and how fast the range is renewed.
//
// Feed it from any number of shards and Merge them; records of one product may
// be spread over shards. The zero value is ready with default options. Memory is
// proportional to the number of products. Not safe for concurrent use.
type Assortment[K ID] struct {
	opt  AssortmentOptions
	skus map[K]*listing
}

// listing is what is known of one product.
type listing struct {
	category string
	listed   int64 // first listing, ns
	latest   int64 // latest listing
	hasList  bool
	until    int64 // latest delisting
	hasUntil bool
	inTime   int64 // ms in stock
	outTime  int64 // ms listed but out of stock
	last     int64 // end of the latest stock interval, ns
	hasLast  bool
	in       bool // in stock at last
	sales    float64
	forecast float64
}

// NewAssortment returns an empty accumulator.
func NewAssortment[K ID](opt AssortmentOptions) (*Assortment[K], error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &Assortment[K]{opt: opt, skus: map[K]*listing{}}, nil
}

// sku returns what is known of a product, a new record if need be.
func (a *Assortment[K]) sku(id K) *listing {
	a.start()
	l := a.skus[id]
	if l == nil {
		l = &listing{}
		a.skus[id] = l
	}
	return l
}

// start readies a zero value.
func (a *Assortment[K]) start() {
	if a.skus == nil {
		a.opt, a.skus = a.opt.withDefaults(), map[K]*listing{}
	}
}

// AddProduct records that a product of the given category was first listed at
// that time. Told more than once, the earliest listing counts and, of different
// categories, the first in byte order that is not empty. A listing after a delisting
// brings the product back.
func (a *Assortment[K]) AddProduct(id K, category string, listed time.Time) error {
	const where = "supply: Assortment.AddProduct"
	if err := check.Receiver(where, a); err != nil {
		return err
	}
	ns, err := instant(where, "listed", listed)
	if err != nil {
		return err
	}
	a.sku(id).join(listing{category: category, listed: ns, latest: ns, hasList: true})
	return nil
}

// Delist records that a product was listed until that time, exclusive. Of several
// delistings the latest counts, and a later AddProduct brings the product back. From then
// on it is left out of every figure but Delisted and RefreshInterval.
func (a *Assortment[K]) Delist(id K, until time.Time) error {
	const where = "supply: Assortment.Delist"
	if err := check.Receiver(where, a); err != nil {
		return err
	}
	ns, err := instant(where, "until", until)
	if err != nil {
		return err
	}
	a.sku(id).join(listing{until: ns, hasUntil: true})
	return nil
}

// AddStock records that a product was listed during [from, to) and whether it
// was in stock. Intervals of one product must not overlap; time that is not
// recorded counts as not listed.
func (a *Assortment[K]) AddStock(id K, from, to time.Time, inStock bool) error {
	const where = "supply: Assortment.AddStock"
	if err := check.Receiver(where, a); err != nil {
		return err
	}
	start, err := instant(where, "from", from)
	if err != nil {
		return err
	}
	end, err := instant(where, "to", to)
	if err != nil {
		return err
	}
	if end < start {
		return fmt.Errorf("%s: to is before from: %w", where, ErrRange)
	}
	l := listing{last: end, hasLast: true, in: inStock}
	ms := to.Sub(from).Milliseconds()
	if inStock {
		l.inTime = ms
	} else {
		l.outTime = ms
	}
	if old := a.skus[id]; old != nil {
		if err := old.fits(&l); err != nil {
			return fmt.Errorf("%s: product %v: %w", where, id, err)
		}
	}
	a.sku(id).join(l)
	return nil
}

// AddSales adds units sold, >= 0.
func (a *Assortment[K]) AddSales(id K, units float64) error {
	const where = "supply: Assortment.AddSales"
	if err := check.Receiver(where, a); err != nil {
		return err
	}
	if err := check.Amount(where, "units", units); err != nil {
		return err
	}
	a.sku(id).sales += units
	return nil
}

// AddForecast adds expected demand, >= 0, the weight of a product in
// AssortmentResult.WeightedInStock. Sales are no substitute: a product that was
// never in stock has none.
func (a *Assortment[K]) AddForecast(id K, demand float64) error {
	const where = "supply: Assortment.AddForecast"
	if err := check.Receiver(where, a); err != nil {
		return err
	}
	if err := check.Amount(where, "demand", demand); err != nil {
		return err
	}
	a.sku(id).forecast += demand
	return nil
}

// fits returns ErrOverflow where the sums of o have no place beside those of l.
func (l *listing) fits(o *listing) error {
	_, in := check.AddInt64(l.inTime, o.inTime)
	_, out := check.AddInt64(l.outTime, o.outTime)
	return cmp.Or(in, out, fits(l.sales, o.sales), fits(l.forecast, o.forecast))
}

// join adds what another record, or another shard, says of the same product.
func (l *listing) join(o listing) {
	if l.category == "" || o.category != "" && o.category < l.category {
		l.category = o.category
	}
	if o.hasList {
		if !l.hasList {
			l.listed, l.latest, l.hasList = o.listed, o.latest, true
		}
		l.listed, l.latest = min(l.listed, o.listed), max(l.latest, o.latest)
	}
	if o.hasUntil && (!l.hasUntil || o.until > l.until) {
		l.until, l.hasUntil = o.until, true
	}
	l.inTime, l.outTime = l.inTime+o.inTime, l.outTime+o.outTime
	switch {
	case !o.hasLast:
	case !l.hasLast || o.last > l.last:
		l.last, l.hasLast, l.in = o.last, true, o.in
	case o.last == l.last:
		l.in = l.in || o.in
	}
	l.sales += o.sales
	l.forecast += o.forecast
}

// delisted reports whether the product was taken off by now and has not come back.
func (l *listing) delisted(now int64) bool {
	back := l.hasList && l.latest > l.until && l.latest <= now
	return l.hasUntil && l.until <= now && !back
}

// seen reports whether what the last interval said of the stock still counts.
func (l *listing) seen(now int64, age time.Duration) bool {
	return l.hasLast && (age < 0 || float64(now)-float64(l.last) <= float64(age))
}

// Merge adds the state of other, which is not changed. It fails with ErrMismatch
// when the options differ and where other is nil or the receiver, and with ErrOverflow, changing
// nothing, when a sum does not fit. Counts and times merge exactly, sums of fractional units to rounding.
func (a *Assortment[K]) Merge(other *Assortment[K]) error {
	const where = "supply: Assortment.Merge"
	if err := check.Merge(where, a, other); err != nil {
		return err
	}
	a.start()
	if b := other.opt.withDefaults(); a.opt.NewWithin != b.NewWithin || a.opt.StockAge != b.StockAge || !slices.Equal(a.opt.Categories, b.Categories) {
		return fmt.Errorf("%s: options differ: %w", where, ErrMismatch)
	}
	for id, l := range other.skus { // first see that every sum fits
		if old := a.skus[id]; old != nil {
			if err := old.fits(l); err != nil {
				return fmt.Errorf("%s: product %v: %w", where, id, err)
			}
		}
	}
	for id, l := range other.skus { // per product: order does not matter
		a.sku(id).join(*l)
	}
	return nil
}

// AssortmentResult is the result of an Assortment at one instant.
type AssortmentResult struct {
	Products     int // products listed at or before the instant and not delisted by then
	InStock      int // of these, in stock when last seen
	StockUnknown int // of these, never seen, or last seen longer than StockAge ago: neither in stock nor out of it
	Delisted     int // products listed before the instant and taken off by then

	// CategoryCoverage is the number of planned categories with at least one
	// product in stock, over the number planned.
	CategoryCoverage Ratio

	// Effective is exp(H), H the entropy of the shares of sales: the number of
	// equally selling products that would be as diverse (Hill number of order 1).
	// NaN without sales.
	Effective float64

	// InStockRate is the listed time in stock over the listed time, in hours.
	InStockRate Ratio

	// WeightedInStock weighs each product's own in-stock rate by its forecast
	// demand; products without a forecast or without listed time are left out.
	WeightedInStock Ratio

	New             Ratio         // products first listed within NewWithin before the instant, over those with a known listing
	MeanAge         time.Duration // mean time since first listing; Beyond without products
	RefreshInterval time.Duration // mean time between days on which something new was listed; Beyond with fewer than two
}

// Result reports the assortment as of the given instant. Products listed later
// are ignored; products never announced with AddProduct count as listed, but not
// in New and MeanAge. ErrEmpty when no product is listed by then, or all are delisted.
func (a *Assortment[K]) Result(asOf time.Time) (AssortmentResult, error) {
	const where = "supply: Assortment.Result"
	if err := check.Receiver(where, a); err != nil {
		return AssortmentResult{}, err
	}
	opt := a.opt.withDefaults() // of a zero value, too
	now, err := instant(where, "asOf", asOf)
	if err != nil {
		return AssortmentResult{}, err
	}
	r := AssortmentResult{Effective: math.NaN(), MeanAge: Beyond, RefreshInterval: Beyond}
	covered := map[string]bool{}
	total, dated, fresh, age := 0.0, 0, 0, 0.0
	days := map[int64]bool{}
	ids := sorted(a.skus)
	shown := ids[:0]
	for _, id := range ids {
		l := a.skus[id]
		if l.hasList && l.listed > now {
			continue
		}
		if l.hasList {
			days[floorDiv(l.listed, int64(day))] = true
		}
		if l.delisted(now) {
			r.Delisted++
			continue
		}
		shown = append(shown, id)
		r.Products++
		switch {
		case !l.seen(now, opt.StockAge):
			r.StockUnknown++
		case l.in:
			r.InStock++
			covered[l.category] = true
		}
		total += l.sales
		in, out := float64(l.inTime)/3.6e6, float64(l.outTime)/3.6e6
		r.InStockRate.Num += in
		r.InStockRate.Den += in + out
		if l.forecast > 0 && in+out > 0 {
			r.WeightedInStock.Num += l.forecast * in / (in + out)
			r.WeightedInStock.Den += l.forecast
		}
		if l.hasList {
			dated++
			age += (float64(now) - float64(l.listed) - age) / float64(dated)
			if float64(now)-float64(l.listed) < float64(opt.NewWithin) {
				fresh++
			}
		}
	}
	if r.Products == 0 {
		return AssortmentResult{}, fmt.Errorf("%s: no product is listed by %s: %w", where, asOf.UTC().Format(time.RFC3339), ErrEmpty)
	}
	if total > 0 {
		r.Effective = a.effective(shown, total)
	}
	for _, c := range opt.Categories {
		r.CategoryCoverage.Den++
		if covered[c] {
			r.CategoryCoverage.Num++
		}
	}
	r.New = Ratio{float64(fresh), float64(dated)}
	if dated > 0 {
		r.MeanAge = time.Duration(min(age, math.MaxInt64/2))
	}
	if d := sorted(days); len(d) > 1 {
		r.RefreshInterval = time.Duration(float64(d[len(d)-1]-d[0]) / float64(len(d)-1) * float64(24*time.Hour))
	}
	return r, nil
}

// effective is the Hill number of order 1 of the sales of ids, which add up to total.
func (a *Assortment[K]) effective(ids []K, total float64) float64 {
	h := 0.0
	for _, id := range ids {
		if p := a.skus[id].sales / total; p > 0 {
			h -= p * math.Log(p)
		}
	}
	return math.Exp(h)
}

// floorDiv is a/b rounded down: days before 1970 are days, too.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
