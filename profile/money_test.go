package profile_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

func TestMoneyAdd(t *testing.T) {
	if _, err := (profile.Money{Minor: math.MaxInt64, Currency: "EUR"}).Add(profile.Money{Minor: 1, Currency: "EUR"}); !errors.Is(err, profile.ErrOverflow) {
		t.Error(err)
	}
	if _, err := (profile.Money{Minor: 1, Currency: "EUR"}).Add(profile.Money{Minor: 1, Currency: "USD"}); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
}

// The table of ISO 4217: the digits of every code, in any case, and what a code it does
// not list has.
func TestMinorDigits(t *testing.T) {
	var want struct{ Digits map[string]string }
	testkit.Golden(t, "iso4217.json", &want)
	if len(want.Digits) < 170 {
		t.Fatalf("only %d codes", len(want.Digits))
	}
	for code, digits := range want.Digits {
		n := 0 // "N.A."
		if len(digits) == 1 {
			n = int(digits[0] - '0')
		}
		for _, c := range []string{code, strings.ToLower(code)} {
			if got := profile.MinorDigits(c); got != n {
				t.Errorf("%s: %d digits, want %d", c, got, n)
			}
		}
	}
	if profile.MinorDigits("ZZZ") != 2 || profile.MinorDigits("") != 2 {
		t.Error("a code that the table does not list")
	}
}

func TestMoneyCase(t *testing.T) {
	sum, err := profile.Money{Minor: 1000, Currency: "jpy"}.Add(profile.Money{Minor: 1, Currency: "JPY"})
	if err != nil || sum != (profile.Money{Minor: 1001, Currency: "JPY"}) {
		t.Errorf("%+v, %v", sum, err)
	}
	for m, want := range map[profile.Money]string{{Minor: 1000, Currency: "jpy"}: "1000 JPY", {Minor: -5, Currency: "kwd"}: "-0.005 KWD", {Minor: 351234567, Currency: "CLF"}: "35123.4567 CLF"} {
		if m.String() != want {
			t.Errorf("%q, want %q", m, want)
		}
	}
	b, err := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: cut, Currency: "eur"})
	if err != nil {
		t.Fatal(err)
	}
	for i, code := range []string{"EUR", "Eur"} {
		o := &order{ID: "A", User: "u", At: cut.Add(-day), Currency: code, Lines: []line{{Item: i, Quantity: 1, Price: 100}}}
		if err := b.AddOrder(o); err != nil || b.Currency() != "EUR" {
			t.Errorf("%s: %v, %s", code, err, b.Currency())
		}
	}
	if err := b.AddRefund(&refund{ID: "r", OrderID: "A", User: "u", At: cut.Add(-day), Currency: "eur", Amount: 1}); err != nil {
		t.Error(err)
	}
	for _, code := range []string{"€", "EURO", "E1R"} {
		if _, err := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: cut, Currency: code}); !errors.Is(err, profile.ErrOption) {
			t.Errorf("%s: %v", code, err)
		}
		if err := (&order{ID: "A", User: "u", At: cut, Currency: code, Lines: []line{{Quantity: 1}}}).Validate(); !errors.Is(err, profile.ErrRange) {
			t.Errorf("%s: %v", code, err)
		}
	}
}
