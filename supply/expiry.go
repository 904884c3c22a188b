package supply

import (
	"encoding"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sort"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Expiry[string])(nil)
	_ encoding.BinaryMarshaler   = (*Expiry[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Expiry[string])(nil)
)

// ExpiryOptions configures an Expiry.
type ExpiryOptions struct {
	// AsOf is when the stock is counted, required, in the years 1678 to 2261: a lot that
	// expires at it has expired.
	AsOf time.Time

	// Soon are the upper ends of the classes of time left, ascending, > 0; default 7, 30 and
	// 90 days. A last class holds what keeps longer.
	Soon []time.Duration

	// Currency names the unit of all money; states of different currencies do not merge.
	Currency string
}

func (o ExpiryOptions) withDefaults() ExpiryOptions {
	if len(o.Soon) == 0 {
		o.Soon = []time.Duration{7 * day, 30 * day, 90 * day}
	}
	o.Soon = slices.Clone(o.Soon)
	o.AsOf = o.AsOf.UTC().Round(0)
	return o
}

func (o ExpiryOptions) validate() error {
	var c check.Options
	c.Require(!o.AsOf.IsZero() && o.AsOf.After(minInstant) && o.AsOf.Before(maxInstant), "AsOf", o.AsOf, "a time in 1678 to 2261")
	for i, s := range o.Soon {
		c.Require(s > 0 && (i == 0 || s > o.Soon[i-1]), fmt.Sprintf("Soon[%d]", i), s, "> 0 and above the one before")
	}
	return c.Err("supply: NewExpiry")
}

// Lot is stock of one product that expires together.
type Lot struct {
	Expires time.Time // from when on it may not be sold
	Units   int64     // on hand
	Value   int64     // of these, at cost, in minor units
}

// Expiry tells what of the stock has expired or will before it is sold, and which lots leave
// first: those that expire first (FEFO). Merge shards freely, such as stores: money and counts
// merge exactly, demand to rounding. Not safe for concurrent use.
type Expiry[K ID] struct {
	opt  ExpiryOptions
	skus map[K]*dated
}

// dated is what is known of one product.
type dated struct {
	lots      []lot // ascending by expiry
	demand    float64
	hasDemand bool
}

type lot struct{ expires, units, value int64 }

// NewExpiry returns an empty accumulator.
func NewExpiry[K ID](opt ExpiryOptions) (*Expiry[K], error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &Expiry[K]{opt: opt, skus: map[K]*dated{}}, nil
}

// ready refuses nil and the zero value, which has no AsOf.
func (e *Expiry[K]) ready(where string) error {
	if e == nil || e.opt.AsOf.IsZero() {
		return fmt.Errorf("%s: not made by NewExpiry: %w", where, ErrEmpty)
	}
	return nil
}

func (e *Expiry[K]) sku(id K) *dated {
	s := e.skus[id]
	if s == nil {
		s = &dated{}
		e.skus[id] = s
	}
	return s
}

// find returns where a lot is or belongs.
func (s *dated) find(expires int64) (int, bool) {
	i := sort.Search(len(s.lots), func(i int) bool { return s.lots[i].expires >= expires })
	return i, i < len(s.lots) && s.lots[i].expires == expires
}

// Add records units on hand at AsOf, which add up over lots that expire together. Negative
// units or value are ErrRange.
func (e *Expiry[K]) Add(id K, l Lot) error {
	const where = "supply: Expiry.Add"
	if err := e.ready(where); err != nil {
		return err
	}
	ns, err := instant(where, "Expires", l.Expires)
	if err != nil {
		return err
	}
	if l.Units < 0 || l.Value < 0 {
		return fmt.Errorf("%s: Units %d, Value %d, want >= 0: %w", where, l.Units, l.Value, ErrRange)
	}
	if s := e.skus[id]; s != nil {
		if i, found := s.find(ns); found {
			return addCounts(where, []*int64{&s.lots[i].units, &s.lots[i].value}, []*int64{&l.Units, &l.Value})
		}
	}
	s := e.sku(id)
	i, _ := s.find(ns)
	s.lots = slices.Insert(s.lots, i, lot{ns, l.Units, l.Value})
	return nil
}

// AddDemand adds the units of a product that are expected to be wanted a day, >= 0.
func (e *Expiry[K]) AddDemand(id K, perDay float64) error {
	const where = "supply: Expiry.AddDemand"
	if err := e.ready(where); err != nil {
		return err
	}
	if err := check.Amount(where, "perDay", perDay); err != nil {
		return err
	}
	s := e.sku(id)
	s.demand, s.hasDemand = s.demand+perDay, true
	return nil
}

// Merge adds the state of other, which is not changed. It fails with ErrMismatch when the
// options differ and where other is nil or the receiver, and with ErrOverflow, changing
// nothing, when a sum leaves int64.
func (e *Expiry[K]) Merge(other *Expiry[K]) error {
	const where = "supply: Expiry.Merge"
	if err := check.Merge(where, e, other); err != nil {
		return err
	}
	if err := e.ready(where); err != nil {
		return err
	}
	if !e.opt.AsOf.Equal(other.opt.AsOf) || !slices.Equal(e.opt.Soon, other.opt.Soon) || e.opt.Currency != other.opt.Currency {
		return fmt.Errorf("%s: options differ: %w", where, ErrMismatch)
	}
	for id, b := range other.skus { // first see that every sum fits
		a := e.skus[id]
		if a == nil {
			continue
		}
		if err := fits(a.demand, b.demand); err != nil {
			return fmt.Errorf("%s: product %v: demand: %w", where, id, err)
		}
		for _, l := range b.lots {
			if i, found := a.find(l.expires); found {
				for _, x := range [][2]int64{{a.lots[i].units, l.units}, {a.lots[i].value, l.value}} {
					if _, err := check.AddInt64(x[0], x[1]); err != nil {
						return fmt.Errorf("%s: product %v: %w", where, id, err)
					}
				}
			}
		}
	}
	for id, b := range other.skus { // per product: order does not matter
		a := e.sku(id)
		a.demand, a.hasDemand = a.demand+b.demand, a.hasDemand || b.hasDemand
		for _, l := range b.lots {
			i, found := a.find(l.expires)
			if !found {
				a.lots = slices.Insert(a.lots, i, lot{expires: l.expires})
			}
			a.lots[i].units += l.units
			a.lots[i].value += l.value
		}
	}
	return nil
}

// Pick appends to dst from which lots units of a product are best taken: those that expire
// first, of which each gives what it has, with its share of the value, rounded down. What has
// expired is passed over. short is how many units there are not. ErrUnknownID for a product
// never added, ErrRange for negative units. It does not change the state.
func (e *Expiry[K]) Pick(dst []Lot, id K, units int64) (lots []Lot, short int64, err error) {
	const where = "supply: Expiry.Pick"
	if err := e.ready(where); err != nil {
		return dst, 0, err
	}
	if units < 0 {
		return dst, 0, fmt.Errorf("%s: units is %d, want >= 0: %w", where, units, ErrRange)
	}
	s := e.skus[id]
	if s == nil {
		return dst, 0, fmt.Errorf("%s: product %v was never added: %w", where, id, ErrUnknownID)
	}
	now := e.opt.AsOf.UnixNano()
	for _, l := range s.lots {
		if l.expires <= now || l.units == 0 || units == 0 {
			continue
		}
		n := min(units, l.units)
		value := l.value
		if n < l.units {
			high, low := bits.Mul64(uint64(l.value), uint64(n))
			share, _ := bits.Div64(high, low, uint64(l.units)) // n < units: it fits
			value = int64(share)
		}
		dst = append(dst, Lot{time.Unix(0, l.expires).UTC(), n, value})
		units -= n
	}
	return dst, units, nil
}

// ExpiryFigures are the figures of one product or of all together.
type ExpiryFigures struct {
	Units int64 // on hand, expired or not
	Value int64 // of these, at cost, in minor units

	Expired      int64 // units that may not be sold any more
	ExpiredValue int64 // of these, at cost: what is to be written off
	ExpiredShare Ratio // value expired over value on hand

	// Soon are the units that have not expired by time left, one class for each of Soon and
	// one for longer, and SoonValue is what they are worth.
	Soon, SoonValue []int64

	// AtRisk are the units that will expire unsold where demand comes as expected, all of it
	// served from stock, and lots leave in the order of their expiry; AtRiskValue is what they
	// are worth. Products without AddDemand are left out and counted in Unjudged.
	AtRisk, AtRiskValue float64
	Unjudged            int64 // units that have not expired of products without demand
}

// ExpiryResult is the result of an Expiry.
type ExpiryResult[K ID] struct {
	Total    ExpiryFigures   // of all products together
	IDs      []K             // ascending
	Products []ExpiryFigures // in the order of IDs
}

// Result reports everything added so far and does not change the state. ErrEmpty when nothing
// was added, ErrOverflow when a total leaves int64.
func (e *Expiry[K]) Result() (ExpiryResult[K], error) {
	const where = "supply: Expiry.Result"
	if err := e.ready(where); err != nil {
		return ExpiryResult[K]{}, err
	}
	if len(e.skus) == 0 {
		return ExpiryResult[K]{}, fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	r := ExpiryResult[K]{IDs: sorted(e.skus), Total: e.none()}
	for _, id := range r.IDs {
		f := e.none()
		for _, l := range e.skus[id].lots {
			if err := e.count(where, &f, l); err != nil {
				return ExpiryResult[K]{}, err
			}
		}
		e.risk(&f, e.skus[id])
		f.ExpiredShare = Ratio{float64(f.ExpiredValue), float64(f.Value)}
		if err := addCounts(where, r.Total.counts(), f.counts()); err != nil {
			return ExpiryResult[K]{}, err
		}
		r.Total.AtRisk += f.AtRisk
		r.Total.AtRiskValue += f.AtRiskValue
		r.Products = append(r.Products, f)
	}
	r.Total.ExpiredShare = Ratio{float64(r.Total.ExpiredValue), float64(r.Total.Value)}
	return r, nil
}

func (e *Expiry[K]) none() ExpiryFigures {
	return ExpiryFigures{Soon: make([]int64, len(e.opt.Soon)+1), SoonValue: make([]int64, len(e.opt.Soon)+1)}
}

func (f *ExpiryFigures) counts() []*int64 {
	out := []*int64{&f.Units, &f.Value, &f.Expired, &f.ExpiredValue, &f.Unjudged}
	for i := range f.Soon {
		out = append(out, &f.Soon[i], &f.SoonValue[i])
	}
	return out
}

// left is how long a lot keeps from AsOf on, saturated.
func (e *Expiry[K]) left(l lot) time.Duration { return time.Unix(0, l.expires).Sub(e.opt.AsOf) }

// count adds one lot to the figures, which fails when they leave int64.
func (e *Expiry[K]) count(where string, f *ExpiryFigures, l lot) error {
	units, value := &f.Expired, &f.ExpiredValue
	if left := e.left(l); left > 0 {
		i := band(e.opt.Soon, left)
		units, value = &f.Soon[i], &f.SoonValue[i]
	}
	return addCounts(where, []*int64{&f.Units, &f.Value, units, value}, []*int64{&l.units, &l.value, &l.units, &l.value})
}

// risk walks the lots in the order of expiry: until one expires, demand takes what those before
// it have left over.
func (e *Expiry[K]) risk(f *ExpiryFigures, s *dated) {
	if !s.hasDemand {
		f.Unjudged = f.Units - f.Expired
		return
	}
	sold := 0.0
	for _, l := range s.lots {
		left := e.left(l)
		if left <= 0 || l.units == 0 {
			continue
		}
		wanted := s.demand * (float64(left) / float64(day))
		taken := min(float64(l.units), max(0, wanted-sold))
		sold += taken
		waste := float64(l.units) - taken
		f.AtRisk += waste
		f.AtRiskValue += waste / float64(l.units) * float64(l.value)
	}
}

// AppendBinary appends the state to dst. Equal states give equal bytes. ErrEmpty for one
// that NewExpiry has not made.
func (e *Expiry[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := e.ready("supply: Expiry.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	encodeTime(&w, e.opt.AsOf)
	encodeAges(&w, e.opt.Soon)
	w.String(e.opt.Currency)
	ids := sorted(e.skus)
	encodeIDs(&w, ids)
	for _, id := range ids {
		s := e.skus[id]
		w.Bool(s.hasDemand)
		w.Float64(s.demand)
		w.Int(len(s.lots))
		for _, l := range s.lots {
			w.Int64(l.expires)
			w.Int64(l.units)
			w.Int64(l.value)
		}
	}
	return w.AppendFrame(dst, codec.KindExpiry, 1), nil
}

// MarshalBinary returns the state as bytes.
func (e *Expiry[K]) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces e by what MarshalBinary wrote. Payload of version 1,
// little-endian, instants in nanoseconds since 1970, durations in nanoseconds:
//
//	i64      AsOf
//	[]i64    Soon
//	string   Currency
//	ids      int class (0 text, 1 signed, 2 unsigned numbers), int n, n ids of K ascending:
//	         length and bytes, or 8 bytes that fit K
//	per id   bool known and f64 demand a day, finite and >= 0, 0 where unknown; int n, and n
//	         lots: i64 expiry, ascending, i64 units and i64 value, >= 0
//
// Any other length, order or value, and options that NewExpiry would refuse, are ErrCorrupt,
// another kind of frame is ErrMismatch, a newer version ErrVersion; the receiver is then
// unchanged. A nil receiver is ErrEmpty.
func (e *Expiry[K]) UnmarshalBinary(data []byte) error {
	const name = "Expiry"
	if err := check.Receiver("supply: Expiry.UnmarshalBinary", e); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindExpiry, 1)
	if err != nil {
		return err
	}
	n := Expiry[K]{opt: ExpiryOptions{AsOf: decodeTime(r), Soon: decodeAges(r), Currency: r.String()}, skus: map[K]*dated{}}
	for _, id := range decodeIDs[K](r) {
		s := &dated{hasDemand: r.Bool(), demand: decodeAmount(r)}
		if !s.hasDemand && math.Float64bits(s.demand) != 0 {
			r.Fail("has a demand that is marked as unknown")
		}
		for left := r.Int(); left > 0 && r.Err() == nil; left-- {
			l := lot{r.Int64(), decodeCount(r), decodeCount(r)}
			if k := len(s.lots); k > 0 && l.expires <= s.lots[k-1].expires || l.expires == math.MinInt64 {
				r.Fail("has lots out of order")
			}
			s.lots = append(s.lots, l)
		}
		if r.Err() != nil {
			break
		}
		n.skus[id] = s
	}
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*e = n
	return nil
}
