package trigger

import (
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
)

// occasions returns the days of an OnDates trigger, ascending: of a holiday that lasts the
// first day only.
func occasions(t Trigger, b *Business) (days []int64) {
	for _, d := range t.Dates {
		day, _ := d.Number()
		days = append(days, day)
	}
	slices.Sort(days)
	days = slices.Compact(days)
	if t.Holiday != "" {
		all := b.Dates(t.Holiday)
		for i, day := range all {
			if i == 0 || day > all[i-1]+1 {
				days = append(days, day)
			}
		}
	}
	return days
}

// lastDay is 1 January 2261. Instants end in 2262: whatever is planned from a time before
// it, by at most a year and some days, is one.
const lastDay = 106_286

// scheduleAll plans the messages of days of a customer anew, except for those whose time has
// come and that wait for the best hour, quiet hours and caps.
func (k *core[U, I]) scheduleAll(who int32) {
	c := &k.customers[who]
	for i := range k.rules {
		r, p := &k.rules[i], &c.plans[i]
		if !r.When.dated() {
			continue
		}
		if p.due != never && c.channels != 0 && (p.due != p.first || later(p.since, r.Delay) <= k.clock) {
			if day, ok := k.occasion(c, r, p.day); ok && day == p.day {
				continue
			}
		}
		p.due = never
		if c.channels != 0 { // nobody waits for days on behalf of somebody who cannot be reached
			k.schedule(c, i, k.clock)
		}
	}
	k.rest(who)
}

// schedule plans the first message of a trigger of days after an instant, for an occasion
// that is not over.
func (k *core[U, I]) schedule(c *customer[U], rule int, after int64) {
	r, p := &k.rules[rule], &c.plans[rule]
	loc := k.zones[c.zone].clock.Zone
	from := calendar.Day(time.Unix(0, after).Add(-r.Delay), loc) + int64(r.Lead) - 1
	if p.from != none {
		from = max(from, p.from+1)
	}
	for from < lastDay {
		day, ok := k.occasion(c, r, from)
		if !ok || day >= lastDay {
			return
		}
		begin := calendar.At(day-int64(r.Lead), int64(r.Clock/time.Second), loc).UnixNano()
		if at := later(begin, r.Delay); at > after {
			p.day, p.since = day, begin
			k.aim(c, r, p, at)
			return
		}
		from = day + 1
	}
}

// occasion returns the first day, from a day on, that a trigger waits for.
func (k *core[U, I]) occasion(c *customer[U], r *rule, from int64) (day int64, ok bool) {
	switch r.When {
	case Anniversary:
		i, found := slices.BinarySearchFunc(c.dates, date{name: r.Date}, date.compare)
		if !found {
			return 0, false
		}
		d := c.dates[i].day
		for year := max(calendar.CivilOf(from).Year, d.Year+1); year < 2262; year++ {
			if day := d.In(year); day >= from {
				return day, true
			}
		}
		return 0, false
	case OnDates:
		i, _ := slices.BinarySearch(r.days, from)
		if i == len(r.days) {
			return 0, false
		}
		return r.days[i], true
	case OnPayDay:
		return r.PayDay.Next(from, k.opt.Business), true
	}
	return r.Season.Rise(from, r.MinIndex)
}
