package calendar

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Civil is a date of the calendar, without a time and without a zone.
type Civil struct {
	Year  int // 1678 to 2261
	Month time.Month
	Day   int // 1 to the length of the month
}

// CivilOf returns the date of a day counted from 1 January 1970.
func CivilOf(day int64) Civil {
	y, m, d := Date(day).Date()
	return Civil{y, m, d}
}

// Number returns the day counted from 1 January 1970, and whether there is such a date.
func (c Civil) Number() (day int64, ok bool) {
	t := time.Date(c.Year, c.Month, c.Day, 0, 0, 0, 0, time.UTC)
	y, m, d := t.Date()
	return floorDiv(t.Unix(), daySeconds), c == Civil{y, m, d} && y >= 1678 && y <= 2261
}

// In returns the day of the anniversary of c in a year: the same month and day, and 28
// February for the 29th of a leap year where the year is none. The Year of c is not read.
func (c Civil) In(year int) int64 {
	last := time.Date(year, c.Month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return floorDiv(time.Date(year, c.Month, min(c.Day, last), 0, 0, 0, 0, time.UTC).Unix(), daySeconds)
}

// At returns the instant at which the clock of loc shows a time, in seconds since
// midnight, of a day: the first of two, and the end of a gap that took it.
func At(day, seconds int64, loc *time.Location) time.Time {
	first, _, _ := Resolve(day*daySeconds+seconds, loc)
	return time.Unix(first, 0).In(loc)
}

// BusinessOptions configures a Business. Its zero value closes on Saturdays and Sundays.
type BusinessOptions struct {
	// Weekend lists the days of the week that are none of business. Nil: Saturday and Sunday.
	// Empty, but not nil: none.
	Weekend []time.Weekday
	// Holidays lists by name the dates on which business rests, those of every year for
	// which there is business: holidays that follow the moon or a decree have no formula here.
	Holidays map[string][]Civil
	// Workdays lists days of a weekend that are worked all the same, as some countries decree
	// around their holidays. A date that is a holiday, too, is none of business.
	Workdays []Civil
}

// Business tells days of business from others. It is immutable and safe for concurrent
// use; nil is one of Saturdays and Sundays without holidays.
type Business struct {
	off      [7]bool
	holidays []holiday // by day, then name
	work     []int64   // ascending
}

// holiday is one date of a name.
type holiday struct {
	day  int64
	name string
}

var weekdays = &Business{off: [7]bool{time.Saturday: true, time.Sunday: true}}

// NewBusiness returns the Business of opt, whose slices and maps are not kept. ErrOption
// for dates and days of the week that do not exist, a week without business, and a holiday
// without a name, which begins with where, the caller's name.
func NewBusiness(where string, opt BusinessOptions) (*Business, error) {
	b := &Business{}
	if opt.Weekend == nil {
		b.off = weekdays.off
	}
	var c check.Options
	for i, d := range opt.Weekend {
		ok := d >= time.Sunday && d <= time.Saturday
		if c.Require(ok, fmt.Sprintf("Weekend[%d]", i), int(d), "0 to 6"); ok {
			b.off[d] = true
		}
	}
	c.Require(b.off != [7]bool{true, true, true, true, true, true, true}, "Weekend", opt.Weekend, "a day of business")
	date := func(field string, x Civil) int64 {
		day, ok := x.Number()
		c.Require(ok, field, x, "a date of the years 1678 to 2261")
		return day
	}
	for _, name := range slices.Sorted(maps.Keys(opt.Holidays)) {
		c.Require(name != "", "Holidays", "a date without a name", "names")
		for i, x := range opt.Holidays[name] {
			b.holidays = append(b.holidays, holiday{date(fmt.Sprintf("Holidays[%s][%d]", name, i), x), name})
		}
	}
	for i, x := range opt.Workdays {
		b.work = append(b.work, date(fmt.Sprintf("Workdays[%d]", i), x))
	}
	if err := c.Err(where); err != nil {
		return nil, err
	}
	slices.SortFunc(b.holidays, func(x, y holiday) int {
		return cmp.Or(cmp.Compare(x.day, y.day), cmp.Compare(x.name, y.name))
	})
	slices.Sort(b.work)
	return b, nil
}

func (b *Business) orUsual() *Business {
	if b == nil {
		return weekdays
	}
	return b
}

// Holiday returns the name of the holiday on a date, the first of several, or "".
func (b *Business) Holiday(c Civil) string {
	if day, ok := c.Number(); ok {
		return b.orUsual().named(day)
	}
	return ""
}

func (b *Business) named(day int64) string {
	i, found := slices.BinarySearchFunc(b.holidays, day, func(h holiday, day int64) int { return cmp.Compare(h.day, day) })
	if found {
		return b.holidays[i].name
	}
	return ""
}

// Open reports whether a date is one of business. A date that does not exist is none.
func (b *Business) Open(c Civil) bool {
	day, ok := c.Number()
	return ok && b.IsOpen(day)
}

// IsOpen is Open of a day counted from 1 January 1970.
func (b *Business) IsOpen(day int64) bool {
	b = b.orUsual()
	if b.named(day) != "" {
		return false
	}
	if !b.off[((day+4)%7+7)%7] { // 1 January 1970 was a Thursday
		return true
	}
	_, worked := slices.BinarySearch(b.work, day)
	return worked
}

// Next returns the first day of business that is not before day, and Previous the last
// that is not after it.
func (b *Business) Next(day int64) int64 {
	for !b.IsOpen(day) {
		day++
	}
	return day
}

// Previous returns the last day of business that is not after day.
func (b *Business) Previous(day int64) int64 {
	for !b.IsOpen(day) {
		day--
	}
	return day
}

// Add returns the date n days of business after c, or before it where n is negative; with
// n = 0 the first that is not before c. A date that does not exist comes back as it is, and
// n is cut to ±100,000.
func (b *Business) Add(c Civil, n int) Civil {
	day, ok := c.Number()
	if !ok {
		return c
	}
	n = max(min(n, 100_000), -100_000)
	switch {
	case n == 0:
		day = b.Next(day)
	case n > 0:
		for ; n > 0; n-- {
			day = b.Next(day + 1)
		}
	default:
		for ; n < 0; n++ {
			day = b.Previous(day - 1)
		}
	}
	return CivilOf(day)
}

// Between returns the number of days of business in [from, to), 0 where to is not after
// from or one of them is no date.
func (b *Business) Between(from, to Civil) (n int) {
	first, ok1 := from.Number()
	end, ok2 := to.Number()
	if !ok1 || !ok2 {
		return 0
	}
	for day := first; day < end; day++ {
		if b.IsOpen(day) {
			n++
		}
	}
	return n
}

// Dates returns the days of the holidays of a name, ascending.
func (b *Business) Dates(name string) (days []int64) {
	for _, h := range b.orUsual().holidays {
		if h.name == name {
			days = append(days, h.day)
		}
	}
	return days
}
