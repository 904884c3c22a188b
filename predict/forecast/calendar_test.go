package forecast_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// date is a day of the standard library's calendar.
func date(t time.Time) forecast.Date {
	y, m, d := t.Date()
	return forecast.Date{Year: y, Month: m, Day: d}
}

// closing is a Business with Christmas of four years.
func closing() *forecast.Business {
	var days []forecast.Date
	for y := 2023; y <= 2026; y++ {
		days = append(days, forecast.Date{Year: y, Month: 12, Day: 25}, forecast.Date{Year: y, Month: 12, Day: 26})
	}
	return fitted(forecast.NewBusiness(forecast.BusinessOptions{Holidays: map[string][]forecast.Date{"Christmas": days}}))
}

func calendarOptions(unit int) forecast.CalendarOptions {
	o := forecast.CalendarOptions{Weekdays: unit == 0, BusinessDays: true, Business: closing(), Events: []forecast.CalendarEvent{
		{Name: "Christmas", Holiday: "Christmas"},
		{Name: "before Christmas", Holiday: "Christmas", From: -14, To: -1},
		{Name: "pay day", PayDay: &forecast.PayDay{LastBusiness: true}, To: 2},
		{Name: "sale", Dates: []forecast.Date{{Year: 2024, Month: 11, Day: 29}, {Year: 2024, Month: 12, Day: 2}}, From: -1, To: 3},
	}}
	if unit == 1 {
		o.Unit = forecast.Weeks
	}
	if unit == 2 {
		o.Unit = forecast.Months
	}
	return o
}

// TestCalendarColumns counts every day by the standard library's calendar.
func TestCalendarColumns(t *testing.T) {
	christmas := func(d time.Time) bool { return d.Month() == 12 && (d.Day() == 25 || d.Day() == 26) }
	business := func(d time.Time) bool {
		return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !christmas(d)
	}
	paid := func(d time.Time) bool { // the last day of business of its month
		if !business(d) {
			return false
		}
		for next := d.AddDate(0, 0, 1); next.Month() == d.Month(); next = next.AddDate(0, 0, 1) {
			if business(next) {
				return false
			}
		}
		return true
	}
	sale := func(d time.Time) bool {
		return date(d) == forecast.Date{Year: 2024, Month: 11, Day: 29} || date(d) == forecast.Date{Year: 2024, Month: 12, Day: 2}
	}
	around := func(is func(time.Time) bool, from, to int) func(time.Time) bool {
		return func(d time.Time) bool {
			for k := from; k <= to; k++ {
				if is(d.AddDate(0, 0, -k)) {
					return true
				}
			}
			return false
		}
	}
	var rules []func(time.Time) bool
	for d := 1; d < 7; d++ {
		rules = append(rules, func(t time.Time) bool { return int(t.Weekday()) == (d+1)%7 })
	}
	rules = append(rules, business, christmas, around(christmas, -14, -1), around(paid, 0, 2), around(sale, -1, 3))
	begin := time.Date(2024, 2, 7, 0, 0, 0, 0, time.UTC)
	for unit, n := range []int{500, 70, 14} {
		columns, names, err := forecast.CalendarColumns(date(begin), n, calendarOptions(unit))
		must(err)
		want := rules
		if unit > 0 {
			want = rules[6:]
		}
		if len(columns) != len(want) || len(names) != len(want) || !slices.Equal(names[len(names)-5:], []string{"business days", "Christmas", "before Christmas", "pay day", "sale"}) {
			t.Fatalf("unit %d: columns %q", unit, names)
		}
		for i := range n {
			from, to := begin.AddDate(0, 0, i), begin.AddDate(0, 0, i+1)
			switch unit {
			case 1:
				from, to = begin.AddDate(0, 0, 7*i), begin.AddDate(0, 0, 7*i+7)
			case 2:
				from, to = time.Date(2024, time.Month(2+i), 1, 0, 0, 0, 0, time.UTC), time.Date(2024, time.Month(3+i), 1, 0, 0, 0, 0, time.UTC)
			}
			for k, is := range want {
				days := 0.0
				for d := from; d.Before(to); d = d.AddDate(0, 0, 1) {
					if is(d) {
						days++
					}
				}
				if columns[k][i] != days {
					t.Fatalf("unit %d, period %d (%v), %s: %v, want %v", unit, i, from, names[k], columns[k][i], days)
				}
			}
		}
	}
}

// TestCalendarRefuses: what is no calendar is named.
func TestCalendarRefuses(t *testing.T) {
	first := forecast.Date{Year: 2024, Month: 2, Day: 7}
	for name, change := range map[string]func(o *forecast.CalendarOptions){
		"Weekdays":          func(o *forecast.CalendarOptions) { o.Unit = forecast.Weeks },
		"Events[0].Holiday": func(o *forecast.CalendarOptions) { o.Events[0].Holiday = "Easter" },
		"Events[1].From":    func(o *forecast.CalendarOptions) { o.Events[1].From = 0 },
		"Events[2].PayDay":  func(o *forecast.CalendarOptions) { o.Events[2].PayDay.Day = 40 },
		"Events[3].Dates":   func(o *forecast.CalendarOptions) { o.Events[3].Dates[0].Month = 13 },
		"Events[0]":         func(o *forecast.CalendarOptions) { o.Events[0].Dates = []forecast.Date{first} },
		"Unit":              func(o *forecast.CalendarOptions) { o.Unit = 9 },
	} {
		o := calendarOptions(0)
		change(&o)
		_, _, err := forecast.CalendarColumns(first, 10, o)
		if !errors.Is(err, forecast.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := forecast.CalendarColumns(first, 10, forecast.CalendarOptions{}); !errors.Is(err, forecast.ErrOption) {
		t.Errorf("no columns: %v", err)
	}
	o := calendarOptions(2)
	o.Events[2].PayDay = &forecast.PayDay{Weeks: 2, First: first}
	for _, c := range []struct {
		first forecast.Date
		n     int
	}{{first, 0}, {first, -1}, {first, math.MaxInt32}, {first, 3000}, {forecast.Date{}, 3}, {forecast.Date{Year: 2023, Month: 2, Day: 29}, 3}} {
		if _, _, err := forecast.CalendarColumns(c.first, c.n, o); !errors.Is(err, forecast.ErrRange) {
			t.Errorf("%v, %d months: %v", c.first, c.n, err)
		}
	}
	if _, _, err := forecast.CalendarColumns(forecast.Date{Year: 2261, Month: 12, Day: 1}, 1, o); err != nil {
		t.Errorf("the last month: %v", err)
	}
	if _, _, err := forecast.CalendarColumns(forecast.Date{Year: 1678, Month: 1, Day: 1}, 1, o); err != nil {
		t.Errorf("the first month: %v", err)
	}
}

// TestCalendarEffects: planted effects of days of the week, pay days and the weeks before Christmas come
// back, and so foreseen December is missed by less than half of what a week ago misses it by.
func TestCalendarEffects(t *testing.T) {
	r := rng.New(7, 0, 0)
	begin := forecast.Date{Year: 2023, Month: 1, Day: 2}
	const known, ahead = 690, 30 // to 21 November 2024; then it is December
	columns, names, err := forecast.CalendarColumns(begin, known+ahead+20, calendarOptions(0))
	must(err)
	effect := map[string]float64{"Saturday": .5, "Sunday": -.4, "pay day": .3, "before Christmas": .6, "Christmas": -1}
	s := forecast.Series{Known: columns}
	var truth []float64
	for t := range known + ahead + 20 {
		eta := math.Log(80)
		for k, name := range names {
			eta += effect[name] * columns[k][t]
		}
		truth = append(truth, math.Exp(eta))
		if t < known {
			s.Y = append(s.Y, float64(r.Poisson(truth[t])))
		}
	}
	m := fitted(forecast.FitRegression(bg, s, forecast.RegressionOptions{Log: true}))
	for k, name := range names {
		got, se, err := m.Effect(k)
		must(err)
		if name != "business days" && name != "sale" && name != "Christmas" { // those share with others
			testkit.Near(t, name, got, effect[name], max(4*se, .05))
		}
	}
	var miss, naive float64
	for i, v := range fitted(m.Forecast(nil, ahead+20)) {
		miss += math.Abs(v - truth[known+i])
		naive += math.Abs(s.Y[known-7+i%7] - truth[known+i])
	}
	if miss > .5*naive {
		t.Errorf("error %v, of last week's days %v", miss, naive)
	}
}

// TestLiftCovers: the interval of what 20 % off in week 3 brings holds the truth in 95 % of shops, the week's and
// the sum's, and quantiles of the plan's sales hold 80 %, though few periods were seen.
func TestLiftCovers(t *testing.T) {
	for _, log := range []bool{true, false} { // counts are whole, and their ratio of variance to mean is taken for 1 at least: sales are inside a little oftener
		var week, all, sales, runs float64
		shops := 400
		if testkit.Race {
			shops = 60
		}
		r := rng.New(11, 0, 0)
		for range shops {
			const n, ahead = 30, 6
			price := make([]float64, n+ahead)
			for t := range price {
				price[t] = -.1 * float64(r.Intn(3))
			}
			mean := func(price, promotion float64) float64 {
				if log {
					return 60 * math.Exp(-2*price+.4*promotion)
				}
				return 60 - 90*price + 20*promotion
			}
			promotion := make([]float64, n+ahead)
			for t := range promotion {
				promotion[t] = float64(r.Intn(5) / 4)
			}
			s := forecast.Series{Known: [][]float64{price, promotion}}
			draw := func(mu float64) float64 {
				if log {
					return float64(r.Poisson(mu))
				}
				return mu + 8*r.Normal()
			}
			for t := range n {
				s.Y = append(s.Y, draw(mean(price[t], promotion[t])))
			}
			m := fitted(forecast.FitRegression(bg, s, forecast.RegressionOptions{Log: log, L2: -1}))
			usual := fitted(m.Scenario([][]float64{make([]float64, ahead), make([]float64, ahead)}))
			off := fitted(m.Scenario([][]float64{{0, 0, -.2, 0, -.1, 0}, {0, 0, 1, 0, 0, 0}}))
			got, err := off.Lift(nil, usual, ahead, .95)
			if errors.Is(err, forecast.ErrUndefined) {
				continue // a shop without a promotion so far
			}
			must(err)
			third, fifth := mean(-.2, 1)-mean(0, 0), mean(-.1, 0)-mean(0, 0)
			for i, want := range []float64{0, 0, third, 0, fifth, 0, third + fifth} {
				if want == 0 && (got[i] != forecast.Outlook{}) {
					t.Fatalf("week %d, where the plans agree: %+v", i, got[i])
				}
			}
			hit := func(count *float64, low, v, high float64) {
				if low <= v && v <= high {
					*count++
				}
			}
			hit(&week, got[2].Low, third, got[2].High)
			hit(&all, got[6].Low, third+fifth, got[6].High)
			y := draw(mean(-.2, 1))
			around := fitted(off.Quantiles(nil, 3, []float64{.1, .9}))
			hit(&sales, around[4], y, around[5])
			runs++
		}
		for name, share := range map[string][3]float64{"lift": {week / runs, .91, .98}, "lift of all": {all / runs, .91, .98}, "sales": {sales / runs, .76, .9}} {
			slack := 0.0
			if testkit.Race {
				slack = .1
			}
			if share[0] < share[1]-slack || share[0] > share[2]+slack {
				t.Errorf("log %t: %s inside in %.3f", log, name, share[0])
			}
		}
	}
	m := fitted(regression().Scenario([][]float64{{1, 2}}))
	if _, err := m.Lift(nil, fitted(m.Append([]float64{3})).(*forecast.Regression), 1, 0); !errors.Is(err, forecast.ErrMismatch) {
		t.Errorf("another end: %v", err)
	}
	if out, err := m.Lift(make([]forecast.Outlook, 1), m, 3, 0); !errors.Is(err, forecast.ErrUndefined) || len(out) != 1 {
		t.Errorf("not planned: %v, %d", err, len(out))
	}
}

// TestLiftUntold: what a promotion brings that there never was is unknown, not 0 for certain; a plan that agrees in it
// has its lift. A fit to columns in another unit is another one.
func TestLiftUntold(t *testing.T) {
	const n, ahead = 30, 3
	never, price, pence := make([]float64, n+ahead), make([]float64, n+ahead), make([]float64, n+ahead)
	y := make([]float64, n)
	for t := range price {
		price[t] = 8 + float64(t%3)
		pence[t] = 128 * price[t] // standardised the same to the last bit
		if t < n {
			y[t] = 100 - 3*price[t] + float64(t*7%5)
		}
	}
	for _, opt := range []forecast.RegressionOptions{{}, {Log: true}} {
		m := fitted(forecast.FitRegression(bg, forecast.Series{Y: y, Known: [][]float64{never, price}}, opt))
		usual := fitted(m.Scenario([][]float64{{0, 0, 0}, {9, 9, 9}}))
		cheap := fitted(m.Scenario([][]float64{{0, 0, 1}, {9, 8, 9}}))
		if got := fitted(cheap.Lift(nil, usual, 2, 0)); !(got[1].Low > 0 && got[1].High > got[1].Low) {
			t.Errorf("a lower price: %+v", got)
		}
		if out, err := cheap.Lift(nil, usual, 3, 0); !errors.Is(err, forecast.ErrUndefined) || len(out) != 0 {
			t.Errorf("a promotion that there never was: %+v, %v", out, err)
		}
		other := fitted(forecast.FitRegression(bg, forecast.Series{Y: y, Known: [][]float64{never, pence}}, opt))
		if _, err := m.Lift(nil, other, 1, 0); !errors.Is(err, forecast.ErrMismatch) {
			t.Errorf("prices in another unit: %v", err)
		}
	}
}

// Days of the week and pay days of four weeks: 15 November 2026 is a Sunday, so wages come on Friday, and are felt on
// Saturday, too.
func ExampleCalendarColumns() {
	week := forecast.BusinessOptions{Weekend: []time.Weekday{time.Saturday, time.Sunday}}
	business := (*forecast.Business)(fitted(forecast.NewBusiness(week)))
	columns, names, err := forecast.CalendarColumns(forecast.Date{Year: 2026, Month: 11, Day: 2}, 28, forecast.CalendarOptions{
		Weekdays: true, Business: business,
		Events: []forecast.CalendarEvent{{Name: "pay day", PayDay: &forecast.PayDay{Day: 15, Before: true}, To: 1}},
	})
	must(err)
	fmt.Println(names)
	fmt.Println(columns[6][9:16])
	// Output:
	// [Tuesday Wednesday Thursday Friday Saturday Sunday pay day]
	// [0 0 1 1 0 0 0]
}
