package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/codec"
)

// Sequences is an immutable list of sequences of items, each oldest first and
// with repeats: sessions, baskets, or the histories of users. It is what models
// of order are fitted on, and safe for concurrent use.
//
// Sequences have an order among themselves, by which models tell new from old:
// that of their times, or of their indices when times are unknown. A token of a
// text is an item as well.
//
// Memory: 4 bytes an event, 8 or 16 a sequence.
type Sequences struct {
	items  int
	ptr    []int64
	events []int32
	times  []int64 // Unix seconds, one a sequence; nil when unknown
}

// NewSequences wraps sequences over the items [0, items): sequence k is
// events[ptr[k]:ptr[k+1]], oldest first, and may be empty. times, when not nil,
// holds the Unix seconds of each sequence, usually of its last event. The slices
// are used, not copied: do not change them afterwards.
//
// Errors: ErrShape for pointers or times that do not fit, ErrRange for an item
// out of range, naming the sequence.
func NewSequences(items int, ptr []int64, events []int32, times []int64) (*Sequences, error) {
	s := &Sequences{items: items, ptr: ptr, events: events, times: times}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("recommend: NewSequences: %w", err)
	}
	return s, nil
}

// SequencesFromRows copies one list of items per sequence. An item outside
// [0, items) is ErrRange.
func SequencesFromRows(items int, rows [][]int32) (*Sequences, error) {
	s := &Sequences{items: items, ptr: make([]int64, len(rows)+1)}
	for k, row := range rows {
		s.events = append(s.events, row...)
		s.ptr[k+1] = int64(len(s.events))
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("recommend: SequencesFromRows: %w", err)
	}
	return s, nil
}

// validate checks shape and range of everything; errors name the sequence.
func (s *Sequences) validate() error {
	n := len(s.ptr) - 1
	if n < 0 || n > math.MaxInt32 || s.items < 0 || s.items > math.MaxInt32 || s.ptr[0] != 0 || s.ptr[n] != int64(len(s.events)) {
		return fmt.Errorf("%d pointers for %d events of %d items: %w", n+1, len(s.events), s.items, ErrShape)
	}
	if s.times != nil && len(s.times) != n {
		return fmt.Errorf("%d times for %d sequences: %w", len(s.times), n, ErrShape)
	}
	for k := range n {
		if s.ptr[k] > s.ptr[k+1] || s.ptr[k+1] > int64(len(s.events)) {
			return fmt.Errorf("sequence %d ends before it begins: %w", k, ErrShape)
		}
		for _, i := range s.events[s.ptr[k]:s.ptr[k+1]] {
			if uint32(i) >= uint32(s.items) {
				return fmt.Errorf("sequence %d: item %d of %d: %w", k, i, s.items, ErrRange)
			}
		}
	}
	return nil
}

// Sequences returns the events of b as one sequence for each user of d, with the
// indices of d: every event in order of time, repeats kept, weights ignored.
// Where the ids of a builder are sessions, these are the sessions. Events of one
// user at the same second are ordered by item, so that the result does not
// depend on the order in which events were added; events of users or items that
// d does not have are left out. The time of a sequence is that of its last
// event; a user without events has the empty sequence at the earliest time.
//
// ErrRange: an event has no time.
func (b *Builder[U, I]) Sequences(d *Dataset[U, I]) (*Sequences, error) {
	if b.timed < len(b.events) {
		return nil, fmt.Errorf("recommend: Builder.Sequences: %d events have no time: %w", len(b.events)-b.timed, ErrRange)
	}
	users, items := make([]int32, b.users.Len()), make([]int32, b.items.Len())
	for k, id := range b.users.Keys() {
		users[k] = d.Users.Of(id)
	}
	for k, id := range b.items.Keys() {
		items[k] = d.Items.Of(id)
	}
	es := make([]event, 0, len(b.events))
	first := int64(math.MaxInt64)
	for _, e := range b.events {
		if e.user, e.item = users[e.user], items[e.item]; e.user >= 0 && e.item >= 0 {
			es = append(es, e)
			first = min(first, e.time)
		}
	}
	slices.SortFunc(es, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.time, b.time), cmp.Compare(a.item, b.item))
	})
	s := &Sequences{items: d.Items.Len(), ptr: make([]int64, d.Users.Len()+1), events: make([]int32, len(es)), times: make([]int64, d.Users.Len())}
	for u := range s.times {
		s.times[u] = first
	}
	for k, e := range es {
		s.events[k] = e.item
		s.ptr[e.user+1]++
		s.times[e.user] = e.time
	}
	for u := range s.times {
		s.ptr[u+1] += s.ptr[u]
	}
	return s, s.validate()
}

// Len returns the number of sequences.
func (s *Sequences) Len() int { return len(s.ptr) - 1 }

// Items returns the number of items.
func (s *Sequences) Items() int { return s.items }

// Events returns the number of events of all sequences.
func (s *Sequences) Events() int { return len(s.events) }

// Sequence returns the items of sequence k, oldest first. The slice aliases s
// and must not be changed. It panics like a slice when k is out of range.
func (s *Sequences) Sequence(k int) []int32 {
	a, b := s.ptr[k], s.ptr[k+1]
	return s.events[a:b:b]
}

// Time returns the Unix seconds of sequence k; ok is false when times are
// unknown.
func (s *Sequences) Time(k int) (seconds int64, ok bool) {
	if s.times == nil {
		return 0, false
	}
	return s.times[k], true
}

// Query returns the query of sequence k: its events as a history in order.
func (s *Sequences) Query(k int) Query { return Query{User: int32(k), Items: s.Sequence(k)} }

// check refuses sequences that nothing can be learned from.
func (s *Sequences) check(where string) error {
	if s == nil || s.items == 0 || len(s.events) == 0 {
		return fmt.Errorf("recommend: %s: sequences: %w", where, ErrEmpty)
	}
	return nil
}

// newestFirst returns the indices of the sequences, the newest first, equal
// times by descending index.
func (s *Sequences) newestFirst() []int32 {
	order := make([]int32, s.Len())
	for k := range order {
		order[k] = int32(len(order) - 1 - k)
	}
	if s.times != nil {
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(s.times[b], s.times[a]) })
	}
	return order
}

// orderQuery validates the query of a model that reads histories in order.
func orderQuery(dst []float32, q *Query, n int) error {
	if err := checkQuery(dst, q, n); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	for _, w := range q.Weights {
		if !(w >= 0) || math.IsInf(float64(w), 0) {
			return ErrRange
		}
	}
	return nil
}

func putSequences(w *codec.Writer, s *Sequences) {
	w.Int(s.items)
	w.Int64s(s.ptr)
	w.Int32s(s.events)
	w.Bool(s.times != nil)
	if s.times != nil {
		w.Int64s(s.times)
	}
}

// getSequences decodes what putSequences wrote; failures stick to r. The number
// of items is backed by what was received: see maxColumns.
func getSequences(r *codec.Reader) *Sequences {
	s := &Sequences{items: r.Int(), ptr: r.Int64s(), events: r.Int32s()}
	if r.Bool() {
		if s.times = r.Int64s(); s.times == nil {
			s.times = []int64{}
		}
	}
	none := &Sequences{ptr: []int64{0}}
	if r.Err() != nil {
		return none
	}
	if s.validate() != nil {
		r.Fail("holds broken sequences")
		return none
	}
	if s.items > 1024+64*(len(s.events)+len(s.ptr)) {
		r.Fail("claims more items than its events can back")
		return none
	}
	return s
}
