package supply

import (
	"time"

	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (f *Fulfilment) AppendBinary(dst []byte) ([]byte, error) {
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
	for _, s := range []*durations{&n.toShip, &n.transit, &n.cycle} {
		s.decode(r)
	}
	n.served = decodeTally(r)
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*f = n
	return nil
}
