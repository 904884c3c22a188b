package privacy_test

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile/privacy"
)

// Tenths are tenths: ranges are told as they are written down, and nest where decimals do.
func TestRangesAreDecimal(t *testing.T) {
	h, err := privacy.NewRanges(.1, .1, .3, 1.2)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string][]string{
		"0.3":     {"0.3", "[0.3, 0.4)", "[0.1, 0.4)", "[0.1, 1.3)"},
		"0.7":     {"0.7", "[0.7, 0.8)", "[0.7, 1)", "[0.1, 1.3)"},
		"0.10":    {"0.1", "[0.1, 0.2)", "[0.1, 0.4)", "[0.1, 1.3)"},
		"0":       {"0", "[0, 0.1)", "[-0.2, 0.1)", "[-1.1, 0.1)"},
		"-0.0":    {"0", "[0, 0.1)", "[-0.2, 0.1)", "[-1.1, 0.1)"},
		"-.05":    {"-0.05", "[-0.1, 0)", "[-0.2, 0.1)", "[-1.1, 0.1)"},
		"0.39999": {"0.39999", "[0.3, 0.4)", "[0.1, 0.4)", "[0.1, 1.3)"},
		"+1e1":    {"10", "[10, 10.1)", "[10, 10.3)", "[9.7, 10.9)"},
		"12E-1":   {"1.2", "[1.2, 1.3)", "[1, 1.3)", "[0.1, 1.3)"},
		"1e15":    {"1000000000000000", "[1000000000000000, 1000000000000000.1)", "[1000000000000000, 1000000000000000.3)", "[999999999999999.7, 1000000000000000.9)"},
		"0.00000000000000000000000000000000000000000001": {"0.00000000000000000000000000000000000000000001", "[0, 0.1)", "[-0.2, 0.1)", "[-1.1, 0.1)"},
	} {
		for level, w := range want {
			if got, err := h.Generalize(value, level); got != w || err != nil {
				t.Errorf("%s at level %d: %s, %v, want %s", value, level, got, err, w)
			}
		}
	}
	for _, value := range []string{"0x1p3", "inf", "-Inf", "NaN", "1_000", "1e1_0", "1,5", " 1", "", "1e16", "-1000000000000000.1", "1e101", "1e-101", strings.Repeat("1", 101), "0." + strings.Repeat("1", 99)} {
		if got, err := h.Generalize(value, 1); !errors.Is(err, privacy.ErrRange) || got != "" {
			t.Errorf("%q is %s, %v", value, got, err)
		}
	}
	if _, err := privacy.NewRanges(0, 0, 10, -1, 5); !errors.Is(err, privacy.ErrOption) {
		t.Errorf("widths that are none: %v", err)
	}
	if _, err := privacy.NewRanges(0, .1, .25); !errors.Is(err, privacy.ErrOption) {
		t.Errorf("a quarter of tenths: %v", err)
	}
}

// A range holds its number, has its width, begins at origin or whole widths away, and lies in that of
// the next level, by exact fractions.
func TestRangesNest(t *testing.T) {
	rat := func(r *rapid.T, s string) *big.Rat {
		x, ok := new(big.Rat).SetString(s)
		if !ok {
			r.Fatalf("%q is no number", s)
		}
		return x
	}
	rapid.Check(t, func(r *rapid.T) {
		unit := rapid.SampledFrom([]float64{.1, .3, .7, 1, 2.5, .001, 1e-9, 1234.5}).Draw(r, "unit")
		text := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
		widths := []float64{unit}
		for range rapid.IntRange(0, 3).Draw(r, "levels") {
			next := new(big.Rat).Mul(rat(r, text(widths[len(widths)-1])), big.NewRat(rapid.Int64Range(2, 7).Draw(r, "times"), 1))
			w, _ := next.Float64() // its shortest decimal is the product, which has few digits
			widths = append(widths, w)
		}
		origin := rapid.SampledFrom([]float64{0, .1, -.7, 1e6, 3.3}).Draw(r, "origin")
		h, err := privacy.NewRanges(origin, widths...)
		if err != nil {
			r.Fatalf("%v: %v", widths, err)
		}
		value := strconv.FormatInt(rapid.Int64Range(-1_000_000, 1_000_000).Draw(r, "number"), 10) + "e" + strconv.Itoa(rapid.IntRange(-12, 3).Draw(r, "exponent"))
		x, before := rat(r, value), [2]*big.Rat{}
		for level := range widths {
			s, err := h.Generalize(value, level+1)
			if err != nil {
				r.Fatal(err)
			}
			from, to, _ := strings.Cut(strings.Trim(s, "[)"), ", ")
			lo, hi, w := rat(r, from), rat(r, to), rat(r, text(widths[level]))
			steps := new(big.Rat).Quo(new(big.Rat).Sub(lo, rat(r, text(origin))), w)
			if lo.Cmp(x) > 0 || hi.Cmp(x) <= 0 || new(big.Rat).Sub(hi, lo).Cmp(w) != 0 || !steps.IsInt() {
				r.Fatalf("%s is in %s of width %v", value, s, widths[level])
			}
			if level > 0 && (lo.Cmp(before[0]) > 0 || hi.Cmp(before[1]) < 0) {
				r.Fatalf("%s of %s does not hold the range before", s, value)
			}
			before = [2]*big.Rat{lo, hi}
		}
	})
}
