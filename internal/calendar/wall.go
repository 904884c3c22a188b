package calendar

import (
	"slices"
	"time"
)

// Shown says how often a clock shows a time.
type Shown uint8

// The cases of Resolve.
const (
	Once  Shown = iota
	Never       // in a gap, since the clock was put forward over it
	Twice       // in an overlap, since the clock was put back over it
)

const (
	daySeconds = 86400
	// reach is more than any offset from UTC and any change of one: a clock shows a time
	// within reach of when UTC does.
	reach = 30 * 3600
)

// Wall is the time that the clock of loc shows at t, in seconds of a clock that began at
// 0 on 1 January 1970 and was never changed; what time.Date(…, time.UTC).Unix() gives.
func Wall(t time.Time, loc *time.Location) int64 {
	_, offset := t.In(loc).Zone()
	return t.Unix() + int64(offset)
}

// Resolve returns the Unix seconds at which the clock of loc shows wall, see Wall: first
// and last are the same but for a time shown twice. For one never shown both are the
// end of the gap, where the clock shows the next time that exists.
func Resolve(wall int64, loc *time.Location) (first, last int64, shown Shown) {
	at := time.Unix(wall, 0).In(loc)
	_, offset := at.Zone()
	u := wall - int64(offset)
	// The usual case: no change of the clock is near.
	x := time.Unix(u, 0).In(loc)
	if start, end := x.ZoneBounds(); (start.IsZero() || u-start.Unix() > 2*reach) && (end.IsZero() || end.Unix()-u > 2*reach) {
		return u, u, Once
	}
	spans := around(wall, loc)
	var found []int64
	for _, s := range spans {
		if u := wall - s.offset; s.from <= u && u < s.to && !slices.Contains(found, u) {
			found = append(found, u)
		}
	}
	if len(found) > 0 {
		if len(found) > 1 {
			shown = Twice
		}
		return slices.Min(found), slices.Max(found), shown
	}
	for i := 1; i < len(spans); i++ {
		if t := spans[i].from; wall >= t+spans[i-1].offset && wall < t+spans[i].offset {
			return t, t, Never
		}
	}
	return u, u, Once // zones whose spans do not join: none is known
}

// span is a time during which the offset from UTC does not change.
type span struct{ from, to, offset int64 }

// around returns the spans of loc within reach of wall, in order.
func around(wall int64, loc *time.Location) (out []span) {
	for at := wall - reach; at <= wall+reach; {
		t := time.Unix(at, 0).In(loc)
		_, offset := t.Zone()
		_, end := t.ZoneBounds()
		to := int64(wall + reach + 1)
		// The standard library may report an end that is not after t at the turn of a
		// leap year; a step of an hour then finds the span behind.
		if !end.IsZero() && end.Unix() < to {
			to = max(end.Unix(), at+3600)
		}
		if n := len(out); n > 0 && out[n-1].offset == int64(offset) {
			out[n-1].to = to
		} else {
			out = append(out, span{at, to, int64(offset)})
		}
		at = to
	}
	return out
}

// Day returns the number of the day that the clock of loc shows at t, counted from 1
// January 1970.
func Day(t time.Time, loc *time.Location) int64 { return floorDiv(Wall(t, loc), daySeconds) }

// Start returns the first instant at which the clock of loc shows the day: midnight, or
// the end of a gap that took it. Of a day that a zone skipped it is that of the next.
func Start(day int64, loc *time.Location) time.Time {
	first, _, _ := Resolve(day*daySeconds, loc)
	return time.Unix(first, 0).In(loc)
}

// Fraction returns how much of its day is over at t, in [0, 1): of the hours that this
// day has.
func Fraction(t time.Time, loc *time.Location) float64 {
	day := Day(t, loc)
	from, to := Start(day, loc), Start(day+1, loc)
	f := float64(t.Sub(from)) / float64(to.Sub(from))
	return min(max(f, 0), 1-0x1p-53) // a clock put back just after midnight shows the day before again
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
