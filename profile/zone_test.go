package profile_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/profile"
)

// TestStoredZone: the year of age_years is that of the business time zone wherever a Builder is read, also
// of a zone whose clock was never changed, so that its days are those of UTC but not its midnights.
func TestStoredZone(t *testing.T) {
	kolkata := location(t, "Asia/Kolkata")
	for name, c := range map[string]struct {
		zone *time.Location
		asOf time.Time
		age  float64
	}{
		"ahead":  {kolkata, time.Date(2024, 1, 1, 1, 0, 0, 0, kolkata), 34},
		"behind": {location(t, "America/New_York"), time.Date(2023, 12, 31, 23, 0, 0, 0, location(t, "America/New_York")), 33},
		"utc":    {time.UTC, time.Date(2024, 1, 1, 1, 0, 0, 0, time.UTC), 34},
	} {
		opt := profile.BuilderOptions{AsOf: c.asOf, Zone: c.zone, Rolling: true}
		b := promised(profile.NewBuilder[string, int](opt))
		if err := b.AddUser(&user{ID: "ann", BirthYear: 1990, At: c.asOf.Add(-day)}); err != nil {
			t.Fatal(err)
		}
		age := func(b *profile.Builder[string, int]) float64 {
			return promised(b.Table(profile.TableOptions{Columns: []string{"age_years"}})).Rows[0][0]
		}
		if got := age(b); got != c.age {
			t.Errorf("%s: %v", name, got)
		}
		data := promised(b.MarshalBinary())
		var plain profile.Builder[string, int]
		same := promised(profile.NewBuilder[string, int](opt))
		other := promised(profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: c.asOf, Zone: location(t, "Asia/Tokyo"), Rolling: true}))
		for where, into := range map[string]*profile.Builder[string, int]{"plain": &plain, "same": same, "other": other} {
			if err := into.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			if got := age(into); got != c.age {
				t.Errorf("%s read into %s: %v, want %v", name, where, got, c.age)
			}
			if again := promised(into.MarshalBinary()); string(again) != string(data) {
				t.Errorf("%s read into %s: other bytes", name, where)
			}
			err := into.Advance(c.asOf.AddDate(0, 0, 1))
			if knows := where == "same" || name == "utc" && where == "plain"; (err == nil) != knows {
				t.Errorf("%s read into %s and advanced: %v", name, where, err)
			}
		}
	}
	at := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	b, utc := promised(profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: at, Zone: kolkata})), promised(profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: at}))
	if err := b.Merge(utc); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("two zones with the same days: %v", err)
	}
	clock := promised(profile.Features(nil, "clock"))
	stored := promised(profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: at, Zone: kolkata, Features: clock}))
	if err := promised(profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: at, Features: clock})).UnmarshalBinary(promised(stored.MarshalBinary())); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("hours of another zone: %v", err)
	}
}

// TestPopulationFacts: the population tells how many share a value, the commonest first, and nothing that
// names few.
func TestPopulationFacts(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{})
	for _, u := range []user{
		{ID: "ann", Sex: "f", Region: "north", BirthYear: 1990, Tags: []string{"vip"}, Extra: map[string]string{"city": "rome"}},
		{ID: "bob", Sex: "m", Region: "south", Channel: "app"},
		{ID: "cid", Sex: "m", Region: "north", Channel: "app"},
		{ID: "dan", Sex: "m"},
		{ID: "dan", Sex: "f", At: cut.Add(-day)}, // known later
		{ID: "eve", Sex: "x", At: cut.Add(day)},  // known too late
	} {
		if err := b.AddUser(&u); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want ...profile.Trait) {
		t.Helper()
		p := promised(b.Population())
		if len(p.Facts) != len(want) {
			t.Fatalf("%+v", p.Facts)
		}
		for i, f := range p.Facts {
			if f != want[i] {
				t.Errorf("fact %d is %+v, want %+v", i, f, want[i])
			}
		}
	}
	fact := func(field, value, users string) profile.Trait {
		return profile.Trait{Field: field, Value: value, Source: users + " users"}
	}
	check(
		fact("channel", "app", "2"), fact("region", "north", "2"), fact("region", "south", "1"),
		fact("sex", "f", "2"), fact("sex", "m", "2"), fact("tags", "vip", "1"),
	)
	if b.Forget("ann"); b.Forget("ann") {
		t.Error("forgotten twice")
	}
	check(fact("channel", "app", "2"), fact("region", "north", "1"), fact("region", "south", "1"), fact("sex", "m", "2"), fact("sex", "f", "1"))
}

// TestZoneNotSaid: a frame of version 3 does not say its zone. Read where nobody says one it merges with a Builder
// that has the same days, and takes its clock.
func TestZoneNotSaid(t *testing.T) {
	at := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	var w codec.Writer
	w.Int64(at.UnixNano())
	for range 3 { // changes of the clock, windows, half-life
		w.Int64(0)
	}
	weights := make(map[profile.Kind]float64)
	for k := profile.View; k <= profile.Return; k++ {
		w.Float64(1)
		weights[k] = 1
	}
	w.Int64s(nil)
	w.String("")
	w.Int64(0)
	w.Bool(false)
	w.Int(0)
	for range 7 { // labels
		w.Strings(nil)
	}
	w.Int(0)
	w.Int(0)
	data := w.AppendFrame(nil, codec.KindBuilder, 3)
	opt := profile.BuilderOptions{AsOf: at, Zone: location(t, "Asia/Tokyo"), Windows: []int{}, HalfLife: -1, KindWeights: weights}
	tokyo := promised(profile.NewBuilder[string, int](opt))
	want := string(promised(tokyo.MarshalBinary()))
	var old profile.Builder[string, int]
	opt.Zone = time.UTC
	utc := promised(profile.NewBuilder[string, int](opt))
	if err := errors.Join(old.UnmarshalBinary(data), utc.UnmarshalBinary(data)); err != nil {
		t.Fatal(err)
	}
	if err := tokyo.Merge(utc); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("a Builder that is said to be of UTC: %v", err)
	}
	if err := errors.Join(tokyo.Merge(&old), old.Merge(tokyo)); err != nil {
		t.Fatal(err)
	}
	if string(promised(tokyo.MarshalBinary())) != want || string(promised(old.MarshalBinary())) != want {
		t.Error("the clock is not that of the Builder that knows it")
	}
}
