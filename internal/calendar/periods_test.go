package calendar_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/testkit"
)

// Periods follow each other without gap or overlap in every zone: an instant lies in the
// period whose start is the last one not after it, also where a clock is put back over
// midnight, and a Clock that remembers says so whatever it was asked before.
func TestPeriodsProp(t *testing.T) {
	zones := testkit.Zones(t)
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(r, "zone")
		p := calendar.Periods{Unit: calendar.Unit(rapid.IntRange(0, 2).Draw(r, "unit")), Sundays: rapid.Bool().Draw(r, "sundays"), Zone: name}
		c := calendar.Clock{Zone: name}
		var asked []time.Time
		for range 6 {
			at := time.Unix(rapid.Int64Range(-1e9, 3e9).Draw(r, "unix"), 0).In(name)
			if start, end := at.ZoneBounds(); rapid.Bool().Draw(r, "near a change") {
				if !end.IsZero() {
					at = end.Add(time.Duration(rapid.IntRange(-7200, 7200).Draw(r, "seconds")) * time.Second)
				} else if !start.IsZero() {
					at = start
				}
			}
			asked = append(asked, at)
		}
		for _, at := range append(slices.Clone(asked), asked...) {
			i := p.Index(at)
			if from, to := p.Start(i), p.Start(i+1); at.Before(from) || !at.Before(to) {
				r.Fatalf("%v %v is in period %d of [%v, %v)", name, at, i, from, to)
			}
			if got := p.Of(c.Day(at)); got != i {
				r.Fatalf("%v %v: the clock says %d, want %d", name, at, got, i)
			}
		}
	})
}

// St. John's put its clock back at 00:01 in 2006: 29 October begins once.
func TestClockOverMidnight(t *testing.T) {
	z, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	c := calendar.Clock{Zone: z}
	first := time.Date(2006, 10, 29, 2, 30, 30, 0, time.UTC) // 00:00:30 of the 29th
	for _, at := range []time.Time{first, first.Add(59 * time.Minute), first.Add(time.Hour)} {
		if got := calendar.Date(c.Day(at)).Format(time.DateOnly); got != "2006-10-29" {
			t.Errorf("%v is on %s", at.In(z), got)
		}
	}
	if got := calendar.Date(c.Day(first.Add(-time.Minute))).Format(time.DateOnly); got != "2006-10-28" {
		t.Error(got)
	}
}
