package ads

import (
	"encoding"
	"fmt"
	"iter"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Clicks[string])(nil)
	_ encoding.BinaryMarshaler   = (*Clicks[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Clicks[string])(nil)
)

// Path says what was shown: a creative of an ad of an advertiser. Rates are smoothed in these
// three levels. What is not told apart is left empty.
type Path struct {
	Advertiser, Ad, Creative string // ids of the three levels
}

// Cell is what is known of one key at one position.
type Cell[K comparable] struct {
	Key      K     // what was shown
	Position int   // from 0
	Shown    int64 // impressions
	Clicked  int64 // of them with a click
}

// Clicks counts impressions and those of them that were clicked, by key and position; a key is
// an ad, a Path, or whatever has one rate of clicks. The zero value is empty and ready; shards
// merge exactly, in any order. Keys have a binary form if they are strings, integers, booleans or structs
// and arrays of them. It is not safe for concurrent use while it is written. Memory: 16 bytes a
// key and position, and some 100 a key.
type Clicks[K comparable] struct {
	keys  dict.Dict[K]
	cells [][]tally // by key, then position; the last is not empty
	shown int64     // of all
}

type tally struct{ shown, clicked int64 }

// Add counts one impression at a position, from 0 to 4095, and whether it was clicked. ErrRange,
// ErrNotFinite for a key that does not equal itself, ErrOverflow; then nothing is changed.
func (c *Clicks[K]) Add(key K, position int, clicked bool) error {
	n := int64(0)
	if clicked {
		n = 1
	}
	return c.AddCounts(key, position, 1, n)
}

// AddCounts counts many impressions of a key at a position. More clicks than impressions and
// negative counts are ErrRange, too; no impressions change nothing.
func (c *Clicks[K]) AddCounts(key K, position int, shown, clicked int64) error {
	const where = "ads: Clicks.AddCounts"
	if err := check.Receiver(where, c); err != nil {
		return err
	}
	if position < 0 || position >= maxPositions {
		return fmt.Errorf("%s: position is %d, want in [0, 4095]: %w", where, position, ErrRange)
	}
	if clicked < 0 || shown < clicked {
		return fmt.Errorf("%s: %d clicks of %d impressions: %w", where, clicked, shown, ErrRange)
	}
	total, err := check.AddInt64(c.shown, shown)
	if err != nil {
		return fmt.Errorf("%s: impressions: %w", where, err)
	}
	if key != key {
		return fmt.Errorf("%s: key does not equal itself: %w", where, ErrNotFinite)
	}
	if shown == 0 {
		return nil
	}
	i, err := c.keys.Add(key)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if int(i) == len(c.cells) {
		c.cells = append(c.cells, nil)
	}
	for len(c.cells[i]) <= position {
		c.cells[i] = append(c.cells[i], tally{})
	}
	t := &c.cells[i][position]
	t.shown, t.clicked, c.shown = t.shown+shown, t.clicked+clicked, total
	return nil
}

// Merge adds the counts of other. Nil and c itself are ErrMismatch, a sum beyond int64 is
// ErrOverflow; then nothing is changed.
func (c *Clicks[K]) Merge(other *Clicks[K]) error {
	const where = "ads: Clicks.Merge"
	if err := check.Merge(where, c, other); err != nil {
		return err
	}
	if _, err := check.AddInt64(c.shown, other.shown); err != nil {
		return fmt.Errorf("%s: impressions: %w", where, err)
	}
	for cell := range other.Result() {
		if err := c.AddCounts(cell.Key, cell.Position, cell.Shown, cell.Clicked); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return nil
}

// Impressions returns how many impressions were counted.
func (c *Clicks[K]) Impressions() int64 {
	if c == nil {
		return 0
	}
	return c.shown
}

// Result yields every key and position with impressions, keys in the order they came.
func (c *Clicks[K]) Result() iter.Seq[Cell[K]] {
	return func(yield func(Cell[K]) bool) {
		if c == nil {
			return
		}
		for i, row := range c.cells {
			for p, t := range row {
				if t.shown > 0 && !yield(Cell[K]{c.keys.Key(int32(i)), p, t.shown, t.clicked}) {
					return
				}
			}
		}
	}
}

// AppendBinary appends the binary form of c to dst, the same bytes in whatever order the
// impressions came. ErrOption for keys without a binary form. Cost: a copy and a sort.
func (c *Clicks[K]) AppendBinary(dst []byte) ([]byte, error) {
	const where = "ads: Clicks.AppendBinary"
	if err := check.Receiver(where, c); err != nil {
		return dst, err
	}
	var w codec.Writer
	perm, err := ids.PutSorted(&w, c.keys.Keys())
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	for _, i := range perm {
		w.Int(len(c.cells[i]))
		for _, t := range c.cells[i] {
			w.Int64(t.shown)
			w.Int64(t.clicked)
		}
	}
	return w.AppendFrame(dst, codec.KindAdClicks, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *Clicks[K]) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 1, little-endian:
//
//	int     number of keys, then each key, ascending strictly; then for each:
//	  int   positions, 1 to 4096, then for each two i64: impressions >= 0, and clicks from 0 to
//	        that many; the last with impressions
//
// and no more than 2⁶³−1 impressions in all. Another kind of frame is ErrMismatch, a newer
// version ErrVersion, all else ErrCorrupt, keys without a binary form ErrOption; c is then unchanged. Memory
// grows with the bytes given.
func (c *Clicks[K]) UnmarshalBinary(data []byte) error {
	const where = "ads: Clicks.UnmarshalBinary"
	if err := check.Receiver(where, c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAdClicks, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Clicks[K]
	if d.keys, err = ids.GetSorted[K](r); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	for i := 0; i < d.keys.Len() && r.Err() == nil; i++ {
		n := r.Int()
		if n < 1 || n > maxPositions || n > r.Left()/16 {
			r.Fail("has a key with no positions, or too many")
			break
		}
		row := make([]tally, n)
		for p := range row {
			t := tally{r.Int64(), r.Int64()}
			total, err := check.AddInt64(d.shown, t.shown)
			if t.clicked < 0 || t.shown < t.clicked || err != nil || p == n-1 && t.shown == 0 {
				r.Fail("has counts that cannot be")
			}
			row[p], d.shown = t, total
		}
		d.cells = append(d.cells, row)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*c = d
	return nil
}
