package supply

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

const version = 1

// open starts decoding a frame; name is that of the type.
func open(name string, data []byte, kind uint16) (*codec.Reader, error) {
	r, err := codec.Open(data, kind, version)
	if err != nil {
		return nil, fmt.Errorf("supply: %s.UnmarshalBinary: %w", name, err)
	}
	return r, nil
}

// done ends it: opts is the error of the decoded options.
func done(name string, r *codec.Reader, opts error) error {
	if opts != nil {
		r.Fail("has options that are not valid")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("supply: %s.UnmarshalBinary: %w", name, err)
	}
	return nil
}

func encodeTime(w *codec.Writer, t time.Time) { w.Int64(t.UnixNano()) }

func decodeTime(r *codec.Reader) time.Time { return time.Unix(0, r.Int64()).UTC() }

// decodeAmount reads a quantity: finite and not negative.
func decodeAmount(r *codec.Reader) float64 {
	x := r.Float64()
	if !check.Finite(x) || x < 0 {
		r.Fail("has a quantity that is negative or not finite")
		return 0
	}
	return x
}

// decodeCount reads an int64 that may not be negative.
func decodeCount(r *codec.Reader) int64 {
	x := r.Int64()
	if x < 0 {
		r.Fail("has a negative count")
		return 0
	}
	return x
}

// decodeMark reads an instant that is known or not; an unknown one is 0.
func decodeMark(r *codec.Reader) (ns int64, has bool) {
	has, ns = r.Bool(), r.Int64()
	if !has && ns != 0 {
		r.Fail("has an instant that is marked as unknown")
	}
	return ns, has
}

func encodeTally(w *codec.Writer, m map[string]int64) {
	keys := sorted(m)
	w.Strings(keys)
	for _, k := range keys {
		w.Int64(m[k])
	}
}

func decodeTally(r *codec.Reader) map[string]int64 {
	m := map[string]int64{}
	keys := r.Strings()
	for i, k := range keys {
		if i > 0 && k <= keys[i-1] {
			r.Fail("has names out of order")
			return m
		}
		m[k] = decodeCount(r)
	}
	return m
}

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (a *Assortment[K]) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	opts := a.opts.withDefaults()
	w.Strings(opts.Categories)
	w.Int64(int64(opts.NewWithin))
	ids := sorted(a.skus)
	encodeIDs(&w, ids)
	for _, id := range ids {
		l := a.skus[id]
		w.String(l.category)
		w.Bool(l.hasList)
		w.Int64(l.listed)
		w.Int64(l.inTime)
		w.Int64(l.outTime)
		w.Bool(l.hasLast)
		w.Int64(l.last)
		w.Bool(l.in)
		w.Float64(l.sales)
		w.Float64(l.forecast)
	}
	return w.AppendFrame(dst, codec.KindAssortment, version), nil
}

// MarshalBinary returns the state as bytes.
func (a *Assortment[K]) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary replaces the receiver by a state written by MarshalBinary with
// the same class of id. On error (ErrCorrupt, ErrVersion, ErrMismatch) the
// receiver is unchanged.
func (a *Assortment[K]) UnmarshalBinary(data []byte) error {
	const name = "Assortment"
	r, err := open(name, data, codec.KindAssortment)
	if err != nil {
		return err
	}
	n := Assortment[K]{skus: map[K]*listing{}}
	n.opts = AssortmentOptions{Categories: r.Strings(), NewWithin: time.Duration(r.Int64())}
	for i, c := range n.opts.Categories {
		if i > 0 && c <= n.opts.Categories[i-1] {
			r.Fail("has categories out of order")
		}
	}
	for _, id := range decodeIDs[K](r) {
		l := &listing{category: r.String()}
		l.listed, l.hasList = decodeMark(r)
		l.inTime, l.outTime = decodeCount(r), decodeCount(r)
		l.last, l.hasLast = decodeMark(r)
		l.in = r.Bool()
		l.sales, l.forecast = decodeAmount(r), decodeAmount(r)
		if r.Err() != nil {
			break
		}
		n.skus[id] = l
	}
	if err := done(name, r, n.opts.validate()); err != nil {
		return err
	}
	*a = n
	return nil
}

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (f *Fulfilment) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	encodeTime(&w, f.opts.AsOf)
	w.Int64(int64(f.opts.Grace))
	w.Int(int(f.opts.Perfect))
	regions := sorted(f.opts.Targets)
	w.Strings(regions)
	for _, r := range regions {
		w.Float64(f.opts.Targets[r])
	}
	for _, n := range f.count.all() {
		w.Int64(*n)
	}
	for _, s := range []*durations{&f.toShip, &f.transit, &f.cycle} {
		s.encode(&w)
	}
	encodeTally(&w, f.served)
	return w.AppendFrame(dst, codec.KindFulfilment, version), nil
}

// MarshalBinary returns the state as bytes.
func (f *Fulfilment) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary replaces the receiver by a state written by MarshalBinary. On
// error (ErrCorrupt, ErrVersion, ErrMismatch) the receiver is unchanged.
func (f *Fulfilment) UnmarshalBinary(data []byte) error {
	const name = "Fulfilment"
	r, err := open(name, data, codec.KindFulfilment)
	if err != nil {
		return err
	}
	var n Fulfilment
	n.opts = FulfilmentOptions{AsOf: decodeTime(r), Grace: time.Duration(r.Int64())}
	if p := r.Int(); p > 0 && p < int(Documented)<<1 {
		n.opts.Perfect = Criteria(p)
	} else {
		r.Fail("has unknown criteria")
	}
	regions := r.Strings()
	for i, region := range regions {
		if i == 0 {
			n.opts.Targets = map[string]float64{}
		} else if region <= regions[i-1] {
			r.Fail("has regions out of order")
		}
		n.opts.Targets[region] = decodeAmount(r)
	}
	for _, c := range n.count.all() {
		*c = decodeCount(r)
	}
	for _, s := range []*durations{&n.toShip, &n.transit, &n.cycle} {
		s.decode(r)
	}
	n.served = decodeTally(r)
	if err := done(name, r, n.opts.validate()); err != nil {
		return err
	}
	*f = n
	return nil
}

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (s *Service) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	encodeTime(&w, s.opts.AsOf)
	w.Int64(int64(s.opts.ReopenWindow))
	for _, n := range s.count.all() {
		w.Int64(*n)
	}
	for _, d := range []*durations{&s.reply, &s.resolve, &s.backlog} {
		d.encode(&w)
	}
	for _, v := range s.votes {
		w.Int64s(v[:])
	}
	encodeTally(&w, s.reasons)
	return w.AppendFrame(dst, codec.KindService, version), nil
}

// MarshalBinary returns the state as bytes.
func (s *Service) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces the receiver by a state written by MarshalBinary. On
// error (ErrCorrupt, ErrVersion, ErrMismatch) the receiver is unchanged.
func (s *Service) UnmarshalBinary(data []byte) error {
	const name = "Service"
	r, err := open(name, data, codec.KindService)
	if err != nil {
		return err
	}
	var n Service
	n.opts = ServiceOptions{AsOf: decodeTime(r), ReopenWindow: time.Duration(r.Int64())}
	for _, c := range n.count.all() {
		*c = decodeCount(r)
	}
	for _, d := range []*durations{&n.reply, &n.resolve, &n.backlog} {
		d.decode(r)
	}
	for k := range n.votes {
		votes := r.Int64s()
		if len(votes) != len(n.votes[k]) {
			r.Fail("has a survey of another scale")
			break
		}
		for i, v := range votes {
			if v < 0 || v > 0 && (i < scales[k].lo || i > scales[k].hi) {
				r.Fail("has answers off the scale")
			}
			n.votes[k][i] = v
		}
	}
	n.reasons = decodeTally(r)
	if err := done(name, r, n.opts.validate()); err != nil {
		return err
	}
	*s = n
	return nil
}

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (v *Inventory[K]) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	encodeTime(&w, v.opts.From)
	encodeTime(&w, v.opts.To)
	w.Int64(int64(v.opts.DeadAfter))
	ages := make([]int64, len(v.opts.Ages))
	for i, a := range v.opts.Ages {
		ages[i] = int64(a)
	}
	w.Int64s(ages)
	w.String(v.opts.Currency)
	ids := sorted(v.skus)
	encodeIDs(&w, ids)
	for _, id := range ids {
		s := v.skus[id]
		w.Float64(s.valueTime)
		w.Float64(s.unitTime)
		w.Bool(s.hasEnd)
		w.Int64(s.end)
		w.Int64(s.units)
		w.Int64(s.value)
		for _, x := range s.sums() {
			w.Int64(*x)
		}
		w.Bool(s.hasSale)
		w.Int64(s.lastSale)
		days := sorted(s.receipts)
		w.Int64s(days)
		for _, d := range days {
			w.Int64(s.receipts[d])
		}
	}
	return w.AppendFrame(dst, codec.KindInventory, version), nil
}

// MarshalBinary returns the state as bytes.
func (v *Inventory[K]) MarshalBinary() ([]byte, error) { return v.AppendBinary(nil) }

// UnmarshalBinary replaces the receiver by a state written by MarshalBinary with
// the same class of id. On error (ErrCorrupt, ErrVersion, ErrMismatch) the
// receiver is unchanged.
func (v *Inventory[K]) UnmarshalBinary(data []byte) error {
	const name = "Inventory"
	r, err := open(name, data, codec.KindInventory)
	if err != nil {
		return err
	}
	n := Inventory[K]{skus: map[K]*stocked{}}
	n.opts = InventoryOptions{From: decodeTime(r), To: decodeTime(r), DeadAfter: time.Duration(r.Int64())}
	for _, a := range r.Int64s() {
		n.opts.Ages = append(n.opts.Ages, time.Duration(a))
	}
	n.opts.Currency = r.String()
	if len(n.opts.Ages) == 0 {
		r.Fail("has no age bands")
	}
	for _, id := range decodeIDs[K](r) {
		s := &stocked{valueTime: decodeAmount(r), unitTime: decodeAmount(r)}
		s.end, s.hasEnd = decodeMark(r)
		s.units, s.value = decodeCount(r), decodeCount(r)
		for _, x := range s.sums() {
			*x = decodeCount(r)
		}
		s.lastSale, s.hasSale = decodeMark(r)
		days := r.Int64s()
		for i, d := range days {
			if i == 0 {
				s.receipts = map[int64]int64{}
			} else if d <= days[i-1] {
				r.Fail("has receipts out of order")
				break
			}
			// A day must be an instant in nanoseconds.
			if d < minInstant.Unix()/86400 || d > maxInstant.Unix()/86400 {
				r.Fail("has a receipt out of range")
				break
			}
			s.receipts[d] = decodeCount(r)
		}
		if r.Err() != nil {
			break
		}
		n.skus[id] = s
	}
	if err := done(name, r, n.opts.validate()); err != nil {
		return err
	}
	*v = n
	return nil
}

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (d *Demand[K]) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	encodeTime(&w, d.opts.Start)
	w.Int64(int64(d.opts.Period))
	w.Int(d.end)
	ids := sorted(d.skus)
	encodeIDs(&w, ids)
	for _, id := range ids {
		h := d.skus[id]
		w.Float64s(h.units)
		w.Int64s(h.out)
		w.Bool(h.has)
		w.Int64(h.listed)
	}
	return w.AppendFrame(dst, codec.KindDemand, version), nil
}

// MarshalBinary returns the state as bytes.
func (d *Demand[K]) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary replaces the receiver by a state written by MarshalBinary with
// the same class of id. On error (ErrCorrupt, ErrVersion, ErrMismatch) the
// receiver is unchanged.
func (d *Demand[K]) UnmarshalBinary(data []byte) error {
	const name = "Demand"
	r, err := open(name, data, codec.KindDemand)
	if err != nil {
		return err
	}
	n := Demand[K]{skus: map[K]*history{}}
	n.opts = DemandOptions{Start: decodeTime(r), Period: time.Duration(r.Int64())}
	if n.end = r.Int(); n.end > maxPeriods {
		r.Fail("has more periods than allowed")
	}
	for _, id := range decodeIDs[K](r) {
		h := &history{units: r.Float64s(), out: r.Int64s()}
		h.listed, h.has = decodeMark(r)
		if len(h.units) > n.end || len(h.out) > n.end {
			r.Fail("has a series longer than its periods")
		}
		for _, x := range h.units {
			if !check.Finite(x) || x < 0 {
				r.Fail("has demand that is negative or not finite")
			}
		}
		for _, x := range h.out {
			if x < 0 {
				r.Fail("has a negative time out of stock")
			}
		}
		if r.Err() != nil {
			break
		}
		n.skus[id] = h
	}
	if err := done(name, r, n.opts.validate()); err != nil {
		return err
	}
	*d = n
	return nil
}
