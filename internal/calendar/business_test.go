package calendar_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
)

func day(t testing.TB, date string) int64 {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix() / 86400
}

func civil(t testing.TB, date string) calendar.Civil { return calendar.CivilOf(day(t, date)) }

// The State Council's calendar of the Spring Festival of 2024: off from 10 to 17 February,
// while Sunday the 4th and Sunday the 18th were worked. The banks of England: 29 March and
// 1 April 2024 (Easter), 25 and 26 December.
func TestBusiness(t *testing.T) {
	china, err := calendar.NewBusiness("test", calendar.BusinessOptions{
		Holidays: map[string][]calendar.Civil{"spring festival": {
			civil(t, "2024-02-10"), civil(t, "2024-02-11"), civil(t, "2024-02-12"), civil(t, "2024-02-13"),
			civil(t, "2024-02-14"), civil(t, "2024-02-15"), civil(t, "2024-02-16"), civil(t, "2024-02-17"),
		}},
		Workdays: []calendar.Civil{civil(t, "2024-02-04"), civil(t, "2024-02-18")},
	})
	if err != nil {
		t.Fatal(err)
	}
	england, err := calendar.NewBusiness("test", calendar.BusinessOptions{Holidays: map[string][]calendar.Civil{
		"good friday": {civil(t, "2024-03-29")}, "easter monday": {civil(t, "2024-04-01")}, "christmas": {civil(t, "2024-12-25"), civil(t, "2024-12-26")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		b    *calendar.Business
		from string
		n    int
		want string
	}{
		{"over the festival", china, "2024-02-09", 1, "2024-02-18"},
		{"the Sunday before", china, "2024-02-02", 1, "2024-02-04"},
		{"back", china, "2024-02-18", -1, "2024-02-09"},
		{"Easter", england, "2024-03-28", 1, "2024-04-02"},
		{"Easter, none", england, "2024-03-29", 0, "2024-04-02"},
		{"Christmas, back", england, "2024-12-27", -1, "2024-12-24"},
		{"a week of nil", nil, "2024-02-29", 5, "2024-03-07"},
	} {
		if got := c.b.Add(civil(t, c.from), c.n); got != civil(t, c.want) {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	if got := china.Holiday(civil(t, "2024-02-10")); got != "spring festival" {
		t.Errorf("10 February 2024 is %q", got)
	}
	if n := england.Between(civil(t, "2024-03-25"), civil(t, "2024-04-08")); n != 8 {
		t.Errorf("%d days of business in the weeks around Easter, want 8", n)
	}
	if days := england.Dates("christmas"); len(days) != 2 || days[1] != day(t, "2024-12-26") {
		t.Errorf("Christmas is %v", days)
	}
	none := calendar.Civil{Year: 2023, Month: 2, Day: 29}
	if england.Open(none) || england.Holiday(none) != "" || england.Add(none, 3) != none || england.Between(none, none) != 0 {
		t.Error("29 February 2023 is a day")
	}
	for name, opt := range map[string]calendar.BusinessOptions{
		"no such date":      {Holidays: map[string][]calendar.Civil{"x": {none}}},
		"no name":           {Holidays: map[string][]calendar.Civil{"": {civil(t, "2024-01-01")}}},
		"no such workday":   {Workdays: []calendar.Civil{{}}},
		"no such weekday":   {Weekend: []time.Weekday{7}},
		"never business":    {Weekend: []time.Weekday{0, 1, 2, 3, 4, 5, 6}},
		"year out of range": {Workdays: []calendar.Civil{{Year: math.MaxInt, Month: 1, Day: 1}}},
	} {
		if _, err := calendar.NewBusiness("test", opt); !errors.Is(err, check.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Between counts what Add steps over, whatever the table.
func TestBusinessProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(-9000, 60000).Draw(t, "from")
		opt := calendar.BusinessOptions{Weekend: []time.Weekday{}, Holidays: map[string][]calendar.Civil{}}
		for range rapid.IntRange(0, 6).Draw(t, "weekend") {
			opt.Weekend = append(opt.Weekend, time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")))
		}
		for range rapid.IntRange(0, 10).Draw(t, "holidays") {
			opt.Holidays["x"] = append(opt.Holidays["x"], calendar.CivilOf(from+rapid.Int64Range(-20, 20).Draw(t, "off")))
			opt.Workdays = append(opt.Workdays, calendar.CivilOf(from+rapid.Int64Range(-20, 20).Draw(t, "on")))
		}
		b, err := calendar.NewBusiness("test", opt)
		if err != nil {
			t.Skip("a week without business")
		}
		n := rapid.IntRange(1, 30).Draw(t, "n")
		start := b.Next(from)
		end := b.Add(calendar.CivilOf(start), n)
		if got := b.Between(calendar.CivilOf(start), end); got != n {
			t.Fatalf("%d days of business from %v to %v, want %d", got, calendar.CivilOf(start), end, n)
		}
		if back := b.Add(end, -n); back != calendar.CivilOf(start) {
			t.Fatalf("%d back from %v is %v, want %v", n, end, back, calendar.CivilOf(start))
		}
	})
}

func TestAnniversary(t *testing.T) {
	leap := calendar.Civil{Year: 2000, Month: time.February, Day: 29}
	for year, want := range map[int]string{2023: "2023-02-28", 2024: "2024-02-29", 2100: "2100-02-28"} {
		if got := leap.In(year); got != day(t, want) {
			t.Errorf("29 February in %d is %v, want %s", year, calendar.CivilOf(got), want)
		}
	}
	// Berlin's clock never showed 02:30 on 31 March 2024 and showed it twice on 27 October.
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for date, want := range map[string]string{"2024-03-31": "2024-03-31T03:00:00+02:00", "2024-10-27": "2024-10-27T02:30:00+02:00"} {
		at := calendar.At(day(t, date), 9000, berlin)
		if at.Format(time.RFC3339) != want {
			t.Errorf("02:30 of %s is %v, want %s", date, at, want)
		}
	}
	if got := calendar.Shows(time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC), time.UTC); got != 23*3600 {
		t.Errorf("23:00 is %d seconds", got)
	}
}

func TestPayDay(t *testing.T) {
	for _, c := range []struct {
		name       string
		p          calendar.PayDay
		from, want string
	}{
		{"the 25th", calendar.PayDay{Day: 25}, "2024-05-26", "2024-06-25"},
		{"the 25th, a Saturday", calendar.PayDay{Day: 25, Before: true}, "2024-05-01", "2024-05-24"},
		{"after that Friday", calendar.PayDay{Day: 25, Before: true}, "2024-05-25", "2024-06-25"},
		{"the 31st in February", calendar.PayDay{Day: 31}, "2024-02-01", "2024-02-29"},
		{"the 1st moves to the month before", calendar.PayDay{Day: 1, Before: true}, "2024-05-31", "2024-05-31"}, // 1 June is a Saturday
		{"last of business", calendar.PayDay{LastBusiness: true}, "2024-03-01", "2024-03-29"},
		{"every second week", calendar.PayDay{Weeks: 2, First: civil(t, "2024-01-05")}, "2024-02-29", "2024-03-01"},
		{"every second week, the past", calendar.PayDay{Weeks: 2, First: civil(t, "2024-01-05")}, "2023-12-01", "2023-12-08"},
	} {
		if err := c.p.Validate(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := c.p.Next(day(t, c.from), nil); got != day(t, c.want) {
			if got < day(t, c.from) {
				t.Errorf("%s: in the past", c.name)
			}
			t.Errorf("%s: %v, want %s", c.name, calendar.CivilOf(got), c.want)
		}
	}
	for name, p := range map[string]calendar.PayDay{
		"nothing": {}, "two": {Day: 1, LastBusiness: true}, "day": {Day: 32}, "negative": {Day: -1}, "weeks": {Weeks: -1, First: civil(t, "2024-01-05")}, "no first": {Weeks: 2},
	} {
		if err := p.Validate(); !errors.Is(err, check.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeason(t *testing.T) {
	months := calendar.Season{Unit: calendar.Months, First: civil(t, "2024-01-15"), Values: []float64{1, 1, 1, .8, .8, .9, 1, 1, 1, 1.1, 1.6, 2}}
	if err := months.Validate(); err != nil {
		t.Fatal(err)
	}
	for date, want := range map[string]float64{"2023-12-31": 2, "2024-01-01": 1, "2030-04-30": .8, "1969-11-01": 1.6} {
		if got := months.At(day(t, date)); got != want {
			t.Errorf("%s is %v, want %v", date, got, want)
		}
	}
	for from, want := range map[string]string{"2024-01-01": "2024-11-01", "2024-11-01": "2024-11-01", "2024-11-02": "2025-11-01"} {
		if got, ok := months.Rise(day(t, from), 1.5); !ok || got != day(t, want) {
			t.Errorf("rises from %s on %v, %v, want %s", from, calendar.CivilOf(got), ok, want)
		}
	}
	if _, ok := months.Rise(0, .1); ok {
		t.Error("what is never below rises")
	}
	if _, ok := months.Rise(0, 3); ok {
		t.Error("what is never above rises")
	}
	for name, s := range map[string]calendar.Season{
		"none": {First: civil(t, "2024-01-15")}, "no date": {Values: []float64{1}}, "NaN": {First: civil(t, "2024-01-15"), Values: []float64{math.NaN()}},
		"infinite": {First: civil(t, "2024-01-15"), Values: []float64{math.Inf(1)}}, "unit": {Unit: 3, First: civil(t, "2024-01-15"), Values: []float64{1}},
	} {
		if err := s.Validate(); !errors.Is(err, check.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Workdays may come in any order.
func TestWorkdaysUnsorted(t *testing.T) {
	days := []calendar.Civil{{Year: 2024, Month: 5, Day: 11}, {Year: 2024, Month: 4, Day: 28}, {Year: 2024, Month: 2, Day: 4}}
	b, err := calendar.NewBusiness("test", calendar.BusinessOptions{Workdays: days})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range days {
		if !b.Open(d) {
			t.Errorf("%v is closed", d)
		}
	}
}
