package clean

import (
	"bytes"
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
	_ encoding.BinaryAppender    = (*Monitor)(nil)
	_ encoding.BinaryMarshaler   = (*Monitor)(nil)
	_ encoding.BinaryUnmarshaler = (*Monitor)(nil)
)

func sortedDays(days map[int64]int64) []int64 { return slices.Sorted(maps.Keys(days)) }

// put writes the options.
func (o *MonitorOptions) put(w *codec.Writer) {
	w.Int(len(o.Columns))
	for i := range o.Columns {
		c := &o.Columns[i]
		w.String(c.Name)
		w.Bool(c.Text)
		w.Float64s(c.Edges)
		w.Strings(c.Categories)
		w.Bool(c.Closed)
		w.Bool(c.Bounds != nil)
		if c.Bounds != nil {
			lo, hi := c.Bounds.Bounds()
			w.Float64(lo)
			w.Float64(hi)
		}
		w.Float64(c.Complete)
		w.Float64(c.Valid)
		w.Bool(c.Unique)
	}
	w.Int64(int64(o.Stale))
	w.Float64(o.Level)
	w.Int(o.MaxKeys)
}

// getMonitorOptions reads the options, or fails r.
func getMonitorOptions(r *codec.Reader) (o MonitorOptions) {
	n := r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		c := Column{Name: r.String(), Text: r.Bool(), Edges: r.Float64s(), Categories: r.Strings(), Closed: r.Bool()}
		if r.Bool() {
			b, err := NewBounds(r.Float64(), r.Float64())
			if r.Err() == nil && err != nil {
				r.Fail("has bounds that are none")
			}
			c.Bounds = b
		}
		c.Complete, c.Valid, c.Unique = r.Float64(), r.Float64(), r.Bool()
		if r.Err() == nil && (!slices.IsSorted(c.Categories) || c.Valid == 0) {
			r.Fail("has options out of order")
		}
		o.Columns = append(o.Columns, c)
	}
	o.Stale, o.Level, o.MaxKeys = time.Duration(r.Int64()), r.Float64(), r.Int()
	if r.Err() == nil && (o.Level == 0 || o.MaxKeys == 0) {
		r.Fail("has options out of range")
	}
	return o
}

// AppendBinary appends the binary form of m to dst, canonical. What NewMonitor has not made is ErrEmpty.
func (m *Monitor) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.made("clean: Monitor.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	m.opt.put(&w)
	quality, err := m.quality.MarshalBinary()
	if err != nil {
		return dst, fmt.Errorf("clean: Monitor.AppendBinary: %w", err)
	}
	w.Bytes(quality)
	putCounts(&w, m.days)
	for i := range m.columns {
		s := &m.columns[i]
		w.Int64s(s.counts)
		w.Int64(s.broken)
		if s.seen != nil {
			putCounts(&w, s.seen)
		}
	}
	return w.AppendFrame(dst, codec.KindMonitor, 1), nil
}

// putCounts writes counts by key, ascending.
func putCounts[K int64 | uint64](w *codec.Writer, counts map[K]int64) {
	w.Int(len(counts))
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		w.Int64(int64(k))
		w.Int64(counts[k])
	}
}

// getCounts reads them and adds them up, or fails r: they are > 0.
func getCounts[K int64 | uint64](r *codec.Reader) (counts map[K]int64, sum int64) {
	n := r.Int()
	counts = make(map[K]int64)
	var last K
	for i := 0; i < n && r.Err() == nil; i++ {
		k, c := K(r.Int64()), r.Int64()
		all, err := check.AddInt64(sum, c)
		if r.Err() == nil && (i > 0 && k <= last || c < 1 || err != nil) {
			r.Fail("has counts out of order")
		}
		counts[k], last, sum = c, k, all
	}
	return counts, sum
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Monitor) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m, options included. Payload of version 1, little-endian, lists and strings after their length:
//
//	int      number of columns, then for each: string name, bool Text, []f64 Edges, strings Categories, ascending, bool Closed,
//	         bool whether there are bounds, if so 2×f64, f64 Complete, f64 Valid, bool Unique
//	i64      Stale in nanoseconds, f64 Level, int MaxKeys, all as MonitorOptions wants them
//	[]byte   the binary form of the Quality
//	int      number of days, then for each, ascending: i64 day since 1970, i64 rows, > 0
//	         then for each column: []i64 counts of missing, bins or categories, for texts of the others, each >= 0; i64 values that break the
//	         rule, 0 to all values; where Unique, int number of keys and for each, ascending by sign: i64 hash, i64 count, > 0
//
// Counts of one column add up to the rows of all days, those of keys to its values; keys are at most MaxKeys.
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a newer version ErrVersion; m is then unchanged. Memory grows
// with the bytes given.
func (m *Monitor) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("clean: Monitor.UnmarshalBinary", m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindMonitor, 1)
	if err != nil {
		return fmt.Errorf("clean: Monitor.UnmarshalBinary: %w", err)
	}
	opt := getMonitorOptions(r)
	if r.Err() != nil {
		return fmt.Errorf("clean: Monitor.UnmarshalBinary: %w", r.Err())
	}
	x, err := NewMonitor(opt)
	if err != nil {
		return fmt.Errorf("clean: Monitor.UnmarshalBinary: %w: %w", ErrCorrupt, err)
	}
	quality := r.Bytes()
	if r.Err() == nil {
		if err := x.quality.UnmarshalBinary(quality); err != nil {
			return fmt.Errorf("clean: Monitor.UnmarshalBinary: %w: %w", ErrCorrupt, err)
		}
		if again, err := x.quality.MarshalBinary(); err != nil || !bytes.Equal(again, quality) {
			r.Fail("has a Quality that is written otherwise")
		}
	}
	var rows int64
	x.days, rows = getCounts[int64](r)
	for d := range x.days {
		if r.Err() == nil && (d > math.MaxInt64/86400 || d < math.MinInt64/86400) {
			r.Fail("has a day that is none")
		}
	}
	for i := range x.columns {
		x.getColumn(r, i, rows)
	}
	if r.Err() == nil && (x.keys > x.opt.MaxKeys || rows > x.quality.rows) {
		r.Fail("has more keys or rows than it may")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("clean: Monitor.UnmarshalBinary: %w", err)
	}
	*m = *x
	return nil
}

// getColumn reads the counts of column i, or fails r.
func (m *Monitor) getColumn(r *codec.Reader, i int, rows int64) {
	s := &m.columns[i]
	counts := r.Int64s()
	s.broken = r.Int64()
	if r.Err() != nil {
		return
	}
	var all int64
	for _, n := range counts {
		sum, err := check.AddInt64(all, n)
		if n < 0 || err != nil {
			r.Fail("has counts below 0")
			return
		}
		all = sum
	}
	if len(counts) != len(s.counts) || all != rows || s.broken < 0 || s.broken > all-counts[0] {
		r.Fail("has counts that do not add up")
		return
	}
	s.counts = counts
	if s.seen == nil {
		return
	}
	var values int64
	s.seen, values = getCounts[uint64](r)
	m.keys += len(s.seen)
	if r.Err() == nil && values != all-counts[0] {
		r.Fail("has keys that do not add up")
	}
}
