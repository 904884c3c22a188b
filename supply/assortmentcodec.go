package supply

import (
	"time"

	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (a *Assortment[K]) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	opt := a.opt.withDefaults()
	w.Strings(opt.Categories)
	w.Int64(int64(opt.NewWithin))
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
	n.opt = AssortmentOptions{Categories: r.Strings(), NewWithin: time.Duration(r.Int64())}
	for i, c := range n.opt.Categories {
		if i > 0 && c <= n.opt.Categories[i-1] {
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
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*a = n
	return nil
}
