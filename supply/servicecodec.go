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
	names := sorted(s.reasons)
	w.Strings(names)
	for _, name := range names {
		for _, n := range s.reasons[name] {
			w.Int64(n)
		}
	}
	w.Int64(int64(s.opt.ReturnWindow))
	s.sales.encode(&w)
	encodeAges(&w, s.opt.Ages)
	for _, n := range s.aged {
		w.Int64(n)
	}
	calendar.PutHours(&w, s.opt.Hours)
	return w.AppendFrame(dst, codec.KindService, 2), nil
}

// MarshalBinary returns the state as bytes.
func (s *Service) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s by what MarshalBinary wrote. Payload of version 2,
// little-endian, instants in nanoseconds since 1970, durations in nanoseconds:
//
//	i64      AsOf
//	i64      ReopenWindow
//	15×i64   counts >= 0, in the order of serviceCounts
//	3×durations  to the first answer, to the solution, age of the backlog; each
//	         []i32, []i64 buckets of finished cases and their counts, the same of open ones,
//	         i64 milliseconds of the finished cases, i64 the longest of them
//	3×[]i64  11 counts >= 0 of the answers 0 … 10 of CSAT, NPS and CES, 0 off the scale
//	[]string reasons of returns, ascending without repeats, and then 3×i64 >= 0 for each, its
//	         orders, units and value
//	i64      ReturnWindow
//	2×       sales by days watched and returns by days since the sale: []i64 days, ascending, and
//	         3×i64 for each, orders, units and value, of returns >= 0
//	[]i64    Ages, and then i64 >= 0 for each and one more, the open tickets of the class
//	hours    string zone, empty for none; else 14×[]i64 shifts of the days of the week, in
//	         seconds, those of worked days of a weekend, and 2×[]i64 holidays and such days
//
// Any other length, order or value, a part that is more than its whole, and options that NewService would refuse, are ErrCorrupt,
// another kind of frame is ErrMismatch, a newer version ErrVersion; the receiver is then
// unchanged. Hours of a zone other than UTC are read into a Service of Hours of that zone, and are
// ErrMismatch elsewhere: what a name stands for is the host's to say. Version 1 is read too: it has no Hours, knows
// of a reason the units only, and its backlog is in no class of age.
func (s *Service) UnmarshalBinary(data []byte) error {
	const name = "Service"
	if err := check.Receiver("supply: Service.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := open(name, data, codec.KindService, 2)
	if err != nil {
		return err
	}
	var n Service
	n.opt = ServiceOptions{}.withDefaults()
	n.opt.AsOf, n.opt.ReopenWindow = decodeTime(r), time.Duration(r.Int64())
	for _, c := range n.count.all() {
		*c = decodeCount(r)
	}
	for _, d := range []*survive.Durations{&n.reply, &n.resolve, &n.backlog} {
		d.Decode(r)
	}
	if !n.consistent() {
		r.Fail("has counts of tickets that contradict each other")
	}
	for k := range n.votes {
		all := int64(0)
		votes := r.Int64s()
		if len(votes) != len(n.votes[k]) {
			r.Fail("has a survey of another scale")
			break
		}
		for i, v := range votes {
			if v < 0 || v > 0 && (i < scales[k].lo || i > scales[k].hi) {
				r.Fail("has answers off the scale")
			}
			if v > math.MaxInt64-all {
				r.Fail("has more answers than fit")
				break
			}
			all += v
			n.votes[k][i] = v
		}
	}
	n.reasons = map[string]*returnCounts{}
	left := returnCounts{n.count.ReturnOrders, n.count.ReturnUnits, n.count.ReturnValue}
	names := r.Strings()
	for i, reason := range names {
		if i > 0 && reason <= names[i-1] {
			r.Fail("has names out of order")
			break
		}
		c := &returnCounts{}
		if r.Version == 1 {
			c[1] = decodeCount(r)
		} else {
			*c = returnCounts{decodeCount(r), decodeCount(r), decodeCount(r)}
		}
		if !left.take(*c) {
			r.Fail("has reasons of more returns than there are")
			break
		}
		n.reasons[reason] = c
	}
	if r.Version == 1 {
		n.aged = make([]int64, len(n.opt.Ages)+1)
	} else if err := n.decodeRest(r, s.opt.Hours); err != nil {
		return fmt.Errorf("supply: %s.UnmarshalBinary: %w", name, err)
	}
	if err := done(name, r, n.opt.validate()); err != nil {
		return err
	}
	*s = n
	return nil
}

// consistent reports whether no part of the tickets is more than the whole, which AddTicket
// and Merge then need not ask of each.
func (s *Service) consistent() bool {
	c := &s.count
	return c.Resolved <= c.Tickets && c.Reopened <= c.Resolved && c.First <= c.FirstDen && c.FirstDen <= c.Resolved && c.Unjudged <= c.Resolved-c.FirstDen &&
		s.reply.Cases() <= c.Tickets && s.resolve.Cases() <= c.Tickets && s.backlog.Cases() <= c.Tickets
}

// decodeRest reads what version 2 added.
func (s *Service) decodeRest(r *codec.Reader, like *Hours) (err error) {
	s.opt.ReturnWindow = time.Duration(r.Int64())
	if w := s.opt.ReturnWindow; w < day || w > maxWindow*day {
		r.Fail("has a window of returns that is none")
		return nil
	}
	s.sales.decode(r, s.window())
	c := &s.count
	if !s.sales.partOf(returnCounts{c.SoldOrders, c.SoldUnits, c.SoldValue}, returnCounts{c.ReturnOrders, c.ReturnUnits, c.ReturnValue}) {
		r.Fail("has more sales or returns by day than there are")
	}
	s.opt.Ages = decodeAges(r)
	s.aged = make([]int64, len(s.opt.Ages)+1)
	open := s.backlog.Done()
	for i := range s.aged {
		s.aged[i] = decodeCount(r)
		if open -= s.aged[i]; open < 0 {
			r.Fail("has more open tickets by age than there are")
			break
		}
	}
	s.opt.Hours, err = calendar.GetHours(r, like)
	return err
}
