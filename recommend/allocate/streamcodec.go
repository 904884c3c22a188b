package allocate

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryMarshaler   = (*Stream)(nil)
	_ encoding.BinaryUnmarshaler = (*Stream)(nil)
)

// Restock adds units, >= 0, to the stock of an offer, at any time; to one without limit it adds
// nothing. Errors: ErrRange, ErrOverflow, ErrEmpty for a Stream that NewStream has not made.
func (s *Stream) Restock(offer int, units int64) error {
	return s.add("Restock", (*Stream).countOffers, offer, units)
}

// RaiseLimit adds an amount, >= 0, to a shared limit, at any time. Errors as those of Restock.
func (s *Stream) RaiseLimit(limit int, amount int64) error {
	return s.add("RaiseLimit", (*Stream).countLimits, limit, amount)
}

func (s *Stream) countOffers() int { return s.offers }

func (s *Stream) countLimits() int { return len(s.opt.Limits) }

// add adds units to the i-th of what count counts.
func (s *Stream) add(what string, count func(*Stream) int, i int, units int64) error {
	where := "allocate: Stream." + what
	if s == nil || s.begin == nil {
		return fmt.Errorf("%s: %w", where, ErrEmpty)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i < 0 || i >= count(s) || units < 0 {
		return fmt.Errorf("%s: %d of %d, %d units: %w", where, i, count(s), units, ErrRange)
	}
	r := i
	if what == "RaiseLimit" {
		r += s.offers
	}
	switch {
	case s.full[r] < 0:
		return nil
	case s.full[r] > math.MaxInt64-units:
		return fmt.Errorf("%s: %d and %d units: %w", where, s.full[r], units, ErrOverflow)
	}
	s.move(r, 0)
	s.full[r] += units
	s.left[r] += units
	return nil
}

// AppendLeft appends what is left of each stock, -1 for one without limit. Nil of a Stream
// that NewStream has not made, here and below.
func (s *Stream) AppendLeft(dst []int64) []int64 {
	if s == nil || s.begin == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(dst, s.left[:s.offers]...)
}

// AppendLimitsLeft appends what is left of each shared limit.
func (s *Stream) AppendLimitsLeft(dst []int64) []int64 {
	if s == nil || s.begin == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(dst, s.left[s.offers:]...)
}

// Requests returns how many requests have been answered.
func (s *Stream) Requests() int64 {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// Learning reports whether prices are learned: Requests were given, fewer have come, and those that
// came have not been seen to change.
func (s *Stream) Learning() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.learning()
}

// AppendBinary appends the state as one frame, ErrEmpty for a Stream that NewStream has not
// made. What is read back goes on as this one would.
func (s *Stream) AppendBinary(dst []byte) ([]byte, error) {
	if s == nil || s.begin == nil {
		return dst, fmt.Errorf("allocate: Stream.AppendBinary: %w", ErrEmpty)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var w codec.Writer
	w.Int(s.opt.PerUser)
	w.Int64s(s.opt.Limits)
	w.Int64(s.opt.Requests)
	w.Float64s(s.opt.StockPrice)
	w.Float64s(s.opt.LimitPrice)
	w.Int(s.opt.Memory)
	w.Int(s.opt.Lessons)
	w.Uint64(s.opt.Seed)
	w.Int32s(s.begin)
	for _, u := range s.uses {
		w.Int(u.Limit)
		w.Int64(u.Amount)
	}
	w.Int64s(s.full)
	w.Int64s(s.left)
	w.Float64s(s.price)
	w.Float64s(s.clock)
	w.Int64(s.seen)
	w.Float64(s.now)
	w.Float64(s.worth)
	w.Float64s(s.value)
	w.Bool(s.varied)
	w.Bool(s.drift)
	w.Int(s.ends)
	w.Int32s(s.counts)
	w.Int32s(s.filled)
	for k, n := range s.filled {
		for _, c := range s.memory[k*remember : k*remember+int(n)] {
			w.Uint64(uint64(uint32(c.User))<<32 | uint64(uint32(c.Offer)))
			w.Float64(c.Value)
		}
	}
	return w.AppendFrame(dst, codec.KindStream, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Stream) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s, which nobody else may use meanwhile. Payload of version 1,
// little-endian:
//
//	int    PerUser; []i64 Limits; i64 Requests; []f64 StockPrice and LimitPrice, empty for nil;
//	int    Memory, Lessons; u64 Seed: as StreamOptions allows them
//	[]i32  by offer, where its uses begin, ascending from 0, and their number
//	uses   int limit and i64 amount each, as Offer allows them
//	[]i64  what there has been of each stock and limit, at least -1, of limits 0
//	[]i64  what is left of it, 0 to that, -1 of -1
//	[]f64  prices and []f64 their clocks, finite, >= 0, no clock beyond now
//	i64    requests, >= 0; f64 now; f64 sum of best values, finite, >= 0
//	[]f64  the value of each offer's last proposal, 0 to 1e150; bool whether one has had two
//	bool   whether requests have changed; int windows that are over, 0 to 64
//	[]i32  counts by window and offer, not falling from one window to the next up to the open one,
//	       then 0; none without Requests or after a change
//	[]i32  proposals by remembered request, 0 to 16, as many as the smaller of Memory and
//	       Requests; none where there are no counts
//	       and the proposals: u64 user and offer, f64 value, above 0 and descending
//
// Anything else is ErrCorrupt, a newer version ErrVersion, another kind ErrMismatch; s is then
// unchanged. A nil receiver is ErrEmpty.
func (s *Stream) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("allocate: Stream.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindStream, 1)
	if err != nil {
		return fmt.Errorf("allocate: Stream.UnmarshalBinary: %w", err)
	}
	n := readStream(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("allocate: Stream.UnmarshalBinary: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt, s.offers, s.begin, s.uses, s.full, s.left = n.opt, n.offers, n.begin, n.uses, n.full, n.left
	s.price, s.clock, s.seen, s.now, s.worth = n.price, n.clock, n.seen, n.now, n.worth
	s.value, s.varied = n.value, n.varied
	s.drift, s.counts, s.ends, s.memory, s.filled = n.drift, n.counts, n.ends, n.memory, n.filled
	s.setScale()
	s.setScratch()
	return nil
}

// readStream reads the state and fails the reader for what no stream can hold.
func readStream(r *codec.Reader) *Stream {
	n := &Stream{}
	n.opt = StreamOptions{PerUser: r.Int(), Limits: r.Int64s(), Requests: r.Int64(), StockPrice: orNil(r.Float64s()), LimitPrice: orNil(r.Float64s()), Memory: r.Int(), Lessons: r.Int(), Seed: r.Uint64()}
	n.begin = r.Int32s()
	if r.Err() != nil {
		return n
	}
	last := int32(0)
	for i, b := range n.begin {
		if b < last || i == 0 && b != 0 {
			r.Fail("has uses out of order")
			return n
		}
		last = b
	}
	n.offers = len(n.begin) - 1
	if n.offers < 0 || int64(last)*16 > int64(r.Left()) || n.opt.validate(n.offers) != nil {
		r.Fail("has options or uses that no stream can have")
		return n
	}
	for range last {
		n.uses = append(n.uses, Use{r.Int(), r.Int64()})
	}
	for o := range n.offers {
		if checkUses("", []Offer{{Uses: n.usesOf(int32(o))}}, len(n.opt.Limits)) != nil {
			r.Fail("has uses that no offer can have")
			return n
		}
	}
	n.full, n.left, n.price, n.clock = r.Int64s(), r.Int64s(), r.Float64s(), r.Float64s()
	n.seen, n.now, n.worth = r.Int64(), r.Float64(), r.Float64()
	n.value, n.varied = r.Float64s(), r.Bool()
	n.drift, n.ends, n.counts, n.filled = r.Bool(), r.Int(), r.Int32s(), r.Int32s()
	if r.Err() == nil && !n.possible() {
		r.Fail("has a state that no stream can be in")
	}
	if r.Err() != nil {
		return n
	}
	n.readMemory(r)
	return n
}

func orNil(p []float64) []float64 {
	if len(p) == 0 {
		return nil
	}
	return p
}

// possible checks what has been read but for the memory.
func (s *Stream) possible() bool {
	resources := s.offers + len(s.opt.Limits)
	if len(s.full) != resources || len(s.left) != resources || len(s.price) != resources || len(s.clock) != resources || len(s.value) != s.offers {
		return false
	}
	for _, v := range []float64{s.now, s.worth} {
		if !(v >= 0) || math.IsInf(v, 1) || math.Signbit(v) {
			return false
		}
	}
	for _, v := range s.value {
		if !(v >= 0 && v <= 1e150) || math.Signbit(v) {
			return false
		}
	}
	for i, full := range s.full {
		p, c := s.price[i], s.clock[i]
		if full < -1 || i >= s.offers && full < s.opt.Limits[i-s.offers] || s.left[i] > full || s.left[i] < min(full, 0) ||
			!(p >= 0) || math.IsInf(p, 1) || math.Signbit(p) || !(c >= 0) || c > s.now || math.Signbit(c) {
			return false
		}
	}
	if s.seen < 0 || s.seen == math.MaxInt64 || s.ends < 0 || s.ends > windows || s.drift && s.opt.Requests == 0 {
		return false
	}
	if s.opt.Requests == 0 || s.drift {
		return len(s.counts) == 0 && len(s.filled) == 0
	}
	if len(s.counts) != (windows+1)*s.offers || int64(len(s.filled)) != min(int64(s.opt.Memory), s.opt.Requests) {
		return false
	}
	for i, c := range s.counts {
		switch window := i / max(1, s.offers); {
		case window == 0 || window > s.ends+1:
			if c != 0 {
				return false
			}
		case c < s.counts[i-s.offers]:
			return false
		}
	}
	return true
}

// readMemory reads what is remembered.
func (s *Stream) readMemory(r *codec.Reader) {
	total := 0
	for k, n := range s.filled {
		if n < 0 || n > remember || n > 0 && int64(k) >= s.seen {
			r.Fail("has a remembered request that cannot be")
			return
		}
		total += int(n)
	}
	if total*16 > r.Left() {
		r.Fail("is cut short")
		return
	}
	s.memory = make([]Proposal, len(s.filled)*remember)
	for k, n := range s.filled {
		slot := s.memory[k*remember : k*remember+int(n)]
		last := 1e150
		for j := range slot {
			x := r.Uint64()
			c := Proposal{int32(uint32(x >> 32)), int32(uint32(x)), r.Float64()}
			if uint32(c.Offer) >= uint32(s.offers) || !(c.Value > 0 && c.Value <= last) || slices.ContainsFunc(slot[:j], func(b Proposal) bool { return b.Offer == c.Offer }) {
				r.Fail("has a remembered proposal that cannot be")
				return
			}
			slot[j], last = c, c.Value
		}
	}
	if len(s.filled) == 0 {
		s.memory = nil
	}
}
