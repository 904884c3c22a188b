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

func momentsOf(t testing.TB, xs ...float64) *profile.Moments {
	t.Helper()
	var m profile.Moments
	for _, x := range xs {
		if err := m.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	return &m
}

func TestMoments(t *testing.T) {
	// Exact in rationals; the last one drifted before there was an origin.
	for name, c := range map[string]struct {
		xs             []float64
		mean, variance float64
	}{
		"small":    {[]float64{4, 7, 13, 16}, 10, 30},
		"offset":   {[]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, 1e9 + 10, 30},
		"far away": {[]float64{1e15 + 2, 1e15 + 1, 1e15 + 2, 1e15 + 2, 1e15 + 2, 1e15 + 2, 1e15 + 3}, 1e15 + 2, 1. / 3},
	} {
		m := momentsOf(t, c.xs...)
		mean, err := m.Mean()
		variance, err2 := m.Variance()
		if err != nil || err2 != nil || mean != c.mean || !testkit.Close(variance, c.variance, 0, 1e-15) {
			t.Errorf("%s: mean %v, variance %v, %v %v", name, mean, variance, err, err2)
		}
	}
	a, b := momentsOf(t, 4, 7), momentsOf(t, math.NaN(), 13, 16)
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	variance, err := a.Variance()
	if err != nil || variance != 30 || a.N() != 4 || a.Missing() != 1 {
		t.Errorf("merged: variance %v, n %d, missing %d, %v", variance, a.N(), a.Missing(), err)
	}
	if sum, err := a.Sum(); err != nil || sum != 40 {
		t.Errorf("sum %v, %v", sum, err)
	}
	if v, err := a.PopulationVariance(); err != nil || v != 22.5 {
		t.Errorf("population variance %v, %v", v, err)
	}
	if err := errors.Join(a.Merge(new(profile.Moments)), new(profile.Moments).Merge(a)); err != nil {
		t.Error(err)
	}
	if lo, err := a.Min(); err != nil || lo != 4 {
		t.Errorf("an empty state changed the minimum to %v, %v", lo, err)
	}
}

func TestMomentsBadInput(t *testing.T) {
	m := momentsOf(t, 4, 7)
	before, _ := m.MarshalBinary()
	for name, c := range map[string]struct{ got, want error }{
		"infinite":      {m.Add(math.Inf(-1)), profile.ErrNotFinite},
		"overflow":      {m.Add(1e200), profile.ErrOverflow},
		"merge nil":     {m.Merge(nil), profile.ErrMismatch},
		"merge self":    {m.Merge(m), profile.ErrMismatch},
		"merge too far": {m.Merge(momentsOf(t, 1e200)), profile.ErrOverflow},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if after, _ := m.MarshalBinary(); !slices.Equal(before, after) {
		t.Error("an error changed the state")
	}
	var empty profile.Moments
	for name, f := range map[string]func() (float64, error){
		"Mean": empty.Mean, "Min": empty.Min, "Max": empty.Max, "Variance": empty.Variance, "PopulationVariance": empty.PopulationVariance, "one": momentsOf(t, 3).Variance,
	} {
		if x, err := f(); !errors.Is(err, profile.ErrUndefined) || !math.IsNaN(x) {
			t.Errorf("%s of nothing: %v, %v", name, x, err)
		}
	}
	if x, err := empty.Sum(); x != 0 || err != nil {
		t.Errorf("sum of nothing %v, %v", x, err)
	}
	// Values that differ, but by less than a float64 can square: no wrong 0.
	if x, err := momentsOf(t, 1e-200, 2e-200).Variance(); !errors.Is(err, profile.ErrOverflow) {
		t.Errorf("underflow: %v, %v", x, err)
	}
	if x, err := momentsOf(t, 1.5e308, 1.5e308).Sum(); !errors.Is(err, profile.ErrOverflow) {
		t.Errorf("sum %v, %v", x, err)
	}
}

func TestMomentsMergeProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		offset := rapid.SampledFrom([]float64{0, 1e9, 1e15}).Draw(r, "offset")
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 20), 1, 5).Draw(r, "parts")
		var sum profile.Moments
		var all []float64
		for _, p := range parts {
			for i := range p {
				p[i] = math.Round(p[i]) + offset
			}
			if err := sum.Merge(momentsOf(t, p...)); err != nil {
				r.Fatal(err)
			}
			all = append(all, p...)
		}
		if sum.N() != int64(len(all)) {
			r.Fatalf("count %d", sum.N())
		}
		if len(all) < 2 {
			return
		}
		mean, ss := 0.0, 0.0 // relative to the offset, where float64 has digits to spare
		for _, x := range all {
			mean += (x - offset) / float64(len(all))
		}
		for _, x := range all {
			ss += (x - offset - mean) * (x - offset - mean)
		}
		m, err1 := sum.Mean()
		v, err2 := sum.Variance()
		lo, err3 := sum.Min()
		hi, err4 := sum.Max()
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			r.Fatal(err)
		}
		if !testkit.Close(m, mean+offset, 1e-6, 1e-12) || !testkit.Close(v, ss/float64(len(all)-1), 1e-4, 1e-9) || lo != slices.Min(all) || hi != slices.Max(all) {
			r.Fatalf("mean %v want %v, variance %v want %v", m, mean+offset, v, ss/float64(len(all)-1))
		}
	})
}
