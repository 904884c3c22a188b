package supply

import (
	"encoding"
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Demand[string])(nil)
	_ encoding.BinaryMarshaler   = (*Demand[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Demand[string])(nil)
)

// AppendBinary appends the state to dst. Equal states give equal bytes. ErrEmpty for one
// that NewDemand has not made.
func (d *Demand[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := d.ready("supply: Demand.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	encodeTime(&w, d.opt.Start)
	w.Int64(int64(d.opt.Period))
	w.Int(int(d.opt.Step))
	w.String(d.opt.zone())
	w.Bool(d.opt.SundayWeeks)
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
	return w.AppendFrame(dst, codec.KindDemand, 2), nil
}

// MarshalBinary returns the state as bytes.
func (d *Demand[K]) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary replaces d by what MarshalBinary wrote. Payload of version 2,
// little-endian, instants in nanoseconds since 1970, durations in nanoseconds:
//
//	i64      Start
//	i64      Period, 0 with a Step of the calendar
//	int      Step
//	string   name of the Location, empty with StepFixed
//	bool     SundayWeeks, of StepWeek only
//	int      periods seen, at most 2²⁰
//	ids      int class (0 text, 1 signed, 2 unsigned numbers), int n, n ids of K ascending:
//	         length and bytes, or 8 bytes that fit K
//	per id   []f64 units by period, finite and >= 0; []i64 milliseconds out of stock by
//	         period, >= 0, neither longer than the periods; bool known and i64 instant of the
//	         first listing
//
// Any other length, order or value, and options that NewDemand would refuse, are ErrCorrupt,
// another kind of frame is ErrMismatch, a newer version ErrVersion; the receiver is then
// unchanged. A state by the calendar of a zone other than UTC is read into a Demand that
// NewDemand has made with that zone, and is ErrMismatch elsewhere: what a name stands for
// is the host's to say. Version 1 is read too; all its periods are fixed. A nil receiver
// is ErrEmpty.
func (d *Demand[K]) UnmarshalBinary(data []byte) error {
	const name = "Demand"
	if err := check.Receiver("supply: Demand.UnmarshalBinary", d); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindDemand, 2)
	if err != nil {
		return err
	}
	n := Demand[K]{skus: map[K]*history{}}
	n.opt = DemandOptions{Start: decodeTime(r), Period: time.Duration(r.Int64())}
	if r.Version > 1 {
		step, zone := r.Int(), ""
		zone, n.opt.SundayWeeks = r.String(), r.Bool()
		n.opt.Step = Step(min(step, 255))
		if (zone == "") != (step == 0) || n.opt.SundayWeeks && n.opt.Step != StepWeek || n.opt.Step > StepMonth {
			r.Fail("has periods of no calendar")
		}
		switch {
		case r.Err() != nil || zone == "":
		case zone == "UTC":
			n.opt.Location = time.UTC
		case zone == d.opt.zone():
			n.opt.Location = d.opt.Location
		default:
			return fmt.Errorf("supply: %s.UnmarshalBinary: periods of the zone %.64q, read by one of %q: %w", name, zone, d.opt.zone(), ErrMismatch)
		}
	}
	if n.opt.Step != StepFixed && r.Err() == nil && !n.opt.aligned().Start.Equal(n.opt.Start) {
		r.Fail("starts within a period")
	}
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
			if !(x >= 0 && x <= maxSum) {
				r.Fail("has demand that is negative, too large or not finite")
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
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*d = n
	return nil
}
