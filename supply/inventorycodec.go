package supply

import (
	"encoding"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Inventory[string])(nil)
	_ encoding.BinaryMarshaler   = (*Inventory[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Inventory[string])(nil)
)

// AppendBinary appends the state to dst. Equal states give equal bytes. ErrEmpty for one
// that NewInventory has not made.
func (v *Inventory[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := v.ready("supply: Inventory.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	encodeTime(&w, v.opt.From)
	encodeTime(&w, v.opt.To)
	w.Int64(int64(v.opt.DeadAfter))
	encodeAges(&w, v.opt.Ages)
	w.String(v.opt.Currency)
	for _, rate := range v.opt.rates() {
		w.Float64(rate)
	}
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
		w.Float64(s.space)
	}
	return w.AppendFrame(dst, codec.KindInventory, 2), nil
}

// MarshalBinary returns the state as bytes.
func (v *Inventory[K]) MarshalBinary() ([]byte, error) { return v.AppendBinary(nil) }

// UnmarshalBinary replaces v by what MarshalBinary wrote. Payload of version 2,
// little-endian, instants in nanoseconds since 1970, durations in nanoseconds:
//
//	i64, i64 From, To
//	i64      DeadAfter
//	[]i64    Ages
//	string   Currency
//	3×f64    CapitalRate, RiskRate, SpaceRate
//	ids      int class (0 text, 1 signed, 2 unsigned numbers), int n, n ids of K ascending:
//	         length and bytes, or 8 bytes that fit K
//	per id   f64, f64 value and units times milliseconds, finite and >= 0; bool known and i64
//	         instant of the latest level; i64, i64 units and value then, >= 0; 4×i64 units sold,
//	         revenue, cost and units received within the window, >= 0; bool known and i64 instant
//	         of the latest sale; []i64 days of receipt since 1970, ascending without repeats, and
//	         then i64 for each, its units; f64 space of a unit, >= 0, 0 where not told
//
// Any other length, order or value, and options that NewInventory would refuse, are ErrCorrupt,
// another kind of frame is ErrMismatch, a newer version ErrVersion; the receiver is then
// unchanged. Version 1, which has neither rates nor space, is read too.
func (v *Inventory[K]) UnmarshalBinary(data []byte) error {
	const name = "Inventory"
	if err := check.Receiver("supply: Inventory.UnmarshalBinary", v); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindInventory, 2)
	if err != nil {
		return err
	}
	n := Inventory[K]{skus: map[K]*stocked{}}
	n.opt = InventoryOptions{From: decodeTime(r), To: decodeTime(r), DeadAfter: time.Duration(r.Int64())}
	n.opt.Ages = decodeAges(r)
	n.opt.Currency = r.String()
	if r.Version > 1 {
		n.opt.CapitalRate, n.opt.RiskRate, n.opt.SpaceRate = decodeAmount(r), decodeAmount(r), decodeAmount(r)
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
		if r.Version > 1 {
			s.space = decodeAmount(r)
		}
		if r.Err() != nil {
			break
		}
		n.skus[id] = s
	}
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*v = n
	return nil
}
