package kpi

import (
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Period is a length of business time.
type Period uint8

const (
	PeriodDay   Period = iota // from midnight of the wall clock
	PeriodWeek                // from Monday, or from Sunday
	PeriodMonth               // calendar months
)

// String returns "day", "week" or "month".
func (p Period) String() string {
	switch p {
	case PeriodDay:
		return "day"
	case PeriodWeek:
		return "week"
	case PeriodMonth:
		return "month"
	}
	return fmt.Sprintf("Period(%d)", uint8(p))
}

// Calendar cuts time into days, weeks or months of a business time zone. A day
// is what the wall clock there calls so: 23 or 25 hours long where clocks change.
// What takes a Calendar refuses a Period that is none; its own methods count days by it.
type Calendar struct {
	Period      Period         // default PeriodDay
	Location    *time.Location // default time.UTC
	SundayWeeks bool           // weeks start on Sunday instead of Monday
}

func (cal Calendar) withDefaults() Calendar {
	if cal.Location == nil {
		cal.Location = time.UTC
	}
	return cal
}

func (cal Calendar) validate(c *check.Options) {
	c.Require(cal.Period <= PeriodMonth, "Calendar.Period", cal.Period, "day, week or month")
}

func (cal Calendar) equal(d Calendar) bool {
	cal, d = cal.withDefaults(), d.withDefaults()
	return cal.Period == d.Period && cal.SundayWeeks == d.SundayWeeks && cal.Location.String() == d.Location.String()
}

// Index returns the number of the period that t is in, counted from the one
// that holds 1 January 1970.
func (cal Calendar) Index(t time.Time) int {
	cal = cal.withDefaults()
	_, offset := t.In(cal.Location).Zone()
	return cal.fromDay(floorDiv(t.Unix()+int64(offset), 86400))
}

func (cal Calendar) fromDay(day int64) int {
	switch cal.Period {
	case PeriodWeek:
		shift := int64(3) // 1970 began on a Thursday
		if cal.SundayWeeks {
			shift = 4
		}
		return int(floorDiv(day+shift, 7))
	case PeriodMonth:
		t := time.Unix(day*86400, 0).UTC()
		return (t.Year()-1970)*12 + int(t.Month()) - 1
	}
	return int(day)
}

// firstDay returns the day on which period i starts.
func (cal Calendar) firstDay(i int) int64 {
	switch cal.Period {
	case PeriodWeek:
		shift := int64(3)
		if cal.SundayWeeks {
			shift = 4
		}
		return int64(i)*7 - shift
	case PeriodMonth:
		return floorDiv(time.Date(1970, time.Month(1+i), 1, 0, 0, 0, 0, time.UTC).Unix(), 86400)
	}
	return int64(i)
}

// Start returns the first instant of period i, which is not midnight where
// clocks are put forward at midnight; the zero time for i beyond ±2^21, which is thousands
// of years away.
func (cal Calendar) Start(i int) time.Time {
	if i < -maxIndex || i > maxIndex {
		return time.Time{}
	}
	cal = cal.withDefaults()
	local := cal.firstDay(i) * 86400 // wall clock, as if it were UTC
	// The wall clock shows midnight, or has just jumped over it, within a day of
	// this; look at the zones in force there from the earliest on.
	at := time.Unix(local-86400, 0).In(cal.Location)
	for range 8 {
		_, offset := at.Zone()
		_, end := at.ZoneBounds()
		from := local - int64(offset)
		if from < at.Unix() {
			from = at.Unix()
		}
		// The standard library ends the zone of a leap year a day early.
		if !end.After(at) || from < end.Unix() {
			return time.Unix(from, 0).In(cal.Location)
		}
		at = end.In(cal.Location)
	}
	return at
}

// Label returns the date of the period's first day, "2026-03-01", or the month,
// "2026-03"; nothing for i beyond ±2^21.
func (cal Calendar) Label(i int) string {
	if i < -maxIndex || i > maxIndex {
		return ""
	}
	t := time.Unix(cal.firstDay(i)*86400, 0).UTC()
	if cal.Period == PeriodMonth {
		return t.Format("2006-01")
	}
	return t.Format("2006-01-02")
}

const maxIndex = 1 << 21 // every index that Activity has is within

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// clock is a Calendar that remembers the last zone and period: a few
// nanoseconds per event instead of a search. The answers are those of Index.
type clock struct {
	Calendar
	lo, hi, offset int64 // the zone in force in [lo, hi)
	day0, day1     int64 // the period in force on days [day0, day1)
	period         int32
}

// maxUnix keeps every index within int32: about the years −2300 to 6300.
const maxUnix = 1 << 37

// index is Calendar.Index where the answer fits int32. ErrRange for the zero time and
// for one outside of that.
func (c *clock) index(t time.Time) (int32, error) {
	s := t.Unix()
	if t.IsZero() || s < -maxUnix || s > maxUnix {
		return 0, check.Private("time", -1, nil, t, ErrRange)
	}
	if s < c.lo || s >= c.hi {
		if c.Location == nil {
			c.Location = time.UTC
		}
		at := t.In(c.Location)
		_, offset := at.Zone()
		from, to := at.ZoneBounds()
		c.offset, c.lo, c.hi = int64(offset), math.MinInt64, math.MaxInt64
		if !from.IsZero() {
			c.lo = from.Unix()
		}
		if !to.IsZero() {
			c.hi = to.Unix()
		}
	}
	day := floorDiv(s+c.offset, 86400)
	if c.Period == PeriodDay {
		return int32(day), nil
	}
	if day < c.day0 || day >= c.day1 {
		i := c.fromDay(day)
		c.period, c.day0, c.day1 = int32(i), c.firstDay(i), c.firstDay(i+1)
	}
	return c.period, nil
}
