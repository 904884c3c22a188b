package limit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

// All as an argument stands for every group.
const All int32 = -1

// mark is one event.
type mark struct {
	at    int64
	group int32
}

func (m mark) compare(other mark) int {
	return cmp.Or(cmp.Compare(m.at, other.at), cmp.Compare(m.group, other.group))
}

// in reports whether the event counts in group.
func (m mark) in(group int32) bool { return group == All || m.group == group }

// Counts remembers the events of keys of type K. The zero value is ready and keeps
// everything; set Keep and Max before the first call. It is safe for concurrent use.
// Memory: 16 bytes an event, and some 80 bytes a key.
type Counts[K comparable] struct {
	Keep int64 // how long an event is remembered after the newest of its key; 0: always
	Max  int   // events at most, of all keys; 0: 2³¹−1

	mu    sync.Mutex
	of    map[K]*[]mark // ascending
	len   int
	floor int64 // of Prune
	cut   bool  // whether it was called
}

// Add counts an event, whatever the caps. One older than Keep before the newest of the key, or before Prune, is
// ErrRange, since it could no longer be counted; one beyond Max is ErrTooLarge. After an error
// nothing is changed. Cost: the number of the key's events, without allocation once its memory
// has grown.
func (c *Counts[K]) Add(key K, group int32, at int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(key, mark{at, group})
}

// add inserts a mark in its place and drops those that are too old beside it.
func (c *Counts[K]) add(key K, m mark) error {
	if m.group < 0 {
		return fmt.Errorf("group is %d, want >= 0: %w", m.group, check.ErrRange)
	}
	if c.pruned(m.at) {
		return fmt.Errorf("an event older than is remembered: %w", check.ErrRange)
	}
	marks := c.of[key]
	if marks == nil {
		marks = new([]mark)
	}
	s := *marks
	drop := 0
	if n := len(s); n > 0 {
		if c.old(m.at, s[n-1].at) {
			return fmt.Errorf("an event older than is remembered: %w", check.ErrRange)
		}
		drop = c.stale(s, max(m.at, s[n-1].at))
	}
	if c.len-drop >= c.most() {
		return fmt.Errorf("more than %d events: %w", c.most(), check.ErrTooLarge)
	}
	if drop > 0 {
		s = s[:copy(s, s[drop:])]
	}
	at, _ := slices.BinarySearchFunc(s, m, mark.compare)
	if len(s) == cap(s) { // grown by half: most keys have few events
		s = slices.Grow(s, 1+len(s)/2)
	}
	*marks = slices.Insert(s, at, m)
	if c.of == nil {
		c.of = map[K]*[]mark{}
	}
	c.of[key] = marks
	c.len += 1 - drop
	return nil
}

// most is Max with its default.
func (c *Counts[K]) most() int {
	if c.Max > 0 {
		return c.Max
	}
	return math.MaxInt32
}

// old reports whether an event at the instant at is forgotten beside one at newest.
func (c *Counts[K]) old(at, newest int64) bool {
	return c.Keep > 0 && at < newest && uint64(newest)-uint64(at) > uint64(c.Keep)
}

// stale returns how many of the ascending marks are forgotten beside one at newest.
func (c *Counts[K]) stale(s []mark, newest int64) int {
	n := 0
	for n < len(s) && c.old(s[n].at, newest) {
		n++
	}
	return n
}

// Newest returns the instant of the n-th newest event of key and group, n from 1. For a
// cap of n events it is the one that must leave the window before there is room.
func (c *Counts[K]) Newest(key K, group int32, n int) (at int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	marks := c.of[key]
	if marks == nil || n < 1 {
		return 0, false
	}
	for i := len(*marks) - 1; i >= 0; i-- {
		if m := (*marks)[i]; m.in(group) {
			if n--; n == 0 {
				return m.at, true
			}
		}
	}
	return 0, false
}

// Has reports whether an event of key and group at that instant is remembered.
func (c *Counts[K]) Has(key K, group int32, at int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	marks := c.of[key]
	if marks == nil {
		return false
	}
	_, found := slices.BinarySearchFunc(*marks, mark{at, group}, mark.compare)
	return found
}

// Forgotten reports whether Add would refuse an event of key, since it is older than is remembered.
func (c *Counts[K]) Forgotten(key K, at int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	marks := c.of[key]
	return c.pruned(at) || marks != nil && c.old(at, (*marks)[len(*marks)-1].at)
}

// Full reports whether an event of key and group at the instant at would be one too many where n may fall within less than per
// of each other: n that are remembered do so together with it. Events may come in any order, and those far from at have
// no part in it, unlike in a look at Newest. Cost: the key's events.
func (c *Counts[K]) Full(key K, group int32, n int, per, at int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	marks := c.of[key]
	if marks == nil || n < 1 {
		return false
	}
	first, count := 0, 0 // of the window of the last n
	for _, m := range *marks {
		if !m.in(group) {
			continue
		}
		if count++; count < n {
			continue
		}
		for !(*marks)[first].in(group) {
			first++
		}
		if lo, hi := min((*marks)[first].at, at), max(m.at, at); uint64(hi)-uint64(lo) < uint64(per) {
			return true
		}
		first++
	}
	return false
}

// Prune forgets the events before an instant, of all keys, and keys without any: until it is called with another, Add refuses such
// as ErrRange. Nobody but the owner can tell when, as one clock may be wrong: see Clock. Cost: all keys.
func (c *Counts[K]) Prune(before int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.floor, c.cut = before, true
	for key, marks := range c.of {
		n := 0
		for n < len(*marks) && c.pruned((*marks)[n].at) {
			n++
		}
		if n > 0 {
			c.len -= n
			if n == len(*marks) {
				delete(c.of, key)
				continue
			}
			*marks = append(make([]mark, 0, len(*marks)-n+1), (*marks)[n:]...)
		}
	}
}

// pruned reports whether Prune forgets an event at an instant.
func (c *Counts[K]) pruned(at int64) bool { return c.cut && at < c.floor }

// Forget removes all events of key.
func (c *Counts[K]) Forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if marks := c.of[key]; marks != nil {
		c.len -= len(*marks)
		delete(c.of, key)
	}
}

// Move hands all events to another Counts, which is empty and keeps its own Keep and Max,
// with group g as to[g].
func (c *Counts[K]) Move(other *Counts[K], to []int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, marks := range c.of {
		for i := range *marks {
			(*marks)[i].group = to[(*marks)[i].group]
		}
		slices.SortFunc(*marks, mark.compare)
		drop := other.stale(*marks, (*marks)[len(*marks)-1].at)
		*marks = slices.Delete(*marks, 0, drop)
		c.len -= drop
	}
	other.of, other.len = c.of, c.len
	c.of, c.len = nil, 0
}

// Write appends the events: the keys in natural order, and for each the instants and the
// groups of its events, ascending. Keep and Max are the owner's to store. ErrOption for
// keys without a binary form.
func (c *Counts[K]) Write(w *codec.Writer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := make([]K, 0, len(c.of))
	for key := range c.of {
		keys = append(keys, key)
	}
	perm, err := ids.PutSorted(w, keys)
	if err != nil {
		return err
	}
	for _, i := range perm {
		marks := *c.of[keys[i]]
		w.Int(len(marks))
		for _, m := range marks {
			w.Int64(m.at)
			w.Int(int(m.group))
		}
	}
	return nil
}

// Read replaces the events by those that Write wrote, or fails r and changes nothing.
// Groups must be below groups, and known must say yes to every key and its newest event. Set
// Keep and Max before: more events than Max, and such as would have been forgotten, fail r.
// What was written with a longer Keep is read with that, too: set it back afterwards.
func (c *Counts[K]) Read(r *codec.Reader, groups int, known func(key K, newest int64) bool) error {
	keys, err := ids.GetSorted[K](r)
	if err != nil {
		return err
	}
	of, total := make(map[K]*[]mark, keys.Len()), 0
	for i := range keys.Len() {
		n := r.Int()
		if n < 1 || n > r.Left()/16 || total+n > c.most() {
			r.Fail("has a key without events, or with too many")
		}
		if r.Err() != nil {
			return nil
		}
		marks := make([]mark, n)
		for k := range marks {
			at, group := r.Int64(), r.Int()
			if group >= groups || group > math.MaxInt32 {
				r.Fail("has an event of a group that is none")
				return nil
			}
			if marks[k] = (mark{at, int32(group)}); k > 0 && marks[k].compare(marks[k-1]) < 0 {
				r.Fail("has events out of order")
			}
		}
		if r.Err() == nil && c.stale(marks, marks[n-1].at) > 0 {
			r.Fail("has events that are older than is remembered")
		}
		if r.Err() == nil && !known(keys.Key(int32(i)), marks[n-1].at) {
			r.Fail("has events of a key that has none")
		}
		of[keys.Key(int32(i))] = &marks
		total += n
	}
	if r.Err() == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.of, c.len = of, total
	}
	return nil
}
