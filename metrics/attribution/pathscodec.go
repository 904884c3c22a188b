package attribution

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"

	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Paths)(nil)
	_ encoding.BinaryUnmarshaler = (*Paths)(nil)
)

// AppendBinary appends the binary form: options, channels by name, paths in
// order.
func (a *Paths) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("attribution: Paths.AppendBinary", a); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.String(a.opt.Direct)
	w.Int64(int64(a.opt.HalfLife))
	w.Float64(a.opt.First)
	w.Float64(a.opt.Last)
	w.Int(a.opt.MaxPaths)
	names, rs := a.routes()
	w.Strings(names)
	for _, n := range names {
		d := a.decay[a.ids.Index(n)]
		w.Float64(d.conversions)
		w.Float64(d.revenue)
	}
	w.Int64(a.timed)
	w.Int(len(rs))
	for _, r := range rs {
		w.Int32s(r.channels)
		w.Int64(r.conversions)
		w.Int64(r.nulls)
		w.Int64(r.revenue)
	}
	return w.AppendFrame(dst, codec.KindAttribution, 1), nil
}

// MarshalBinary returns the binary form.
func (a *Paths) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary replaces a. Payload of version 1, little-endian:
//
//	string, i64          Direct, HalfLife in nanoseconds
//	2×f64, int           First, Last, MaxPaths
//	[]string             channels, ascending, none empty
//	2×f64 a channel      conversions and revenue by time decay, finite and >= 0
//	i64                  conversions whose touches had times, at most all
//	int                  paths, at most MaxPaths; of each, ascending:
//	[]i32, 3×i64         channels by number, conversions, nulls, revenue, each >= 0
//
// Options that New would refuse or fill in, a channel without a path, a path of no
// touches or more than 65,536, revenue without conversion, sums beyond int64, and any
// other length or value are ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; a is then unchanged.
func (a *Paths) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("attribution: Paths.UnmarshalBinary", a); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAttribution, 1)
	if err != nil {
		return fmt.Errorf("attribution: Paths.UnmarshalBinary: %w", err)
	}
	o := Options{Direct: r.String(), HalfLife: time.Duration(r.Int64()), First: r.Float64(), Last: r.Float64(), MaxPaths: r.Int()}
	if r.Err() == nil && (o != o.withDefaults() || o.validate("") != nil) {
		r.Fail("has options that are not valid")
	}
	got := Paths{opt: o, paths: map[string]*pathCount{}}
	if err := got.readChannels(r); err != nil {
		return fmt.Errorf("attribution: Paths.UnmarshalBinary: %w", err)
	}
	got.timed = r.Int64()
	got.readPaths(r)
	if r.Err() == nil && (got.timed < 0 || got.timed > got.total.conversions) {
		r.Fail("has more times than conversions")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("attribution: Paths.UnmarshalBinary: %w", err)
	}
	*a = got
	return nil
}

// readChannels reads the names and what time decay gives each.
func (a *Paths) readChannels(r *codec.Reader) error {
	names := r.Strings()
	for i, n := range names {
		if n == "" || i > 0 && n <= names[i-1] {
			r.Fail("has channels out of order")
			return nil
		}
		if _, err := a.ids.Add(n); err != nil {
			return err
		}
		d := decayCredit{r.Float64(), r.Float64()}
		if !(d.conversions >= 0) || !(d.revenue >= 0) || math.IsInf(d.conversions+d.revenue, 1) {
			r.Fail("has credit out of range")
		}
		a.decay = append(a.decay, d)
	}
	return nil
}

// readPaths reads the paths over the channels read; each channel must be on one.
func (a *Paths) readPaths(r *codec.Reader) {
	used := make([]bool, a.ids.Len())
	var last []int32
	n := r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		p := route{r.Int32s(), pathCount{r.Int64(), r.Int64(), r.Int64()}}
		if r.Err() != nil {
			return
		}
		var err error
		a.total, err = a.total.plus(p.pathCount)
		if err != nil || len(p.channels) == 0 || len(p.channels) > maxTouches || i > 0 && slices.Compare(last, p.channels) >= 0 ||
			p.conversions < 0 || p.nulls < 0 || p.revenue < 0 || p.revenue > 0 && p.conversions == 0 || len(a.paths) >= a.opt.MaxPaths {
			r.Fail("has paths out of order or range")
			return
		}
		a.buf = a.buf[:0]
		for _, c := range p.channels {
			if c < 0 || int(c) >= len(used) {
				r.Fail("has a path over an unknown channel")
				return
			}
			used[c] = true
			a.buf = binary.LittleEndian.AppendUint32(a.buf, uint32(c))
		}
		c := p.pathCount
		a.paths[string(a.buf)] = &c
		last = p.channels
	}
	if r.Err() == nil && slices.Contains(used, false) {
		r.Fail("has channels without a path")
	}
}
