package calendar

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// Shift is a part of a day in which there is business: [From, To) since midnight as the wall
// clock shows it, in whole seconds, To at most 24 hours.
type Shift struct{ From, To time.Duration }

// HoursOptions configures Hours. Its zero value is open all of Monday to Friday, in UTC.
type HoursOptions struct {
	Business *Business                // which days are of business; nil: Monday to Friday
	Shifts   []Shift                  // of each of them, ascending and apart; nil: the whole day
	On       map[time.Weekday][]Shift // those of a day of the week instead, also of the weekend; an empty list closes it
	Location *time.Location           // whose wall clock it is; nil: UTC
}

// Hours is a clock that runs while there is business and stands still otherwise. It is
// immutable and safe for concurrent use; nil runs around the clock.
type Hours struct {
	week [7][]int64 // from and to of each shift, in seconds, as the day of the week has them
	pass [7]int64   // open seconds of the days of the week before it, from Sunday on
	sum  int64      // of a whole week
	work [7][]int64 // shifts of a day of the weekend that is worked
	rest []int64    // holidays, ascending
	days []int64    // worked days of a weekend, ascending
	zone *time.Location
	segs []segment // ascending by from
}

// segment is a part of time with one offset and plain weeks, or a few special days whose
// shifts are listed.
type segment struct {
	from   int64   // in seconds since 1970
	plain  bool    // whole weeks of one offset
	offset int64   // of the wall clock, where plain
	base   int64   // open seconds up to from; where plain, less those that plain weeks would have
	spans  []int64 // from and to of each shift, in seconds since 1970
}

const (
	firstDay = -106_650 // early in 1678
	lastDay  = 106_650  // late in 2261
)

// NewHours returns the Hours of opt, which is not kept. ErrOption for shifts that are no part
// of a day, out of order, or none in all the week, and for days of the week that do not exist.
// The message begins with where, the caller's name.
func NewHours(where string, opt HoursOptions) (*Hours, error) {
	h := &Hours{zone: opt.Location}
	if h.zone == nil {
		h.zone = time.UTC
	}
	var c check.Options
	usual := []int64{0, daySeconds}
	if opt.Shifts != nil {
		usual = shifts(&c, "Shifts", opt.Shifts)
	}
	for d := range opt.On {
		c.Require(d >= time.Sunday && d <= time.Saturday, "On", int(d), "days of the week, 0 to 6")
	}
	b := opt.Business.orUsual()
	for d := range h.week {
		if own, ok := opt.On[time.Weekday(d)]; ok {
			h.week[d] = shifts(&c, fmt.Sprintf("On[%v]", time.Weekday(d)), own)
			h.work[d] = h.week[d]
			continue
		}
		h.work[d] = usual
		if !b.off[d] {
			h.week[d] = usual
		}
	}
	for _, x := range b.holidays {
		h.rest = append(h.rest, x.day)
	}
	h.rest = slices.Compact(h.rest)
	h.days = slices.Compact(slices.Clone(b.work))
	c.Require(slices.ContainsFunc(h.week[:], func(s []int64) bool { return len(s) > 0 }), "Shifts", opt.Shifts, "business on a day of the week")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	h.build()
	return h, nil
}

// shifts returns those of a day as seconds and requires that they are parts of it, in order.
func shifts(c *check.Options, field string, list []Shift) []int64 {
	out := []int64{}
	var last time.Duration
	for i, s := range list {
		ok := s.From >= last && s.To > s.From && s.To <= daySeconds*time.Second && s.From%time.Second == 0 && s.To%time.Second == 0
		c.Require(ok, fmt.Sprintf("%s[%d]", field, i), s, "whole seconds of one day, after the shift before")
		out = append(out, int64(s.From/time.Second), int64(s.To/time.Second))
		last = s.To
	}
	return out
}

// of returns the shifts of a day.
func (h *Hours) of(day int64) []int64 {
	if _, rests := slices.BinarySearch(h.rest, day); rests {
		return nil
	}
	wd := ((day+4)%7 + 7) % 7 // 1 January 1970 was a Thursday
	if _, worked := slices.BinarySearch(h.days, day); worked {
		return h.work[wd]
	}
	return h.week[wd]
}

// build parts time into plain weeks and special days: holidays, worked days of a weekend, and
// the days around each change of the clock.
func (h *Hours) build() {
	for d, list := range h.week {
		h.pass[d] = h.sum
		for i := 0; i < len(list); i += 2 {
			h.sum += list[i+1] - list[i]
		}
	}
	special := append(slices.Clone(h.rest), h.days...)
	first := time.Unix(firstDay*daySeconds, 0).In(h.zone)
	for t, last := first, first; ; {
		_, next := t.ZoneBounds()
		if next.IsZero() || next.Unix() >= lastDay*daySeconds {
			break
		}
		for d := Day(next.Add(-1), h.zone) - 1; d <= Day(next, h.zone)+1; d++ {
			special = append(special, d)
		}
		// The standard library may report an end that is not after t at the turn of a leap year.
		if t = next; !t.After(last) {
			t = last.Add(time.Hour)
		}
		last = t
	}
	slices.Sort(special)
	special = slices.Compact(special)
	_, offset := first.Zone()
	h.segs = []segment{{from: math.MinInt64, plain: true, offset: int64(offset)}}
	for i := 0; i < len(special); {
		j := i + 1
		for j < len(special) && special[j] == special[j-1]+1 {
			j++
		}
		begin, end := At(special[i], 0, h.zone), At(special[j-1]+1, 0, h.zone)
		open, _ := h.seconds(begin.Unix())
		run := segment{from: begin.Unix(), base: open}
		for _, day := range special[i:j] {
			for list := h.of(day); len(list) > 0; list = list[2:] {
				from, to := At(day, list[0], h.zone).Unix(), At(day, list[1], h.zone).Unix()
				if to > from { // or a gap took it
					run.spans = append(run.spans, from, to)
					open += to - from
				}
			}
		}
		_, offset := end.Zone()
		plain := segment{from: end.Unix(), plain: true, offset: int64(offset)}
		weeks, _ := h.weeks(plain.from + plain.offset)
		plain.base = open - weeks
		h.segs = append(h.segs, run, plain)
		i = j
	}
}

// weeks returns the open seconds of plain weeks up to a reading of the wall clock, and
// whether it is open then.
func (h *Hours) weeks(wall int64) (seconds int64, open bool) {
	day := floorDiv(wall, daySeconds)
	week := floorDiv(day+4, 7)
	wd := day + 4 - 7*week
	seconds, wall = week*h.sum+h.pass[wd], wall-day*daySeconds
	for list := h.week[wd]; len(list) > 0 && list[0] <= wall; list = list[2:] {
		open = wall < list[1]
		seconds += min(wall, list[1]) - list[0]
	}
	return seconds, open
}

// seconds returns the open seconds up to t, from an origin of its own, and whether it is open
// then.
func (h *Hours) seconds(t int64) (seconds int64, open bool) {
	i := sort.Search(len(h.segs), func(i int) bool { return h.segs[i].from > t }) - 1
	s := &h.segs[max(i, 0)]
	if s.plain {
		seconds, open = h.weeks(t + s.offset)
		return s.base + seconds, open
	}
	seconds = s.base
	for list := s.spans; len(list) > 0 && list[0] <= t; list = list[2:] {
		open = t < list[1]
		seconds += min(t, list[1]) - list[0]
	}
	return seconds, open
}

// Between returns how long there was business in [from, to), 0 where to is not after from. It
// is time that passes: a night shift in which the clock is put forward is an hour shorter.
// Beyond the years 1678 to 2261 days are plain; the longest time.Duration stands for all that is longer.
// Cost is a binary search in the holidays and changes of the clock; nothing is allocated.
func (h *Hours) Between(from, to time.Time) time.Duration {
	switch {
	case !to.After(from):
		return 0
	case h == nil:
		return to.Sub(from)
	}
	a, opens := h.seconds(from.Unix())
	b, closes := h.seconds(to.Unix())
	var ns int64
	if opens {
		ns -= int64(from.Nanosecond())
	}
	if closes {
		ns += int64(to.Nanosecond())
	}
	if b-a >= math.MaxInt64/int64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration((b-a)*int64(time.Second) + ns)
}

// Zone returns the name of the zone of h, "" for nil.
func Zone(h *Hours) string {
	if h == nil {
		return ""
	}
	return h.zone.String()
}

// SameHours reports whether two clocks are built of the same shifts, days and zone.
func SameHours(a, b *Hours) bool {
	if a == b || a == nil || b == nil {
		return a == b
	}
	for d := range a.week {
		if !slices.Equal(a.week[d], b.week[d]) || !slices.Equal(a.work[d], b.work[d]) {
			return false
		}
	}
	return slices.Equal(a.rest, b.rest) && slices.Equal(a.days, b.days) && Zone(a) == Zone(b)
}

// PutHours appends what h is built of:
//
//	string  name of the zone, empty for a nil h, which has nothing else
//	7×[]i64 seconds since midnight from and to which a day of the week is open, from Sunday on
//	7×[]i64 the same of one that is worked although it is of the weekend
//	2×[]i64 holidays and worked days of a weekend, days since 1970, ascending without repeats
func PutHours(w *codec.Writer, h *Hours) {
	w.String(Zone(h))
	if h == nil {
		return
	}
	for _, week := range [][7][]int64{h.week, h.work} {
		for _, list := range week {
			w.Int64s(list)
		}
	}
	w.Int64s(h.rest)
	w.Int64s(h.days)
}

// GetHours reads what PutHours wrote. What the name of a zone other than UTC stands for is the
// host's to say: it is that of like, and ErrMismatch where like has another. It fails r for shifts
// that NewHours would refuse.
func GetHours(r *codec.Reader, like *Hours) (*Hours, error) {
	name := r.String()
	if r.Err() != nil || name == "" {
		return nil, nil
	}
	h := &Hours{zone: time.UTC}
	if name != "UTC" {
		if name != Zone(like) {
			return nil, fmt.Errorf("hours of the zone %.64q, read by one of %q: %w", name, Zone(like), check.ErrMismatch)
		}
		h.zone = like.zone
	}
	some := false
	for _, week := range []*[7][]int64{&h.week, &h.work} {
		for d := range week {
			week[d] = r.Int64s()
			last, list := int64(0), week[d]
			for i := 0; i+1 < len(list); i += 2 {
				if list[i] < last || list[i+1] <= list[i] || list[i+1] > daySeconds {
					r.Fail("has shifts out of order")
					return nil, nil
				}
				last = list[i+1]
			}
			if len(list)%2 > 0 {
				r.Fail("has a shift without an end")
				return nil, nil
			}
			some = some || week == &h.week && len(list) > 0
		}
	}
	for _, days := range []*[]int64{&h.rest, &h.days} {
		*days = r.Int64s()
		for i, d := range *days {
			if i > 0 && d <= (*days)[i-1] || d < firstDay || d > lastDay {
				r.Fail("has days out of order")
				return nil, nil
			}
		}
	}
	if !some {
		r.Fail("has hours without business")
	}
	if r.Err() != nil {
		return nil, nil
	}
	h.build()
	return h, nil
}
