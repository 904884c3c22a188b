package check

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMatrix(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		rows [][]float64
		want error
		text string
	}{
		{"good", [][]float64{{1, 2}, {3, 4}}, nil, ""},
		{"nil", nil, ErrEmpty, "x has no rows"},
		{"no columns", [][]float64{{}, {}}, ErrEmpty, "no columns"},
		{"ragged", [][]float64{{1, 2}, {3}}, ErrShape, "row 1 has 1 columns, want 2"},
		{"NaN", [][]float64{{1, 2}, {3, nan}}, ErrNotFinite, "row 1 column 1"},
		{"Inf", [][]float64{{inf}}, ErrNotFinite, "row 0 column 0 is +Inf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, d, err := Matrix("x", c.rows)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if err == nil {
				if n != 2 || d != 2 {
					t.Fatalf("shape %d×%d", n, d)
				}
				return
			}
			if !strings.Contains(err.Error(), c.text) || n != 0 || d != 0 {
				t.Fatalf("%d×%d %q, want %q in it", n, d, err, c.text)
			}
		})
	}
}

func TestWeights(t *testing.T) {
	for _, c := range []struct {
		name string
		w    []float64
		want error
	}{
		{"nil", nil, nil},
		{"good", []float64{0, 1, 2}, nil},
		{"short", []float64{1}, ErrShape},
		{"negative", []float64{1, -1, 1}, ErrRange},
		{"NaN", []float64{1, math.NaN(), 1}, ErrNotFinite},
		{"all zero", []float64{0, 0, 0}, ErrRange},
		{"sum overflows", []float64{math.MaxFloat64, math.MaxFloat64, 1}, ErrRange},
	} {
		if err := Weights("w", c.w, 3); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if err := Slice("s", []float64{0, math.Inf(-1)}); !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "s[1]") {
		t.Error(err)
	}
	if err := Slice32("s", []float32{0, float32(math.NaN())}); !errors.Is(err, ErrNotFinite) {
		t.Error(err)
	}
	if Slice("s", []float64{1, math.Copysign(0, -1)}) != nil || Slice32("s", nil) != nil {
		t.Error("finite values refused")
	}
}

func TestOptions(t *testing.T) {
	var o Options
	Positive(&o, "Good", 1)
	NonNegative(&o, "Zero", 0.0)
	if err := o.Err("pkg: Fit"); err != nil {
		t.Fatal(err)
	}
	Positive(&o, "Factors", -3)
	Positive(&o, "Rate", math.NaN())
	NonNegative(&o, "Lambda", math.Inf(1))
	err := o.Err("pkg: Fit")
	if !errors.Is(err, ErrOption) || !strings.HasPrefix(err.Error(), "pkg: Fit: Factors is -3, want > 0: invalid option") {
		t.Fatal(err)
	}
	for _, f := range []string{"Factors", "Rate", "Lambda"} {
		if !strings.Contains(err.Error(), f) {
			t.Errorf("%q does not name %s", err, f)
		}
	}
}

func TestDefaults(t *testing.T) {
	if Default(0, 7) != 7 || Default(3, 7) != 3 || Default(-1, 7) != -1 {
		t.Error("Default")
	}
	if OrOff(0.0, 2.5) != 2.5 || OrOff(-1.0, 2.5) != 0 || OrOff(1.0, 2.5) != 1 || OrOff(-3, 2) != 0 {
		t.Error("OrOff")
	}
	var o Options
	NonNegative(&o, "L2", OrOff(math.Inf(-1), 1))
	if o.Err("pkg: Fit") == nil {
		t.Error("OrOff takes -Inf for switched off")
	}
}

// The oracle of overflow is arithmetic without limit.
func TestInt64Prop(t *testing.T) {
	edge := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, 2, -2, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1, 1 << 32, -1 << 32}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := edge.Draw(t, "a"), edge.Draw(t, "b")
		x, y := big.NewInt(a), big.NewInt(b)
		for _, c := range []struct {
			name string
			fn   func(a, b int64) (int64, error)
			want *big.Int
		}{
			{"add", AddInt64, new(big.Int).Add(x, y)},
			{"mul", MulInt64, new(big.Int).Mul(x, y)},
		} {
			got, err := c.fn(a, b)
			switch {
			case c.want.IsInt64() && (err != nil || got != c.want.Int64()):
				t.Fatalf("%s(%d, %d) = %d, %v; want %v", c.name, a, b, got, err, c.want)
			case !c.want.IsInt64() && !errors.Is(err, ErrOverflow):
				t.Fatalf("%s(%d, %d): %v, want overflow", c.name, a, b, err)
			}
		}
	})
}

func TestVectors(t *testing.T) {
	nan := float32(math.NaN())
	for name, tc := range map[string]struct {
		rows [][]float32
		f    int
		want error
	}{
		"none": {nil, 2, nil}, "some": {[][]float32{{1, 2}, {3, 4}}, 2, nil}, "short": {[][]float32{{1, 2}, {3}}, 2, ErrShape},
		"long": {[][]float32{{1, 2, 3}}, 2, ErrShape}, "no length": {nil, 0, ErrShape}, "too long": {nil, MaxVector + 1, ErrShape},
		"NaN": {[][]float32{{1, 2}, {nan, 1}}, 2, ErrNotFinite}, "Inf": {[][]float32{{1, float32(math.Inf(-1))}}, 2, ErrNotFinite},
	} {
		if err := Vectors(len(tc.rows), tc.f, func(i int) []float32 { return tc.rows[i] }); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestMerge(t *testing.T) {
	var a, b int // of no size would be one and the same
	for _, c := range []struct {
		name  string
		other *int
		want  string
	}{
		{"another", &b, ""},
		{"nil", nil, "pkg: Type.Merge: other is nil: states do not match"},
		{"itself", &a, "pkg: Type.Merge: other is the receiver itself: states do not match"},
	} {
		err := Merge("pkg: Type.Merge", &a, c.other)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrMismatch) || err.Error() != c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := Merge[int]("pkg: Type.Merge", nil, nil); !errors.Is(err, ErrMismatch) {
		t.Errorf("nil into nil: %v", err)
	}
	if err := Merge("pkg: Type.Merge", nil, &b); !errors.Is(err, ErrEmpty) {
		t.Errorf("into nil: %v", err)
	}
}

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want error
	}{
		{0, nil},
		{MaxAmount, nil},
		{math.Copysign(0, -1), nil},
		{-1e-300, ErrRange},
		{math.Nextafter(MaxAmount, math.Inf(1)), ErrRange},
		{math.NaN(), ErrNotFinite},
		{math.Inf(1), ErrNotFinite},
		{math.Inf(-1), ErrNotFinite},
	} {
		if err := Amount("pkg: Type.Add", "units", c.x); !errors.Is(err, c.want) || err != nil && !strings.HasPrefix(err.Error(), "pkg: Type.Add: units is ") {
			t.Errorf("%v: %v, want %v", c.x, err, c.want)
		}
	}
}
