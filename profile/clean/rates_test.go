package clean_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

func TestRates(t *testing.T) {
	r, err := clean.NewRates("EUR", map[string]float64{"USD": 0.9, "JPY": 0.0061, "KWD": 3.03})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   profile.Money
		want int64
	}{
		{profile.Money{Minor: 1000, Currency: "USD"}, 900},
		{profile.Money{Minor: 5, Currency: "USD"}, 4},   // 4.5 to even
		{profile.Money{Minor: 15, Currency: "USD"}, 14}, // 13.5 to even
		{profile.Money{Minor: -15, Currency: "USD"}, -14},
		{profile.Money{Minor: 1000, Currency: "JPY"}, 610},
		{profile.Money{Minor: 1000, Currency: "KWD"}, 303},
		{profile.Money{Minor: 7, Currency: "EUR"}, 7},
		{profile.Money{Minor: 9_000_000_000_000_000_000, Currency: "USD"}, 8_100_000_000_000_000_000},
	} {
		got, err := r.Convert(c.in)
		if err != nil || got.Minor != c.want || got.Currency != "EUR" {
			t.Errorf("%v → %v %v, want %d", c.in, got, err, c.want)
		}
	}
	if _, err := r.Convert(profile.Money{Minor: 1, Currency: "GBP"}); !errors.Is(err, clean.ErrUnknownID) {
		t.Error(err)
	}
	if _, err := r.Convert(profile.Money{Minor: math.MaxInt64, Currency: "JPY"}); err != nil {
		t.Error(err)
	}
	big, err := clean.NewRates("EUR", map[string]float64{"XXX": 1000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := big.Convert(profile.Money{Minor: math.MinInt64, Currency: "XXX"}); !errors.Is(err, clean.ErrOverflow) {
		t.Error(err)
	}
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := clean.NewRates("EUR", map[string]float64{"USD": bad}); !errors.Is(err, clean.ErrOption) {
			t.Errorf("rate %v: %v", bad, err)
		}
	}
}

// A currency comes from a record: where it is no code the error does not print it.
func TestConvertPrintsNoText(t *testing.T) {
	r, err := clean.NewRates("EUR", nil)
	if err != nil {
		t.Fatal(err)
	}
	text := "jane.doe@example.com" + strings.Repeat("x", 1<<20)
	_, err = r.Convert(profile.Money{Minor: 1, Currency: text})
	if !errors.Is(err, clean.ErrUnknownID) || strings.Contains(err.Error(), "jane") || len(err.Error()) > 200 {
		t.Errorf("%.100v", err)
	}
	_, err = profile.Money{Minor: 1, Currency: "EUR"}.Add(profile.Money{Minor: 1, Currency: text})
	if !errors.Is(err, profile.ErrMismatch) || strings.Contains(strings.ToLower(err.Error()), "jane") || len(err.Error()) > 200 {
		t.Errorf("%.100v", err)
	}
}
