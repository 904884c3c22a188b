package calendar_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
)

// The table: New York's days around both changes of 2024, Samoa without 30 December
// 2011, and UTC.
func TestAges(t *testing.T) {
	for _, c := range []struct {
		zone, asOf, at string
		want           float64
	}{
		{"America/New_York", "2024-11-04T00:00:00-05:00", "2024-11-03T00:00:00-04:00", 1},
		{"America/New_York", "2024-11-04T00:00:00-05:00", "2024-11-03T12:00:00-05:00", 12. / 25},
		{"America/New_York", "2024-03-11T00:00:00-04:00", "2024-03-09T23:30:00-05:00", 1 + .5/24},
		{"America/New_York", "2024-03-11T00:00:00-04:00", "2024-03-10T00:00:00-05:00", 1},
		{"America/New_York", "2024-03-11T02:30:00-04:00", "2024-03-10T03:00:00-04:00", 1}, // 02:30 was never shown
		{"Pacific/Apia", "2012-01-02T00:00:00+14:00", "2011-12-31T00:00:00+14:00", 2},
		{"Pacific/Apia", "2012-01-02T00:00:00+14:00", "2011-12-29T00:00:00-10:00", 4},
		{"UTC", "2024-11-04T00:00:00Z", "2024-11-01T06:00:00Z", 2.75},
	} {
		z, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		asOf, err1 := time.Parse(time.RFC3339, c.asOf)
		at, err2 := time.Parse(time.RFC3339, c.at)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := calendar.NewAges(asOf, z).Since(at.UnixNano()); !testkit.Close(got, c.want, 0, 1e-12) {
			t.Errorf("%s: %s is %v days before %s, want %v", c.zone, c.at, got, c.asOf, c.want)
		}
	}
}

// An age is at most k exactly where the instant is at or after the begin of day k; ages
// fall with time, and begins are where the clock shows the same time.
func TestAgesProp(t *testing.T) {
	zones := testkit.Zones(t)
	rapid.Check(t, func(r *rapid.T) {
		z := rapid.SampledFrom(zones).Draw(r, "zone")
		asOf := time.Unix(rapid.Int64Range(1e9, 2e9).Draw(r, "as of"), rapid.Int64Range(0, 1e9-1).Draw(r, "nanoseconds")).In(z)
		a := calendar.NewAges(asOf, z)
		k := rapid.Int64Range(0, 9000).Draw(r, "days")
		begin := a.Begin(k)
		if first, _, _ := calendar.Resolve(calendar.Wall(asOf, z)-k*86400, z); time.Unix(first, int64(asOf.Nanosecond())).UnixNano() != begin {
			r.Fatalf("day %d begins at %v, the clock says %v", k, time.Unix(0, begin), time.Unix(first, 0))
		}
		if age := a.Since(begin); age > float64(k) {
			r.Fatalf("begin of day %d is %v days ago", k, age)
		}
		if age := a.Since(begin - 1); age < float64(k) || k > 0 && !(age >= a.Since(begin)) {
			r.Fatalf("before the begin of day %d: %v days", k, age)
		}
		var w codec.Writer
		a.Write(&w)
		frame := w.AppendFrame(nil, codec.KindBuilder, 1)
		rd, err := codec.Open(frame, codec.KindBuilder, 1)
		if err != nil {
			r.Fatal(err)
		}
		if b := calendar.Read(rd, asOf.UnixNano()); rd.Done() != nil || !b.Equal(a) {
			r.Fatalf("stored %+v, read %+v", a, b)
		}
	})
}

func TestAgesExtremes(t *testing.T) {
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range []*time.Location{z, time.UTC} {
		a := calendar.NewAges(time.Unix(math.MaxInt64/1_000_000_000-1, 0), zone)
		if got := a.Since(math.MinInt64); !(got > 213_000 && got < 214_000) {
			t.Errorf("%v: %v days", zone, got)
		}
		if got := a.Begin(1 << 40); got != math.MinInt64 {
			t.Errorf("%v: begin %v", zone, got)
		}
	}
	if _, ok := calendar.FromBegins(0, []int{1, 2}, []int64{-86400e9, -86400e9 + 1}); ok {
		t.Error("a begin of half a second")
	}
	if _, ok := calendar.FromBegins(0, []int{1, 2}, []int64{-2 * 86400e9, -86400e9}); ok {
		t.Error("begins that do not descend")
	}
	if a, ok := calendar.FromBegins(0, []int{1, 3}, []int64{-90000e9, -3*86400e9 - 3600e9}); !ok || a.Begin(2) != -2*86400e9-3600e9 {
		t.Error("begins between those known")
	}
}
