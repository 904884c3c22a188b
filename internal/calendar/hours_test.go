package calendar

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

const hour = time.Hour

func mustHours(t testing.TB, opt HoursOptions) *Hours {
	t.Helper()
	h, err := NewHours("test", opt)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func zoneOf(t testing.TB, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skip(err)
	}
	return loc
}

// slow walks the days one by one: what shift of a day lies between the two instants.
func slow(b *Business, opt HoursOptions, from, to time.Time) (sum time.Duration) {
	loc := opt.Location
	for day := Day(from, loc) - 2; day <= Day(to, loc)+2; day++ {
		wd := Date(day).Weekday()
		list := []Shift{{0, 24 * hour}}
		if opt.Shifts != nil {
			list = opt.Shifts
		}
		own, has := opt.On[wd]
		if has {
			list = own
		}
		if b.orUsual().named(day) != "" || !has && !b.IsOpen(day) {
			continue
		}
		for _, s := range list {
			a, e := At(day, int64(s.From/time.Second), loc), At(day, int64(s.To/time.Second), loc)
			if a.Before(from) {
				a = from
			}
			if e.After(to) {
				e = to
			}
			sum += max(0, e.Sub(a))
		}
	}
	return sum
}

func TestHoursProp(t *testing.T) {
	b, err := NewBusiness("test", BusinessOptions{
		Holidays: map[string][]Civil{"may": {{2024, 5, 1}, {2025, 5, 1}}, "noel": {{2024, 12, 25}, {2024, 12, 26}}},
		Workdays: []Civil{{2024, 4, 28}, {2024, 5, 11}},
	})
	if err != nil {
		t.Fatal(err)
	}
	office := []Shift{{9 * hour, 12*hour + 30*time.Minute}, {13 * hour, 18 * hour}}
	night := []Shift{{0, 3*hour + time.Second}, {22 * hour, 24 * hour}}
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca"} {
		loc := zoneOf(t, name)
		opts := []HoursOptions{
			{Location: loc},
			{Location: loc, Business: b, Shifts: office},
			{Location: loc, Business: b, Shifts: night, On: map[time.Weekday][]Shift{time.Saturday: {{10 * hour, 14 * hour}}, time.Tuesday: {}}},
		}
		clocks := make([]*Hours, len(opts))
		for i, opt := range opts {
			clocks[i] = mustHours(t, opt)
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				i := rapid.IntRange(0, len(opts)-1).Draw(t, "clock")
				// Most near a change of the clock, a holiday or the day that Apia skipped.
				base := rapid.SampledFrom([]time.Time{
					time.Date(2024, 3, 31, 0, 0, 0, 0, time.UTC), time.Date(2024, 10, 27, 0, 0, 0, 0, time.UTC), time.Date(2018, 2, 18, 0, 0, 0, 0, time.UTC),
					time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC), time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC),
				}).Draw(t, "base")
				instant := func(label string, days int64) time.Time {
					return base.Add(time.Duration(rapid.Int64Range(-int64(48*hour), days*int64(24*hour)).Draw(t, label)))
				}
				x, y, z := instant("x", 3), instant("y", 40), instant("z", 40)
				if y.Before(x) {
					x, y = y, x
				}
				got, want := clocks[i].Between(x, y), slow(opts[i].Business, opts[i], x, y)
				if got != want {
					t.Fatalf("between %v and %v: %v, want %v", x.In(loc), y.In(loc), got, want)
				}
				if z.After(y) && clocks[i].Between(x, z) != got+clocks[i].Between(y, z) {
					t.Fatal("time does not add up")
				}
			})
		})
	}
}

// A clock that never closes is the plain clock, also where a day has 23 or 25 hours.
func TestHoursAlwaysOpen(t *testing.T) {
	b, err := NewBusiness("test", BusinessOptions{Weekend: []time.Weekday{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"UTC", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe"} {
		h := mustHours(t, HoursOptions{Business: b, Location: zoneOf(t, name)})
		for d := range 400 {
			from := time.Date(2011, 1, 1, 0, 0, 0, 7, time.UTC).Add(time.Duration(d) * 23 * hour)
			to := from.Add(time.Duration(d*d) * 1_234_567_891)
			if got := h.Between(from, to); got != to.Sub(from) {
				t.Fatalf("%s: %v of %v", name, got, to.Sub(from))
			}
		}
	}
	var none *Hours
	at := time.Unix(5, 3)
	if none.Between(at, at.Add(hour)) != hour || none.Between(at.Add(hour), at) != 0 {
		t.Error("nil does not run around the clock")
	}
	if got := none.Between(time.Time{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); got != 1<<63-1 {
		t.Errorf("longest time: %v", got)
	}
	if got := mustHours(t, HoursOptions{}).Between(time.Time{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); got != 1<<63-1 {
		t.Errorf("longest time of business: %v", got)
	}
}

func TestHoursOptions(t *testing.T) {
	for name, opt := range map[string]HoursOptions{
		"backwards":     {Shifts: []Shift{{2 * hour, hour}}},
		"empty":         {Shifts: []Shift{{hour, hour}}},
		"over midnight": {Shifts: []Shift{{22 * hour, 25 * hour}}},
		"overlap":       {Shifts: []Shift{{8 * hour, 12 * hour}, {11 * hour, 13 * hour}}},
		"negative":      {Shifts: []Shift{{-hour, hour}}},
		"parts":         {Shifts: []Shift{{1, hour}}},
		"never":         {Shifts: []Shift{}},
		"eighth day":    {On: map[time.Weekday][]Shift{7: {}}},
		"bad day":       {On: map[time.Weekday][]Shift{2: {{5, 4}}}},
	} {
		if _, err := NewHours("test", opt); !errors.Is(err, check.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHoursCodec(t *testing.T) {
	berlin := zoneOf(t, "Europe/Berlin")
	b, err := NewBusiness("test", BusinessOptions{Holidays: map[string][]Civil{"a": {{2024, 5, 1}}, "b": {{2024, 5, 1}}}, Workdays: []Civil{{2024, 4, 28}}})
	if err != nil {
		t.Fatal(err)
	}
	h := mustHours(t, HoursOptions{Business: b, Location: berlin, Shifts: []Shift{{9 * hour, 17 * hour}}, On: map[time.Weekday][]Shift{time.Monday: {}}})
	frame := func(h *Hours) []byte {
		var w codec.Writer
		PutHours(&w, h)
		return w.AppendFrame(nil, 1, 1)
	}
	read := func(data []byte, like *Hours) (*Hours, error) {
		r, err := codec.Open(data, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		h, err := GetHours(r, like)
		return h, errors.Join(err, r.Done())
	}
	back, err := read(frame(h), h)
	if err != nil || !SameHours(back, h) || !bytes.Equal(frame(back), frame(h)) {
		t.Fatalf("round trip: %v", err)
	}
	from := time.Date(2024, 4, 20, 3, 0, 0, 0, time.UTC)
	for d := range 30 {
		if to := from.AddDate(0, 0, d); back.Between(from, to) != h.Between(from, to) {
			t.Fatal("a clock read back runs differently")
		}
	}
	if none, err := read(frame(nil), nil); err != nil || none != nil || SameHours(none, h) {
		t.Errorf("nil: %v", err)
	}
	if _, err := read(frame(h), nil); !errors.Is(err, check.ErrMismatch) {
		t.Errorf("a zone that is not known: %v", err)
	}
	utc := mustHours(t, HoursOptions{})
	if back, err := read(frame(utc), nil); err != nil || !SameHours(back, utc) {
		t.Errorf("UTC: %v", err)
	}
	other := mustHours(t, HoursOptions{On: map[time.Weekday][]Shift{time.Monday: {}}})
	if SameHours(other, utc) || SameHours(h, utc) {
		t.Error("different clocks pass for the same")
	}
}

func BenchmarkHoursBetween(b *testing.B) {
	for _, name := range []string{"UTC", "Europe/Berlin"} {
		h := mustHours(b, HoursOptions{Shifts: []Shift{{9 * hour, 17 * hour}}, Location: zoneOf(b, name)})
		b.Run("zone="+name, func(b *testing.B) {
			b.ReportAllocs()
			from, i := time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC), 0
			var sum time.Duration
			for b.Loop() {
				i++
				at := from.Add(time.Duration(i%9000) * 37 * time.Minute)
				sum += h.Between(at, at.Add(50*hour))
			}
			_ = sum
		})
	}
}
