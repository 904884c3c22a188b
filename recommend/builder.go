package recommend

import (
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
)

// Duplicates says what becomes of several events of one user with one item.
type Duplicates int

const (
	Sum  Duplicates = iota // add the weights up (default)
	Max                    // keep the largest weight
	Last                   // keep the latest event; of equal time and sequence number the larger weight
)

// BuilderOptions configures a Builder. The zero value is useful.
type BuilderOptions struct {
	// Duplicates says what several events of one pair become; default Sum.
	Duplicates Duplicates

	// UnitWeights lets every event weigh 1, and one of negative weight -1, whatever it
	// was added with; LogWeights lets it weigh log(1+w), and -log(1+|w|) below 0. At
	// most one of them. Quantities and prices want one or the other: a single order of
	// a thousand pieces says little more about taste than one of ten.
	UnitWeights bool
	LogWeights  bool
	// Cap, when > 0, is the most that a pair weighs after all its events are added up
	// and decayed.
	Cap float32
	// Ratings says that weights are ratings on a scale that may hold 0 and negative
	// numbers: none is a return, and every pair stays. Not with UnitWeights,
	// LogWeights and Cap.
	Ratings bool

	// HalfLife, when > 0, multiplies each weight by 2^(-age/HalfLife), the age
	// counted back from AsOf. Events then need times.
	HalfLife time.Duration
	// AsOf is the instant of age 0; the zero time means the latest event.
	// Later events get weights above their own, so they are refused; in a builder
	// made by Dataset.Grow they move AsOf instead.
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
	c.Require(!o.UnitWeights || !o.LogWeights, "LogWeights", o.LogWeights, "false with UnitWeights")
	c.Require(o.Cap >= 0 && o.Cap <= mostWeight, "Cap", o.Cap, "in [0, 1e30]")
	c.Require(!o.Ratings || !o.UnitWeights && !o.LogWeights && o.Cap == 0, "Ratings", o.Ratings, "false with UnitWeights, LogWeights or Cap")
	check.NonNegative(&c, "HalfLife", int64(o.HalfLife))
	c.Require(o.AsOf.IsZero() || inNanoseconds(o.AsOf), "AsOf", o.AsOf, "between the years 1678 and 2262")
	check.NonNegative(&c, "MinUserItems", o.MinUserItems)
	check.NonNegative(&c, "MinItemUsers", o.MinItemUsers)
	return c.Err("recommend: NewBuilder")
}

// weigh returns what an event of weight w counts by UnitWeights and LogWeights.
func (o *BuilderOptions) weigh(w float32) float32 {
	switch {
	case o.UnitWeights && w < 0:
		return -1
	case o.UnitWeights:
		return 1
	case o.LogWeights:
		return float32(math.Copysign(math.Log1p(math.Abs(float64(w))), float64(w)))
	}
	return w
}

const noTime = math.MinInt64

// inNanoseconds reports whether Unix nanoseconds can tell t from noTime.
func inNanoseconds(t time.Time) bool {
	return t.After(time.Unix(0, math.MinInt64)) && !t.After(time.Unix(0, math.MaxInt64))
}

// nanoseconds returns the Unix nanoseconds of t, the nearest ones that can be told.
func nanoseconds(t time.Time) int64 {
	switch {
	case inNanoseconds(t):
		return t.UnixNano()
	case t.Before(time.Unix(0, 0)):
		return math.MinInt64 + 1
	}
	return math.MaxInt64
}

// instant is nanoseconds, and noTime for the zero time.
func instant(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	return nanoseconds(t)
}

// Builder collects events in any order and turns them into a Dataset. It is
// not safe for concurrent use; give each goroutine its own and Merge them.
//
// The Dataset does not depend on the order of events or merges, with one
// exception: events of one user that are equal in time and sequence number (AddSeq)
// keep, in Interactions.Sequences, the order in which they arrived, those of the
// receiver of a Merge first. Weights and entries depend on nothing.
//
// An event of negative weight takes back: a return, a dislike. It counts against
// the other events of its user and item, whenever they were, and what is left
// decays as they do. A pair that nets to nothing is unseen and unweighted: it is in
// no row and no sequence, and BuildReport.Cancelled counts it. Under Max and Last
// that is a pair whose largest or latest weight is not positive. See
// BuilderOptions.Ratings for scales with negative numbers.
//
// Memory: 8 bytes an event, 4 more once one weighs something else than 1, and 8 more each
// once one has a time and a sequence number; of each id the id itself and 13 to 26 bytes,
// and up to 8 more where ids are integers that lie close together. The zero
// Builder is ready for use, with the zero BuilderOptions.
type Builder[U, I ID] struct {
	opt   BuilderOptions
	users dict.Dict[U]
	items dict.Dict[I]
	log   eventLog
	late  late[U, I]
	timed int // events that carry a time

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
		opt.AsOf = time.Unix(0, opt.AsOf.UnixNano()).UTC() // equal instants are equal options
	}
	return &Builder[U, I]{opt: opt}, nil
}

// Len returns the number of events added.
func (b *Builder[U, I]) Len() int {
	if b == nil {
		return 0
	}
	return b.log.n + b.late.n
}

// Add records that user had an event of the given weight with item. The weight
// is a strength for implicit feedback (a count, a sum paid), a rating for
// explicit feedback, or what is taken back, below 0.
//
// Errors, after which nothing has changed: ErrNotFinite (a weight that is not
// finite), ErrRange (an id that is the empty string).
func (b *Builder[U, I]) Add(user U, item I, weight float32) error {
	return b.add("Add", user, item, weight, noTime, 0)
}

// AddAt is Add with the time of the event, kept to the nanosecond. A time outside
// the years 1678 to 2262, as the zero time, is ErrRange.
//
// A dataset has times when all of its events have one: BuildReport.Untimed counts
// those that were added without beside others.
func (b *Builder[U, I]) AddAt(user U, item I, weight float32, at time.Time) error {
	if !inNanoseconds(at) {
		return fmt.Errorf("recommend: Builder.AddAt: event %d of item %v: time is %v, want between the years 1678 and 2262: %w", b.Len(), item, at, ErrRange)
	}
	return b.add("AddAt", user, item, weight, at.UnixNano(), 0)
}

// AddSeq is AddAt with a sequence number, which orders events of one instant: the
// offset in a log, the click within a session. Any number will do; AddAt has 0.
func (b *Builder[U, I]) AddSeq(user U, item I, weight float32, at time.Time, seq int64) error {
	if !inNanoseconds(at) {
		return fmt.Errorf("recommend: Builder.AddSeq: event %d of item %v: time is %v, want between the years 1678 and 2262: %w", b.Len(), item, at, ErrRange)
	}
	return b.add("AddSeq", user, item, weight, at.UnixNano(), seq)
}

// add records an event at Unix nanoseconds, or at noTime. After an error of the
// event nothing has changed; ids that do not fit any more may have come in before it.
func (b *Builder[U, I]) add(where string, user U, item I, weight float32, at, seq int64) error {
	if b == nil {
		return fmt.Errorf("recommend: Builder.%s: nil receiver: %w", where, ErrEmpty)
	}
	if !check.Finite(float64(weight)) {
		return fmt.Errorf("recommend: Builder.%s: event %d: weight of item %v is %v: %w", where, b.Len(), item, weight, ErrNotFinite)
	}
	if emptyID(user) || emptyID(item) {
		return fmt.Errorf("recommend: Builder.%s: event %d of item %q: the id of the user or item is empty: %w", where, b.Len(), fmt.Sprint(item), ErrRange)
	}
	l := &b.late
	if l.n == len(l.users) {
		if err := b.makeRoom(where, user, item); err != nil {
			return err
		}
	}
	if b.opt.UnitWeights || b.opt.LogWeights {
		weight = b.opt.weigh(weight)
	}
	k := l.n
	l.users[k], l.items[k], l.weights[k], l.times[k], l.seqs[k] = user, item, weight, at, seq
	l.n++
	l.weighted = l.weighted || weight != 1
	if at != noTime {
		b.timed++
		l.timed, l.sequenced = true, l.sequenced || seq != 0
	}
	return nil
}

// append records an event that is checked and weighed.
func (b *Builder[U, I]) append(e event) {
	b.log.append(e)
	if e.time != noTime {
		b.timed++
	}
}

// emptyID reports whether id is the empty string.
func emptyID[K ID](id K) bool {
	var zero K
	return id == zero && ids.ClassOf[K]() == ids.String
}

// Merge adds the events of other, which must have equal options, after those of b;
// other is unchanged. Nil, b itself, and a builder made by Dataset.Grow are
// ErrMismatch.
func (b *Builder[U, I]) Merge(other *Builder[U, I]) error {
	if err := check.Merge("recommend: Builder.Merge", b, other); err != nil {
		return err
	}
	if b.opt != other.opt || other.grown {
		return fmt.Errorf("recommend: Builder.Merge: other options, or a grown builder: %w", ErrMismatch)
	}
	b.settle()
	other.settle()
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
	for k := range other.log.n {
		e := other.log.at(k)
		e.user, e.item = users[e.user], items[e.item]
		b.append(e)
	}
	return nil
}
