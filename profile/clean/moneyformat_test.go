package clean_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

func TestParseMoney(t *testing.T) {
	eur := clean.MoneyFormat{Currency: "EUR"}
	german := clean.MoneyFormat{Currency: "EUR", Decimal: ','}
	chinese := clean.MoneyFormat{Currency: "CNY", Symbols: map[string]string{"元": "CNY", "¥": "CNY", "$": "USD"}, Multiples: map[string]int64{"万": 10000}}
	for _, c := range []struct {
		text string
		f    clean.MoneyFormat
		want profile.Money
		err  error
	}{
		{"1,234.50", eur, profile.Money{Minor: 123450, Currency: "EUR"}, nil},
		{"1234.5", eur, profile.Money{Minor: 123450, Currency: "EUR"}, nil},
		{" -12 ", eur, profile.Money{Minor: -1200, Currency: "EUR"}, nil},
		{"\u221212", eur, profile.Money{Minor: -1200, Currency: "EUR"}, nil},
		{"(3.20)", eur, profile.Money{Minor: -320, Currency: "EUR"}, nil},
		{"3.20-", eur, profile.Money{Minor: -320, Currency: "EUR"}, nil},
		{".5", eur, profile.Money{Minor: 50, Currency: "EUR"}, nil},
		{"USD 7", eur, profile.Money{Minor: 700, Currency: "USD"}, nil},
		{"7 jpy", eur, profile.Money{Minor: 7, Currency: "JPY"}, nil},
		{"1.234.567,89", german, profile.Money{Minor: 123456789, Currency: "EUR"}, nil},
		{"1 234,5", german, profile.Money{Minor: 123450, Currency: "EUR"}, nil},
		{"￥１，２３４．５０", chinese, profile.Money{Minor: 123450, Currency: "CNY"}, nil},
		{"1.2万元", chinese, profile.Money{Minor: 1200000, Currency: "CNY"}, nil},
		{"-$5", chinese, profile.Money{Minor: -500, Currency: "USD"}, nil},
		{"$-5", chinese, profile.Money{Minor: -500, Currency: "USD"}, nil},
		{"92233720368547758.07", eur, profile.Money{Minor: math.MaxInt64, Currency: "EUR"}, nil},
		{"0.125", clean.MoneyFormat{Currency: "EUR", Round: true}, profile.Money{Minor: 12, Currency: "EUR"}, nil},
		{"0.135", clean.MoneyFormat{Currency: "EUR", Round: true}, profile.Money{Minor: 14, Currency: "EUR"}, nil},
		{"0.001", clean.MoneyFormat{Currency: "GBP", Digits: 3}, profile.Money{Minor: 1, Currency: "GBP"}, nil},

		// Codes in any case.
		{"1234", clean.MoneyFormat{Currency: "jpy"}, profile.Money{Minor: 1234, Currency: "JPY"}, nil},
		{"1.234", clean.MoneyFormat{Currency: "kwd"}, profile.Money{Minor: 1234, Currency: "KWD"}, nil},
		{"¥5", clean.MoneyFormat{Symbols: map[string]string{"¥": "jpy"}}, profile.Money{Minor: 5, Currency: "JPY"}, nil},
		{"usd 5 $", clean.MoneyFormat{Symbols: map[string]string{"$": "usd"}}, profile.Money{Minor: 500, Currency: "USD"}, nil},
		{"35123.4567", clean.MoneyFormat{Currency: "clf"}, profile.Money{Minor: 351234567, Currency: "CLF"}, nil},

		// Groups of Switzerland and of India, a dash for no minor units.
		{"CHF 1’234.50", eur, profile.Money{Minor: 123450, Currency: "CHF"}, nil},
		{"1’234’567.50", eur, profile.Money{Minor: 123456750, Currency: "EUR"}, nil},
		{"12,34,567.00", clean.MoneyFormat{Currency: "INR"}, profile.Money{Minor: 123456700, Currency: "INR"}, nil},
		{"-1,23,45,678.9", eur, profile.Money{Minor: -1234567890, Currency: "EUR"}, nil},
		{"5,-", eur, profile.Money{Minor: 500, Currency: "EUR"}, nil},
		{"5,- €", clean.MoneyFormat{Decimal: ',', Symbols: map[string]string{"€": "EUR"}}, profile.Money{Minor: 500, Currency: "EUR"}, nil},
		{"1.234,--", german, profile.Money{Minor: 123400, Currency: "EUR"}, nil},
		{"CHF 20.–", eur, profile.Money{Minor: 2000, Currency: "CHF"}, nil},
		{"-5,-", german, profile.Money{Minor: -500, Currency: "EUR"}, nil},

		// Digits of other scripts.
		{"١٬٢٣٤٫٥٠", eur, profile.Money{Minor: 123450, Currency: "EUR"}, nil},
		{"۱۲۳", eur, profile.Money{Minor: 12300, Currency: "EUR"}, nil},
		{"१२,३४,५६७", clean.MoneyFormat{Currency: "INR"}, profile.Money{Minor: 123456700, Currency: "INR"}, nil},
		{"１２３．５", eur, profile.Money{Minor: 12350, Currency: "EUR"}, nil},
		{"𝟙𝟚", eur, profile.Money{Minor: 1200, Currency: "EUR"}, nil},

		{"", eur, profile.Money{}, clean.ErrRange},
		{"abc", eur, profile.Money{}, clean.ErrRange},
		{"1,23", eur, profile.Money{}, clean.ErrRange},
		{"1,2345", eur, profile.Money{}, clean.ErrRange},
		{"12,34,56", eur, profile.Money{}, clean.ErrRange},
		{"123,45,678", eur, profile.Money{}, clean.ErrRange},
		{"12,345,67,890", eur, profile.Money{}, clean.ErrRange},
		{"5,-5", eur, profile.Money{}, clean.ErrRange},
		{"5", clean.MoneyFormat{Currency: "euro"}, profile.Money{}, clean.ErrOption},
		{"$5", clean.MoneyFormat{Symbols: map[string]string{"$": "dollar"}}, profile.Money{}, clean.ErrOption},
		{",123", eur, profile.Money{}, clean.ErrRange},
		{"1.2.3", eur, profile.Money{}, clean.ErrRange},
		{"1.", eur, profile.Money{}, clean.ErrRange},
		{"--1", eur, profile.Money{}, clean.ErrRange},
		{"1e5", eur, profile.Money{}, clean.ErrRange},
		{"0.125", eur, profile.Money{}, clean.ErrRange},
		{"5 apples", eur, profile.Money{}, clean.ErrRange},
		{"5", clean.MoneyFormat{}, profile.Money{}, clean.ErrRange},
		{"usd 5 $", clean.MoneyFormat{Symbols: map[string]string{"$": "cad"}}, profile.Money{}, clean.ErrMismatch},
		{"usd 5 eur", eur, profile.Money{}, clean.ErrMismatch},
		{"92233720368547758.08", eur, profile.Money{}, clean.ErrOverflow},
	} {
		got, err := clean.ParseMoney(c.text, c.f)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("ParseMoney(%q) = %v, %v; want %v, %v", c.text, got, err, c.want, c.err)
		}
	}
}

func TestMoneyProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := profile.Money{Minor: rapid.Int64().Draw(r, "minor"), Currency: rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(r, "currency")}
		if m.Minor == math.MinInt64 {
			m.Minor++
		}
		back, err := clean.ParseMoney(m.String(), clean.MoneyFormat{})
		if err != nil || back != m {
			r.Fatalf("%v read back as %v, %v", m, back, err)
		}
	})
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"5,-", "1’234.–", "12,34,567", "١٬٢٣٤٫٥٠", "1,234.50", "-$5", "(3)", "1.2万元", "9999999999999999999", "１", ""} {
		f.Add(s)
	}
	format := clean.MoneyFormat{Currency: "EUR", Symbols: map[string]string{"$": "USD", "元": "CNY"}, Multiples: map[string]int64{"万": 10000}}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := clean.ParseMoney(s, format)
		if err != nil {
			if m != (profile.Money{}) {
				t.Errorf("%q: %v with %v", s, m, err)
			}
			return
		}
		if m.Minor == math.MinInt64 {
			return
		}
		back, err := clean.ParseMoney(m.String(), format)
		if err != nil || back.Minor != m.Minor {
			t.Errorf("%q → %v → %v, %v", s, m, back, err)
		}
	})
}

func TestParseMoneyTwoSigns(t *testing.T) {
	for _, text := range []string{"+-5", "-+5", "--5", "+5-", "-5-", "(-5)", "(+5)", "(5-)", "- EUR -5", "+ EUR -5", "-(5)", "(5)-", "((5))", "(5", "5)", "(5) (5)", "5 (100)", "(100) 5", "()", "(5) XX", "EUR (-5)"} {
		if m, err := clean.ParseMoney(text, clean.MoneyFormat{Currency: "EUR"}); !errors.Is(err, clean.ErrRange) {
			t.Errorf("%q: %v %v", text, m, err)
		}
	}
	for text, want := range map[string]int64{"+5": 500, "-5": -500, "5-": -500, "(5)": -500, "- EUR 5": -500, "(5) EUR": -500, "EUR (5)": -500, "EUR(5)": -500, "(EUR 5)": -500, "( 5 )EUR": -500, "EUR -5": -500, "EUR +5": 500, "5,-": 500} {
		f := clean.MoneyFormat{Currency: "EUR"}
		if strings.Contains(text, ",") {
			f.Decimal = ','
		}
		if m, err := clean.ParseMoney(text, f); err != nil || m.Minor != want {
			t.Errorf("%q: %v %v, want %d", text, m, err, want)
		}
	}
}
