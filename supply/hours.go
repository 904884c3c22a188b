package supply

import "github.com/aislekit/aisle/internal/calendar"

// Date is a day of the calendar, without a time and without a zone.
type Date = calendar.Civil

// Business tells days of business from others by weekends and holidays; nil closes on Saturdays
// and Sundays. It is immutable and safe for concurrent use.
type Business = calendar.Business

// BusinessOptions configures a Business: Weekend (nil is Saturday and Sunday), Holidays by
// name, and Workdays of a weekend that are worked all the same.
type BusinessOptions = calendar.BusinessOptions

// NewBusiness returns the Business of opt, which is not kept. ErrOption for dates and days of
// the week that do not exist, a week without business and a holiday without a name.
func NewBusiness(opt BusinessOptions) (*Business, error) {
	return calendar.NewBusiness("supply: NewBusiness", opt)
}

// Shift is a part of a day in which there is business: [From, To) since midnight as the wall
// clock shows it, in whole seconds, To at most 24 hours.
type Shift = calendar.Shift

// Hours is a clock that runs while there is business and stands still otherwise: the one by
// which a Service or a Fulfilment says how long something took. Between tells how long there
// was business between two instants. It is immutable and safe for concurrent use; nil runs
// around the clock.
type Hours = calendar.Hours

// HoursOptions configures Hours: the Business that says which days are open, the Shifts of
// each, those On a day of the week instead, and the Location whose wall clock it is. Its zero
// value is open all of Monday to Friday, in UTC.
type HoursOptions = calendar.HoursOptions

// NewHours returns the Hours of opt, which is not kept. ErrOption for shifts that are no part
// of a day, out of order, or none in all the week, and for days of the week that do not exist.
func NewHours(opt HoursOptions) (*Hours, error) { return calendar.NewHours("supply: NewHours", opt) }
