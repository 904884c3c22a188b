package kpi

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
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
// is what the wall clock there calls so: 23 or 25 hours long where clocks change. Periods
// hold their first instant and not their end, and are named by their first day: pandas
// closes and names weeks and months by their end (resample("W"), "ME").
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

// periods is the calendar as package calendar, which does the arithmetic, has it.
func (cal Calendar) periods() calendar.Periods {
	cal = cal.withDefaults()
	return calendar.Periods{Unit: calendar.Unit(cal.Period), Sundays: cal.SundayWeeks, Zone: cal.Location}
}

// Index returns the number of the period that t is in, counted from the one
// that holds 1 January 1970. Where a clock is put back over midnight, the hour that it
// shows twice is of the day that had begun.
func (cal Calendar) Index(t time.Time) int { return int(cal.periods().Index(t)) }

// Start returns the first instant of period i, which is not midnight where
// clocks are put forward at midnight; the zero time for i beyond ±2^21, which is thousands
// of years away.
func (cal Calendar) Start(i int) time.Time {
	if i < -maxIndex || i > maxIndex {
		return time.Time{}
	}
	return cal.periods().Start(int64(i))
}

// Label returns the date of the period's first day, "2026-03-01", or the month,
// "2026-03"; nothing for i beyond ±2^21.
func (cal Calendar) Label(i int) string {
	if i < -maxIndex || i > maxIndex {
		return ""
	}
	t := calendar.Date(cal.periods().First(int64(i)))
	if cal.Period == PeriodMonth {
		return t.Format("2006-01")
	}
	return t.Format("2006-01-02")
}

const maxIndex = 1 << 21 // every index that Activity has is within

// clock is a Calendar that remembers the last zone and period: a few
// nanoseconds per event instead of a search. The answers are those of Index.
type clock struct {
	Calendar
	days       calendar.Clock
	day0, day1 int64 // the period in force on days [day0, day1)
	period     int32
}

// maxUnix keeps every index within int32: about the years −2300 to 6300.
const maxUnix = 1 << 37

// index is Calendar.Index where the answer fits int32. ErrRange for the zero time and
// for one outside of that.
func (c *clock) index(t time.Time) (int32, error) {
	if s := t.Unix(); t.IsZero() || s < -maxUnix || s > maxUnix {
		return 0, check.Private("time", -1, nil, t, ErrRange)
	}
	if c.days.Zone == nil {
		c.Calendar = c.withDefaults()
		c.days.Zone = c.Location
	}
	day := c.days.Day(t)
	if c.Period == PeriodDay {
		return int32(day), nil
	}
	if day < c.day0 || day >= c.day1 {
		p := c.periods()
		i := p.Of(day)
		c.period, c.day0, c.day1 = int32(i), p.First(i), p.First(i+1)
	}
	return c.period, nil
}
