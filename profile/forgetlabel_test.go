package profile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

// The columns of a table are those of a builder that never knew who was forgotten, and of
// one that was stored and read again: a label that only he had is no column.
func TestForgetLeavesNoLabel(t *testing.T) {
	asOf := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	fill := func(all bool) *profile.Builder[string, string] {
		b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: asOf, KindWeights: map[profile.Kind]float64{profile.View: 1}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []profile.Event[string, string]{
			{User: "ann", Item: "i", Kind: profile.View, Category: "books", Brand: "one"},
			{User: "ann", Item: "i", Kind: profile.Click, Category: "weighs nothing"},
			{User: "gone", Item: "j", Kind: profile.View, Category: "hiv-test", Brand: "two"},
		} {
			e.At = asOf.Add(-time.Hour)
			if !all && e.User == "gone" {
				continue
			}
			if err := b.Add(&e); err != nil {
				t.Fatal(err)
			}
		}
		return b
	}
	names := func(b *profile.Builder[string, string]) []string {
		table, err := b.Table(profile.TableOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return table.Names
	}
	b, without := fill(true), names(fill(false))
	if !slices.Contains(names(b), "category=hiv-test") {
		t.Error("the label is no column before")
	}
	if !b.Forget("gone") {
		t.Error("nobody forgotten")
	}
	if got := names(b); !slices.Equal(got, without) {
		t.Errorf("%v, want %v", got, without)
	}
	if !slices.Contains(without, "category=books") || slices.Contains(without, "category=weighs nothing") {
		t.Error(without)
	}
}
