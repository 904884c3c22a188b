package recommend

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/sparse"
)

// Interactions is an immutable users×items matrix of weights in compressed
// sparse row form: int32 indices, float32 weights, int64 row pointers, and
// optionally the time of each entry. It is what every model is fitted on, and
// it is safe for concurrent use.
//
// Those of a Dataset whose events all have times hold the events as well, repeats
// included: see Sequences.
//
// Memory: 8 bytes an entry, 16 with times; 16 an event (24 with sequence numbers); the
// first fit that needs the items×users form adds 8 bytes an entry, kept for later fits.
type Interactions struct {
	origin
	users *sparse.CSR
	times []int64    // Unix nanoseconds, parallel to users.Col; nil when unknown
	log   *Sequences // the events of each user, of the entries and of nothing else; nil when unknown

	once  sync.Once
	items *sparse.CSR

	beyond struct { // what BeyondPopularity and onlyPopular found
		look          sync.Once
		only          bool
		once          sync.Once
		share, margin float64
	}
}

// NewInteractions wraps a compressed sparse row matrix of users×items: the
// entries of user u are items[ptr[u]:ptr[u+1]], ascending and distinct, with
// weights beside them. nil weights mean 1 each. The slices are used, not
// copied: do not change them afterwards.
//
// Errors: ErrShape for pointers or items that break these rules, ErrNotFinite
// for a weight, both naming the row.
func NewInteractions(users, items int, ptr []int64, cols []int32, weights []float32) (*Interactions, error) {
	if weights == nil {
		weights = make([]float32, len(cols))
		for i := range weights {
			weights[i] = 1
		}
	}
	m := &sparse.CSR{Rows: users, Cols: items, Ptr: ptr, Col: cols, Val: weights}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("recommend: NewInteractions: %w", err)
	}
	return &Interactions{users: m}, nil
}

// InteractionsFromRows builds the matrix from one list of items per user, in
// any order; weights are 1. items is the number of columns. An item twice in a
// row is ErrDuplicate, one outside [0, items) ErrRange, items outside [0, 2³¹)
// ErrShape.
func InteractionsFromRows(items int, rows [][]int32) (*Interactions, error) {
	if items < 0 || items > math.MaxInt32 || len(rows) > math.MaxInt32 {
		return nil, fmt.Errorf("recommend: InteractionsFromRows: matrix is %d×%d: %w", len(rows), items, ErrShape)
	}
	m := &sparse.CSR{Rows: len(rows), Cols: items, Ptr: make([]int64, len(rows)+1)}
	for u, row := range rows {
		at := len(m.Col)
		m.Col = append(m.Col, row...)
		r := m.Col[at:]
		slices.Sort(r)
		for k, i := range r {
			if i < 0 || int(i) >= items {
				return nil, fmt.Errorf("recommend: InteractionsFromRows: row %d: item %d of %d: %w", u, i, items, ErrRange)
			}
			if k > 0 && r[k-1] == i {
				return nil, fmt.Errorf("recommend: InteractionsFromRows: row %d: item %d: %w", u, i, ErrDuplicate)
			}
		}
		m.Ptr[u+1] = int64(len(m.Col))
	}
	m.Val = make([]float32, len(m.Col))
	for i := range m.Val {
		m.Val[i] = 1
	}
	return &Interactions{users: m}, nil
}

// WithTimes returns x with the Unix nanoseconds of its entries, in the order of the
// rows and of the items inside a row, and without the events behind them. The slice is
// used, not copied. ErrShape for another length, ErrEmpty when x is nil.
func (x *Interactions) WithTimes(nanoseconds []int64) (*Interactions, error) {
	if x == nil || x.users == nil {
		return nil, fmt.Errorf("recommend: Interactions.WithTimes: interactions: %w", ErrEmpty)
	}
	if len(nanoseconds) != x.Len() {
		return nil, fmt.Errorf("recommend: Interactions.WithTimes: %d times for %d entries: %w", len(nanoseconds), x.Len(), ErrShape)
	}
	return &Interactions{origin: x.origin, users: x.users, times: nanoseconds}, nil
}

// Users returns the number of rows, 0 for nil and the zero Interactions.
func (x *Interactions) Users() int {
	if x == nil || x.users == nil {
		return 0
	}
	return x.users.Rows
}

// Items returns the number of columns, 0 for nil and the zero Interactions.
func (x *Interactions) Items() int {
	if x == nil || x.users == nil {
		return 0
	}
	return x.users.Cols
}

// Len returns the number of entries, 0 for nil and the zero Interactions.
func (x *Interactions) Len() int {
	if x == nil || x.users == nil {
		return 0
	}
	return x.users.Len()
}

// Row returns the items of user u, ascending, and their weights. The slices
// alias x and must not be changed. It panics like a slice when u is out of
// range.
func (x *Interactions) Row(u int) (items []int32, weights []float32) { return x.users.Row(u) }

// Times returns the Unix nanoseconds of the entries of user u, each of its latest
// event, parallel to Row, or nil when times are unknown or u is out of range. The slice
// must not be changed.
func (x *Interactions) Times(u int) []int64 {
	if !x.HasTimes() || u < 0 || u >= x.Users() {
		return nil
	}
	a, b := x.users.Ptr[u], x.users.Ptr[u+1]
	return x.times[a:b:b]
}

// HasTimes reports whether the entries carry times.
func (x *Interactions) HasTimes() bool { return x != nil && x.times != nil }

// Has reports whether user u has an entry for item i; one out of range has none.
func (x *Interactions) Has(u int, i int32) bool {
	return u >= 0 && u < x.Users() && x.users.Find(u, i) >= 0
}

// ItemCounts returns the number of users of each item.
func (x *Interactions) ItemCounts() []int {
	n := make([]int, x.Items())
	if x.Len() > 0 {
		for _, i := range x.users.Col {
			n[i]++
		}
	}
	return n
}

// Query returns the query of known user u: the index and the whole history, so
// that models with and without per-user state both answer; that of a stranger without
// history where u is out of range. The history aliases x.
func (x *Interactions) Query(u int) Query {
	if u < 0 || u >= x.Users() {
		return Query{User: Stranger}
	}
	items, weights := x.Row(u)
	return Query{User: int32(u), Items: items, Weights: weights}
}

// Without returns x without the entries of other, which must have the same
// shape: the training part once the test part is known.
// ErrEmpty when either is nil or zero, ErrShape, ErrMismatch where they are known to be
// of different items.
func (x *Interactions) Without(other *Interactions) (*Interactions, error) {
	if x == nil || x.users == nil || other == nil || other.users == nil {
		return nil, fmt.Errorf("recommend: Interactions.Without: interactions: %w", ErrEmpty)
	}
	if x.Users() != other.Users() || x.Items() != other.Items() {
		return nil, fmt.Errorf("recommend: Interactions.Without: %d×%d against %d×%d: %w", x.Users(), x.Items(), other.Users(), other.Items(), ErrShape)
	}
	if !x.same(other.origin) {
		return nil, fmt.Errorf("recommend: Interactions.Without: matrices of two catalogues of %d items%s: %w", x.Items(), ids.FirstItem(x.known, other.known), ErrMismatch)
	}
	return x.Select(func(u, k int) bool {
		items, _ := x.Row(u)
		return !other.Has(u, items[k])
	}), nil
}

// Select returns x with the entries for which keep is true, of the same shape and
// with their weights, times and events: k counts the entries of user u, in the order of Row.
// keep is called once an entry, row after row; nil keeps all. Nil where x is nil or zero.
func (x *Interactions) Select(keep func(u, k int) bool) *Interactions {
	if x == nil || x.users == nil {
		return nil
	}
	m := &sparse.CSR{Rows: x.Users(), Cols: x.Items(), Ptr: make([]int64, x.Users()+1)}
	out := &Interactions{origin: x.origin, users: m}
	for u := range x.Users() {
		items, weights := x.Row(u)
		times := x.Times(u)
		for k, i := range items {
			if keep != nil && !keep(u, k) {
				continue
			}
			m.Col = append(m.Col, i)
			m.Val = append(m.Val, weights[k])
			if times != nil {
				out.times = append(out.times, times[k])
			}
		}
		m.Ptr[u+1] = int64(len(m.Col))
	}
	if x.times != nil && out.times == nil {
		out.times = []int64{}
	}
	if x.log != nil {
		out.log = x.log.within(out)
	}
	return out
}

// Sequences returns the events of each user in order of time and sequence number,
// repeats included; what is equal in both is in order of arrival (see Builder). Returns
// and what they cancelled are left out. The sequences of a part of x, such as a split
// makes, hold the events of the entries of that part. Where x has times and no events,
// each entry is one event, and those of equal times are in order of item.
//
// ErrEmpty: x is nil or has no times.
func (x *Interactions) Sequences() (*Sequences, error) {
	if x == nil || x.users == nil || x.times == nil {
		return nil, fmt.Errorf("recommend: Interactions.Sequences: times: %w", ErrEmpty)
	}
	if x.log != nil {
		return x.log, nil
	}
	o := &ordered{ptr: x.users.Ptr, items: slices.Clone(x.users.Col), weights: slices.Clone(x.users.Val), times: slices.Clone(x.times)}
	var scratch arranger
	for u := range x.Users() {
		if lo, hi := o.ptr[u], o.ptr[u+1]; !o.sorted(lo, hi) {
			o.arrange(lo, hi, o.compare, &scratch)
		}
	}
	s := o.log(x.Items())
	s.origin = x.origin
	return s, nil
}

// byItem returns the transpose, computed once.
func (x *Interactions) byItem() *sparse.CSR { return x.byItemOn(1) }

// byItemOn is byItem spread over workers.
func (x *Interactions) byItemOn(workers int) *sparse.CSR {
	x.once.Do(func() { x.items = x.users.TransposeOn(workers) })
	return x.items
}

// mostWeight leaves sums of weights, and weights times scores, room in float32.
const mostWeight = 1e30

// checkImplicit refuses matrices that implicit-feedback models cannot use.
func (x *Interactions) checkImplicit(where string) error {
	if x == nil || x.Users() == 0 || x.Items() == 0 || x.Len() == 0 {
		return fmt.Errorf("recommend: %s: interactions: %w", where, ErrEmpty)
	}
	for u := range x.Users() {
		cols, vals := x.Row(u)
		for k, w := range vals {
			if !(w >= 0 && w <= mostWeight) {
				return fmt.Errorf("recommend: %s: weight of user %d item %d is %v, want in [0, 1e30]: %w", where, u, cols[k], w, ErrRange)
			}
		}
	}
	return nil
}
