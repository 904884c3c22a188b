package kpi

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zones

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestCalendar(t *testing.T) {
	ny, shanghai, saoPaulo, apia := zone(t, "America/New_York"), zone(t, "Asia/Shanghai"), zone(t, "America/Sao_Paulo"), zone(t, "Pacific/Apia")
	for name, x := range map[string]struct {
		c    Calendar
		at   string
		want string // label
		from string // its first instant
	}{
		"utc":                        {Calendar{}, "2026-03-01T23:59:59Z", "2026-03-01", "2026-03-01T00:00:00Z"},
		"next day in Shanghai":       {Calendar{Location: shanghai}, "2026-03-01T16:00:00Z", "2026-03-02", "2026-03-02T00:00:00+08:00"},
		"clocks forward":             {Calendar{Location: ny}, "2026-03-09T03:30:00Z", "2026-03-08", "2026-03-08T00:00:00-05:00"},
		"day after clocks forward":   {Calendar{Location: ny}, "2026-03-09T04:00:00Z", "2026-03-09", "2026-03-09T00:00:00-04:00"},
		"clocks back":                {Calendar{Location: ny}, "2026-11-02T04:59:59Z", "2026-11-01", "2026-11-01T00:00:00-04:00"},
		"no midnight":                {Calendar{Location: saoPaulo}, "2018-11-04T05:00:00Z", "2018-11-04", "2018-11-04T01:00:00-02:00"},
		"day before no midnight":     {Calendar{Location: saoPaulo}, "2018-11-04T02:59:59Z", "2018-11-03", "2018-11-03T00:00:00-03:00"},
		"a day that never was":       {Calendar{Location: apia}, "2011-12-30T10:00:00Z", "2011-12-31", "2011-12-31T00:00:00+14:00"},
		"week":                       {Calendar{Period: PeriodWeek}, "2026-03-01T12:00:00Z", "2026-02-23", "2026-02-23T00:00:00Z"},
		"week from Sunday":           {Calendar{Period: PeriodWeek, SundayWeeks: true}, "2026-03-01T12:00:00Z", "2026-03-01", "2026-03-01T00:00:00Z"},
		"month":                      {Calendar{Period: PeriodMonth, Location: shanghai}, "2026-02-28T16:00:00Z", "2026-03", "2026-03-01T00:00:00+08:00"},
		"month before 1970":          {Calendar{Period: PeriodMonth}, "1969-12-31T00:00:00Z", "1969-12", "1969-12-01T00:00:00Z"},
		"week before 1970":           {Calendar{Period: PeriodWeek}, "1969-12-28T00:00:00Z", "1969-12-22", "1969-12-22T00:00:00Z"},
		"leap day":                   {Calendar{}, "2024-02-29T10:00:00Z", "2024-02-29", "2024-02-29T00:00:00Z"},
		"hour that comes twice, 2nd": {Calendar{Location: ny}, "2026-11-01T06:30:00Z", "2026-11-01", "2026-11-01T00:00:00-04:00"},
	} {
		at, err := time.Parse(time.RFC3339, x.at)
		must(t, err)
		i := x.c.Index(at)
		if got := x.c.Label(i); got != x.want {
			t.Errorf("%s: %s is in %s, want %s", name, x.at, got, x.want)
		}
		if got := x.c.Start(i).Format(time.RFC3339); got != x.from {
			t.Errorf("%s: starts %s, want %s", name, got, x.from)
		}
	}
}

// The remembering clock answers as Index does; Start is the first instant.
func TestClockProp(t *testing.T) {
	zones := []string{"UTC", "America/New_York", "America/Sao_Paulo", "Asia/Shanghai", "Pacific/Apia", "America/St_Johns", "Asia/Beirut"}
	rapid.Check(t, func(t *rapid.T) {
		c := Calendar{Period: Period(rapid.IntRange(0, 2).Draw(t, "period")), Location: zone(t, rapid.SampledFrom(zones).Draw(t, "zone")), SundayWeeks: rapid.Bool().Draw(t, "sunday")}
		k := clock{Calendar: c}
		for range 20 {
			at := time.Unix(rapid.Int64Range(-1e9, 3e9).Draw(t, "unix"), 0)
			i, err := k.index(at)
			if err != nil || int(i) != c.Index(at) {
				t.Fatalf("%v: %d, want %d (%v)", at, i, c.Index(at), err)
			}
			s := c.Start(int(i))
			if s.After(at) {
				t.Fatalf("%v is before the start %v of its period", at, s)
			}
			if c.Index(s) < int(i) || c.Index(s.Add(-time.Second)) >= int(i) {
				t.Fatalf("period %d does not begin at %v", i, s)
			}
		}
	})
}

func TestActivityGolden(t *testing.T) {
	var g struct {
		User    []int
		Unix    []int64
		Through time.Time
		Units   map[string]struct {
			Cohorts          []string
			Classic, Rolling [][][2]int64
			Active           map[int][]int64
			Flows            [][5]int64
			P90              float64
		}
	}
	testkit.Golden(t, "activity.json", &g)
	for _, p := range []Period{PeriodDay, PeriodWeek, PeriodMonth} {
		want := g.Units[p.String()]
		a, err := NewActivity[int](Calendar{Period: p, Location: zone(t, "America/New_York")})
		must(t, err)
		first := g.Unix[0]
		for i, u := range g.User {
			must(t, a.Add(u, time.Unix(g.Unix[i], 0)))
			first = min(first, g.Unix[i])
		}
		for kind, cells := range map[RetentionKind][][][2]int64{RetentionClassic: want.Classic, RetentionRolling: want.Rolling} {
			r, err := a.Retention(RetentionOptions{MinAudience: -1, Kind: kind, Periods: 6, AsOf: g.Through})
			must(t, err)
			if len(r.Rows) != len(want.Cohorts) {
				t.Fatalf("%v: %d cohorts, want %d", p, len(r.Rows), len(want.Cohorts))
			}
			for i, row := range r.Rows {
				if c := a.Calendar().Start(row.Period).Format("2006-01-02"); c != want.Cohorts[i] {
					t.Errorf("%v: cohort %s, want %s", p, c, want.Cohorts[i])
				}
				for j, c := range row.Cells {
					if c.Num() != cells[i][j][0] || c.Den() != cells[i][j][1] {
						t.Errorf("%v kind %d: cohort %d, n %d: %v, want %v", p, kind, i, j, c, cells[i][j])
					}
				}
			}
		}
		for w, users := range want.Active {
			got, err := a.Active(w, time.Unix(first, 0), g.Through)
			must(t, err)
			if len(got) != len(users) {
				t.Fatalf("%v: %d periods, want %d", p, len(got), len(users))
			}
			for i, x := range got {
				if x.Users != users[i] {
					t.Errorf("%v width %d: period %d: %d users, want %d", p, w, i, x.Users, users[i])
				}
			}
		}
		flows, err := a.Flows(time.Unix(first, 0), g.Through)
		must(t, err)
		for i, f := range flows {
			if got := [5]int64{f.Active, f.New, f.Kept, f.Returned, f.Lost}; got != want.Flows[i] {
				t.Errorf("%v: flow %d: %v, want %v", p, i, got, want.Flows[i])
			}
		}
		c, err := a.Churn(ChurnOptions{From: time.Unix(first, 0), AsOf: g.Through, MinGaps: 1e9})
		must(t, err)
		if want := int(math.Ceil(2*want.P90 - 1e-9)); c.Inactive != want {
			t.Errorf("%v: churned after %d, want %d", p, c.Inactive, want)
		}
	}
}

func dayOf(n int) time.Time { return day0.AddDate(0, 0, n) }

func TestActivityRules(t *testing.T) {
	a, err := NewActivity[string](Calendar{})
	must(t, err)
	for _, x := range []struct {
		user string
		day  int
	}{{"u", 0}, {"u", 1}, {"u", 2}, {"v", 0}, {"v", 7}, {"w", 5}, {"u", 1}, {"x", -3}, {"x", 0}} {
		must(t, a.Add(x.user, dayOf(x.day)))
	}
	must(t, a.Start("x", dayOf(0))) // registered after his first visit
	must(t, a.Start("y", dayOf(0))) // never seen
	r, err := a.Retention(RetentionOptions{MinAudience: -1, Periods: 6, AsOf: dayOf(6).Add(time.Hour)})
	must(t, err)
	if len(r.Rows) != 2 || r.Rows[0].Users != 4 || r.Rows[0].Cells[1] != metrics.RatioOf(1, 4, 4) || r.Rows[0].Cells[0] != metrics.RatioOf(3, 4, 4) {
		t.Errorf("%+v", r)
	}
	// Day 6 is not over: censored for the first cohort, day 1 for the second.
	if _, err := r.Rows[0].Cells[6].Value(); !errors.Is(err, ErrUndefined) {
		t.Errorf("censored cell: %v", err)
	}
	if _, err := r.Rows[1].Cells[1].Value(); !errors.Is(err, ErrUndefined) {
		t.Errorf("censored cohort: %v", err)
	}
	if r.Overall[0] != metrics.RatioOf(4, 5, 5) || r.Overall[1] != metrics.RatioOf(1, 4, 4) {
		t.Errorf("overall %v", r.Overall)
	}
	b, err := a.Retention(RetentionOptions{MinAudience: -1, Kind: RetentionBracket, Brackets: [][2]int{{0, 0}, {1, 2}, {5, 7}}, AsOf: dayOf(8)})
	must(t, err)
	if c := b.Rows[0].Cells; c[1] != metrics.RatioOf(1, 4, 4) || c[2] != metrics.RatioOf(1, 4, 4) || b.Rows[1].Cells[2].Den() != 0 {
		t.Errorf("%+v", b)
	}
	s, err := a.Stickiness(3, dayOf(3))
	must(t, err)
	if s.Num() != 5 || s.Den() != 9 { // u 3, v 1, x 1 days; 3 users
		t.Errorf("stickiness %v", s)
	}
	// u (last seen day 2) and w (day 5) are alive on day 6 with 5 days of patience, x and v (day 0) are not.
	c, err := a.Churn(ChurnOptions{From: dayOf(6), AsOf: dayOf(11), Inactive: 5})
	must(t, err)
	if c.Rate != metrics.RatioOf(2, 2, 2) {
		t.Errorf("churn %v", c.Rate)
	}
	if c, err = a.Churn(ChurnOptions{From: dayOf(3), AsOf: dayOf(8), Inactive: 5}); err != nil || c.Rate != metrics.RatioOf(2, 3, 3) {
		t.Errorf("churn of u, v, x: %v %v", c.Rate, err)
	}
}

func TestActivityBadInput(t *testing.T) {
	if _, err := NewActivity[int](Calendar{Period: 9}); !errors.Is(err, ErrOption) {
		t.Error(err)
	}
	var a Activity[int]
	at := func(_ any, err error) error { return err }
	good := RetentionOptions{MinAudience: -1, AsOf: dayOf(3)}
	bad := func(f func(*RetentionOptions)) RetentionOptions { o := good; f(&o); return o }
	for name, x := range map[string]struct{ got, want error }{
		"zero time":            {a.Add(1, time.Time{}), ErrRange},
		"zero start":           {a.Start(1, time.Time{}), ErrRange},
		"year 9999":            {a.Add(1, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)), ErrRange},
		"no users":             {at(a.Retention(good)), ErrEmpty},
		"no end":               {at(a.Retention(RetentionOptions{MinAudience: -1})), ErrOption},
		"kind":                 {at(a.Retention(bad(func(o *RetentionOptions) { o.Kind = 9 }))), ErrOption},
		"brackets missing":     {at(a.Retention(bad(func(o *RetentionOptions) { o.Kind = RetentionBracket }))), ErrOption},
		"brackets for classic": {at(a.Retention(bad(func(o *RetentionOptions) { o.Brackets = [][2]int{{1, 2}} }))), ErrOption},
		"bracket reversed": {at(a.Retention(bad(func(o *RetentionOptions) {
			o.Kind, o.Brackets = RetentionBracket, [][2]int{{3, 2}}
		}))), ErrOption},
		"periods":      {at(a.Retention(bad(func(o *RetentionOptions) { o.Periods = -1 }))), ErrOption},
		"width 0":      {at(a.Active(0, dayOf(0), dayOf(1))), ErrOption},
		"no period":    {at(a.Active(1, dayOf(1), dayOf(1))), ErrEmpty},
		"backwards":    {at(a.Flows(dayOf(2), dayOf(1))), ErrEmpty},
		"too long":     {at(a.Flows(dayOf(0), dayOf(1_100_000))), ErrTooLarge},
		"stickiness":   {at(a.Stickiness(0, dayOf(1))), ErrOption},
		"churn times":  {at(a.Churn(ChurnOptions{From: dayOf(1), AsOf: dayOf(1)})), ErrOption},
		"churn factor": {at(a.Churn(ChurnOptions{From: dayOf(1), AsOf: dayOf(2), Factor: -1})), ErrOption},
		"no gaps":      {at(a.Churn(ChurnOptions{From: dayOf(1), AsOf: dayOf(2)})), ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if a.Users() != 0 {
		t.Error("something changed")
	}
	s, err := a.Stickiness(7, dayOf(1))
	must(t, err)
	if _, err := s.Value(); !errors.Is(err, ErrUndefined) {
		t.Error("stickiness of nobody")
	}
	// Written in one zone, read in another.
	b, _ := NewActivity[int](Calendar{Location: zone(t, "Asia/Shanghai")})
	data, err := b.MarshalBinary()
	must(t, err)
	if err := a.UnmarshalBinary(data); !errors.Is(err, ErrMismatch) {
		t.Errorf("another location: %v", err)
	}
}

func TestActivityMerge(t *testing.T) {
	make1 := func(p Period) func() *Activity[string] {
		return func() *Activity[string] {
			a, err := NewActivity[string](Calendar{Period: p, Location: zone(t, "America/New_York")})
			must(t, err)
			return a
		}
	}
	testkit.Laws[*Activity[string]]{
		Empty: make1(PeriodDay),
		Other: make1(PeriodWeek),
		Add: func(t *rapid.T) func(*Activity[string]) {
			u := rapid.SampledFrom([]string{"u", "v", "w", "x"}).Draw(t, "user")
			start, at := rapid.IntRange(0, 9).Draw(t, "start") == 0, dayOf(rapid.IntRange(-5, 20).Draw(t, "day"))
			return func(a *Activity[string]) {
				err := error(nil)
				if start {
					err = a.Start(u, at)
				} else {
					err = a.Add(u, at)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Activity[string]) error { return a.Merge(b) },
		Result: func(a *Activity[string]) []float64 {
			out := testkit.Numbers(a.Users())
			r, _ := a.Retention(RetentionOptions{MinAudience: -1, AsOf: dayOf(15)})
			for _, row := range r.Rows {
				out = append(out, float64(row.Period), float64(row.Users))
				for _, c := range row.Cells {
					out = append(out, float64(c.Num()), float64(c.Den()))
				}
			}
			act, err := a.Active(3, dayOf(0), dayOf(15))
			if err != nil {
				panic(err)
			}
			for _, x := range act {
				out = append(out, float64(x.Users))
			}
			c, err := a.Churn(ChurnOptions{From: dayOf(5), AsOf: dayOf(15), MinGaps: 2})
			return append(out, nan(float64(c.Rate.Num()), err), nan(float64(c.Rate.Den()), err))
		},
	}.Check(t)
}

// Many repeats and a small buffer must not change what is known, whether they lie
// within the latest 64 periods of a user or not.
func TestActivityCompacts(t *testing.T) {
	for _, apart := range []int{1, 100} {
		var a Activity[int]
		for i := range 300_000 {
			must(t, a.Add(i%7, dayOf(i%5*apart)))
		}
		if n := len(a.pairs); n > 1<<17 || apart == 1 && n != 35 {
			t.Errorf("%d pairs kept of 35", n)
		}
		a.compact()
		if len(a.pairs) != 35 || !slices.IsSorted(a.pairs) {
			t.Errorf("%d pairs", len(a.pairs))
		}
	}
}

// What a user was seen in costs nothing when it comes again, in any order, also
// after a merge and after decoding.
func TestActivityAllocs(t *testing.T) {
	var a, b, c Activity[int]
	for i := range 64 {
		for u := range 20 {
			must(t, a.Add(u, dayOf(i*37%64)))
			must(t, b.Add(u+10, dayOf(i)))
		}
	}
	must(t, a.Merge(&b))
	data, err := a.MarshalBinary()
	must(t, err)
	must(t, c.UnmarshalBinary(data))
	for _, x := range []*Activity[int]{&a, &c} {
		before := len(x.pairs)
		i := 0
		allocs := testing.AllocsPerRun(10_000, func() {
			i++
			if err := x.Add(i%30, dayOf(i*41%64)); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 || len(x.pairs) != before {
			t.Errorf("%v allocations an event, %d pairs, were %d", allocs, len(x.pairs), before)
		}
	}
}

func BenchmarkActivityAdd(b *testing.B) {
	for _, p := range []Period{PeriodDay, PeriodMonth} {
		b.Run("period="+p.String(), func(b *testing.B) {
			a, _ := NewActivity[int32](Calendar{Period: p, Location: zone(b, "America/New_York")})
			b.ReportAllocs()
			i := int32(0)
			for b.Loop() { // 8192 users; a day every 86400 events: new user-days are part of it
				i++
				if err := a.Add(i*5&8191, day0.Add(time.Duration(i)*time.Second)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
