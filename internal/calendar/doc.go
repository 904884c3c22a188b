// Package calendar counts days as the wall clock of a time zone shows them, across
// changes of summer time, skipped midnights and skipped days.
//
//   - Resolve finds the instants at which a clock shows a given time: one, none (a gap)
//     or two (an overlap).
//   - Day, Start and Fraction number civil days, find their beginning and say how much
//     of one is over. A day may have 23, 24 or 25 hours, or none at all.
//   - Periods numbers days, weeks and months; Clock remembers the offset in force.
//   - Ages counts back from one instant in days of its wall clock, which is what "7 days
//     ago" means, and has a binary form.
//   - Business tells days of business from weekends and holidays, which a table of the
//     caller lists; PayDay and Season say on which days wages come and what sells when.
//
// The one place for this arithmetic: nobody divides by 24 hours in a zone. No holiday is
// built in: laws and moons change.
package calendar
