package supply

import (
	"time"

	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the state to dst. Equal states give equal bytes.
func (s *Service) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	encodeTime(&w, s.opt.AsOf)
	w.Int64(int64(s.opt.ReopenWindow))
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
	n.opt = ServiceOptions{AsOf: decodeTime(r), ReopenWindow: time.Duration(r.Int64())}
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
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*s = n
	return nil
}
