package supply_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func calendarDemand(t testing.TB, start time.Time, step supply.Step, sunday bool) *supply.Demand[string] {
	t.Helper()
	return must(supply.NewDemand[string](supply.DemandOptions{Start: start, Step: step, Location: start.Location(), SundayWeeks: sunday}))
}

// Days, weeks and months of a zone, as a calendar on the wall has them.
func TestDemandCalendar(t *testing.T) {
	ny, apia, johns := zone(t, "America/New_York"), zone(t, "Pacific/Apia"), zone(t, "America/St_Johns")
	for _, c := range []struct {
		name   string
		start  time.Time
		step   supply.Step
		sunday bool
		begins []string // of periods 0, 1, …
	}{
		{
			"days around the spring change", time.Date(2024, 3, 9, 15, 0, 0, 0, ny), supply.StepDay, false,
			[]string{"2024-03-09T00:00:00-05:00", "2024-03-10T00:00:00-05:00", "2024-03-11T00:00:00-04:00", "2024-03-12T00:00:00-04:00"},
		},
		{
			"weeks from Monday", time.Date(2024, 3, 9, 15, 0, 0, 0, ny), supply.StepWeek, false,
			[]string{"2024-03-04T00:00:00-05:00", "2024-03-11T00:00:00-04:00", "2024-03-18T00:00:00-04:00"},
		},
		{
			"weeks from Sunday", time.Date(2024, 3, 9, 15, 0, 0, 0, ny), supply.StepWeek, true,
			[]string{"2024-03-03T00:00:00-05:00", "2024-03-10T00:00:00-05:00", "2024-03-17T00:00:00-04:00"},
		},
		{
			"months", time.Date(2024, 1, 31, 15, 0, 0, 0, ny), supply.StepMonth, false,
			[]string{"2024-01-01T00:00:00-05:00", "2024-02-01T00:00:00-05:00", "2024-03-01T00:00:00-05:00", "2024-04-01T00:00:00-04:00"},
		},
		{
			"months before 1970", time.Date(1969, 11, 5, 0, 0, 0, 0, ny), supply.StepMonth, false,
			[]string{"1969-11-01T00:00:00-05:00", "1969-12-01T00:00:00-05:00", "1970-01-01T00:00:00-05:00"},
		},
		{
			"a day that was skipped", time.Date(2011, 12, 29, 12, 0, 0, 0, apia), supply.StepDay, false,
			[]string{"2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"},
		},
		{
			"a clock put back over midnight", time.Date(2010, 11, 6, 12, 0, 0, 0, johns), supply.StepDay, false,
			[]string{"2010-11-06T00:00:00-02:30", "2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30"},
		},
	} {
		d := calendarDemand(t, c.start, c.step, c.sunday)
		for p, want := range c.begins {
			if got := d.PeriodStart(p).In(c.start.Location()).Format(time.RFC3339); got != want {
				t.Errorf("%s: period %d begins %s, want %s", c.name, p, got, want)
			}
		}
	}
	// The hour that St. John's showed twice is of the day that had begun.
	d := calendarDemand(t, time.Date(2010, 11, 6, 12, 0, 0, 0, johns), supply.StepDay, false)
	again := time.Date(2010, 11, 7, 2, 45, 0, 0, time.UTC) // 23:15 of the 6th, for the second time
	ok(t, d.Add("a", again, 2), d.AddStockOut("a", again, again.Add(15*time.Minute)))
	if s := must(d.Series("a", supply.Keep)); s.Units[1] != 2 || math.Abs(s.Available[1]-(1-.25/25)) > 1e-12 || s.Available[0] != 1 {
		t.Errorf("%+v", s)
	}
	// Six of the 23 hours of 10 March were without stock, and 12 of them before the listing.
	d = calendarDemand(t, time.Date(2024, 3, 9, 0, 0, 0, 0, ny), supply.StepDay, false)
	ok(t, d.Add("a", time.Date(2024, 3, 10, 23, 0, 0, 0, ny), 8.5), d.AddStockOut("a", time.Date(2024, 3, 10, 12, 0, 0, 0, ny), time.Date(2024, 3, 10, 18, 0, 0, 0, ny)),
		d.AddProduct("b", time.Date(2024, 3, 10, 13, 0, 0, 0, ny)), d.Add("b", time.Date(2024, 3, 10, 14, 0, 0, 0, ny), 1))
	s := must(d.Series("a", supply.Scale))
	testkit.Near(t, "share", s.Available[1], 17./23, 1e-12)
	testkit.Near(t, "scaled", s.Units[1], 8.5*23/17, 1e-9)
	s = must(d.Series("b", supply.Scale))
	if s.First != 1 || math.Abs(s.Available[0]-11./23) > 1e-12 {
		t.Errorf("%+v", s)
	}
	// Samoa's 30 December 2011 is no day without demand.
	d = calendarDemand(t, time.Date(2011, 12, 29, 0, 0, 0, 0, apia), supply.StepDay, false)
	ok(t, d.Add("a", time.Date(2011, 12, 29, 9, 0, 0, 0, apia), 3), d.Add("a", time.Date(2011, 12, 31, 9, 0, 0, 0, apia), 3))
	if s := must(d.Series("a", supply.Scale)); !s.Censored[1] || s.Available[1] != 0 {
		t.Errorf("%+v", s)
	}
	if mean, _, n, err := must(d.Series("a", supply.Exclude)).Moments(); mean != 3 || n != 2 || err != nil {
		t.Errorf("%v of %d, %v", mean, n, err)
	}
}

// Every instant lies in the period that it is counted to.
func TestDemandCalendarProp(t *testing.T) {
	names := []string{"UTC", "Europe/Berlin", "America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Antarctica/Troll"}
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		step := supply.Step(rapid.IntRange(1, 3).Draw(t, "step"))
		start := time.Unix(rapid.Int64Range(946684800, 1900000000).Draw(t, "start"), 0)
		d := must(supply.NewDemand[int](supply.DemandOptions{Start: start, Step: step, Location: z, SundayWeeks: rapid.Bool().Draw(t, "sunday")}))
		at := start.Add(time.Duration(rapid.Int64Range(0, 2e8).Draw(t, "after")) * time.Second)
		if err := d.Add(1, at, 1); err != nil {
			t.Fatal(err)
		}
		p := d.Periods() - 1
		if from, to := d.PeriodStart(p), d.PeriodStart(p+1); at.Before(from) || !at.Before(to) {
			t.Fatalf("%v is in period %d, from %v to %v", at.In(z), p, from.In(z), to.In(z))
		}
		if d.PeriodStart(0).After(start) {
			t.Fatal("the first period begins after Start")
		}
	})
}

func TestDemandCalendarState(t *testing.T) {
	ny := zone(t, "America/New_York")
	start := time.Date(2024, 3, 6, 0, 0, 0, 0, ny)
	fresh := func() *supply.Demand[string] { return calendarDemand(t, start, supply.StepWeek, true) }
	d := fresh()
	ok(t, d.Add("a", start.AddDate(0, 0, 9), 3), d.AddStockOut("a", start.AddDate(0, 0, 2), start.AddDate(0, 0, 12)))
	data := must(d.MarshalBinary())
	back := fresh()
	ok(t, back.UnmarshalBinary(data))
	if again := must(back.MarshalBinary()); !bytes.Equal(again, data) {
		t.Error("another form after a round trip")
	}
	// The same weeks, from another day of the first one.
	other := calendarDemand(t, start.AddDate(0, 0, 1), supply.StepWeek, true)
	ok(t, other.Merge(d))
	for name, bad := range map[string]*supply.Demand[string]{
		"zero": new(supply.Demand[string]), "another zone": calendarDemand(t, start.In(zone(t, "Europe/Berlin")), supply.StepWeek, true),
	} {
		if err := bad.UnmarshalBinary(data); !errors.Is(err, supply.ErrMismatch) {
			t.Errorf("%s reads it: %v", name, err)
		}
	}
	for name, bad := range map[string]*supply.Demand[string]{
		"Monday": calendarDemand(t, start, supply.StepWeek, false), "days": calendarDemand(t, start, supply.StepDay, false),
		"fixed": must(supply.NewDemand[string](supply.DemandOptions{Start: d.PeriodStart(0)})),
	} {
		if err := bad.Merge(d); !errors.Is(err, supply.ErrMismatch) {
			t.Errorf("%s merges it: %v", name, err)
		}
	}
	utc := must(supply.NewDemand[string](supply.DemandOptions{Start: start, Step: supply.StepMonth}))
	ok(t, utc.Add("a", start, 1), new(supply.Demand[string]).UnmarshalBinary(must(utc.MarshalBinary())))
	for name, o := range map[string]supply.DemandOptions{
		"a period and a step": {Start: start, Step: supply.StepDay, Period: day},
		"no step":             {Start: start, Step: 9},
		"the host's zone":     {Start: start, Step: supply.StepDay, Location: time.Local},
	} {
		if _, err := supply.NewDemand[string](o); !errors.Is(err, supply.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	far := time.Date(2290, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := d.Add("a", far, 1); !errors.Is(err, supply.ErrRange) {
		t.Error(err)
	}
	for p, want := range map[int]bool{-1: true, 0: false, 100: false, 1 << 20: true, math.MaxInt: true} {
		if d.PeriodStart(p).IsZero() != want {
			t.Errorf("period %d begins %v", p, d.PeriodStart(p))
		}
	}
	if supply.StepMonth.String() != "month" || supply.Step(7).String() != "Step(7)" {
		t.Error("names of steps")
	}
}
