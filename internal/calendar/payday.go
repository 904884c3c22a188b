package calendar

import (
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// PayDay is a rule for the days on which people are paid. Exactly one of Day, LastBusiness
// and Weeks is set.
type PayDay struct {
	Day          int   // of each month, 1 to 31; in shorter months the last day
	LastBusiness bool  // the last day of business of each month
	Weeks        int   // every so many weeks, 1 to 520, counted from First in both directions
	First        Civil // one of the days of Weeks
	Before       bool  // where a day is none of business: the one of business before it
}

// Validate reports what is wrong with the rule, as ErrOption.
func (p PayDay) Validate() error {
	set := 0
	for _, x := range []bool{p.Day != 0, p.LastBusiness, p.Weeks != 0} {
		if x {
			set++
		}
	}
	_, ok := p.First.Number()
	switch {
	case set != 1:
		return fmt.Errorf("%d of Day, LastBusiness and Weeks are set, want one: %w", set, check.ErrOption)
	case p.Day < 0 || p.Day > 31:
		return fmt.Errorf("field Day is %d, want 1 to 31: %w", p.Day, check.ErrOption)
	case p.Weeks < 0 || p.Weeks > 520:
		return fmt.Errorf("field Weeks is %d, want 1 to 520: %w", p.Weeks, check.ErrOption)
	case p.Weeks > 0 && !ok:
		return fmt.Errorf("field First is %v, want a date: %w", p.First, check.ErrOption)
	}
	return nil
}

// Next returns the first pay day that is not before day, which is counted from 1 January
// 1970, by the days of business of b. The rule is one that Validate takes.
func (p PayDay) Next(day int64, b *Business) int64 {
	if p.Weeks > 0 {
		first, _ := p.First.Number()
		step := 7 * int64(p.Weeks)
		for k := floorDiv(day-first+step-1, step); ; k++ {
			if at := p.moved(first+k*step, b); at >= day {
				return at
			}
		}
	}
	months := Periods{Unit: Months}
	for m := months.Of(day); ; m++ {
		last := months.First(m+1) - 1
		at := min(months.First(m)+int64(p.Day)-1, last)
		if p.LastBusiness {
			at = b.Previous(last)
		}
		if at = p.moved(at, b); at >= day {
			return at
		}
	}
}

func (p PayDay) moved(day int64, b *Business) int64 {
	if p.Before {
		return b.Previous(day)
	}
	return day
}

// Season is an index of what sells when, as a forecast gives it: one plain value a period,
// 1 being usual, that repeat for ever.
type Season struct {
	Unit   Unit      // of the values: Days, Weeks from Monday, or Months
	First  Civil     // a date in the period of Values[0]
	Values []float64 // finite and >= 0, 1 to 1000 of them
}

// Validate reports what is wrong with the index, as ErrOption.
func (s Season) Validate() error {
	if s.Unit > Months {
		return fmt.Errorf("Unit is %d, want Days, Weeks or Months: %w", s.Unit, check.ErrOption)
	}
	if _, ok := s.First.Number(); !ok {
		return fmt.Errorf("field First is %v, want a date: %w", s.First, check.ErrOption)
	}
	if len(s.Values) == 0 || len(s.Values) > 1000 {
		return fmt.Errorf("%d Values, want 1 to 1000: %w", len(s.Values), check.ErrOption)
	}
	for i, x := range s.Values {
		if !(x >= 0 && x <= math.MaxFloat64) {
			return fmt.Errorf("field Values[%d] is %v, want a finite number >= 0: %w", i, x, check.ErrOption)
		}
	}
	return nil
}

// value returns the value of a period.
func (s Season) value(period int64) float64 {
	first, _ := s.First.Number()
	n := int64(len(s.Values))
	return s.Values[((period-Periods{Unit: s.Unit}.Of(first))%n+n)%n]
}

// At returns the value of the period that holds a day counted from 1 January 1970. The
// index is one that Validate takes.
func (s Season) At(day int64) float64 { return s.value(Periods{Unit: s.Unit}.Of(day)) }

// Rise returns the first day, not before day, on which a period begins whose value is at
// least least after one whose is not; false where there never is one.
func (s Season) Rise(day int64, least float64) (int64, bool) {
	p := Periods{Unit: s.Unit}
	i := p.Of(day)
	if p.First(i) < day {
		i++
	}
	for range len(s.Values) {
		if s.value(i) >= least && s.value(i-1) < least {
			return p.First(i), true
		}
		i++
	}
	return 0, false
}

// Shows reports the time that the clock of loc shows at t, as seconds since midnight.
func Shows(t time.Time, loc *time.Location) int64 {
	wall := Wall(t, loc)
	return wall - floorDiv(wall, daySeconds)*daySeconds
}
