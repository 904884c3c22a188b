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
type Index[K ID] struct {
	of   origin // of the dataset
	dict dict.Dict[K]
}

// Len returns the number of ids.
func (x *Index[K]) Len() int {
	if x == nil {
		return 0
	}
	return x.dict.Len()
}

// Of returns the index of id, or -1 when it is unknown.
func (x *Index[K]) Of(id K) int32 {
	if x == nil {
		return -1
	}
	return x.dict.Index(id)
}

// ID returns the id of index i; it panics like a slice when i is out of range.
func (x *Index[K]) ID(i int32) K { return x.dict.Key(i) }

// IDs returns all ids in index order. The slice must not be changed.
func (x *Index[K]) IDs() []K {
	if x == nil {
		return nil
	}
	return x.dict.Keys()
}

// Dataset is interactions together with the ids of their rows and columns. It
// is immutable and safe for concurrent use.
type Dataset[U, I ID] struct {
	Users        *Index[U]     // of the rows
	Items        *Index[I]     // of the columns
	Interactions *Interactions // what models are fitted on
	Report       BuildReport   // what became of the events
	// Catalogue, when somebody sets it, is what rules and caps know about the items: an
	// Engine takes it where EngineOptions.Catalogue is nil, and the binary form holds it.
	Catalogue *Catalogue

	opt  BuilderOptions
	asOf int64             // of the weights, in Unix nanoseconds; noTime without HalfLife
	rest *Sequences        // events that Interactions does not show: returns, what they cancelled; without times those behind entries; nil when there are none
	lost *lostEvents[U, I] // events of users and items that MinUserItems and MinItemUsers dropped; nil when there are none
}

// Grow returns a builder that starts from the events of the dataset: Build on it
// keeps every existing index and numbers new ids after them, so that models
// fitted on d stay aligned. What it builds is, but for the order of the ids, what one
// builder makes of all the events; with HalfLife the weights of old events decay to
// the new AsOf. That holds for every BuilderOptions, with times and without, with returns, and for
// users and items that MinUserItems and MinItemUsers dropped: they come back when they qualify. (What
// once qualified keeps its index, and has no entries while it does not.)
// Interactions that somebody put in place of those built go in entry by entry.
//
// ErrEmpty: d is nil or the zero Dataset. ErrShape: somebody put in parts of other
// sizes. ErrMismatch: HalfLife is set and somebody put
// Interactions without times in.
func (d *Dataset[U, I]) Grow() (*Builder[U, I], error) {
	const where = "recommend: Dataset.Grow"
	if err := d.check(where); err != nil {
		return nil, err
	}
	x := d.Interactions
	if d.opt.HalfLife > 0 && !x.HasTimes() {
		return nil, fmt.Errorf("%s: weights are decayed already, and there are no times to tell by how much: %w", where, ErrMismatch)
	}
	b := &Builder[U, I]{opt: d.opt, grown: true, fixedUsers: d.Users.Len(), fixedItems: d.Items.Len(), users: *d.Users.dict.Clone(), items: *d.Items.dict.Clone()}
	if x.log != nil {
		b.appendLog(x.log)
	} else {
		d.appendEntries(b)
	}
	if d.rest != nil && x.log != nil {
		b.appendLog(d.rest)
	}
	return b, b.appendLost(d.lost)
}

// check refuses a dataset without parts, and one whose parts do not fit: they are fields,
// which anybody may set.
func (d *Dataset[U, I]) check(where string) error {
	if !d.made() {
		return fmt.Errorf("%s: dataset: %w", where, ErrEmpty)
	}
	if u, i := d.Interactions.Users(), d.Interactions.Items(); u != d.Users.Len() || i != d.Items.Len() {
		return fmt.Errorf("%s: interactions of %d×%d for %d users and %d items: %w", where, u, i, d.Users.Len(), d.Items.Len(), ErrShape)
	}
	return nil
}

// made reports whether d is more than the zero Dataset.
func (d *Dataset[U, I]) made() bool {
	return d != nil && d.Users != nil && d.Items != nil && d.Interactions != nil && d.Interactions.users != nil
}

// appendLog adds the events of a log by their indices.
func (b *Builder[U, I]) appendLog(s *Sequences) {
	for u := range s.Len() {
		for k := s.ptr[u]; k < s.ptr[u+1]; k++ {
			seq := int64(0)
			if s.seqs != nil {
				seq = s.seqs[k]
			}
			b.append(event{int32(u), s.events[k], s.weights[k], s.at[k], seq})
		}
	}
}

// ItemSet returns the set of the given item ids. Unknown ids are returned, not
// added: a stock list usually knows more products than the model.
func (d *Dataset[U, I]) ItemSet(ids ...I) (set *ItemSet, unknown []I) {
	if !d.made() {
		return &ItemSet{}, ids
	}
	set = ItemSetFunc(d.Items.Len(), func(int32) bool { return false })
	set.origin = d.Interactions.origin.ofItems()
	for _, id := range ids {
		if !set.set.Add(d.Items.Of(id)) {
			unknown = append(unknown, id)
		}
	}
	return set, unknown
}
