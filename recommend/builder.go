package recommend

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/sparse"
)

// Duplicates says what becomes of several events of one user with one item.
type Duplicates int

const (
	Sum  Duplicates = iota // add the weights up (default)
	Max                    // keep the largest weight
	Last                   // keep the latest event; of equal times the larger weight
)

// BuilderOptions configures a Builder. The zero value is useful.
type BuilderOptions struct {
	// Duplicates says what several events of one pair become; default Sum.
	Duplicates Duplicates

	// HalfLife, when > 0, multiplies each weight by 2^(-age/HalfLife), the age
	// counted back from AsOf. Events then need times.
	HalfLife time.Duration
	// AsOf is the instant of age 0; the zero time means the latest event.
	// Later events get weights above their own, so they are refused.
	AsOf time.Time

	// MinUserItems and MinItemUsers, when > 0, repeatedly drop users with fewer
	// distinct items and items with fewer distinct users until all that remain
	// qualify (k-core). Report tells how many went.
	MinUserItems int
	MinItemUsers int
}

func (o BuilderOptions) validate() error {
	var c check.Options
	c.Require(o.Duplicates >= Sum && o.Duplicates <= Last, "Duplicates", int(o.Duplicates), "Sum, Max or Last")
	check.NonNegative(&c, "HalfLife", int64(o.HalfLife))
	check.NonNegative(&c, "MinUserItems", o.MinUserItems)
	check.NonNegative(&c, "MinItemUsers", o.MinItemUsers)
	return c.Err("recommend: NewBuilder")
}

// event is 24 bytes. Indices are those of the builder, in order of arrival.
type event struct {
	user, item int32
	weight     float32
	time       int64 // Unix seconds; noTime when unknown
}

const noTime = math.MinInt64

// Builder collects events in any order and turns them into a Dataset. It is
// not safe for concurrent use; give each goroutine its own and Merge them. The
// Dataset does not depend on the order of events or merges.
//
// Memory: 24 bytes an event, and one map entry an id.
type Builder[U, I ID] struct {
	opt    BuilderOptions
	users  dict.Dict[U]
	items  dict.Dict[I]
	events []event
	timed  int // events that carry a time

	// Of a builder that Dataset.Grow made: these first ids keep their indices.
	grown                  bool
	fixedUsers, fixedItems int
}

// NewBuilder returns an empty builder. ErrOption names every bad field.
func NewBuilder[U, I ID](opt BuilderOptions) (*Builder[U, I], error) {
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if !opt.AsOf.IsZero() {
		opt.AsOf = time.Unix(opt.AsOf.Unix(), int64(opt.AsOf.Nanosecond())).UTC() // equal instants are equal options
	}
	return &Builder[U, I]{opt: opt}, nil
}

// Len returns the number of events added.
func (b *Builder[U, I]) Len() int { return len(b.events) }

// Add records that user had an event of the given weight with item. The weight
// is a strength for implicit feedback (a count, a sum paid) or a rating for
// explicit feedback. A weight that is not finite is ErrNotFinite and is not
// recorded.
func (b *Builder[U, I]) Add(user U, item I, weight float32) error {
	return b.add(user, item, weight, noTime)
}

// AddAt is Add with the time of the event, kept to the second. The zero time is
// ErrRange.
func (b *Builder[U, I]) AddAt(user U, item I, weight float32, at time.Time) error {
	if at.IsZero() {
		return fmt.Errorf("recommend: Builder.AddAt: time of event %d is zero: %w", len(b.events), ErrRange)
	}
	return b.add(user, item, weight, at.Unix())
}

// add records an event at Unix seconds, or at noTime. After an error of the weight
// nothing has changed; ids that do not fit any more may have come in before it.
func (b *Builder[U, I]) add(user U, item I, weight float32, at int64) error {
	if !check.Finite(float64(weight)) {
		return fmt.Errorf("recommend: Builder.Add: weight of user %v item %v is %v: %w", user, item, weight, ErrNotFinite)
	}
	u, err := b.users.Add(user)
	if err != nil {
		return fmt.Errorf("recommend: Builder.Add: users: %w", err)
	}
	i, err := b.items.Add(item)
	if err != nil {
		return fmt.Errorf("recommend: Builder.Add: items: %w", err)
	}
	b.events = append(b.events, event{u, i, weight, at})
	if at != noTime {
		b.timed++
	}
	return nil
}

// Merge adds the events of other, which must have equal options; other is
// unchanged. Nil, b itself, and a builder made by Dataset.Grow are ErrMismatch.
func (b *Builder[U, I]) Merge(other *Builder[U, I]) error {
	if err := check.Merge("recommend: Builder.Merge", b, other); err != nil {
		return err
	}
	if b.opt != other.opt || other.grown {
		return fmt.Errorf("recommend: Builder.Merge: other options, or a grown builder: %w", ErrMismatch)
	}
	users := make([]int32, other.users.Len())
	for k, id := range other.users.Keys() {
		u, err := b.users.Add(id)
		if err != nil {
			return fmt.Errorf("recommend: Builder.Merge: users: %w", err)
		}
		users[k] = u
	}
	items := make([]int32, other.items.Len())
	for k, id := range other.items.Keys() {
		i, err := b.items.Add(id)
		if err != nil {
			return fmt.Errorf("recommend: Builder.Merge: items: %w", err)
		}
		items[k] = i
	}
	b.events = slices.Grow(b.events, len(other.events))
	for _, e := range other.events {
		b.events = append(b.events, event{users[e.user], items[e.item], e.weight, e.time})
	}
	b.timed += other.timed
	return nil
}

// BuildReport says what Build did with the events.
type BuildReport struct {
	Events       int // events added, those of the grown dataset included
	Merged       int // events that shared a user and item with another
	DroppedUsers int // by MinUserItems
	DroppedItems int // by MinItemUsers
	DroppedPairs int // entries lost with them
}

// Build returns the dataset of all events so far. New ids get indices in
// ascending order of id after those of the grown dataset, so equal events give
// equal datasets in whatever order they came. The builder stays usable.
//
// ErrEmpty: no event is left. ErrRange: HalfLife is set and an event lacks its
// time or lies after AsOf. Cost: O(n log n) in events.
func (b *Builder[U, I]) Build() (*Dataset[U, I], error) {
	if len(b.events) == 0 {
		return nil, fmt.Errorf("recommend: Builder.Build: %w", ErrEmpty)
	}
	if b.opt.HalfLife > 0 && b.timed < len(b.events) {
		return nil, fmt.Errorf("recommend: Builder.Build: HalfLife is set but %d events have no time: %w", len(b.events)-b.timed, ErrRange)
	}
	users, items := b.users.Clone(), b.items.Clone()
	userPerm, itemPerm := dict.Sort(users, b.fixedUsers), dict.Sort(items, b.fixedItems)
	es := make([]event, len(b.events))
	for k, e := range b.events {
		es[k] = event{userPerm[e.user], itemPerm[e.item], e.weight, e.time}
	}
	slices.SortFunc(es, compareEvents)
	report := BuildReport{Events: len(es)}
	pairs, err := b.mergeDuplicates(es)
	if err != nil {
		return nil, err
	}
	report.Merged = report.Events - len(pairs)
	keepUser, keepItem := b.core(pairs, users.Len(), items.Len())
	all := len(pairs)
	pairs = slices.DeleteFunc(pairs, func(e event) bool { return !keepUser[e.user] || !keepItem[e.item] })
	report.DroppedPairs = all - len(pairs)
	if len(pairs) == 0 {
		return nil, fmt.Errorf("recommend: Builder.Build: no user and item qualify: %w", ErrEmpty)
	}
	userNew, keptUsers := compact(keepUser, b.fixedUsers)
	itemNew, keptItems := compact(keepItem, b.fixedItems)
	d := &Dataset[U, I]{Users: &Index[U]{}, Items: &Index[I]{}, Report: report, opt: b.opt}
	d.Report.DroppedUsers = users.Len() - keptUsers
	d.Report.DroppedItems = items.Len() - keptItems
	for k, id := range users.Keys() {
		if userNew[k] >= 0 {
			if _, err := d.Users.dict.Add(id); err != nil {
				return nil, err
			}
		}
	}
	for k, id := range items.Keys() {
		if itemNew[k] >= 0 {
			if _, err := d.Items.dict.Add(id); err != nil {
				return nil, err
			}
		}
	}
	m := &sparse.CSR{Rows: keptUsers, Cols: keptItems, Ptr: make([]int64, keptUsers+1), Col: make([]int32, len(pairs)), Val: make([]float32, len(pairs))}
	x := &Interactions{users: m}
	if b.timed == len(b.events) {
		x.times = make([]int64, len(pairs))
	}
	for k, e := range pairs {
		m.Col[k], m.Val[k] = itemNew[e.item], e.weight
		m.Ptr[userNew[e.user]+1]++
		if x.times != nil {
			x.times[k] = e.time
		}
	}
	for u := range m.Rows {
		m.Ptr[u+1] += m.Ptr[u]
	}
	d.Interactions = x
	return d, m.Validate()
}

// mergeDuplicates folds sorted events into one per user and item, decayed.
func (b *Builder[U, I]) mergeDuplicates(es []event) ([]event, error) {
	ref := int64(math.MinInt64)
	if b.opt.HalfLife > 0 {
		for _, e := range es {
			ref = max(ref, e.time)
		}
		if !b.opt.AsOf.IsZero() {
			if r := b.opt.AsOf.Unix(); ref > r {
				return nil, fmt.Errorf("recommend: Builder.Build: latest event is at %s, after AsOf: %w", time.Unix(ref, 0).UTC().Format(time.RFC3339), ErrRange)
			}
			ref = b.opt.AsOf.Unix()
		}
	}
	weight := func(e event) float64 {
		w := float64(e.weight)
		if b.opt.HalfLife > 0 {
			w *= math.Exp2(-float64(ref-e.time) / b.opt.HalfLife.Seconds())
		}
		return w
	}
	out := make([]event, 0, len(es))
	for i := 0; i < len(es); {
		e, w, j := es[i], weight(es[i]), i+1
		for ; j < len(es) && es[j].user == e.user && es[j].item == e.item; j++ {
			switch v := weight(es[j]); b.opt.Duplicates {
			case Sum:
				w += v
			case Max:
				w = max(w, v)
			case Last: // sorted by time, then weight
				w = v
			}
		}
		e.time = es[j-1].time
		e.weight = float32(w)
		if math.IsInf(float64(e.weight), 0) {
			return nil, fmt.Errorf("recommend: Builder.Build: weights of one pair add up to %v: %w", w, ErrNotFinite)
		}
		out = append(out, e)
		i = j
	}
	return out, nil
}

// core returns which users and items survive the k-core filters.
func (b *Builder[U, I]) core(pairs []event, users, items int) (keepUser, keepItem []bool) {
	keepUser, keepItem = make([]bool, users), make([]bool, items)
	for i := range keepUser {
		keepUser[i] = true
	}
	for i := range keepItem {
		keepItem[i] = true
	}
	if b.opt.MinUserItems == 0 && b.opt.MinItemUsers == 0 {
		return
	}
	for {
		nu, ni := make([]int, users), make([]int, items)
		for _, e := range pairs {
			if keepUser[e.user] && keepItem[e.item] {
				nu[e.user]++
				ni[e.item]++
			}
		}
		changed := false
		for u := range keepUser {
			if keepUser[u] && nu[u] < b.opt.MinUserItems {
				keepUser[u], changed = false, true
			}
		}
		for i := range keepItem {
			if keepItem[i] && ni[i] < b.opt.MinItemUsers {
				keepItem[i], changed = false, true
			}
		}
		if !changed {
			return
		}
	}
}

// compact numbers the kept elements, keeping the first fixed ones in any case.
func compact(keep []bool, fixed int) (index []int32, n int) {
	index = make([]int32, len(keep))
	for k := range keep {
		index[k] = -1
		if keep[k] || k < fixed {
			index[k] = int32(n)
			n++
		}
	}
	return index, n
}
