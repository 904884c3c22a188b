package supply

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
)

// Step says how a Demand cuts time into periods.
type Step uint8

// Steps. Those of the calendar follow the wall clock of a zone: a day there may have 23 or
// 25 hours, and a month 28 to 31 days.
const (
	StepFixed Step = iota // periods of one length
	StepDay               // from midnight, or from the end of a gap that took it
	StepWeek              // from Monday, or from Sunday
	StepMonth             // from the first day of the month
)

// String returns "fixed", "day", "week" or "month".
func (s Step) String() string {
	if s > StepMonth {
		return fmt.Sprintf("Step(%d)", uint8(s))
	}
	return [...]string{"fixed", "day", "week", "month"}[s]
}

// periods are those of the calendar.
func (o *DemandOptions) periods() calendar.Periods {
	return calendar.Periods{Unit: calendar.Unit(o.Step - StepDay), Sundays: o.SundayWeeks, Zone: o.Location}
}

// number returns the number of the period of the calendar that holds t, counted from the
// one of 1 January 1970.
func (o *DemandOptions) number(t time.Time) int64 { return o.periods().Index(t) }

// starts returns the first instant of period p of the calendar, counted as number does.
func (o *DemandOptions) starts(p int64) time.Time { return o.periods().Start(p) }

// begin returns the first instant of period p, counted from Start.
func (d *Demand[K]) begin(p int) time.Time {
	if d.opt.Step == StepFixed {
		return d.opt.Start.Add(time.Duration(p) * d.opt.Period)
	}
	return d.opt.starts(d.opt.number(d.opt.Start) + int64(p))
}

// PeriodStart returns the first instant of period p, in UTC: the end of period p-1. It is
// the zero time for p < 0, beyond about a million periods or the year 2261, and for a Demand
// that NewDemand has not made.
func (d *Demand[K]) PeriodStart(p int) time.Time {
	if d.ready("") != nil || p < 0 || p > maxPeriods {
		return time.Time{}
	}
	if d.opt.Step == StepFixed && p > 0 && d.opt.Period > maxInstant.Sub(d.opt.Start)/time.Duration(p) {
		return time.Time{}
	}
	if t := d.begin(p).UTC(); t.Before(maxInstant) {
		return t
	}
	return time.Time{}
}
