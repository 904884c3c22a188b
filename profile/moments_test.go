package profile_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

func TestMoments(t *testing.T) {
	var a, b profile.Moments
	for i, x := range []float64{4, 7, 13, 16} {
		m := &a
		if i > 1 {
			m = &b
		}
		if err := m.Add(1e9 + x); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Merge(&b); err != nil || a.Variance() != 30 || a.Mean() != 1e9+10 || a.Count() != 4 {
		t.Errorf("variance %v, mean %v, %v", a.Variance(), a.Mean(), err)
	}
	if err := a.Merge(&a); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
	if err := a.Add(math.Inf(-1)); !errors.Is(err, profile.ErrNotFinite) || a.Count() != 4 {
		t.Error(err)
	}
	var empty profile.Moments
	if !math.IsNaN(empty.Mean()) || !math.IsNaN(empty.Variance()) || !math.IsNaN(empty.Min()) {
		t.Error("an empty state has a mean")
	}
}

func TestMomentsMergeProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 20), 1, 5).Draw(r, "parts")
		var sum profile.Moments
		var all []float64
		for _, p := range parts {
			var m profile.Moments
			for _, x := range p {
				_ = m.Add(x)
			}
			if err := sum.Merge(&m); err != nil {
				r.Fatal(err)
			}
			all = append(all, p...)
		}
		if sum.Count() != int64(len(all)) {
			r.Fatalf("count %d", sum.Count())
		}
		if len(all) < 2 {
			return
		}
		mean, ss := 0.0, 0.0
		for _, x := range all {
			mean += x / float64(len(all))
		}
		for _, x := range all {
			ss += (x - mean) * (x - mean)
		}
		if !testkit.Close(sum.Mean(), mean, 1e-6, 1e-12) || !testkit.Close(sum.Variance(), ss/float64(len(all)-1), 1e-4, 1e-9) || sum.Min() != slices.Min(all) || sum.Max() != slices.Max(all) {
			r.Fatalf("mean %v want %v, variance %v want %v", sum.Mean(), mean, sum.Variance(), ss/float64(len(all)-1))
		}
	})
}
