package ads

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Actions[string])(nil)
	_ encoding.BinaryMarshaler   = (*Actions[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Actions[string])(nil)
)

// Actions counts clicks by key: those that led to an action, such as an order, by how long
// that took, and the others by how long ago they were, all as of one moment. The zero value is
// empty and ready; shards merge exactly, in any order. Keys are those of Clicks. It is not safe
// for concurrent use while it is written. Memory: 24 bytes for each length of time that a key has
// seen, of some 300 that are told apart, a tenth longer each.
type Actions[K comparable] struct {
	keys   dict.Dict[K]
	rows   []actionRow
	clicks int64
}

// actionRow is what is known of a key, ascending by bin.
type actionRow struct{ delays, open []histogramBin }

// histogramBin is n times of a bin, and their sum in milliseconds.
type histogramBin struct {
	bin    int32
	n, sum int64
}

// maxElapsed bounds a time, so that sums of many fit.
const maxElapsed = 3 * 366 * 24 * time.Hour

// binOf returns the bin of a time in milliseconds: eight to each doubling.
func binOf(ms int64) int32 {
	if ms < 1 {
		return 0
	}
	return 1 + int32(math.Floor(8*math.Log2(float64(ms))))
}

// lapse returns the clicks of the bin with their mean time; those of less than a millisecond
// took half of one.
func (h histogramBin) lapse() lapse {
	return lapse{float64(h.n), max(float64(h.sum)/float64(h.n), .5) / 1e3}
}

// AddActed counts a click that led to an action after a time, in [0, 1098 days]. ErrRange,
// ErrNotFinite for a key that does not equal itself, ErrOverflow; then nothing is changed.
func (a *Actions[K]) AddActed(key K, after time.Duration) error {
	return a.add("ads: Actions.AddActed", key, after, true)
}

// AddOpen counts a click that led to no action so far, and how long ago it was: from the click
// to the moment that all of these Actions are as of. Errors are those of AddActed.
func (a *Actions[K]) AddOpen(key K, age time.Duration) error {
	return a.add("ads: Actions.AddOpen", key, age, false)
}

// add counts a click, with an action or without one so far.
func (a *Actions[K]) add(where string, key K, elapsed time.Duration, acted bool) error {
	if err := check.Receiver(where, a); err != nil {
		return err
	}
	if elapsed < 0 || elapsed > maxElapsed {
		return fmt.Errorf("%s: %v since the click, want from 0 to 1098 days: %w", where, elapsed, ErrRange)
	}
	if key != key {
		return fmt.Errorf("%s: key does not equal itself: %w", where, ErrNotFinite)
	}
	ms := elapsed.Milliseconds()
	if err := a.count(key, histogramBin{binOf(ms), 1, ms}, acted); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// count adds a bin, which was checked, to those of a key.
func (a *Actions[K]) count(key K, h histogramBin, acted bool) error {
	total, err := check.AddInt64(a.clicks, h.n)
	if err != nil {
		return fmt.Errorf("clicks: %w", err)
	}
	i, err := a.keys.Add(key)
	if err != nil {
		return err
	}
	if int(i) == len(a.rows) {
		a.rows = append(a.rows, actionRow{})
	}
	list := &a.rows[i].open
	if acted {
		list = &a.rows[i].delays
	}
	k, found := slices.BinarySearchFunc(*list, h, func(x, y histogramBin) int { return cmp.Compare(x.bin, y.bin) })
	if found {
		old := &(*list)[k]
		sum, err := check.AddInt64(old.sum, h.sum)
		if err != nil {
			return fmt.Errorf("sum of times: %w", err)
		}
		old.n, old.sum = old.n+h.n, sum
	} else {
		*list = slices.Insert(*list, k, h)
	}
	a.clicks = total
	return nil
}

// Merge adds the counts of other, as of the same moment. Nil and a itself are ErrMismatch, a
// sum beyond int64 is ErrOverflow; then nothing is changed.
func (a *Actions[K]) Merge(other *Actions[K]) error {
	const where = "ads: Actions.Merge"
	if err := check.Merge(where, a, other); err != nil {
		return err
	}
	// maxElapsed is below 2³⁷ milliseconds, so that sums fit where there are fewer clicks than 2²⁶; only
	// beyond that a copy is needed to change nothing.
	to := a
	if total, err := check.AddInt64(a.clicks, other.clicks); err != nil {
		return fmt.Errorf("%s: clicks: %w", where, err)
	} else if total >= 1<<26 {
		to = a.clone()
	}
	for i := range other.rows {
		key, row := other.keys.Key(int32(i)), &other.rows[i]
		for _, h := range row.delays {
			if err := to.count(key, h, true); err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
		}
		for _, h := range row.open {
			if err := to.count(key, h, false); err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
		}
	}
	*a = *to
	return nil
}

func (a *Actions[K]) clone() *Actions[K] {
	c := &Actions[K]{keys: *a.keys.Clone(), clicks: a.clicks}
	for _, r := range a.rows {
		c.rows = append(c.rows, actionRow{slices.Clone(r.delays), slices.Clone(r.open)})
	}
	return c
}

// Clicked returns how many clicks were counted.
func (a *Actions[K]) Clicked() int64 {
	if a == nil {
		return 0
	}
	return a.clicks
}

// Result returns the clicks of a key, and those of them that led to an action so far.
func (a *Actions[K]) Result(key K) (clicked, acted int64) {
	if a == nil {
		return 0, 0
	}
	i := a.keys.Index(key)
	if i < 0 {
		return 0, 0
	}
	for _, h := range a.rows[i].delays {
		acted += h.n
	}
	clicked = acted
	for _, h := range a.rows[i].open {
		clicked += h.n
	}
	return clicked, acted
}

// sorted returns the numbers of the keys in their natural order, where they have one.
func (a *Actions[K]) sorted() []int32 {
	perm, err := ids.Permutation(a.keys.Keys(), nil)
	if err != nil {
		perm = make([]int32, a.keys.Len())
		for i := range perm {
			perm[i] = int32(i)
		}
	}
	return perm
}

// AppendBinary appends the binary form of a to dst, the same bytes in whatever order the clicks
// came. ErrOption for keys without a binary form. Cost: a copy and a sort.
func (a *Actions[K]) AppendBinary(dst []byte) ([]byte, error) {
	const where = "ads: Actions.AppendBinary"
	if err := check.Receiver(where, a); err != nil {
		return dst, err
	}
	var w codec.Writer
	perm, err := ids.PutSorted(&w, a.keys.Keys())
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	for _, i := range perm {
		for _, list := range [][]histogramBin{a.rows[i].delays, a.rows[i].open} {
			w.Int(len(list))
			for _, h := range list {
				w.Int(int(h.bin))
				w.Int64(h.n)
				w.Int64(h.sum)
			}
		}
	}
	return w.AppendFrame(dst, codec.KindAdActions, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (a *Actions[K]) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary replaces a. Payload of version 1, little-endian:
//
//	int     number of keys, then each key, ascending strictly; then for each two lists, of the
//	        clicks with an action and of those without, one of them not empty:
//	  int   number of bins, then for each, ascending strictly: int bin, 0 below a millisecond,
//	        then eight to each doubling, up to 1098 days; i64 clicks > 0; i64 sum of their
//	        milliseconds, no less and no more than so many of the bin can be
//
// and no more than 2⁶³−1 clicks in all. Another kind of frame is ErrMismatch, a newer version
// ErrVersion, all else ErrCorrupt, keys without a binary form ErrOption; a is then unchanged. Memory
// grows with the bytes given.
func (a *Actions[K]) UnmarshalBinary(data []byte) error {
	const where = "ads: Actions.UnmarshalBinary"
	if err := check.Receiver(where, a); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAdActions, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Actions[K]
	if d.keys, err = ids.GetSorted[K](r); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	for i := 0; i < d.keys.Len() && r.Err() == nil; i++ {
		row := actionRow{d.readBins(r), d.readBins(r)}
		if len(row.delays)+len(row.open) == 0 {
			r.Fail("has a key without clicks")
		}
		d.rows = append(d.rows, row)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*a = d
	return nil
}

// readBins reads one list of bins and counts its clicks.
func (a *Actions[K]) readBins(r *codec.Reader) (list []histogramBin) {
	n := r.Int()
	for k := 0; k < n && r.Err() == nil; k++ {
		h := histogramBin{int32(min(r.Int(), 1<<20)), r.Int64(), r.Int64()}
		total, err := check.AddInt64(a.clicks, h.n)
		if h.n <= 0 || h.sum < 0 || err != nil || k > 0 && list[k-1].bin >= h.bin || h.sum/max(h.n, 1) > maxElapsed.Milliseconds() || !h.possible() {
			r.Fail("has times out of order, or that cannot be")
			return nil
		}
		list, a.clicks = append(list, h), total
	}
	return list
}

// possible reports whether n whole numbers of the bin can add up to the sum.
func (h histogramBin) possible() bool {
	least, rest := h.sum/h.n, h.sum%h.n // the mean lies between these, or is the first
	return binOf(least) == h.bin && (rest == 0 || binOf(least+1) == h.bin)
}
