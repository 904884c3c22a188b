package profile_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/profile"
)

func TestGroupBy(t *testing.T) {
	var a, b profile.GroupBy[string]
	if err := errors.Join(a.Add("x", 1), b.Add("x", 3), b.Add("a", 5), a.Merge(&b)); err != nil {
		t.Fatal(err)
	}
	r := a.Result()
	if len(r) != 2 || r[0].Key != "a" || r[1].Mean() != 2 || r[1].Count() != 2 {
		t.Errorf("%+v", r)
	}
	if err := a.Add("new", math.Inf(1)); !errors.Is(err, profile.ErrNotFinite) || len(a.Result()) != 2 {
		t.Error(err)
	}
	if err := a.Merge(&a); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
}
