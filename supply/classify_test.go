package supply_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestABC(t *testing.T) {
	got, err := supply.ABC([]string{"d", "b", "a", "z", "c", "r"}, []float64{5, 30, 50, 0, 15, -4}, supply.ABCOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ids, classes := "", ""
	for _, it := range got {
		ids += it.ID
		classes += string(it.Class)
	}
	// 50 and 30 make up exactly .8; 15 crosses to .95; the refund is set aside.
	if ids != "abcdzr" || classes != "AABCC-" {
		t.Errorf("%s classed %s", ids, classes)
	}
	one, err := supply.ABC([]int{7}, []float64{1}, supply.ABCOptions{})
	if err != nil || one[0].Class != 'A' || one[0].Share != 1 {
		t.Errorf("a single product: %+v (%v)", one, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.Int(), 1, 30, rapid.ID).Draw(t, "ids")
		values := make([]float64, len(ids))
		perm := make([]int, len(ids))
		for i := range ids {
			values[i], perm[i] = float64(rapid.IntRange(-2, 9).Draw(t, "value")), i
		}
		a, errA := supply.ABC(ids, values, supply.ABCOptions{})
		perm = rapid.Permutation(perm).Draw(t, "order")
		ids2, values2 := make([]int, len(ids)), make([]float64, len(ids))
		for i, p := range perm {
			ids2[i], values2[i] = ids[p], values[p]
		}
		b, errB := supply.ABC(ids2, values2, supply.ABCOptions{})
		if (errA == nil) != (errB == nil) || !slices.Equal(a, b) {
			t.Fatal("depends on the order of the input")
		}
		for i := 1; i < len(a); i++ {
			if a[i].Class != '-' && a[i].Class < a[i-1].Class || a[i].Cumulative < a[i-1].Cumulative {
				t.Fatalf("classes do not descend: %+v", a)
			}
		}
		if len(a) > 0 && (a[0].Class != 'A' || math.Abs(a[len(a)-1].Cumulative-1) > 1e-12) {
			t.Fatalf("first is %c, shares add up to %v", a[0].Class, a[len(a)-1].Cumulative)
		}
	})
}

func TestXYZ(t *testing.T) {
	for _, c := range []struct {
		series []float64
		class  byte
		cv     float64
	}{
		{[]float64{5, 5, 5}, 'X', 0},
		{[]float64{1, 3}, 'Y', math.Sqrt2 / 2},
		{[]float64{0, 0, 9}, 'Z', math.Sqrt(3)},
		{[]float64{0, 0}, 'Z', math.Inf(1)},
	} {
		class, cv, err := supply.XYZ(c.series, supply.XYZOptions{})
		if err != nil || class != c.class || !testkit.Close(cv, c.cv, 1e-12, 0) {
			t.Errorf("XYZ(%v) = %c, %v, %v", c.series, class, cv, err)
		}
	}
	if class, _, _ := supply.XYZ([]float64{1, 3}, supply.XYZOptions{X: .2, Y: .6}); class != 'Z' {
		t.Error("cuts are ignored")
	}
}

func TestClassifyBadInput(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		ids    []string
		values []float64
		opt    supply.ABCOptions
		want   error
	}{
		{"shape", []string{"a"}, nil, supply.ABCOptions{}, supply.ErrShape},
		{"empty", nil, nil, supply.ABCOptions{}, supply.ErrEmpty},
		{"NaN", []string{"a"}, []float64{nan}, supply.ABCOptions{}, supply.ErrNotFinite},
		{"twice", []string{"a", "a"}, []float64{1, 2}, supply.ABCOptions{}, supply.ErrDuplicate},
		{"worthless", []string{"a"}, []float64{-3}, supply.ABCOptions{}, supply.ErrUndefined},
		{"cuts", []string{"a"}, []float64{3}, supply.ABCOptions{A: .9, B: .8}, supply.ErrOption},
	} {
		if _, err := supply.ABC(c.ids, c.values, c.opt); !errors.Is(err, c.want) {
			t.Errorf("ABC %s: %v, want %v", c.name, err, c.want)
		}
	}
	for _, c := range []struct {
		series []float64
		want   error
	}{{nil, supply.ErrEmpty}, {[]float64{1}, supply.ErrEmpty}, {[]float64{1, -1}, supply.ErrRange}, {[]float64{1, nan}, supply.ErrNotFinite}} {
		if _, _, err := supply.XYZ(c.series, supply.XYZOptions{}); !errors.Is(err, c.want) {
			t.Errorf("XYZ(%v): %v, want %v", c.series, err, c.want)
		}
	}
}

// The cuts left out are .8 and .95, and one that is met exactly ends its class.
func TestABCDefaults(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{[]float64{.02, .02, .01}, "AAB"},     // .8 before the last, which rounds to less
		{[]float64{80, 14, 2, 2, 2}, "ABBCC"}, // shares before: 0 .80 .94 .96 .98
		{[]float64{79, 16, 3, 2}, "AACC"},     // 0 .79 .95 .98
		{[]float64{50, 30, 15, 5}, "AABC"},    // 0 .50 .80 .95
	} {
		ids := make([]int, len(c.values))
		for i := range ids {
			ids[i] = i
		}
		items, err := supply.ABC(ids, c.values, supply.ABCOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, it := range items {
			got += string(it.Class)
		}
		if got != c.want {
			t.Errorf("%v are classed %s, want %s", c.values, got, c.want)
		}
	}
}

// The coefficient of variation has no unit: neither tiny nor huge demand changes it.
func TestXYZScale(t *testing.T) {
	for _, series := range [][]float64{{1, 2}, {1, 3}, {5, 5, 5}, {0, 0, 9}, {2, 3, 5, 7, 11}} {
		class, cv, err := supply.XYZ(series, supply.XYZOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, exp := range []int{-1060, -1000, -600, 40} { // down to subnormal numbers
			scaled := make([]float64, len(series))
			for i, x := range series {
				scaled[i] = math.Ldexp(x, exp)
			}
			if c, v, err := supply.XYZ(scaled, supply.XYZOptions{}); c != class || v != cv || err != nil {
				t.Errorf("%v·2^%d: %c, %v, %v; want %c, %v", series, exp, c, v, err, class, cv)
			}
		}
	}
	// sd/mean of 1, 2 is √.5/1.5.
	if _, cv, err := supply.XYZ([]float64{1e-300, 2e-300}, supply.XYZOptions{}); !testkit.Close(cv, math.Sqrt(.5)/1.5, 0, 1e-14) || err != nil {
		t.Errorf("%v, %v", cv, err)
	}
}

// The default of B is .95, neither .94 nor .96.
func TestABCDefaultB(t *testing.T) {
	for before, want := range map[float64]byte{94: 'B', 94.9: 'B', 95.1: 'C', 96: 'C'} {
		items, err := supply.ABC([]string{"a", "b", "c"}, []float64{70, before - 70, 100 - before}, supply.ABCOptions{})
		if err != nil || items[2].Class != want {
			t.Errorf("%v %% before: %+v, %v", before, items, err)
		}
	}
}
