package supply

import (
	"encoding"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/survive"
)

var (
	_ encoding.BinaryAppender    = (*Fulfilment)(nil)
	_ encoding.BinaryMarshaler   = (*Fulfilment)(nil)
	_ encoding.BinaryUnmarshaler = (*Fulfilment)(nil)
)

// AppendBinary appends the state to dst. Equal states give equal bytes. ErrEmpty for one
// that NewFulfilment has not made.
func (f *Fulfilment) AppendBinary(dst []byte) ([]byte, error) {
	if err := f.ready("supply: Fulfilment.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	encodeTime(&w, f.opt.AsOf)
	w.Int64(int64(f.opt.Grace))
	w.Int(int(f.opt.Perfect))
	regions := sorted(f.opt.Targets)
	w.Strings(regions)
	for _, r := range regions {
		w.Float64(f.opt.Targets[r])
	}
	for _, n := range f.count.all() {
		w.Int64(*n)
	}
	for _, s := range []*survive.Durations{&f.toShip, &f.transit, &f.cycle} {
		s.Encode(&w)
	}
	encodeTally(&w, f.served)
	calendar.PutHours(&w, f.opt.Hours)
	return w.AppendFrame(dst, codec.KindFulfilment, 2), nil
}

// MarshalBinary returns the state as bytes.
func (f *Fulfilment) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary replaces f by what MarshalBinary wrote. Payload of version 2,
// little-endian, instants in nanoseconds since 1970, durations in nanoseconds:
//
//	i64      AsOf
//	i64      Grace
//	int      Perfect, the bits of Criteria
//	[]string regions of Targets, ascending without repeats, and then f64 for each, its weight
//	26×i64   counts >= 0, in the order of fulfilmentCounts
//	3×durations  order to shipment, to delivery, and both together; each
//	         []i32, []i64 buckets of finished cases and their counts, the same of open ones,
//	         i64 milliseconds of the finished cases, i64 the longest of them
//	[]string regions served, ascending without repeats, and then i64 for each, its orders
//	hours    as Service.UnmarshalBinary says
//
// Any other length, order or value, a part that is more than its whole, and options that NewFulfilment would refuse, are ErrCorrupt,
// another kind of frame is ErrMismatch, a newer version ErrVersion; the receiver is then
// unchanged. Hours of a zone other than UTC are read into a Fulfilment of Hours of that zone, and are
// ErrMismatch elsewhere. Version 1, which has no Hours, is read too.
func (f *Fulfilment) UnmarshalBinary(data []byte) error {
	const name = "Fulfilment"
	if err := check.Receiver("supply: Fulfilment.UnmarshalBinary", f); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindFulfilment, 2)
	if err != nil {
		return err
	}
	var n Fulfilment
	n.opt = FulfilmentOptions{AsOf: decodeTime(r), Grace: time.Duration(r.Int64())}
	if p := r.Int(); p > 0 && p < int(Documented)<<1 {
		n.opt.Perfect = Criteria(p)
	} else {
		r.Fail("has unknown criteria")
	}
	regions := r.Strings()
	for i, region := range regions {
		if i == 0 {
			n.opt.Targets = map[string]float64{}
		} else if region <= regions[i-1] {
			r.Fail("has regions out of order")
		}
		n.opt.Targets[region] = decodeAmount(r)
	}
	for _, c := range n.count.all() {
		*c = decodeCount(r)
	}
	for _, s := range []*survive.Durations{&n.toShip, &n.transit, &n.cycle} {
		s.Decode(r)
	}
	n.served = decodeTally(r)
	if !n.consistent() {
		r.Fail("has counts of orders that contradict each other")
	}
	if r.Version > 1 {
		if n.opt.Hours, err = calendar.GetHours(r, f.opt.Hours); err != nil {
			return fmt.Errorf("supply: %s.UnmarshalBinary: %w", name, err)
		}
	}
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*f = n
	return nil
}

// consistent reports whether no part of the orders is more than the whole, which Add and
// Merge then need not ask of each.
func (f *Fulfilment) consistent() bool {
	c := &f.count
	left := c.Orders - c.Open
	for _, n := range f.served {
		if left -= n; left < 0 {
			return false
		}
	}
	within := func(part, whole int64) bool { return part <= whole && whole <= c.Orders }
	return c.Cancelled <= math.MaxInt64-c.Orders && within(c.Overdue, c.Open) && c.NoPromise <= c.Orders && within(c.OverDelivered, c.InFull) &&
		within(c.OnTime, c.OnTimeDen) && within(c.InFull, c.InFullDen) && c.Lines <= c.LinesDen && c.Units <= c.UnitsDen &&
		within(c.OTIF, c.OTIFDen) && c.OTIFUnknown <= c.Orders-c.OTIFDen && within(c.Perfect, c.PerfectDen) && c.PerfectUnknown <= c.Orders-c.PerfectDen &&
		within(c.Address, c.AddressDen) && within(c.Damage, c.DamageDen) && within(c.Papers, c.PapersDen) &&
		f.toShip.Cases() <= c.Orders && f.transit.Cases() <= c.Orders && f.cycle.Cases() <= c.Orders
}
