package calendar_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/testkit"
)

// TestResolve goes through every gap and every overlap of every zone from 2000 to 2037:
// the first second, a minute inside, the last one, and those before and after.
func TestResolve(t *testing.T) {
	gaps, overlaps := 0, 0
	for _, c := range testkit.ClockChanges(t) {
		lo, hi := c.At+min(c.Before, c.After), c.At+max(c.Before, c.After)
		check := func(wall, first, last int64, want calendar.Shown) {
			t.Helper()
			if f, l, shown := calendar.Resolve(wall, c.Zone); f != first || l != last || shown != want {
				t.Errorf("%v at %v: %v is %v to %v, %d; want %v to %v, %d", c.Zone, time.Unix(c.At, 0).UTC(), time.Unix(wall, 0).UTC(),
					time.Unix(f, 0).UTC(), time.Unix(l, 0).UTC(), shown, time.Unix(first, 0).UTC(), time.Unix(last, 0).UTC(), want)
			}
		}
		for _, wall := range []int64{lo, lo + 60, hi - 1} {
			if c.After > c.Before {
				gaps++
				check(wall, c.At, c.At, calendar.Never)
			} else {
				overlaps++
				check(wall, wall-c.Before, wall-c.After, calendar.Twice)
			}
		}
		check(lo-1, lo-1-c.Before, lo-1-c.Before, calendar.Once)
		check(hi, hi-c.After, hi-c.After, calendar.Once)
		// The date on which the clock is changed, and the one after.
		for day := calendar.Day(time.Unix(c.At-1, 0), c.Zone); day <= calendar.Day(time.Unix(c.At, 0), c.Zone)+1; day++ {
			start := calendar.Start(day, c.Zone)
			if got := calendar.Day(start, c.Zone); got < day || calendar.Day(start.Add(-time.Second), c.Zone) >= day {
				t.Errorf("%v: day %v starts at %v", c.Zone, time.Unix(day*86400, 0).UTC(), start)
			}
			for _, at := range []time.Time{start, start.Add(7 * time.Hour), calendar.Start(day+1, c.Zone).Add(-time.Nanosecond)} {
				if f := calendar.Fraction(at, c.Zone); f < 0 || f >= 1 || at.Equal(start) && f != 0 {
					t.Errorf("%v: %v is %v of its day", c.Zone, at, f)
				}
			}
		}
	}
	t.Logf("%d times in gaps, %d in overlaps", gaps, overlaps)
}

// The oracle looks at every minute around a change, of zones with the oddest ones.
func TestResolveMinutes(t *testing.T) {
	for _, name := range []string{"America/Santiago", "America/Havana", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Pyongyang", "Europe/Berlin", "Antarctica/Troll"} {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range testkit.ClockChanges(t) {
			if c.Zone.String() != name || c.At > 1.5e9 {
				continue
			}
			shown := map[int64][]int64{}
			for u := c.At - 50*3600; u < c.At+50*3600; u += 60 {
				w := calendar.Wall(time.Unix(u, 0), z)
				shown[w] = append(shown[w], u)
			}
			for w := c.At - 20*3600; w < c.At+20*3600; w += 60 {
				first, last, n := calendar.Resolve(w, z)
				us := shown[w]
				switch {
				case len(us) == 0 && (n != calendar.Never || first != c.At), len(us) == 1 && (n != calendar.Once || first != us[0]),
					len(us) == 2 && (n != calendar.Twice || first != us[0] || last != us[1]):
					t.Fatalf("%s: %v is %d, %d, %d; shown at %v", name, time.Unix(w, 0).UTC(), first, last, n, us)
				}
			}
		}
	}
}

func TestFraction(t *testing.T) {
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]float64{
		"2024-06-01T06:00:00+02:00": .25,
		"2024-03-31T12:00:00+02:00": 11. / 23, // an hour is skipped
		"2024-10-27T12:00:00+01:00": 13. / 25,
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.Fraction(at, z); !testkit.Close(got, want, 0, 1e-12) {
			t.Errorf("%s: %v of the day, want %v", text, got, want)
		}
	}
}
