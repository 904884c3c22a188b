package profile

import (
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/calendar"
)

// baseFeature is the columns of every Builder as a Feature. A Builder keeps them inline, since a
// state of words for each window would cost it most of its speed; both forms make their values by the
// same functions of baseColumns, and tests hold them equal to the bit.
type baseFeature struct {
	days    []int
	columns []column[int64, int64]
}

// The words of a state: events by kind, flows, then userState without the registration, of which no
// Record tells.
const (
	baseTimes = kinds + flows // first and last seen, first and last order
	baseSums  = baseTimes + 4
	baseWords = baseSums + 9
)

// recorded is the fields of s of which records tell: list without the registration.
func (s *userState) recorded() []*int64 {
	list := s.list()
	return list[1:]
}

// unrecorded are the base columns that come from AddUser, and so from no Record.
var unrecorded = []string{"tenure_days", "age_years"}

func newBaseFeature(days []int) Feature {
	f := &baseFeature{days: days}
	for _, c := range f.builder(Clock{}).baseColumns() {
		if !slices.Contains(unrecorded, c.name) {
			f.columns = append(f.columns, c)
		}
	}
	return f
}

// builder is a Builder of one user of whom nothing is known, as of a moment.
func (f *baseFeature) builder(at Clock) *Builder[int64, int64] {
	b := &Builder[int64, int64]{opt: BuilderOptions{Windows: f.days}, cut: at.at, from: make([]int64, len(f.days))}
	if at.days != nil {
		b.days = *at.days
	}
	b.grow(1)
	return b
}

func (*baseFeature) Name() string  { return "base" }
func (f *baseFeature) Days() []int { return f.days }

func (f *baseFeature) Columns() []string {
	var out []string
	for _, c := range f.columns {
		out = append(out, "base_"+c.name)
	}
	return out
}

// Add makes a state of the record alone and merges it.
func (f *baseFeature) Add(state []int64, r *Record) []int64 {
	var more [baseWords]int64
	at := r.At.UnixNano()
	s := freshState
	switch r.Source {
	case FromEvent:
		e := Event[int64, int64]{Kind: r.Kind, Dwell: r.Dwell, Position: r.Position, Pages: r.Pages, Rating: r.Rating, Sentiment: r.Sentiment}
		more[r.Kind-1], s = 1, e.state(at)
	case FromOrder:
		more[kinds+flowOrders], more[kinds+flowUnits], more[kinds+flowPaid] = 1, r.Quantity, r.Money
		s.see(at)
		s.firstOrder, s.lastOrder = at, at
	case FromRefund:
		more[kinds+flowRefunded] = r.Money
		s.see(at)
	default:
		return state
	}
	for i, x := range s.recorded() {
		more[baseTimes+i] = *x
	}
	return f.Merge(state, more[:])
}

// mostWords is the most that a Builder lets word i of a state be: events of a kind, flows, other sums.
func mostWords(i int) int64 {
	switch {
	case i < kinds:
		return math.MaxUint32
	case i < baseTimes:
		return 1<<59 - 1
	}
	return math.MaxInt64
}

// Merge adds what is a sum and takes the extreme of times.
func (*baseFeature) Merge(state, other []int64) []int64 {
	if len(state) == 0 {
		return append(state, other...)
	}
	for i, x := range other {
		switch i - baseTimes {
		case 0, 2:
			state[i] = min(state[i], x)
		case 1, 3:
			state[i] = max(state[i], x)
		default: // the Builder around it has looked whether it fits, but not in a frame that somebody made up
			switch {
			case addable(state[i], x):
				state[i] = min(state[i]+x, mostWords(i))
			case x > 0:
				state[i] = mostWords(i)
			default:
				state[i] = math.MinInt64
			}
		}
	}
	return state
}

// Valid holds a state to what Add can make: counts and flows within what the sums of all
// windows can bear, so that a decoded state never wraps.
func (*baseFeature) Valid(state []int64) bool {
	if len(state) != baseWords {
		return false
	}
	for i, x := range state[:baseTimes] {
		if x < 0 || x > mostWords(i) {
			return false
		}
	}
	s := freshState
	for i, x := range s.recorded() {
		*x = state[baseTimes+i]
	}
	return s.plausible(math.MaxInt64)
}

// Result spreads the states over the buckets of a Builder of one user, and asks it.
func (f *baseFeature) Result(dst []float64, states [][]int64, at Clock) []float64 {
	at = at.dated()
	b := f.builder(at)
	nb := b.buckets()
	var before []int64 // what the shorter windows have
	for w, state := range states {
		if len(state) == 0 {
			continue
		}
		for i, x := range state[:baseTimes] {
			if before != nil {
				x -= before[i]
			}
			if i < kinds {
				b.counts[i*nb+w] = uint32(x)
			} else {
				b.flows[(i-kinds)*nb+w] = x
			}
		}
		before = state
	}
	if before != nil {
		for i, x := range b.state[0].recorded() {
			*x = before[baseTimes+i]
		}
	}
	for _, c := range f.columns {
		dst = append(dst, c.value(b, 0))
	}
	return dst
}

// dated is c with the days before it counted, which the clock of a cut-off has.
func (c Clock) dated() Clock {
	if c.days == nil {
		days := calendar.NewAges(c.Time(), c.Time().Location())
		c.days = &days
	}
	return c
}

// CalendarDaysSince returns the days from a moment before c, in nanoseconds since 1970, to c as
// Builder.Table counts them: calendar days of 23 to 25 hours, with the part of the last one. It is
// quick in a Result; of the Clock of a Record it looks up every change of the clock since 1970.
func (c Clock) CalendarDaysSince(at int64) float64 { return c.dated().days.Since(at) }
