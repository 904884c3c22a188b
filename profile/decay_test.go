package profile_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

func TestDecayed(t *testing.T) {
	a, err := profile.NewDecayed(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := profile.NewDecayed(time.Hour)
	if err := errors.Join(a.Add(cut, 8), a.Add(cut.Add(time.Hour), 1), b.Add(cut.Add(3*time.Hour), 1)); err != nil {
		t.Fatal(err)
	}
	if got := a.Value(cut.Add(time.Hour)); got != 5 {
		t.Errorf("value %v, want 5", got)
	}
	c, _ := profile.NewDecayed(time.Hour)
	if err := errors.Join(c.Merge(b), c.Merge(a), a.Merge(b)); err != nil {
		t.Fatal(err)
	}
	at := cut.Add(3 * time.Hour)
	if a.Value(at) != 2.25 || c.Value(at) != 2.25 {
		t.Errorf("merged %v and %v, want 2.25", a.Value(at), c.Value(at))
	}
	other, _ := profile.NewDecayed(time.Minute)
	if !errors.Is(a.Merge(other), profile.ErrMismatch) || !errors.Is(a.Merge(a), profile.ErrMismatch) {
		t.Error("merge of what does not match")
	}
	if err := a.Add(cut, math.NaN()); !errors.Is(err, profile.ErrNotFinite) || a.Value(at) != 2.25 {
		t.Error(err)
	}
	if err := a.Add(time.Time{}, 1); !errors.Is(err, profile.ErrRange) {
		t.Error(err)
	}
	if _, err := profile.NewDecayed(0); !errors.Is(err, profile.ErrOption) {
		t.Error(err)
	}
	if err := a.Merge(nil); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
	if err := new(profile.Decayed).Add(cut, 1); !errors.Is(err, profile.ErrEmpty) {
		t.Errorf("without a half-life: %v", err)
	}
	if _, err := new(profile.Decayed).MarshalBinary(); !errors.Is(err, profile.ErrEmpty) {
		t.Errorf("without a half-life: %v", err)
	}
	huge, _ := profile.NewDecayed(time.Hour)
	if err := huge.Add(cut, math.MaxFloat64); err != nil {
		t.Fatal(err)
	}
	if err := huge.Add(cut, math.MaxFloat64); !errors.Is(err, profile.ErrOverflow) || huge.Value(cut) != math.MaxFloat64 {
		t.Errorf("overflow: %v, value %v", err, huge.Value(cut))
	}
	more, _ := profile.NewDecayed(time.Hour)
	if err := errors.Join(more.Add(cut, math.MaxFloat64)); err != nil {
		t.Fatal(err)
	}
	if err := huge.Merge(more); !errors.Is(err, profile.ErrOverflow) || huge.Value(cut) != math.MaxFloat64 {
		t.Errorf("overflow: %v, value %v", err, huge.Value(cut))
	}
}

// TestDecayedProp: the sum is that of the terms, each halved once for every
// half-life, in any order and over a round trip.
func TestDecayedProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, _ := profile.NewDecayed(time.Hour)
		part, _ := profile.NewDecayed(time.Hour)
		want := 0.0
		asOf := cut.Add(48 * time.Hour)
		for range rapid.IntRange(0, 20).Draw(r, "n") {
			at := cut.Add(time.Duration(rapid.IntRange(0, 48*60).Draw(r, "minutes")) * time.Minute)
			w := rapid.Float64Range(0, 10).Draw(r, "weight")
			to := d
			if rapid.Bool().Draw(r, "part") {
				to = part
			}
			if err := to.Add(at, w); err != nil {
				r.Fatal(err)
			}
			want += w * math.Exp2(-asOf.Sub(at).Hours())
		}
		data, err := part.MarshalBinary()
		if err != nil {
			r.Fatal(err)
		}
		var back profile.Decayed
		if err := errors.Join(back.UnmarshalBinary(data), d.Merge(&back)); err != nil {
			r.Fatal(err)
		}
		if got := d.Value(asOf); !testkit.Close(got, want, 1e-12, 1e-9) {
			r.Fatalf("value %v, want %v", got, want)
		}
	})
}
