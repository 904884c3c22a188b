package profile_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestClockDays: windows and ages agree around changes of the clock.
func TestClockDays(t *testing.T) {
	for _, name := range []string{"America/New_York", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"} {
		z := location(t, name)
		for d := range 366 {
			asOf := time.Date(2024, 1, 1+d, 0, 0, 0, 0, z)
			if asOf.Hour() != 0 {
				continue // a midnight that was skipped
			}
			b := newBuilder(t, profile.BuilderOptions{AsOf: asOf, Zone: z, Windows: []int{1, 2, 7}})
			for _, back := range []time.Duration{time.Hour, 23 * time.Hour, 24 * time.Hour, 25 * time.Hour, 47*time.Hour + 30*time.Minute, 48 * time.Hour, 7 * day, 7*day - time.Hour, 7*day + time.Hour} {
				if err := b.Add(&event{User: fmt.Sprint(back), Kind: profile.View, At: asOf.Add(-back)}); err != nil {
					t.Fatal(err)
				}
			}
			tab, err := b.Table(profile.TableOptions{Columns: []string{"active_days_ago", "events_1d", "events_2d", "events_7d"}})
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range tab.Rows {
				for k, w := range []float64{1, 2, 7} {
					if (r[0] <= w) != (r[k+1] == 1) {
						t.Errorf("%v: %s before %v: %v days ago, %v events in %v days", z, tab.IDs[i], asOf, r[0], r[k+1], w)
					}
				}
			}
		}
	}
	z := location(t, "America/New_York")
	b := newBuilder(t, profile.BuilderOptions{AsOf: time.Date(2024, 11, 4, 0, 0, 0, 0, z), Zone: z})
	if err := b.AddOrder(&order{ID: "1", User: "ann", At: time.Date(2024, 11, 3, 0, 0, 0, 0, z), Currency: "USD", Lines: []line{{Quantity: 1, Price: 5}}}); err != nil {
		t.Fatal(err)
	}
	if rows, err := b.RFM(); err != nil || rows[0].Recency != 1 {
		t.Errorf("the day of 25 hours: %+v, %v", rows, err)
	}
	data, _ := b.MarshalBinary() // which knows the days, not the zone
	var stored profile.Builder[string, int]
	if err := stored.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if rows, err := stored.RFM(); err != nil || rows[0].Recency != 1 {
		t.Errorf("the day of 25 hours, stored: %+v, %v", rows, err)
	}
}

// TestAdvanceProp: days added one after the other, with the state stored between, give
// what a Builder gives that takes all of them at the end.
func TestAdvanceProp(t *testing.T) {
	zones := []string{"UTC", "America/New_York", "America/Havana", "Pacific/Apia"}
	rapid.Check(t, func(r *rapid.T) {
		z := location(t, rapid.SampledFrom(zones).Draw(r, "zone"))
		first := time.Date(2024, rapid.SampledFrom([]time.Month{3, 6, 11}).Draw(r, "month"), rapid.IntRange(1, 12).Draw(r, "day"), 12, 0, 0, 0, z)
		opt := profile.BuilderOptions{AsOf: first, Zone: z, Windows: []int{1, 3, 10}, HalfLife: time.Duration(rapid.IntRange(-1, 3).Draw(r, "half-life")) * day, Rolling: true}
		records := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) record {
			at := first.Add(time.Duration(rapid.IntRange(-30*24, 14*24).Draw(r, "hours")) * time.Hour)
			u := rapid.SampledFrom([]string{"ann", "bob"}).Draw(r, "user")
			switch rapid.IntRange(0, 2).Draw(r, "sort") {
			case 0:
				return record{order: &order{ID: "o", User: u, At: at, Currency: "EUR", Lines: []line{{Item: 1, Category: "shoes", Quantity: 2, Price: 100}}}}
			case 1:
				return record{refund: &refund{ID: "r", OrderID: "o", User: u, At: at, Currency: "EUR", Amount: 7}}
			}
			return record{event: &event{User: u, Item: 1, Kind: profile.View, At: at, Category: rapid.SampledFrom([]string{"shoes", "hats"}).Draw(r, "category"), Dwell: time.Second}}
		}), 1, 30).Draw(r, "records")
		b := newBuilder(t, opt)
		from := time.Time{}
		for at := first; ; {
			for _, x := range records {
				if x.time().Before(at) && !x.time().Before(from) {
					feed(t, b, []record{x})
				}
			}
			if at.After(first.AddDate(0, 0, 13)) {
				break
			}
			from, at = at, at.AddDate(0, 0, rapid.IntRange(1, 5).Draw(r, "days"))
			data, _ := b.MarshalBinary()
			stored := newBuilder(t, opt)
			if err := errors.Join(stored.UnmarshalBinary(data), stored.Advance(at)); err != nil {
				r.Fatal(err)
			}
			b = stored
			opt.AsOf = at
		}
		want := newBuilder(t, opt)
		for _, x := range records {
			if x.time().Before(opt.AsOf) {
				feed(t, want, []record{x})
			}
		}
		columns := []string{
			"tenure_days", "active_days_ago", "recency_days", "orders", "orders_1d", "orders_3d", "orders_10d", "paid_3d", "net_10d", "units_1d", "view", "view_1d", "view_3d", "view_10d",
			"dwell_seconds", "category=shoes", "category=hats",
		}
		got, err1 := b.Table(profile.TableOptions{Columns: columns})
		all, err2 := want.Table(profile.TableOptions{Columns: columns})
		if errors.Is(err1, profile.ErrEmpty) && errors.Is(err2, profile.ErrEmpty) {
			return
		}
		if err := errors.Join(err1, err2); err != nil {
			r.Fatal(err)
		}
		one, _ := b.MarshalBinary()
		two, _ := want.MarshalBinary()
		if !bytes.Equal(one, two) {
			r.Fatal("day by day other bytes than at once")
		}
		for i := range all.Rows {
			for j, w := range all.Rows[i] {
				if g := got.Rows[i][j]; math.Float64bits(g) != math.Float64bits(w) {
					r.Fatalf("%s of %s: %v day by day, %v at once", columns[j], all.IDs[i], g, w)
				}
			}
		}
	})
}

func TestAdvanceRefuses(t *testing.T) {
	z := location(t, "America/New_York")
	asOf := time.Date(2024, 3, 9, 0, 0, 0, 0, z)
	b := newBuilder(t, profile.BuilderOptions{AsOf: asOf, Zone: z, Rolling: true})
	feed(t, b, []record{{event: &event{User: "ann", Kind: profile.View, At: asOf.Add(-time.Hour)}}})
	before, _ := b.MarshalBinary()
	for name, at := range map[string]time.Time{"same": asOf, "earlier": asOf.AddDate(0, 0, -1), "half a day": asOf.Add(12 * time.Hour), "24 hours, not a day": asOf.AddDate(0, 0, 1).Add(24 * time.Hour), "none": {}, "nanosecond": asOf.AddDate(0, 0, 1).Add(1)} {
		if err := b.Advance(at); !errors.Is(err, profile.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, _ := b.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("a refused Advance changed the state")
	}
	if err := newBuilder(t, profile.BuilderOptions{}).Advance(cut.Add(day)); !errors.Is(err, profile.ErrOption) {
		t.Errorf("not rolling: %v", err)
	}
	var nobody profile.Builder[string, int]
	if err := nobody.UnmarshalBinary(before); err != nil {
		t.Fatal(err)
	}
	if err := nobody.Advance(asOf.AddDate(0, 0, 1)); !errors.Is(err, profile.ErrOption) {
		t.Errorf("the zone is not known: %v", err)
	}
	if err := b.Merge(newBuilder(t, profile.BuilderOptions{AsOf: asOf, Zone: z})); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("merge of one without days: %v", err)
	}
	if err := (*profile.Builder[string, int])(nil).Advance(asOf); !errors.Is(err, profile.ErrEmpty) {
		t.Errorf("nil: %v", err)
	}
	if err := b.Advance(asOf.AddDate(0, 0, 2)); err != nil || !b.AsOf().Equal(asOf.AddDate(0, 0, 2)) {
		t.Errorf("47 hours are two days there: %v", err)
	}
}

// A Builder that forgot a user has the bytes of one that never knew him.
func TestBuilderForgetProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawRecord), 0, 30).Draw(r, "records")
		rolling := rapid.Bool().Draw(r, "rolling")
		all, rest := newBuilder(t, profile.BuilderOptions{Currency: "EUR", Rolling: rolling}), newBuilder(t, profile.BuilderOptions{Currency: "EUR", Rolling: rolling})
		feed(t, all, records)
		tab, err := all.Table(profile.TableOptions{})
		if errors.Is(err, profile.ErrEmpty) {
			return
		}
		who := rapid.SampledFrom(tab.IDs).Draw(r, "who")
		for _, x := range records {
			if x.user != nil && x.user.ID == who || x.event != nil && x.event.User == who || x.order != nil && x.order.User == who || x.refund != nil && x.refund.User == who {
				continue
			}
			feed(t, rest, []record{x})
		}
		if !all.Forget(who) || all.Forget(who) {
			r.Fatal("Forget does not say whether there was anything")
		}
		var a, b profile.Builder[string, int]
		one, _ := all.MarshalBinary()
		two, _ := rest.MarshalBinary()
		if err := errors.Join(a.UnmarshalBinary(one), b.UnmarshalBinary(two)); err != nil {
			r.Fatal(err)
		}
		if !bytes.Equal(fingerprint(t, &a), fingerprint(t, &b)) {
			r.Fatalf("left after %s went:\n%q\nwithout him:\n%q", who, one, two)
		}
	})
	if (*profile.Builder[string, int])(nil).Forget("ann") || newBuilder(t, profile.BuilderOptions{}).Forget("nobody") {
		t.Error("forgot whom it never knew")
	}
}

// Columns of which nothing is known are left out by default, so that a shop with orders
// only gets a table that an imputer takes.
func TestTableSeen(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{})
	o := &order{ID: "1", User: "ann", At: cut.Add(-day), Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: 500}}}
	feed(t, b, []record{{order: o}})
	tab, err := b.Table(profile.TableOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dwell_seconds", "position", "pages", "rating", "sentiment", "gap_days"} {
		if tab.Column(name) >= 0 {
			t.Errorf("%s of nobody is a column", name)
		}
	}
	for j, name := range tab.Names {
		if math.IsNaN(tab.Rows[0][j]) {
			t.Errorf("%s has no value", name)
		}
	}
	if tab, err := b.Table(profile.TableOptions{Columns: []string{"rating"}}); err != nil || !math.IsNaN(tab.Rows[0][0]) {
		t.Errorf("a column that is asked for: %v, %v", tab, err)
	}
}
