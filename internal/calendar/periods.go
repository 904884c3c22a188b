package calendar

import (
	"math"
	"time"
)

// Unit is a length of business time.
type Unit uint8

// Units of Periods.
const (
	Days Unit = iota
	Weeks
	Months
)

// Periods cuts time into civil days, weeks or months of a zone, numbered from the one of 1
// January 1970. A clock that is put back over midnight shows the day before once more: that
// hour is of the day that had begun, so that periods follow each other.
type Periods struct {
	Unit    Unit
	Sundays bool // weeks begin on Sunday, not on Monday
	Zone    *time.Location
}

// Index returns the number of the period that holds t.
func (p Periods) Index(t time.Time) int64 {
	c := Clock{Zone: p.Zone}
	return p.Of(c.Day(t))
}

// Of returns the number of the period that holds a day.
func (p Periods) Of(day int64) int64 {
	switch p.Unit {
	case Weeks:
		return floorDiv(day+p.shift(), 7)
	case Months:
		t := time.Unix(day*daySeconds, 0).UTC()
		return int64(t.Year()-1970)*12 + int64(t.Month()) - 1
	}
	return day
}

// shift is how many days before 1 January 1970, a Thursday, its week began.
func (p Periods) shift() int64 {
	if p.Sundays {
		return 4
	}
	return 3
}

// First returns the first day of period i.
func (p Periods) First(i int64) int64 {
	switch p.Unit {
	case Weeks:
		return i*7 - p.shift()
	case Months:
		return floorDiv(time.Date(1970, time.Month(1+i), 1, 0, 0, 0, 0, time.UTC).Unix(), daySeconds)
	}
	return i
}

// Start returns the first instant of period i.
func (p Periods) Start(i int64) time.Time { return Start(p.First(i), p.Zone) }

// Date is midnight of a day in UTC, which shows its year, month and day.
func Date(day int64) time.Time { return time.Unix(day*daySeconds, 0).UTC() }

// Clock tells days of one zone fast: it remembers the offset in force. Its zero value with
// a Zone is ready.
type Clock struct {
	Zone           *time.Location
	lo, hi, offset int64 // the offset in force in [lo, hi)
	least          int64 // the day that had begun at lo
}

// Day returns the number of the day of t: that of Periods.Index.
func (c *Clock) Day(t time.Time) int64 {
	s := t.Unix()
	if s < c.lo || s >= c.hi {
		at := t.In(c.Zone)
		_, offset := at.Zone()
		from, to := at.ZoneBounds()
		c.offset, c.lo, c.hi, c.least = int64(offset), math.MinInt64, math.MaxInt64, math.MinInt64
		if !from.IsZero() {
			c.lo, c.least = from.Unix(), Day(from, c.Zone)
			if !from.Before(Start(c.least+1, c.Zone)) {
				c.least++
			}
		}
		if !to.IsZero() {
			c.hi = to.Unix()
		}
	}
	return max(floorDiv(s+c.offset, daySeconds), c.least)
}
