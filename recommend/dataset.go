package recommend

import (
	"fmt"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/dict"
)

// ID is what identifies a user or an item: any string or integer type, named
// types such as type SKU string included.
type ID interface{ ~string | constraints.Integer }

// Index maps ids to dense indices and back. It is immutable and safe for
// concurrent use.
type Index[K ID] struct{ dict dict.Dict[K] }

// Len returns the number of ids.
func (x *Index[K]) Len() int { return x.dict.Len() }

// Of returns the index of id, or -1 when it is unknown.
func (x *Index[K]) Of(id K) int32 { return x.dict.Index(id) }

// ID returns the id of index i; it panics like a slice when i is out of range.
func (x *Index[K]) ID(i int32) K { return x.dict.Key(i) }

// IDs returns all ids in index order. The slice must not be changed.
func (x *Index[K]) IDs() []K { return x.dict.Keys() }

// Dataset is interactions together with the ids of their rows and columns. It
// is immutable and safe for concurrent use.
type Dataset[U, I ID] struct {
	Users        *Index[U]     // of the rows
	Items        *Index[I]     // of the columns
	Interactions *Interactions // what models are fitted on
	Report       BuildReport   // what became of the events

	opt BuilderOptions
}

// Grow returns a builder that starts from the dataset's entries: Build on it
// keeps every existing index and numbers new ids after them, so that models
// fitted on d stay aligned. Weights already decayed are kept as they are, so
// HalfLife datasets do not grow: ErrMismatch.
func (d *Dataset[U, I]) Grow() (*Builder[U, I], error) {
	if d.opt.HalfLife > 0 {
		return nil, fmt.Errorf("recommend: Dataset.Grow: weights are decayed already: %w", ErrMismatch)
	}
	b := &Builder[U, I]{opt: d.opt, grown: true, fixedUsers: d.Users.Len(), fixedItems: d.Items.Len(), users: *d.Users.dict.Clone(), items: *d.Items.dict.Clone()}
	x := d.Interactions
	b.events = make([]event, 0, x.Len())
	for u := range x.Users() {
		items, weights := x.Row(u)
		times := x.Times(u)
		for k, i := range items {
			e := event{int32(u), i, weights[k], noTime}
			if times != nil {
				e.time = times[k]
				b.timed++
			}
			b.events = append(b.events, e)
		}
	}
	return b, nil
}

// ItemSet returns the set of the given item ids. Unknown ids are returned, not
// added: a stock list usually knows more products than the model.
func (d *Dataset[U, I]) ItemSet(ids ...I) (set *ItemSet, unknown []I) {
	set = ItemSetFunc(d.Items.Len(), func(int32) bool { return false })
	for _, id := range ids {
		if !set.set.Add(d.Items.Of(id)) {
			unknown = append(unknown, id)
		}
	}
	return set, unknown
}
