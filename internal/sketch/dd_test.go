package sketch

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"pgregory.net/rapid"
)

func TestDDProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alpha := rapid.SampledFrom([]float64{0.005, 0.01, 0.1}).Draw(t, "alpha")
		d, err := NewDD(alpha)
		if err != nil {
			t.Fatal(err)
		}
		left, right := d.Clone(), d.Clone()
		xs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 {
			m := rapid.Float64Range(-1e6, 1e6).Draw(t, "x")
			if rapid.IntRange(0, 5).Draw(t, "zero") == 0 {
				return math.Copysign(0, m)
			}
			return m
		}), 1, 60).Draw(t, "values")
		for i, x := range xs {
			if !d.Add(x) {
				t.Fatal("finite value refused")
			}
			if i%3 == 0 {
				left.Add(x)
			} else {
				right.Add(x)
			}
		}
		if err := right.Merge(&left); err != nil {
			t.Fatal(err)
		}
		a := encDD(&d)
		if !bytes.Equal(a, encDD(&right)) {
			t.Fatal("merge differs from one pass")
		}
		r, err := codec.Open(a, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		back := DecodeDD(r)
		if r.Done() != nil || !bytes.Equal(encDD(&back), a) {
			t.Fatal("round trip")
		}
		slices.Sort(xs)
		for _, p := range []float64{0, .1, .5, .9, .99, 1} {
			want := xs[int(p*float64(len(xs)-1))]
			if math.Abs(want) < smallest {
				want = 0
			}
			got := d.Quantile(p)
			// Magnitudes that 4096 bins do not reach down to share a bin.
			if math.Abs(want) > 1e6*math.Exp(-4000*d.scale().Log) && math.Abs(got-want) > (alpha+1e-9)*math.Abs(want) {
				t.Fatalf("quantile %v is %v, want %v within %v", p, got, want, alpha)
			}
		}
	})
}

// Collapsing depends on what was added, not on the order.
func TestDDCollapse(t *testing.T) {
	xs := []float64{1e-300, 1, 1e-100, 1e300, 5, 1e299, -1e-200, -1e200, 1e-300, 1e280}
	var want []byte
	for _, perm := range [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, {3, 0, 5, 2, 9, 1, 7, 6, 4, 8}, {1, 4, 2, 9, 5, 3, 8, 0, 6, 7}} {
		var d DD
		for _, i := range perm {
			d.Add(xs[i])
		}
		if want == nil {
			want = encDD(&d)
		} else if !bytes.Equal(want, encDD(&d)) {
			t.Fatalf("order %v gives another state", perm)
		}
		if x := d.Quantile(0.999); math.Abs(x-1e299) > 1e297 { // rank 8 of 0..9
			t.Errorf("upper quantile %v", x)
		}
	}
	var d DD
	if d.Add(math.NaN()) || d.Add(math.Inf(1)) || d.N() != 0 || !math.IsNaN(d.Quantile(.5)) {
		t.Error("values that are not finite must be refused")
	}
	if d.Merge(&d) == nil {
		t.Error("merge with itself")
	}
	if _, err := NewDD(math.NaN()); err == nil {
		t.Error("alpha NaN")
	}
	// A collapsed sketch still round-trips.
	for _, x := range xs {
		d.Add(x)
	}
	a := encDD(&d)
	r, err := codec.Open(a, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	back := DecodeDD(r)
	if r.Done() != nil || !bytes.Equal(a, encDD(&back)) {
		t.Error("round trip of a collapsed sketch")
	}
}
