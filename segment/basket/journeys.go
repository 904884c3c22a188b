package basket

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
	_ encoding.BinaryAppender    = (*Journeys[string])(nil)
	_ encoding.BinaryMarshaler   = (*Journeys[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Journeys[string])(nil)
)

// Visit is what happened at one time: an order, the items of one visit, a single click.
type Visit[I ID] struct {
	At    time.Time // zero for all steps of a sequence: only their order is known
	Items []I       // any order
}

// Journeys collects what customers did one after the other: each sequence is the steps of
// one customer or session. The zero value is empty and ready; merging shards, each with whole
// sequences, in any order is the same as one pass. It is not safe for concurrent use while
// Add, Forget, Merge or UnmarshalBinary runs. Memory: 4 bytes an item of a step, 16 a step,
// 9 a sequence.
type Journeys[I ID] struct {
	items dict.Dict[I]
	ptr   []int64 // the end of each sequence in steps
	timed []bool
	at    []int64 // nanoseconds since 1970, or the place, of each step
	end   []int64 // of each step in ids
	ids   []int32 // items of each step by number, ascending
}

// sequence is one as it is stored and compared.
type sequence struct {
	timed bool
	at    []int64
	sets  [][]int32
}

func compareSequences(a, b sequence) int {
	if a.timed != b.timed {
		if b.timed {
			return -1
		}
		return 1
	}
	return cmp.Or(slices.Compare(a.at, b.at), slices.CompareFunc(a.sets, b.sets, slices.Compare[[]int32]))
}

// Add enters one sequence. Steps come in any order where they have times, and those of one
// time are one step; without times, as they come. Items that a step holds twice count once, a
// step without items is left out, and a sequence without steps counts in every support. The
// slices are not kept. ErrRange for a time that an int64 of nanoseconds cannot hold and where
// only some steps have one, ErrTooLarge beyond 2³¹−1 sequences or items.
func (s *Journeys[I]) Add(steps []Visit[I]) error {
	const where = "basket: Journeys.Add"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	if len(s.ptr) == math.MaxInt32 {
		return fmt.Errorf("%s: 2³¹−1 sequences: %w", where, ErrTooLarge)
	}
	known := s.items.Len()
	q, err := s.read(steps, s.items.Add)
	if err != nil {
		s.items.Truncate(known)
		return fmt.Errorf("%s: sequence %d: %w", where, len(s.ptr), err)
	}
	s.add(q)
	return nil
}

// read makes a sequence of steps, numbering items by number.
func (s *Journeys[I]) read(steps []Visit[I], number func(I) (int32, error)) (sequence, error) {
	q := sequence{}
	for k, x := range steps {
		if x.At.IsZero() == steps[0].At.IsZero() {
			q.timed = !x.At.IsZero()
		} else {
			return q, fmt.Errorf("step %d: some steps have a time, others none: %w", k, ErrRange)
		}
		at := int64(len(q.at))
		if q.timed {
			if err := check.Time("At", x.At); err != nil {
				return q, fmt.Errorf("step %d: %w", k, err)
			}
			at = x.At.UnixNano()
		}
		if len(x.Items) == 0 {
			continue
		}
		set := make([]int32, 0, len(x.Items))
		for _, i := range x.Items {
			n, err := number(i)
			if err != nil {
				return q, fmt.Errorf("step %d: %w", k, err)
			}
			set = append(set, n)
		}
		q.at, q.sets = append(q.at, at), append(q.sets, set)
	}
	q.timed = q.timed && len(q.at) > 0
	q.order()
	return q, nil
}

// order sorts steps by time, makes those of one time one, and sorts their items.
func (q *sequence) order() {
	place := make([]int, len(q.at))
	for k := range place {
		place[k] = k
	}
	slices.SortStableFunc(place, func(a, b int) int { return cmp.Compare(q.at[a], q.at[b]) })
	var at []int64
	var sets [][]int32
	for _, k := range place {
		if n := len(at); n > 0 && at[n-1] == q.at[k] {
			sets[n-1] = append(sets[n-1], q.sets[k]...)
		} else {
			at, sets = append(at, q.at[k]), append(sets, q.sets[k])
		}
	}
	for k := range sets {
		slices.Sort(sets[k])
		sets[k] = slices.Compact(sets[k])
	}
	q.at, q.sets = at, sets
}

// add appends a sequence.
func (s *Journeys[I]) add(q sequence) {
	for k, at := range q.at {
		s.ids = append(s.ids, q.sets[k]...)
		s.at, s.end = append(s.at, at), append(s.end, int64(len(s.ids)))
	}
	s.ptr, s.timed = append(s.ptr, int64(len(s.at))), append(s.timed, q.timed)
}

// Forget removes one sequence of exactly these steps, as Add would read them. Journeys have no
// owner: whoever must delete a customer's says which it was. ErrUnknownID, and nothing is
// removed, where there is none; other errors as of Add. Cost: a pass over all sequences.
func (s *Journeys[I]) Forget(steps []Visit[I]) error {
	const where = "basket: Journeys.Forget"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	want, err := s.read(steps, func(x I) (int32, error) { return s.items.Index(x), nil })
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	kept, found := Journeys[I]{}, false
	for i := range s.ptr {
		q := s.sequence(i)
		if !found && compareSequences(q, want) == 0 {
			found = true
			continue
		}
		for _, set := range q.sets {
			for k, x := range set {
				if set[k], err = kept.items.Add(s.items.Key(x)); err != nil {
					return fmt.Errorf("%s: %w", where, err)
				}
			}
			slices.Sort(set)
		}
		kept.add(q)
	}
	if !found {
		return fmt.Errorf("%s: no sequence of these %d steps: %w", where, len(want.at), ErrUnknownID)
	}
	*s = kept
	return nil
}

// Len returns the number of sequences, those without steps included.
func (s *Journeys[I]) Len() int {
	if s == nil {
		return 0
	}
	return len(s.ptr)
}

// steps returns the range of the steps of sequence i.
func (s *Journeys[I]) steps(i int) (lo, hi int64) {
	if i > 0 {
		lo = s.ptr[i-1]
	}
	return lo, s.ptr[i]
}

// sequence returns a copy of sequence i.
func (s *Journeys[I]) sequence(i int) sequence {
	lo, hi := s.steps(i)
	q := sequence{timed: s.timed[i], at: slices.Clone(s.at[lo:hi])}
	for k := lo; k < hi; k++ {
		q.sets = append(q.sets, slices.Clone(between(s.end, s.ids, int(k))))
	}
	return q
}

// Merge adds the sequences of other, which it leaves alone. Nil and the receiver itself are
// ErrMismatch, a sum beyond 2³¹−1 is ErrTooLarge and changes nothing.
func (s *Journeys[I]) Merge(other *Journeys[I]) error {
	const where = "basket: Journeys.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if len(s.ptr) > math.MaxInt32-len(other.ptr) {
		return fmt.Errorf("%s: %d and %d sequences: %w", where, len(s.ptr), len(other.ptr), ErrTooLarge)
	}
	known := s.items.Len()
	to := make([]int32, other.items.Len())
	for x := range to {
		at, err := s.items.Add(other.items.Key(int32(x)))
		if err != nil {
			s.items.Truncate(known)
			return fmt.Errorf("%s: %w", where, err)
		}
		to[x] = at
	}
	for i := range other.ptr {
		s.add(other.renumbered(i, to))
	}
	return nil
}

// renumbered returns a copy of sequence i with other numbers of items.
func (s *Journeys[I]) renumbered(i int, to []int32) sequence {
	q := s.sequence(i)
	for _, set := range q.sets {
		for k, x := range set {
			set[k] = to[x]
		}
		slices.Sort(set)
	}
	return q
}

// AppendBinary appends the binary form of s to dst, the same bytes in whatever order the
// sequences came. The error is nil, but for a nil receiver. Cost: a copy and a sort.
func (s *Journeys[I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("basket: Journeys.AppendBinary", s); err != nil {
		return dst, err
	}
	sorted, perm := dict.Sorted(&s.items, 0)
	all := make([]sequence, len(s.ptr))
	for i := range all {
		all[i] = s.renumbered(i, perm)
	}
	slices.SortFunc(all, compareSequences)
	var w codec.Writer
	w.Int(int(ids.ClassOf[I]()))
	ids.PutAscending(&w, sorted.Keys())
	w.Int(len(all))
	for _, q := range all {
		w.Bool(q.timed)
		w.Int64s(q.at)
		for _, set := range q.sets {
			w.Int32s(set)
		}
	}
	return w.AppendFrame(dst, codec.KindJourneys, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Journeys[I]) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 1, little-endian:
//
//	int    class of the items: 0 strings, 1 signed, 2 unsigned integers
//	int    number of items, then each, ascending strictly; every one is in a step
//	int    number of sequences, then for each, ascending:
//	  bool   whether its steps have times
//	  []i64  their nanoseconds since 1970, ascending strictly; else 0, 1, 2, …
//	  []i32  for each step its items by number, ascending strictly, at least one
//
// Items of another class or another type of frame are ErrMismatch, a newer version is
// ErrVersion, all else ErrCorrupt; s is then unchanged. Memory grows with the bytes given.
func (s *Journeys[I]) UnmarshalBinary(data []byte) error {
	const where = "basket: Journeys.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindJourneys, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	keys, err := getItems[I](r)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Journeys[I]{}
	used, n := make([]bool, len(keys)), r.Int()
	var last sequence
	for i := 0; i < n && r.Err() == nil; i++ {
		q := sequence{timed: r.Bool(), at: r.Int64s()}
		ok := !q.timed || len(q.at) > 0
		for k, at := range q.at {
			set := r.Int32s()
			ok = ok && len(set) > 0 && ascending(set, len(keys)) && (q.timed || at == int64(k)) && (k == 0 || q.at[k-1] < at)
			if !ok {
				break
			}
			q.sets = append(q.sets, set)
			for _, x := range set {
				used[x] = true
			}
		}
		if !ok || i > 0 && compareSequences(last, q) > 0 {
			r.Fail("has sequences out of order, or one that is none")
			break
		}
		d.add(q)
		last = q
	}
	if slices.Contains(used, false) {
		r.Fail("has an item in no step")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d.items = *dict.Of(keys)
	*s = d
	return nil
}
