package supply

import (
	"encoding"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Assortment[string])(nil)
	_ encoding.BinaryMarshaler   = (*Assortment[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Assortment[string])(nil)
)

// AppendBinary appends the state to dst. Equal states give equal bytes. A nil receiver is
// ErrEmpty.
func (a *Assortment[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("supply: Assortment.AppendBinary", a); err != nil {
		return dst, err
	}
	var w codec.Writer
	opt := a.opt.withDefaults()
	w.Strings(opt.Categories)
	w.Int64(int64(opt.NewWithin))
	w.Int64(int64(opt.StockAge))
	ids := sorted(a.skus)
	encodeIDs(&w, ids)
	for _, id := range ids {
		l := a.skus[id]
		w.String(l.category)
		w.Bool(l.hasList)
		w.Int64(l.listed)
		w.Int64(l.latest)
		w.Bool(l.hasUntil)
		w.Int64(l.until)
		w.Int64(l.inTime)
		w.Int64(l.outTime)
		w.Bool(l.hasLast)
		w.Int64(l.last)
		w.Bool(l.in)
		w.Float64(l.sales)
		w.Float64(l.forecast)
	}
	return w.AppendFrame(dst, codec.KindAssortment, 2), nil
}

// MarshalBinary returns the state as bytes.
func (a *Assortment[K]) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary replaces a by what MarshalBinary wrote. Payload of version 2,
// little-endian, instants in nanoseconds since 1970, durations in nanoseconds:
//
//	[]string Categories, ascending without repeats
//	i64      NewWithin
//	i64      StockAge, -1 for no limit
//	ids      int class (0 text, 1 signed, 2 unsigned numbers), int n, n ids of K ascending:
//	         length and bytes, or 8 bytes that fit K
//	per id   string category; bool known, i64 instant of the first listing and i64 that of
//	         the latest, no earlier; bool known and i64 instant of the latest delisting (0
//	         where unknown); i64, i64 milliseconds in and out of stock, >= 0; bool known and i64 end
//	         of the latest interval; bool in stock then; f64 sales, f64 forecast, finite and
//	         >= 0
//
// Any other length, order or value, and options that NewAssortment would refuse, are ErrCorrupt,
// another kind of frame is ErrMismatch, a newer version ErrVersion; the receiver is then
// unchanged. Version 1 is read too: it has no StockAge, which becomes the default, one
// listing and no delisting. A nil receiver is ErrEmpty.
func (a *Assortment[K]) UnmarshalBinary(data []byte) error {
	const name = "Assortment"
	if err := check.Receiver("supply: Assortment.UnmarshalBinary", a); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindAssortment, 2)
	if err != nil {
		return err
	}
	n := Assortment[K]{skus: map[K]*listing{}}
	n.opt = AssortmentOptions{Categories: r.Strings(), NewWithin: time.Duration(r.Int64()), StockAge: 30 * day}
	if r.Version > 1 {
		n.opt.StockAge = time.Duration(r.Int64())
		if n.opt.StockAge < -1 || n.opt.StockAge == 0 {
			r.Fail("has an age of stock that is none")
		}
	}
	for i, c := range n.opt.Categories {
		if i > 0 && c <= n.opt.Categories[i-1] {
			r.Fail("has categories out of order")
		}
	}
	for _, id := range decodeIDs[K](r) {
		l := &listing{category: r.String()}
		l.listed, l.hasList = decodeMark(r)
		l.latest = l.listed
		if r.Version > 1 {
			l.latest = r.Int64()
			l.until, l.hasUntil = decodeMark(r)
		}
		if l.latest < l.listed || !l.hasList && l.latest != 0 {
			r.Fail("has a latest listing before the first")
		}
		l.inTime, l.outTime = decodeCount(r), decodeCount(r)
		l.last, l.hasLast = decodeMark(r)
		l.in = r.Bool()
		l.sales, l.forecast = decodeAmount(r), decodeAmount(r)
		if r.Err() != nil {
			break
		}
		n.skus[id] = l
	}
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*a = n
	return nil
}
