package calendar

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/codec"
)

const dayNanos = daySeconds * int64(time.Second)

// Ages counts back from one instant in days of a wall clock. The begin of day k is the
// instant at which the clock showed the same time k days before: the end of the gap
// where it never did, the earlier one where it did twice. Ages are relative to these
// begins, so an age is at most k exactly where the instant is at or after begin k: windows
// and ages agree. It is immutable; the zero value counts from 1970 in days of 24 hours.
type Ages struct {
	asOf int64 // nanoseconds since 1970
	runs []run // ascending k; from k on, begin = asOf - k days + shift
}

type run struct{ k, shift int64 } // shift in seconds

// maxAge is more days than an int64 of nanoseconds holds.
const maxAge = math.MaxInt64/dayNanos*2 + 2

// NewAges returns the Ages as of asOf by the clock of loc. Days before 1970 have 24
// hours.
func NewAges(asOf time.Time, loc *time.Location) Ages {
	a := Ages{asOf: asOf.UnixNano()}
	wall, now := Wall(asOf, loc), asOf.Unix()
	shift := func(k int64) int64 {
		first, _, _ := Resolve(wall-k*daySeconds, loc)
		return first - (now - k*daySeconds)
	}
	// A shift changes only where the clock was changed: look around these instants.
	ks := []int64{0}
	for at := asOf.In(loc); ; {
		start, _ := at.ZoneBounds()
		if start.IsZero() || start.Unix() < 0 || start.After(at) {
			break
		}
		for k := (now-start.Unix())/daySeconds - 2; k <= (now-start.Unix())/daySeconds+3; k++ {
			if k > 0 {
				ks = append(ks, k)
			}
		}
		at = start.Add(-time.Second).In(loc)
	}
	slices.Sort(ks)
	last := int64(0)
	for _, k := range slices.Compact(ks) {
		if s := shift(k); k > 0 && s != last {
			a.runs = append(a.runs, run{k, s})
			last = s
		}
	}
	return a
}

// FromBegins returns Ages of which only some begins are known, days ascending: between
// them the length of days does not change. Both slices have the same length. It reports
// false for begins that no clock has.
func FromBegins(asOf int64, days []int, begins []int64) (Ages, bool) {
	a := Ages{asOf: asOf}
	last := run{}
	for i, k := range days {
		nanos := begins[i] - (asOf - int64(k)*dayNanos)
		x := run{int64(k), nanos / int64(time.Second)}
		if x.shift == last.shift {
			continue
		}
		if nanos%int64(time.Second) != 0 || !x.follows(last) {
			return a, false
		}
		a.runs, last = append(a.runs, x), x
	}
	return a, true
}

// follows reports whether r may stand after last: its begins lie within two days of days
// of 24 hours, and not after those of the days before.
func (r run) follows(last run) bool {
	return r.k > last.k && r.k <= maxAge && r.shift != last.shift && max(r.shift, -r.shift) <= 2*daySeconds && r.shift-last.shift <= daySeconds
}

// Equal reports whether both count alike.
func (a Ages) Equal(b Ages) bool { return a.asOf == b.asOf && slices.Equal(a.runs, b.runs) }

// Begin returns the begin of day k >= 0, in nanoseconds since 1970, at least the smallest
// int64.
func (a Ages) Begin(k int64) int64 {
	shift := int64(0)
	if i, found := slices.BinarySearchFunc(a.runs, k, func(r run, k int64) int { return cmp.Compare(r.k, k) }); found {
		shift = a.runs[i].shift
	} else if i > 0 {
		shift = a.runs[i-1].shift
	}
	back := float64(k)*float64(dayNanos) - float64(shift)*1e9
	if float64(a.asOf)-back < math.MinInt64+float64(dayNanos) {
		return math.MinInt64
	}
	return a.asOf - k*dayNanos + shift*int64(time.Second)
}

// Since returns how many days before asOf the instant at lies, negative for one after
// it: whole days by the clock, and the part of the day in which it falls.
func (a Ages) Since(at int64) float64 {
	switch {
	case at > a.asOf:
		return -float64(uint64(at)-uint64(a.asOf)) / float64(dayNanos)
	case len(a.runs) == 0: // no change of the clock
		return float64(uint64(a.asOf)-uint64(at)) / float64(dayNanos)
	}
	k := int64((uint64(a.asOf) - uint64(at)) / uint64(dayNanos))
	for k > 0 && a.Begin(k) < at {
		k--
	}
	for k < maxAge && a.Begin(k+1) >= at {
		k++
	}
	for k > 0 && a.Begin(k-1) == at { // a day that the zone skipped
		k--
	}
	from, to := a.Begin(k), a.Begin(k+1)
	if from == at {
		return float64(k)
	}
	return float64(k) + float64(uint64(from)-uint64(at))/float64(uint64(from)-uint64(to))
}

// Write appends the binary form of a without asOf: int number of runs, then for each,
// int day, ascending, and i64 seconds by which its begin, and those of the days before
// up to the next run, differ from days of 24 hours.
func (a Ages) Write(w *codec.Writer) {
	w.Int(len(a.runs))
	for _, r := range a.runs {
		w.Int64(r.k)
		w.Int64(r.shift)
	}
}

// Read reads what Write wrote, or fails r.
func Read(r *codec.Reader, asOf int64) Ages {
	a := Ages{asOf: asOf}
	last := run{}
	for range r.Int() {
		x := run{r.Int64(), r.Int64()}
		if r.Err() == nil && !x.follows(last) {
			r.Fail("has days of a clock that none shows")
		}
		if r.Err() != nil {
			return a
		}
		a.runs, last = append(a.runs, x), x
	}
	return a
}
