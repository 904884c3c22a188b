package identity

import (
	"encoding"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Traffic)(nil)
	_ encoding.BinaryMarshaler   = (*Traffic)(nil)
	_ encoding.BinaryUnmarshaler = (*Traffic)(nil)
)

// Sign is what makes a visitor look like a robot.
type Sign string

// The signs that Traffic.Result knows.
const (
	SignRate    Sign = "rate"     // more pages in an hour than anybody reads
	SignHasty   Sign = "hasty"    // pages left at once, on average
	SignNoSleep Sign = "no sleep" // more hours on end than anybody is awake at a shop
	SignRound   Sign = "round"    // all hours of the day alike
	SignSteady  Sign = "steady"   // the same number of pages in every hour that has any
	SignIdle    Sign = "idle"     // many pages and nothing was ever bought
)

// Hit is one request of a visitor.
type Hit struct {
	Visitor ID            // cookie, device, login, address: whatever is to be judged
	At      time.Time     // when
	Dwell   time.Duration // until the next page, >= 0; 0: not known
	Bought  bool          // the hit is a purchase, or puts something into the cart
}

// visitor counts the hits of one visitor.
type visitor struct {
	bought, timed int64
	dwell         int64 // of the timed, milliseconds
	hits          int64 // of all hours
	hours         map[int64]int64
}

// Traffic counts what visitors do, by hours, to tell robots from people. The zero value is empty and ready. Its state does not depend on
// the order of hits, nor on how they were split before Merge; memory is some 16 bytes for every hour in which a visitor was
// active. It is not safe for concurrent use.
type Traffic struct {
	visitors map[ID]*visitor
}

// TrafficOptions configures Traffic.Result. The defaults were chosen on simulated shops, see the planted log of the tests.
type TrafficOptions struct {
	PerHour  int           // pages in the busiest hour above which SignRate is seen; default 120
	Dwell    time.Duration // mean time on a page below which SignHasty is seen, of at least 20 that are known; default 3 s
	Awake    int           // hours on end from which SignNoSleep is seen; default 12
	Evenness float64       // of the hours of the day, entropy by its largest, from which SignRound is seen at 200 hits; default 0.97
	Spread   float64       // deviation by mean of the hits of an active hour below which SignSteady is seen, in at least 24 hours with 10 hits on average; default 0.4
	Idle     int           // hits without a purchase from which SignIdle is seen; default 200
	Signs    int           // number of signs that make a robot; default 2
}

func (o TrafficOptions) withDefaults() TrafficOptions {
	o.PerHour = check.Default(o.PerHour, 120)
	o.Dwell = check.Default(o.Dwell, 3*time.Second)
	o.Awake = check.Default(o.Awake, 12)
	o.Evenness = check.Default(o.Evenness, 0.97)
	o.Spread = check.Default(o.Spread, 0.4)
	o.Idle = check.Default(o.Idle, 200)
	o.Signs = check.Default(o.Signs, 2)
	return o
}

// validate names every field out of its range.
func (o TrafficOptions) validate() error {
	var c check.Options
	check.Positive(&c, "PerHour", o.PerHour)
	check.Positive(&c, "Dwell", o.Dwell)
	check.Positive(&c, "Awake", o.Awake)
	c.Require(o.Evenness > 0 && o.Evenness <= 1, "Evenness", o.Evenness, "in (0, 1]")
	c.Require(o.Spread > 0 && check.Finite(o.Spread), "Spread", o.Spread, "> 0")
	check.Positive(&c, "Idle", o.Idle)
	c.Require(o.Signs >= 1 && o.Signs <= 6, "Signs", o.Signs, "1 to 6")
	return c.Err("identity: Traffic.Result")
}

// Add counts a hit. ErrRange for a visitor without kind or value, a negative Dwell, a missing or impossible time; ErrOverflow for more
// than 2^63−1 milliseconds or hits of a visitor; the state is then unchanged. O(1).
func (t *Traffic) Add(h Hit) error {
	if err := check.Receiver("identity: Traffic.Add", t); err != nil {
		return err
	}
	err := check.Time("At", h.At)
	switch {
	case h.Visitor.Kind == "" || h.Visitor.Value == "":
		err = fmt.Errorf("want a kind and a value: %w", ErrRange)
	case h.Dwell < 0:
		err = fmt.Errorf("%s is below 0: %w", "Dwell", ErrRange)
	}
	if err != nil {
		return fmt.Errorf("identity: Traffic.Add: %w", check.Private("hit", -1, h.Visitor, h.Dwell, err))
	}
	one := visitor{dwell: h.Dwell.Milliseconds(), hits: 1}
	if h.Dwell > 0 {
		one.timed = 1
	}
	if h.Bought {
		one.bought = 1
	}
	v := t.visitors[h.Visitor]
	if v == nil {
		if t.visitors == nil {
			t.visitors = make(map[ID]*visitor)
		}
		v = &visitor{hours: make(map[int64]int64)}
		t.visitors[h.Visitor] = v
	}
	if !v.fits(&one) { // not so where v is new
		return fmt.Errorf("identity: Traffic.Add: %w", check.Private("hit", -1, h.Visitor, h.Dwell, ErrOverflow))
	}
	v.add(&one)
	v.hours[floor(h.At, time.Hour)]++
	return nil
}

// fits reports whether the sums of v and o are within int64: those of hits bound all other counts.
func (v *visitor) fits(o *visitor) bool {
	return o.dwell <= math.MaxInt64-v.dwell && o.hits <= math.MaxInt64-v.hits
}

// add adds the sums of o, but not its hours.
func (v *visitor) add(o *visitor) {
	v.bought, v.timed, v.dwell, v.hits = v.bought+o.bought, v.timed+o.timed, v.dwell+o.dwell, v.hits+o.hits
}

// Merge adds the hits of other, which it leaves alone. ErrMismatch for nil and itself, ErrOverflow; t is then unchanged.
func (t *Traffic) Merge(other *Traffic) error {
	if err := check.Merge("identity: Traffic.Merge", t, other); err != nil {
		return err
	}
	for id, o := range other.visitors {
		if v := t.visitors[id]; v != nil && !v.fits(o) {
			return fmt.Errorf("identity: Traffic.Merge: %w", check.Private("visitor", -1, id, nil, ErrOverflow))
		}
	}
	if t.visitors == nil {
		t.visitors = make(map[ID]*visitor)
	}
	for id, o := range other.visitors {
		v := t.visitors[id]
		if v == nil {
			v = &visitor{hours: make(map[int64]int64, len(o.hours))}
			t.visitors[id] = v
		}
		v.add(o)
		for h, n := range o.hours {
			v.hours[h] += n
		}
	}
	return nil
}

// Forget removes a visitor; the state is then exactly that which never saw it. False where it was not there.
func (t *Traffic) Forget(id ID) bool {
	if t == nil || t.visitors[id] == nil {
		return false
	}
	delete(t.visitors, id)
	return true
}

// Visitor is what one visitor looks like.
type Visitor struct {
	ID    ID     // as in Hit.Visitor
	Hits  int64  // all
	Peak  int64  // in the busiest hour
	Run   int    // longest stretch of hours on end with a hit
	Signs []Sign // that were seen, in the order of the constants
	Robot bool   // at least TrafficOptions.Signs of them
}

// Result judges every visitor, ascending by ID, and changes nothing. ErrOption names every field out of range, nil is ErrEmpty. Linear in
// the hours held, sorted by visitor.
func (t *Traffic) Result(opt TrafficOptions) ([]Visitor, error) {
	if err := check.Receiver("identity: Traffic.Result", t); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	out := make([]Visitor, 0, len(t.visitors))
	for _, id := range t.sorted() {
		out = append(out, t.visitors[id].judge(id, &opt))
	}
	return out, nil
}

func (t *Traffic) sorted() []ID { return slices.SortedFunc(maps.Keys(t.visitors), ID.compare) }

// judge looks for the signs. Hours are taken in order, so that no sum depends on that of the map.
func (v *visitor) judge(id ID, opt *TrafficOptions) Visitor {
	x := Visitor{ID: id, Hits: v.hits}
	var day [24]int64
	run, last := 0, int64(math.MinInt64)
	mean, square := 0.0, 0.0
	for k, h := range slices.Sorted(maps.Keys(v.hours)) {
		n := v.hours[h]
		x.Peak = max(x.Peak, n)
		day[((h%24)+24)%24] += n
		if run++; k == 0 || h != last+1 {
			run = 1
		}
		x.Run, last = max(x.Run, run), h
		d := float64(n) - mean // Welford
		mean += d / float64(k+1)
		square += d * (float64(n) - mean)
	}
	entropy := 0.0
	for _, n := range day {
		if n > 0 {
			p := float64(n) / float64(x.Hits)
			entropy -= p * math.Log(p)
		}
	}
	deviation := math.Sqrt(square / max(float64(len(v.hours)-1), 1))
	for _, s := range []struct {
		sign Sign
		seen bool
	}{
		{SignRate, x.Peak > int64(opt.PerHour)},
		{SignHasty, v.timed >= 20 && float64(v.dwell)/float64(v.timed) < float64(opt.Dwell.Milliseconds())},
		{SignNoSleep, x.Run >= opt.Awake},
		{SignRound, x.Hits >= 200 && entropy >= opt.Evenness*math.Log(24)},
		{SignSteady, len(v.hours) >= 24 && mean >= 10 && deviation < opt.Spread*mean},
		{SignIdle, v.bought == 0 && x.Hits >= int64(opt.Idle)},
	} {
		if s.seen {
			x.Signs = append(x.Signs, s.sign)
		}
	}
	x.Robot = len(x.Signs) >= opt.Signs
	return x
}

// AppendBinary appends the binary form of t to dst, canonical.
func (t *Traffic) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("identity: Traffic.AppendBinary", t); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(len(t.visitors))
	for _, id := range t.sorted() {
		v := t.visitors[id]
		w.String(id.Kind)
		w.String(id.Value)
		w.Int64(v.bought)
		w.Int64(v.timed)
		w.Int64(v.dwell)
		w.Int(len(v.hours))
		for _, h := range slices.Sorted(maps.Keys(v.hours)) {
			w.Int64(h)
			w.Int64(v.hours[h])
		}
	}
	return w.AppendFrame(dst, codec.KindTraffic, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (t *Traffic) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// UnmarshalBinary replaces t. Payload of version 1, little-endian, strings after their length:
//
//	int    number of visitors, then for each, ascending: 2 strings kind and value, not empty;
//	       3×i64 purchases, hits with a dwell, its sum in milliseconds, each >= 0, the first two at most all hits;
//	       int number of hours >= 1, then for each, ascending: i64 hours since 1970, i64 hits >= 1, together within int64
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a newer version ErrVersion; t is then unchanged. Memory grows
// with the bytes given.
func (t *Traffic) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("identity: Traffic.UnmarshalBinary", t); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindTraffic, 1)
	if err != nil {
		return fmt.Errorf("identity: Traffic.UnmarshalBinary: %w", err)
	}
	x := Traffic{visitors: make(map[ID]*visitor)}
	n, last := r.Int(), ID{}
	for i := 0; i < n && r.Err() == nil; i++ {
		id := ID{r.String(), r.String()}
		v := &visitor{bought: r.Int64(), timed: r.Int64(), dwell: r.Int64(), hours: make(map[int64]int64)}
		hours, before, all := r.Int(), int64(0), int64(0)
		for k := 0; k < hours && r.Err() == nil; k++ {
			h, hits := r.Int64(), r.Int64()
			sum, err := check.AddInt64(all, hits)
			if r.Err() == nil && (err != nil || hits < 1 || k > 0 && h <= before || h > maxGrain/3600 || h < -maxGrain/3600-1) {
				r.Fail("has hours that are none, or out of order")
			}
			v.hours[h], before, all = hits, h, sum
		}
		bad := id.Kind == "" || id.Value == "" || last.compare(id) >= 0 || hours < 1 || min(v.bought, v.timed, v.dwell) < 0 || max(v.bought, v.timed) > all
		if r.Err() == nil && bad {
			r.Fail("has visitors that are none, or out of order")
		}
		v.hits = all
		x.visitors[id], last = v, id
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("identity: Traffic.UnmarshalBinary: %w", err)
	}
	*t = x
	return nil
}
