package forecast

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
)

// Date is a date without a time or a zone: Year, Month, Day. Number tells its day counted
// from 1 January 1970, and whether there is such a date.
type Date = calendar.Civil

// Business tells days of business from others by weekends and holidays; nil closes on Saturdays
// and Sundays. It is immutable and safe for concurrent use.
type Business = calendar.Business

// BusinessOptions configures a Business: Weekend (nil is Saturday and Sunday), Holidays by
// name with the dates of every year, and Workdays, days of a weekend that are worked. Public
// and lunar holidays come from tables of the caller's; none are built in.
type BusinessOptions = calendar.BusinessOptions

// NewBusiness returns the Business of opt, which is not kept. ErrOption for dates and days of
// the week that do not exist, a week without business and a holiday without a name.
func NewBusiness(opt BusinessOptions) (*Business, error) {
	return calendar.NewBusiness("forecast: NewBusiness", opt)
}

// PayDay is a rule for the days on which people are paid: Day of each month (1 to 31, the
// last day in shorter months), LastBusiness, or every so many Weeks from First on; with
// Before, a day that is none of business moves to the one of business before it.
type PayDay = calendar.PayDay

// Lengths of the periods of a calendar.
const (
	Days   = calendar.Days
	Weeks  = calendar.Weeks
	Months = calendar.Months
)

// CalendarEvent is what comes on certain days and is felt around them. Exactly one of Holiday, PayDay and Dates is given.
type CalendarEvent struct {
	// Name is that of its column.
	Name string
	// Holiday is the name of one of Business.
	Holiday string
	// PayDay is a rule.
	PayDay *PayDay
	// Dates are days of the caller's, such as those of a sale or of school holidays.
	Dates []Date
	// From and To are the first and the last day that it is felt on, counted from the day itself, −366 to 366: 0 and 0
	// are the day, −21 and −1 the three weeks before it.
	From, To int
}

// CalendarOptions configures CalendarColumns: which columns it makes, in the order of its fields.
type CalendarOptions struct {
	// Unit is the length of a period: Days, Weeks of seven days from the first date on, or Months.
	Unit calendar.Unit
	// Weekdays adds, for Days, a column for each day of the week from Tuesday to Sunday, 1 on that
	// day; Mondays have 0 in all.
	Weekdays bool
	// BusinessDays adds how many days of each period are days of business.
	BusinessDays bool
	// Business has the weekends and holidays; nil: Saturdays and Sundays.
	Business *Business
	// Events adds for each how many days of each period it is felt on, one day counting once.
	Events []CalendarEvent
}

// maxWindow is how many days an event is felt before and behind its day at most.
const maxWindow = 366

// validate names every bad field.
func (o CalendarOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Unit <= Months, "Unit", int(o.Unit), "Days, Weeks or Months")
	c.Require(!o.Weekdays || o.Unit == Days, "Weekdays", o.Weekdays, "only with Days")
	c.Require(len(o.Events) <= maxColumns, "Events", len(o.Events), fmt.Sprintf("at most %d", maxColumns))
	c.Require(o.Weekdays || o.BusinessDays || len(o.Events) > 0, "Events", len(o.Events), "at least one without Weekdays and BusinessDays")
	for i, e := range o.Events {
		field := func(name string) string { return fmt.Sprintf("Events[%d].%s", i, name) }
		given := 0
		for _, x := range []bool{e.Holiday != "", e.PayDay != nil, len(e.Dates) > 0} {
			if x {
				given++
			}
		}
		c.Require(given == 1, fmt.Sprintf("Events[%d]", i), e.Name, "one of Holiday, PayDay and Dates")
		if e.Holiday != "" {
			c.Require(len(o.Business.Dates(e.Holiday)) > 0, field("Holiday"), e.Holiday, "one of Business")
		}
		if e.PayDay != nil {
			err := e.PayDay.Validate()
			c.Require(err == nil, field("PayDay"), err, "a rule")
		}
		for k, d := range e.Dates {
			_, ok := d.Number()
			c.Require(ok, fmt.Sprintf("Events[%d].Dates[%d]", i, k), d, "a date of the years 1678 to 2261")
		}
		c.Require(e.From >= -maxWindow && e.From <= e.To, field("From"), e.From, fmt.Sprintf("-%d to To", maxWindow))
		c.Require(e.To <= maxWindow, field("To"), e.To, fmt.Sprintf("at most %d", maxWindow))
	}
	return c.Err(where)
}

// CalendarColumns returns columns of the calendar for n periods from the one that holds first on, to
// be Known columns of a Series: as far as forecasts are wanted, since dates are known beforehand.
// columns[k][t] is that of period t, names[k] says what it is: a day of the week in English,
// "business days" or the Name of an event.
//
//	columns, names, err := forecast.CalendarColumns(forecast.Date{Year: 2025, Month: 1, Day: 1}, len(sales)+28, forecast.CalendarOptions{
//		Weekdays: true, Business: business,
//		Events: []forecast.CalendarEvent{
//			{Name: "Christmas", Holiday: "Christmas"},
//			{Name: "before Christmas", Holiday: "Christmas", From: -14, To: -1},
//			{Name: "pay day", PayDay: &forecast.PayDay{LastBusiness: true}, To: 2},
//		},
//	})
//
// A holiday is known in the years that Business lists: list those to come, too. Hours of the day are
// for RegressionOptions.Seasons. Cost: the days that are covered, and the windows of all events.
// Errors: ErrOption; ErrRange for n below 1, a first that is no date, and periods beyond the year 2261.
func CalendarColumns(first Date, n int, opt CalendarOptions) (columns [][]float64, names []string, err error) {
	const where = "forecast: CalendarColumns"
	if err := opt.validate(where); err != nil {
		return nil, nil, err
	}
	begin, ok := first.Number()
	if !ok {
		return nil, nil, fmt.Errorf("%s: first is %v, want a date of the years 1678 to 2261: %w", where, first, ErrRange)
	}
	last, _ := Date{Year: 2261, Month: time.December, Day: 31}.Number()
	if n < 1 || int64(n) > last-begin+1 {
		return nil, nil, fmt.Errorf("%s: n is %d, want periods from 1 to the end of 2261: %w", where, n, ErrRange)
	}
	at := func(i int) int64 { return begin + int64(i) } // first day of period i
	switch opt.Unit {
	case Weeks:
		at = func(i int) int64 { return begin + 7*int64(i) }
	case Months:
		months := calendar.Periods{Unit: Months}
		month := months.Of(begin)
		at = func(i int) int64 { return months.First(month + int64(i)) }
	}
	if at(n) > last+1 {
		return nil, nil, fmt.Errorf("%s: %d periods from %v end after 2261: %w", where, n, first, ErrRange)
	}
	count := func(name string, on func(day int64) bool) {
		x := make([]float64, n)
		for i := range x {
			for day := at(i); day < at(i+1); day++ {
				if on(day) {
					x[i]++
				}
			}
		}
		columns, names = append(columns, x), append(names, name)
	}
	if opt.Weekdays {
		for d := 1; d < 7; d++ {
			weekday := time.Weekday((d + 1) % 7)
			count(weekday.String(), func(day int64) bool { return calendar.Date(day).Weekday() == weekday })
		}
	}
	if opt.BusinessDays {
		count("business days", opt.Business.IsOpen)
	}
	for _, e := range opt.Events {
		felt := e.felt(opt.Business, at(0), at(n))
		count(e.Name, func(day int64) bool { return felt[day-at(0)] })
	}
	return columns, names, nil
}

// felt says of each day of [begin, end) whether the event is felt on it.
func (e *CalendarEvent) felt(b *Business, begin, end int64) []bool {
	days := b.Dates(e.Holiday)
	for _, d := range e.Dates {
		day, _ := d.Number() // validate has seen it
		days = append(days, day)
	}
	if e.PayDay != nil {
		for day := begin - int64(e.To); day < end-int64(e.From); day++ {
			day = e.PayDay.Next(day, b)
			days = append(days, day)
		}
	}
	on := make([]bool, end-begin)
	for _, day := range days {
		for k := max(day+int64(e.From), begin); k <= min(day+int64(e.To), end-1); k++ {
			on[k-begin] = true
		}
	}
	return on
}
