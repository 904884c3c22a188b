package supply

import (
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (d *Demand[K]) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	encodeTime(&w, d.opt.Start)
	w.Int64(int64(d.opt.Period))
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
	n.opt = DemandOptions{Start: decodeTime(r), Period: time.Duration(r.Int64())}
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
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*d = n
	return nil
}
