package supply

import (
	"encoding"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/survive"
)

var (
	_ encoding.BinaryAppender    = (*Service)(nil)
	_ encoding.BinaryMarshaler   = (*Service)(nil)
	_ encoding.BinaryUnmarshaler = (*Service)(nil)
)

// AppendBinary appends the state to dst. Equal states give equal bytes. ErrEmpty for one
// that NewService has not made.
func (s *Service) AppendBinary(dst []byte) ([]byte, error) {
	if err := s.ready("supply: Service.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	encodeTime(&w, s.opt.AsOf)
	w.Int64(int64(s.opt.ReopenWindow))
	for _, n := range s.count.all() {
		w.Int64(*n)
	}
	for _, d := range []*survive.Durations{&s.reply, &s.resolve, &s.backlog} {
		d.Encode(&w)
	}
	for _, v := range s.votes {
		w.Int64s(v[:])
	}
	encodeTally(&w, s.reasons)
	return w.AppendFrame(dst, codec.KindService, 1), nil
}

// MarshalBinary returns the state as bytes.
func (s *Service) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s by what MarshalBinary wrote. Payload of version 1,
// little-endian, instants in nanoseconds since 1970, durations in nanoseconds:
//
//	i64      AsOf
//	i64      ReopenWindow
//	15×i64   counts >= 0, in the order of serviceCounts
//	3×durations  to the first answer, to the solution, age of the backlog; each
//	         []i32, []i64 buckets of finished cases and their counts, the same of open ones,
//	         i64 milliseconds of the finished cases, i64 the longest of them
//	3×[]i64  11 counts >= 0 of the answers 0 … 10 of CSAT, NPS and CES, 0 off the scale
//	[]string reasons of returns, ascending without repeats, and then i64 for each, its units
//
// Any other length, order or value, and options that NewService would refuse, are ErrCorrupt,
// another kind of frame is ErrMismatch, a newer version ErrVersion; the receiver is then
// unchanged.
func (s *Service) UnmarshalBinary(data []byte) error {
	const name = "Service"
	if err := check.Receiver("supply: Service.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindService, 1)
	if err != nil {
		return err
	}
	var n Service
	n.opt = ServiceOptions{AsOf: decodeTime(r), ReopenWindow: time.Duration(r.Int64())}
	for _, c := range n.count.all() {
		*c = decodeCount(r)
	}
	for _, d := range []*survive.Durations{&n.reply, &n.resolve, &n.backlog} {
		d.Decode(r)
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
