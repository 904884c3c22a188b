package fixed

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPackProp: sums of packed integers, added up as numbers of 128 bits, are the sums of the integers.
func TestPackProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 7).Draw(t, "n")
		one := rapid.SliceOfN(rapid.Int64Range(-1<<61, 1<<61), n, n)
		a, b := one.Draw(t, "a"), one.Draw(t, "b")
		wa, wb := Pack(nil, a), Pack(nil, b)
		if len(wa) != Packed(n) {
			t.Fatal(len(wa))
		}
		x, y, want := make(Sums, len(wa)/2), make(Sums, len(wa)/2), make([]int64, n)
		x.SetWords(wa)
		y.SetWords(wb)
		for i := range x {
			x[i], _ = x[i].Plus(y[i])
		}
		for i := range want {
			want[i] = a[i] + b[i]
		}
		got := make([]int64, n)
		if !Unpack(got, x.Words(nil)) || !slices.Equal(got, want) {
			t.Fatalf("%v and %v give %v", a, b, got)
		}
	})
	if Unpack(make([]int64, 1), []uint64{1, 7}) {
		t.Error("more than an integer is taken for one")
	}
}

// TestOf: numbers to the unit, negative ones too, and what has no place.
func TestOf(t *testing.T) {
	for _, v := range []float64{0, 1, -1, 2.5, -math.Pi, 1e-3, -1e20, 0x1p69} {
		f, ok := Of(v)
		if !ok || math.Abs(f.Float()-v) > 1e-14*math.Max(1, math.Abs(v)) {
			t.Errorf("%g is %g", v, f.Float())
		}
		if g, ok := f.Plus(f.Negated()); !ok || g != (Sum{}) {
			t.Errorf("%g less itself is %v", v, g)
		}
	}
	for _, v := range []float64{0x1p70, math.Inf(1), math.NaN()} {
		if _, ok := Of(v); ok {
			t.Errorf("%g has a place", v)
		}
	}
	if n, ok := (Sum{0, 3 * Unit}).Whole(); n != 3 || !ok {
		t.Error(n, ok)
	}
	if _, ok := (Sum{0, 1}).Whole(); ok {
		t.Error("a fraction is whole")
	}
}
