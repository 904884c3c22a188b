package profile_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile"
)

func TestParseMoney(t *testing.T) {
	eur := profile.MoneyFormat{Currency: "EUR"}
	german := profile.MoneyFormat{Currency: "EUR", Decimal: ','}
	chinese := profile.MoneyFormat{Currency: "CNY", Symbols: map[string]string{"元": "CNY", "¥": "CNY", "$": "USD"}, Multiples: map[string]int64{"万": 10000}}
	for _, c := range []struct {
		text string
		f    profile.MoneyFormat
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
		{"0.125", profile.MoneyFormat{Currency: "EUR", Round: true}, profile.Money{Minor: 12, Currency: "EUR"}, nil},
		{"0.135", profile.MoneyFormat{Currency: "EUR", Round: true}, profile.Money{Minor: 14, Currency: "EUR"}, nil},
		{"0.001", profile.MoneyFormat{Currency: "GBP", Digits: 3}, profile.Money{Minor: 1, Currency: "GBP"}, nil},

		{"", eur, profile.Money{}, profile.ErrRange},
		{"abc", eur, profile.Money{}, profile.ErrRange},
		{"1,23", eur, profile.Money{}, profile.ErrRange},
		{"1,2345", eur, profile.Money{}, profile.ErrRange},
		{"12,34,567", eur, profile.Money{}, profile.ErrRange},
		{",123", eur, profile.Money{}, profile.ErrRange},
		{"1.2.3", eur, profile.Money{}, profile.ErrRange},
		{"1.", eur, profile.Money{}, profile.ErrRange},
		{"--1", eur, profile.Money{}, profile.ErrRange},
		{"1e5", eur, profile.Money{}, profile.ErrRange},
		{"0.125", eur, profile.Money{}, profile.ErrRange},
		{"5 apples", eur, profile.Money{}, profile.ErrRange},
		{"5", profile.MoneyFormat{}, profile.Money{}, profile.ErrRange},
		{"usd 5 eur", eur, profile.Money{}, profile.ErrMismatch},
		{"92233720368547758.08", eur, profile.Money{}, profile.ErrOverflow},
	} {
		got, err := profile.ParseMoney(c.text, c.f)
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
		back, err := profile.ParseMoney(m.String(), profile.MoneyFormat{})
		if err != nil || back != m {
			r.Fatalf("%v read back as %v, %v", m, back, err)
		}
	})
	if _, err := (profile.Money{Minor: math.MaxInt64, Currency: "EUR"}).Add(profile.Money{Minor: 1, Currency: "EUR"}); !errors.Is(err, profile.ErrOverflow) {
		t.Error(err)
	}
	if _, err := (profile.Money{Minor: 1, Currency: "EUR"}).Add(profile.Money{Minor: 1, Currency: "USD"}); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
}

func TestRates(t *testing.T) {
	r, err := profile.NewRates("EUR", map[string]float64{"USD": 0.9, "JPY": 0.0061, "KWD": 3.03})
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
	if _, err := r.Convert(profile.Money{Minor: 1, Currency: "GBP"}); !errors.Is(err, profile.ErrUnknownID) {
		t.Error(err)
	}
	if _, err := r.Convert(profile.Money{Minor: math.MaxInt64, Currency: "JPY"}); err != nil {
		t.Error(err)
	}
	big, err := profile.NewRates("EUR", map[string]float64{"XXX": 1000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := big.Convert(profile.Money{Minor: math.MinInt64, Currency: "XXX"}); !errors.Is(err, profile.ErrOverflow) {
		t.Error(err)
	}
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := profile.NewRates("EUR", map[string]float64{"USD": bad}); !errors.Is(err, profile.ErrOption) {
			t.Errorf("rate %v: %v", bad, err)
		}
	}
}

func TestParser(t *testing.T) {
	var q profile.Quality
	zone := time.FixedZone("shop", 8*3600)
	p, err := profile.NewParser(&q, profile.ParserOptions{Layouts: []string{time.DateTime, "2006/1/2", "unix", "unixmilli"}, Zone: zone, Money: profile.MoneyFormat{Currency: "CNY"}})
	if err != nil {
		t.Fatal(err)
	}
	want := time.Date(2024, 5, 31, 16, 0, 0, 0, time.UTC)
	for _, text := range []string{"2024-06-01 00:00:00", "２０２４/６/１", "1717171200", "1717171200000"} {
		if got, err := p.Time("when", text); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("Time(%q) = %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]error{"": profile.ErrEmpty, "NULL": profile.ErrEmpty, "tomorrow": profile.ErrRange, "2024-02-30 00:00:00": profile.ErrRange, "1066/10/14": profile.ErrRange} {
		if _, err := p.Time("when", text); !errors.Is(err, want) {
			t.Errorf("Time(%q): %v, want %v", text, err, want)
		}
	}
	for text, want := range map[string]float64{"1,234.5": 1234.5, "-1e3": -1000, "+.5": .5, "１２": 12} {
		if got, err := p.Float("x", text); err != nil || got != want {
			t.Errorf("Float(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"inf", "1,2", "0x10", "1_000", "1e999", "--1", "+-1", ".", "1 2"} {
		if got, err := p.Float("x", text); !errors.Is(err, profile.ErrRange) {
			t.Errorf("Float(%q) = %v, %v", text, got, err)
		}
	}
	if got, err := p.Int("n", "-1,234,567"); err != nil || got != -1234567 {
		t.Error(got, err)
	}
	for _, text := range []string{"1.5", "9223372036854775808", "+", "1_0", "--5"} {
		if _, err := p.Int("n", text); !errors.Is(err, profile.ErrRange) {
			t.Errorf("Int(%q): %v", text, err)
		}
	}
	if m, err := p.Money("pay", "12.30"); err != nil || m.Minor != 1230 {
		t.Error(m, err)
	}
	if _, err := p.Money("pay", "a lot"); !errors.Is(err, profile.ErrRange) {
		t.Error(err)
	}
	if s, err := p.Text("label", " Ａ  b "); err != nil || s != "a b" {
		t.Errorf("%q %v", s, err)
	}
	s := q.Result()
	if got := s.Fields[4]; got != (profile.FieldQuality{Name: "x", Seen: 13, Malformed: 9}) {
		t.Errorf("field x: %+v", got)
	}
	if got := s.Fields[3]; got != (profile.FieldQuality{Name: "when", Seen: 9, Missing: 2, Malformed: 3}) {
		t.Errorf("field when: %+v", got)
	}
	if c, err := s.Fields[3].Completeness(); err != nil || c != 4.0/9 {
		t.Error(c, err)
	}
	if _, err := profile.NewParser(nil, profile.ParserOptions{Layouts: []string{}}); !errors.Is(err, profile.ErrOption) {
		t.Error(err)
	}
}

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "shoes": "shoes", "  Running\t Shoes ": "running shoes", "Ｎｉｋｅ　Ａｉｒ": "nike air",
		"運動鞋": "運動鞋", "a\u200bb\ufeff": "ab", "￥５": "¥5", "ÉCLAIR": "éclair", "   ": "",
	} {
		if got := profile.Canonical(in); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", in, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { profile.Canonical("running shoes") }); n != 0 {
		t.Errorf("%v allocations for canonical text", n)
	}
	if k, err := profile.ParseKind(" ＶＩＥＷ"); err != nil || k != profile.View {
		t.Error(k, err)
	}
	if _, err := profile.ParseKind("look"); !errors.Is(err, profile.ErrRange) {
		t.Error(err)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"", "Ａ b", "\xff", "İ", "a\u200b \u3000b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := profile.Canonical(s)
		if !utf8.ValidString(c) || profile.Canonical(c) != c || strings.Contains(c, "  ") || strings.TrimSpace(c) != c {
			t.Errorf("Canonical(%q) = %q, then %q", s, c, profile.Canonical(c))
		}
	})
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"1,234.50", "-$5", "(3)", "1.2万元", "9999999999999999999", "１", ""} {
		f.Add(s)
	}
	format := profile.MoneyFormat{Currency: "EUR", Symbols: map[string]string{"$": "USD", "元": "CNY"}, Multiples: map[string]int64{"万": 10000}}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := profile.ParseMoney(s, format)
		if err != nil {
			if m != (profile.Money{}) {
				t.Errorf("%q: %v with %v", s, m, err)
			}
			return
		}
		if m.Minor == math.MinInt64 {
			return
		}
		back, err := profile.ParseMoney(m.String(), format)
		if err != nil || back.Minor != m.Minor {
			t.Errorf("%q → %v → %v, %v", s, m, back, err)
		}
	})
}

func TestDecayed(t *testing.T) {
	a, err := profile.NewDecayed(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := profile.NewDecayed(time.Hour)
	if err := errors.Join(a.Add(cut, 8), a.Add(cut.Add(time.Hour), 1), b.Add(cut.Add(3*time.Hour), 1)); err != nil {
		t.Fatal(err)
	}
	if got := a.Value(cut.Add(time.Hour)); got != 5 {
		t.Errorf("value %v, want 5", got)
	}
	c, _ := profile.NewDecayed(time.Hour)
	if err := errors.Join(c.Merge(b), c.Merge(a), a.Merge(b)); err != nil {
		t.Fatal(err)
	}
	at := cut.Add(3 * time.Hour)
	if a.Value(at) != 2.25 || c.Value(at) != 2.25 {
		t.Errorf("merged %v and %v, want 2.25", a.Value(at), c.Value(at))
	}
	other, _ := profile.NewDecayed(time.Minute)
	if !errors.Is(a.Merge(other), profile.ErrMismatch) || !errors.Is(a.Merge(a), profile.ErrMismatch) {
		t.Error("merge of what does not match")
	}
	if err := a.Add(cut, math.NaN()); !errors.Is(err, profile.ErrNotFinite) || a.Value(at) != 2.25 {
		t.Error(err)
	}
	if err := a.Add(time.Time{}, 1); !errors.Is(err, profile.ErrRange) {
		t.Error(err)
	}
	if _, err := profile.NewDecayed(0); !errors.Is(err, profile.ErrOption) {
		t.Error(err)
	}
}

func TestGroupBy(t *testing.T) {
	var a, b profile.GroupBy[string]
	if err := errors.Join(a.Add("x", 1), b.Add("x", 3), b.Add("a", 5), a.Merge(&b)); err != nil {
		t.Fatal(err)
	}
	r := a.Result()
	if len(r) != 2 || r[0].Key != "a" || r[1].Mean() != 2 || r[1].Count() != 2 {
		t.Errorf("%+v", r)
	}
	if err := a.Add("new", math.Inf(1)); !errors.Is(err, profile.ErrNotFinite) || len(a.Result()) != 2 {
		t.Error(err)
	}
	if err := a.Merge(&a); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
}
