package profile_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile"
)

func TestGroupBy(t *testing.T) {
	var a, b profile.GroupBy[string]
	if err := errors.Join(a.Add("x", 1), b.Add("x", 3), b.Add("a", 5), a.Merge(&b)); err != nil {
		t.Fatal(err)
	}
	r := a.Result()
	if len(r) != 2 || r[0].Key != "a" || r[1].N() != 2 {
		t.Fatalf("%+v", r)
	}
	if mean, err := r[1].Mean(); err != nil || mean != 2 {
		t.Errorf("mean %v, %v", mean, err)
	}
	before, _ := a.MarshalBinary()
	var far profile.GroupBy[string]
	if err := errors.Join(far.Add("b", 1), far.Add("x", 1e200)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ got, want error }{
		"infinite":  {a.Add("new", math.Inf(1)), profile.ErrNotFinite},
		"self":      {a.Merge(&a), profile.ErrMismatch},
		"nil":       {a.Merge(nil), profile.ErrMismatch},
		"too large": {a.Merge(&far), profile.ErrOverflow},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if after, _ := a.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("an error changed the state")
	}
	if err := new(profile.GroupBy[int]).UnmarshalBinary(before); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("string keys read as numbers: %v", err)
	}
}

// TestGroupByProp: a group is the Moments of its values, and a state that was stored
// goes on as the first would.
func TestGroupByProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(r, "n")
		var g profile.GroupBy[int8]
		want := map[int8]*profile.Moments{}
		for range n {
			k, x := rapid.Int8Range(-2, 2).Draw(r, "key"), rapid.Float64Range(-1e3, 1e3).Draw(r, "x")
			if want[k] == nil {
				want[k] = &profile.Moments{}
			}
			if err := errors.Join(want[k].Add(x), g.Add(k, x)); err != nil {
				r.Fatal(err)
			}
			if rapid.Bool().Draw(r, "store") {
				data, _ := g.MarshalBinary()
				g = profile.GroupBy[int8]{}
				if err := g.UnmarshalBinary(data); err != nil {
					r.Fatal(err)
				}
			}
		}
		last := int8(math.MinInt8)
		for _, line := range g.Result() {
			if line.Key <= last {
				r.Fatalf("key %d after %d", line.Key, last)
			}
			last = line.Key
			if got, want := fmt.Sprintf("%x", line.Moments), fmt.Sprintf("%x", *want[line.Key]); got != want {
				r.Fatalf("group %d: %s, want %s", line.Key, got, want)
			}
		}
		if len(g.Result()) != len(want) {
			r.Fatalf("%d groups, want %d", len(g.Result()), len(want))
		}
	})
}
