package recommend

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
)

// Sequences is an immutable list of sequences of items, each oldest first and
// with repeats: sessions, baskets, or the histories of users. It is what models
// of order are fitted on, and safe for concurrent use.
//
// Sequences have an order among themselves, by which models tell new from old:
// that of their times, or of their indices when times are unknown. A token of a
// text is an item as well.
//
// Memory: 4 bytes an event, 8 or 16 a sequence; those of a Builder or a Dataset have 12
// more an event, for its weight and time, and 8 where there are sequence numbers.
type Sequences struct {
	origin
	items  int
	ptr    []int64
	events []int32
	times  []int64 // Unix nanoseconds, one a sequence; nil when unknown

	// Parallel to events, where they are a log; else nil. No model keeps them.
	at      []int64   // Unix nanoseconds
	seqs    []int64   // nil while all are 0
	weights []float32 // before decay and cap
}

// NewSequences wraps sequences over the items [0, items): sequence k is
// events[ptr[k]:ptr[k+1]], oldest first, and may be empty. times, when not nil,
// holds the Unix nanoseconds of each sequence, usually of its last event. The slices
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
// indices of d: every event in order of time, repeats kept. Where the ids of a builder
// are sessions, these are the sessions. Of the builder that d comes from it is
// d.Interactions.Sequences; see there and Builder for events of one instant. Events of
// users or items that d does not have are left out. The time of a sequence is that of
// its last event; a user without events has the empty sequence at the earliest time.
//
// ErrRange: an event has no time, or lies after AsOf. ErrEmpty: d is nil or the zero
// Dataset.
func (b *Builder[U, I]) Sequences(d *Dataset[U, I]) (*Sequences, error) {
	const where = "recommend: Builder.Sequences"
	if err := d.check(where); err != nil {
		return nil, err
	}
	if err := check.Receiver(where, b); err != nil {
		return nil, err
	}
	if b.timed < b.Len() {
		return nil, fmt.Errorf("%s: %d events have no time: %w", where, b.Len()-b.timed, ErrRange)
	}
	b.settle()
	users, items := make([]int32, b.users.Len()), make([]int32, b.items.Len())
	for k, id := range b.users.Keys() {
		users[k] = d.Users.Of(id)
	}
	for k, id := range b.items.Keys() {
		items[k] = d.Items.Of(id)
	}
	o := b.inOrder(users, items, d.Users.Len())
	if _, err := b.fold(o); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	s := o.log(d.Items.Len())
	s.origin = d.Interactions.origin
	return s, s.validate()
}

// bare returns the sequences alone, as models keep them.
func (s *Sequences) bare() *Sequences {
	return &Sequences{items: s.items, ptr: s.ptr, events: s.events, times: s.times}
}

// within returns the events of a log whose pairs are entries of x, which has the same
// shape.
func (s *Sequences) within(x *Interactions) *Sequences {
	out := &Sequences{origin: s.origin, items: s.items, ptr: make([]int64, len(s.ptr)), times: make([]int64, len(s.times)), at: []int64{}, weights: []float32{}}
	first := int64(math.MaxInt64)
	in := newIndexSet(s.items)
	for u := range s.Len() {
		row, _ := x.Row(u)
		in.addAll(row)
		for k := s.ptr[u]; k < s.ptr[u+1]; k++ {
			if !in.has(s.events[k]) {
				continue
			}
			out.events = append(out.events, s.events[k])
			out.at = append(out.at, s.at[k])
			out.weights = append(out.weights, s.weights[k])
			if s.seqs != nil {
				out.seqs = append(out.seqs, s.seqs[k])
			}
			first = min(first, s.at[k])
		}
		in.dropAll(row)
		out.ptr[u+1] = int64(len(out.events))
	}
	for u := range out.times {
		out.times[u] = first
		if end := out.ptr[u+1]; end > out.ptr[u] {
			out.times[u] = out.at[end-1]
		}
	}
	return out
}

// Len returns the number of sequences.
func (s *Sequences) Len() int {
	if s == nil {
		return 0
	}
	return max(len(s.ptr)-1, 0)
}

// Items returns the number of items.
func (s *Sequences) Items() int {
	if s == nil {
		return 0
	}
	return s.items
}

// Events returns the number of events of all sequences.
func (s *Sequences) Events() int {
	if s == nil {
		return 0
	}
	return len(s.events)
}

// Sequence returns the items of sequence k, oldest first. The slice aliases s
// and must not be changed. It panics like a slice when k is out of range.
func (s *Sequences) Sequence(k int) []int32 {
	a, b := s.ptr[k], s.ptr[k+1]
	return s.events[a:b:b]
}

// Time returns the Unix nanoseconds of sequence k; ok is false when times are unknown
// or k is out of range.
func (s *Sequences) Time(k int) (nanoseconds int64, ok bool) {
	if s == nil || k < 0 || k >= len(s.times) {
		return 0, false
	}
	return s.times[k], true
}

// Times returns the Unix nanoseconds of the events of sequence k, parallel to Sequence;
// nil when they are unknown, as in all that neither a Builder nor a Dataset made, or k
// is out of range. The slice must not be changed.
func (s *Sequences) Times(k int) []int64 {
	if s == nil || s.at == nil || k < 0 || k >= s.Len() {
		return nil
	}
	a, b := s.ptr[k], s.ptr[k+1]
	return s.at[a:b:b]
}

// Query returns the query of sequence k: its events as a history in order. It is that
// of a stranger without history where k is out of range.
func (s *Sequences) Query(k int) Query {
	if k < 0 || k >= s.Len() {
		return Query{User: Stranger}
	}
	return Query{User: int32(k), Items: s.Sequence(k)}
}

// check refuses sequences that nothing can be learned from.
func (s *Sequences) check(where string) error {
	if s == nil || s.items == 0 || len(s.events) == 0 {
		return fmt.Errorf("recommend: %s: sequences: %w", where, ErrEmpty)
	}
	return nil
}

// newestFirst returns the indices of the sequences, the newest first, equal
// times by descending index.
func (s *Sequences) newestFirst(ctx context.Context) ([]int32, error) {
	order := make([]int32, s.Len())
	for k := range order {
		order[k] = int32(len(order) - 1 - k)
	}
	if s.times != nil {
		if err := parallel.SortFunc(ctx, order, 1, func(a, b int32) int { return cmp.Compare(s.times[b], s.times[a]) }); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// orderQuery validates the query of a model that reads histories in order.
func orderQuery(dst []float32, q *Query, n int) error {
	if err := checkQuery(dst, q, n); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return errNoHistory
	}
	for k, w := range q.Weights {
		if w < 0 {
			return badWeight(k, w)
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
// Times were seconds before the version given.
func getSequences(r *codec.Reader, nanoseconds uint16) *Sequences {
	s := &Sequences{items: r.Int(), ptr: r.Int64s(), events: r.Int32s()}
	if r.Bool() {
		if s.times = r.Int64s(); s.times == nil {
			s.times = []int64{}
		}
		if r.Version < nanoseconds {
			fromSeconds(r, s.times)
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

// fromSeconds makes nanoseconds of the seconds of an old frame.
func fromSeconds(r *codec.Reader, times []int64) {
	for k, t := range times {
		if t < math.MinInt64/1_000_000_000 || t > math.MaxInt64/1_000_000_000 {
			r.Fail("has a time outside the years 1678 to 2262")
			return
		}
		times[k] = t * 1e9
	}
}
