package profile_test

import (
	"errors"
	"math"
	"testing"
	"time"

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
}
