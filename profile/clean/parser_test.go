package clean_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

func TestParser(t *testing.T) {
	var q clean.Quality
	zone := time.FixedZone("shop", 8*3600)
	p, err := clean.NewParser(&q, clean.ParserOptions{Layouts: []string{time.DateTime, "2006/1/2", "unix", "unixmilli"}, Zone: zone, Money: clean.MoneyFormat{Currency: "CNY"}})
	if err != nil {
		t.Fatal(err)
	}
	want := time.Date(2024, 5, 31, 16, 0, 0, 0, time.UTC)
	for _, text := range []string{"2024-06-01 00:00:00", "２０２４/６/１", "1717171200", "1717171200000"} {
		if got, err := p.Time("when", text); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("Time(%q) = %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]error{"": clean.ErrEmpty, "NULL": clean.ErrEmpty, "tomorrow": clean.ErrRange, "2024-02-30 00:00:00": clean.ErrRange, "1066/10/14": clean.ErrRange} {
		if _, err := p.Time("when", text); !errors.Is(err, want) {
			t.Errorf("Time(%q): %v, want %v", text, err, want)
		}
	}
	for text, want := range map[string]float64{"1,234.5": 1234.5, "-1e3": -1000, "+.5": .5, "１２": 12} {
		if got, err := p.Float("x", text); err != nil || got != want {
			t.Errorf("Float(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"inf", "1,2", "0x10", "1_000", "1e1_0", "1e999", "--1", "+-1", ".", "1 2"} {
		if got, err := p.Float("x", text); !errors.Is(err, clean.ErrRange) {
			t.Errorf("Float(%q) = %v, %v", text, got, err)
		}
	}
	if got, err := p.Int("n", "-1,234,567"); err != nil || got != -1234567 {
		t.Error(got, err)
	}
	for _, text := range []string{"1.5", "9223372036854775808", "+", "1_0", "--5"} {
		if _, err := p.Int("n", text); !errors.Is(err, clean.ErrRange) {
			t.Errorf("Int(%q): %v", text, err)
		}
	}
	if m, err := p.Money("pay", "12.30"); err != nil || m.Minor != 1230 {
		t.Error(m, err)
	}
	if _, err := p.Money("pay", "a lot"); !errors.Is(err, clean.ErrRange) {
		t.Error(err)
	}
	if s, err := p.Text("label", " Ａ  b "); err != nil || s != "a b" {
		t.Errorf("%q %v", s, err)
	}
	s := q.Result()
	if got := s.Fields[4]; got != (clean.FieldQuality{Name: "x", Seen: 14, Malformed: 10}) {
		t.Errorf("field x: %+v", got)
	}
	if got := s.Fields[3]; got != (clean.FieldQuality{Name: "when", Seen: 9, Missing: 2, Malformed: 3}) {
		t.Errorf("field when: %+v", got)
	}
	if c, err := s.Fields[3].Completeness(); err != nil || c != 4.0/9 {
		t.Error(c, err)
	}
	if _, err := clean.NewParser(nil, clean.ParserOptions{Layouts: []string{}}); !errors.Is(err, clean.ErrOption) {
		t.Error(err)
	}
}

func TestParseKind(t *testing.T) {
	if k, err := clean.ParseKind(" ＶＩＥＷ"); err != nil || k != profile.View {
		t.Error(k, err)
	}
	if _, err := clean.ParseKind("look"); !errors.Is(err, clean.ErrRange) {
		t.Error(err)
	}
}

// TestParserEmpty: where "" is not listed as missing it is malformed, and never a
// panic.
func TestParserEmpty(t *testing.T) {
	p, err := clean.NewParser(nil, clean.ParserOptions{Null: []string{"n/a"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func(field, text string) error{
		"Int":   func(field, text string) error { _, err := p.Int(field, text); return err },
		"Float": func(field, text string) error { _, err := p.Float(field, text); return err },
		"Money": func(field, text string) error { _, err := p.Money(field, text); return err },
		"Time":  func(field, text string) error { _, err := p.Time(field, text); return err },
	} {
		if err := read(name, ""); !errors.Is(err, clean.ErrRange) || !strings.HasPrefix(err.Error(), "clean: Parser."+name+": field "+name) {
			t.Errorf("%s of nothing: %v", name, err)
		}
		if err := read(name, " N/A "); !errors.Is(err, clean.ErrEmpty) {
			t.Errorf("%s of n/a: %v", name, err)
		}
	}
	if s, err := p.Text("Text", ""); s != "" || err != nil {
		t.Errorf("text %q, %v", s, err)
	}
	for _, f := range p.Quality().Result().Fields {
		if want := (clean.FieldQuality{Name: f.Name, Seen: 2, Missing: 1, Malformed: 1}); f != want && f.Name != "Text" {
			t.Errorf("%+v, want %+v", f, want)
		}
	}
}

func TestParserZero(t *testing.T) {
	var p clean.Parser
	if n, err := p.Int("n", "12"); n != 12 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if at, err := p.Time("at", "2024-06-01"); !at.Equal(cut) || err != nil {
		t.Errorf("%v, %v", at, err)
	}
	if _, err := p.Float("x", "null"); !errors.Is(err, clean.ErrEmpty) {
		t.Error(err)
	}
	if got := len(p.Quality().Result().Fields); got != 3 {
		t.Errorf("%d fields counted", got)
	}
	if q := new(clean.Parser).Quality(); q == nil {
		t.Error("no report")
	}
}

func TestParserOptions(t *testing.T) {
	for name, opt := range map[string]clean.ParserOptions{
		"no layout":     {Layouts: []string{}},
		"years":         {Earliest: cut, Latest: cut},
		"digits":        {Money: clean.MoneyFormat{Digits: 10}},
		"decimal marks": {Money: clean.MoneyFormat{Decimal: ';'}},
	} {
		if _, err := clean.NewParser(nil, opt); !errors.Is(err, clean.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := clean.NewParser(nil, clean.ParserOptions{Layouts: []string{time.DateOnly}, Earliest: cut, Latest: cut.Add(2 * day), Money: clean.MoneyFormat{Decimal: ','}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]error{"2024-06-01": nil, "2024-06-02": nil, "2024-05-31": clean.ErrRange, "2024-06-03": clean.ErrRange} {
		if _, err := p.Time("at", text); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	if x, err := p.Float("x", "1.234,5"); x != 1234.5 || err != nil {
		t.Errorf("%v, %v", x, err)
	}
	if n, err := p.Int("n", "1.234"); n != 1234 || err != nil {
		t.Errorf("%v, %v", n, err)
	}
}

// FuzzParser: whatever stands in a cell, every method gives a value in its range or
// one of two errors, and counts the look at it.
func FuzzParser(f *testing.F) {
	for _, s := range []string{"", "-", "1,234.5", "+", "1e999", "2024-06-01", "1717171200", "NULL", "\xff", "１２"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, comma bool) {
		opt := clean.ParserOptions{Null: []string{"n/a"}, Layouts: []string{time.RFC3339, time.DateOnly, "unix", "unixmilli"}}
		opt.Money.Currency = "EUR"
		if comma {
			opt.Money.Decimal = ','
		}
		p, err := clean.NewParser(nil, opt)
		if err != nil {
			t.Fatal(err)
		}
		at, err1 := p.Time("time", text)
		if err1 == nil && (at.Year() < 1990 || at.Year() > 2100 || at.Location() != time.UTC) {
			t.Errorf("Time(%q) = %v", text, at)
		}
		x, err2 := p.Float("float", text)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Errorf("Float(%q) = %v", text, x)
		}
		n, err3 := p.Int("int", text)
		if err3 == nil && err2 == nil && math.Abs(x) < 1<<53 && float64(n) != x && !comma {
			t.Errorf("%q is %d and %v", text, n, x)
		}
		_, err4 := p.Money("money", text)
		s, err5 := p.Text("text", text)
		if !utf8.ValidString(s) {
			t.Errorf("Text(%q) = %q", text, s)
		}
		bad := map[string]error{"time": err1, "float": err2, "int": err3, "money": err4, "text": err5}
		for _, q := range p.Quality().Result().Fields {
			want := clean.FieldQuality{Name: q.Name, Seen: 1}
			switch err := bad[q.Name]; {
			case errors.Is(err, clean.ErrEmpty):
				want.Missing = 1
			case errors.Is(err, clean.ErrRange), errors.Is(err, clean.ErrMismatch), errors.Is(err, clean.ErrOverflow):
				want.Malformed = 1
			case err != nil:
				t.Errorf("%s of %q: %v", q.Name, text, err)
			}
			if q != want {
				t.Errorf("%q: %+v, want %+v", text, q, want)
			}
			delete(bad, q.Name)
		}
		if len(bad) != 0 {
			t.Errorf("%q: not counted: %v", text, bad)
		}
	})
}
