package profile

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
)

// A Feature is a named accumulator that a Builder keeps for each customer: one of Features,
// or one of the caller's own. It says how a record changes a state, how two states become
// one, and which columns a state gives; the Builder does the rest. It hands over only
// what lies before its cut-off, keeps a state for each window (each day with
// BuilderOptions.Rolling), merges them, moves them on in Advance, drops them in Forget and stores them.
// So every Feature is point-in-time and rolls forward. CheckFeature tests the laws.
//
// A state is int64 words, as many as are needed; none is the state of a customer without
// records. It must depend on the set of its records alone, not on their order, nor on how
// they were split into states that were merged: keep sums, extremes, sorted sets. It must
// not depend on the cut-off either, which moves: keep times, and make ages of them in
// Result.
//
// The methods must not keep what they are given and are called from one goroutine a
// Builder; a Feature that several Builders share must be safe for that.
type Feature interface {
	// Name tells the feature and its settings: two of one name are taken for the same. It
	// is stored with the states.
	Name() string
	// Days are the lengths of the windows that end at the cut-off, in days, ascending, 1 to 36500.
	// None where Result asks for all time alone; then a day costs no memory of its own.
	Days() []int
	// Columns names what Result returns, in the same order, none twice in a Builder.
	Columns() []string
	// Add returns the state with one record more. It may change and append to state.
	Add(state []int64, r *Record) []int64
	// Merge returns the state of the records of both. It may change and append to state,
	// never to other. Both may be empty.
	Merge(state, other []int64) []int64
	// Result appends the value of each of Columns to dst, NaN where nothing is known. states
	// are those of each of Days, and of all time, len(Days())+1 in all; it must not change them.
	Result(dst []float64, states [][]int64, at Clock) []float64
	// Valid reports whether a state that was read may be one of Add and Merge, so that
	// the other methods hold for it.
	Valid(state []int64) bool
}

// RecordSource says what a Record was made of. The zero RecordSource is not valid.
type RecordSource uint8

// The sources of records.
const (
	FromEvent  RecordSource = iota + 1 // an Event
	FromOrder                          // a whole Order; its lines come after it
	FromLine                           // one line of an Order
	FromRefund                         // a Refund
)

// Record is what a Feature sees: an event, an order, each of its lines, a refund. What
// the source does not have is zero.
type Record struct {
	Source    RecordSource      // what it was made of
	At        time.Time         // when, UTC
	Clock     Clock             // the days and hours of the business time zone
	Kind      Kind              // of an event; Purchase of orders and lines, Return of refunds
	Item      uint64            // ItemKey of the item; 0 of an order
	Category  string            // of the event or line, as the next ones
	Brand     string            //
	Query     string            // of the event
	Channel   string            // of the event or order
	Campaign  string            // of the event or order
	Device    string            // of the event or order
	Dwell     time.Duration     // of the event, as the next ones
	Position  int32             // from 1; 0 unknown
	Pages     int32             // turned
	Rating    float64           // of a Rate event, else NaN
	Sentiment float64           // of a Comment event, else NaN
	Quantity  int64             // pieces, of an order all of them
	Price     int64             // of one piece of a line, minor units
	Discount  int64             // minor units: of a line its own, of an order all together
	Money     int64             // minor units: paid after the line's, or all, discounts; of a refund given back
	Lines     int64             // of an order
	Extra     map[string]string // third-party fields of the event; not to be changed
}

// Clock is the moment of a Record, or the cut-off of a Result, by the clock of the
// business time zone.
type Clock struct {
	at   int64
	zone *time.Location
	days *calendar.Ages // before it, of a cut-off; nil of a Record
}

// Time returns the moment, in the business time zone.
func (c Clock) Time() time.Time {
	if c.zone == nil {
		return time.Unix(0, c.at).UTC()
	}
	return time.Unix(0, c.at).In(c.zone)
}

// Nanos returns the moment in nanoseconds since 1970.
func (c Clock) Nanos() int64 { return c.at }

// Day returns the number of the calendar day, from 1970-01-01, which is 0.
func (c Clock) Day() int64 {
	t := c.Time()
	_, off := t.Zone()
	s := t.Unix() + int64(off)
	d := s / 86400
	if s%86400 < 0 {
		d--
	}
	return d
}

// DaysSince returns the days of 24 hours from a moment, in nanoseconds since 1970, to c.
func (c Clock) DaysSince(at int64) float64 {
	if at > c.at {
		return -float64(uint64(at)-uint64(c.at)) / float64(day)
	}
	return float64(uint64(c.at)-uint64(at)) / float64(day)
}

// ItemKey returns the number that stands for an item in a Record: an integer is itself,
// a string is hashed to 64 bits, the same in every process. 0 stands for no item.
func ItemKey[I ID](item I) uint64 {
	switch x := any(item).(type) {
	case string:
		return textKey(x)
	case int:
		return uint64(x)
	case int64:
		return uint64(x)
	case int32:
		return uint64(x)
	case uint64:
		return x
	}
	return otherKey(item)
}

// textKey hashes a text: FNV-1a, mixed at the end. The empty text is 0.
func textKey(s string) uint64 {
	if s == "" {
		return 0
	}
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return max(h^h>>32, 1)
}

// otherKey is ItemKey of a named type.
func otherKey[I ID](item I) uint64 {
	switch v := reflect.ValueOf(item); {
	case v.Kind() == reflect.String:
		return textKey(v.String())
	case v.CanInt():
		return uint64(v.Int())
	default:
		return v.Uint()
	}
}

// featureSet is the features of a Builder and their states.
type featureSet struct {
	list   []Feature
	days   [][]int // of each
	record Record  // handed to each in turn
	cells  pairs[span]
	words  []int64 // all states
	column map[string][2]int
	total  int    // columns
	limit  uint64 // of words: spans have 32 bits
}

// span is where a state lies among the words: n of room words from off on.
type span struct{ off, n, room uint32 }

// allTime is the cell of what lies before every window.
const allTime = 1 << 31

// newFeatureSet checks the features of a caller.
func newFeatureSet(c *check.Options, list []Feature) featureSet {
	f := featureSet{list: slices.Clone(list), limit: math.MaxUint32}
	names := make(map[string]bool)
	for i, x := range f.list {
		field := fmt.Sprintf("Features[%d]", i)
		if x == nil {
			c.Require(false, field, "nil", "a Feature")
			return f
		}
		c.Require(x.Name() != "" && !names[x.Name()], field+".Name", x.Name(), "a name of its own")
		names[x.Name()] = true
		days := slices.Clone(x.Days())
		c.Require(len(days) <= maxFeatureDays, field+".Days", len(days), "at most 64")
		for k, d := range days {
			c.Require(d > 0 && d <= maxWindowDays && (k == 0 || d > days[k-1]), field+".Days", d, "1 to 36500, ascending")
		}
		f.days = append(f.days, days)
		if f.column == nil {
			f.column = make(map[string][2]int)
		}
		for k, name := range x.Columns() {
			_, twice := f.column[name]
			c.Require(name != "" && !twice, field+".Columns", name, "a name of its own")
			f.column[name] = [2]int{i, k}
		}
		f.total += len(x.Columns())
	}
	return f
}

const maxFeatureDays = 64

// state returns the words of a cell.
func (f *featureSet) state(s span) []int64 {
	return f.words[s.off : s.off+s.n : s.off+s.room]
}

// put stores what a Feature made of the state of a cell, which may have moved.
func (f *featureSet) put(s *span, state []int64) error {
	switch {
	case len(state) <= int(s.room):
		if len(state) > 0 && &state[0] != &f.words[s.off] { // mostly it is
			copy(f.words[s.off:], state)
		}
	case uint64(len(f.words))+2*uint64(len(state)) > f.limit:
		return fmt.Errorf("states of features: %w", ErrOverflow)
	default:
		room := len(state)
		if s.room > 0 {
			room += room / 2
		}
		s.off, s.room = uint32(len(f.words)), uint32(room)
		f.words = append(f.words, state...)
		f.words = extend(f.words, room-len(state))
	}
	s.n = uint32(len(state))
	return nil
}

// add hands the record to every feature. back gives the day before the cut-off, 0 the last.
func (f *featureSet) add(user int32, back func() int, rolling bool) error {
	k := -1
	for i, x := range f.list {
		cell := uint64(allTime)
		if days := f.days[i]; len(days) > 0 {
			if k < 0 {
				k = back()
			}
			cell = cellOf(days, k, rolling)
		}
		if err := f.change(user, uint64(i)<<32|cell, func(state []int64) []int64 { return x.Add(state, &f.record) }); err != nil {
			return err
		}
	}
	return nil
}

// cellOf is the cell of what happened k days before the cut-off: of the day, or of the
// first window that has it.
func cellOf(days []int, k int, rolling bool) uint64 {
	switch {
	case k >= days[len(days)-1]:
		return allTime
	case rolling:
		return uint64(k)
	}
	for w, d := range days {
		if k < d {
			return uint64(w)
		}
	}
	return allTime
}

// change applies a function to the state of a cell.
func (f *featureSet) change(user int32, key uint64, by func([]int64) []int64) error {
	s := f.cells.at(user, key)
	return f.put(s, by(f.state(*s)))
}

// later adds the states that other has of a user, each in the cell where it is n days later.
func (f *featureSet) later(user int32, other *featureSet, n int) error {
	var err error
	other.cells.of(user, func(key uint64, s *span) {
		i := int(key >> 32)
		if cell := uint32(key); cell != allTime {
			key = uint64(i)<<32 | cellOf(f.days[i], int(cell)+n, true)
		}
		if e := f.change(user, key, func(state []int64) []int64 { return f.list[i].Merge(state, other.state(*s)) }); e != nil {
			err = e
		}
	})
	return err
}

// A joinedState is what a cell holds after a merge, of a user of the other side.
type joinedState struct {
	user  int32
	key   uint64
	state []int64
}

// joined makes the states that f has once other is merged, and sees that there is room for them, before
// anything changes. mine gives a user of f for one of other, or -1.
func (f *featureSet) joined(other *featureSet, mine func(v int32) int32) ([]joinedState, error) {
	var out []joinedState
	words := uint64(len(f.words))
	other.cells.all(func(v int32, key uint64, s *span) {
		var old []int64
		room := 0
		if u := mine(v); u >= 0 {
			if at := f.cells.find(u, key); at != nil {
				old, room = slices.Clone(f.state(*at)), int(at.room)
			}
		}
		state := f.list[key>>32].Merge(old, other.state(*s))
		if len(state) > room { // else put leaves it where it is
			words += 2 * uint64(len(state))
		}
		out = append(out, joinedState{v, key, state})
	})
	if words > f.limit {
		return nil, fmt.Errorf("states of features: %w", ErrOverflow)
	}
	return out, nil
}

// states returns the states of feature i of a user, of each window and of all time.
func (f *featureSet) states(user int32, i int, rolling bool) [][]int64 {
	type part struct {
		cell uint32
		span span
	}
	var parts []part
	words := 0
	f.cells.of(user, func(key uint64, s *span) {
		if int(key>>32) == i {
			parts = append(parts, part{uint32(key), *s})
			words += int(s.n)
		}
	})
	held := make([]int64, 0, words) // a Merge may return other, and the next one change it
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.cell, b.cell) })
	days := f.days[i]
	states := make([][]int64, len(days)+1)
	var sum []int64
	for w := range states {
		for len(parts) > 0 {
			c := int64(parts[0].cell)
			if w < len(days) && (rolling && c >= int64(days[w]) || !rolling && c > int64(w)) {
				break
			}
			n := len(held)
			held = append(held, f.state(parts[0].span)...)
			sum = f.list[i].Merge(sum, held[n:len(held):len(held)])
			parts = parts[1:]
		}
		states[w] = slices.Clone(sum)
	}
	return states
}

// results appends the columns of feature i for a user.
func (f *featureSet) results(dst []float64, user int32, i int, at Clock, rolling bool) []float64 {
	n, x := len(dst), f.list[i]
	dst = x.Result(dst, f.states(user, i, rolling), at)
	want := n + len(x.Columns())
	for len(dst) < want { // a Feature that forgot one
		dst = append(dst, math.NaN())
	}
	return dst[:want]
}

// compact writes the states anew without what moves left behind.
func (f *featureSet) compact() {
	old := f.words
	f.words = nil
	f.cells.all(func(_ int32, _ uint64, s *span) {
		state := old[s.off : s.off+s.n]
		s.off, s.room = uint32(len(f.words)), s.n
		f.words = append(f.words, state...)
	})
}

// same names the first feature in which both differ, or returns "".
func (f *featureSet) same(other *featureSet) string {
	for i := range max(len(f.list), len(other.list)) {
		if i >= len(f.list) || i >= len(other.list) || f.list[i].Name() != other.list[i].Name() || !slices.Equal(f.days[i], other.days[i]) {
			return fmt.Sprintf("Features[%d]", i)
		}
	}
	return ""
}
