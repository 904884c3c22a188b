package check

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPrivate(t *testing.T) {
	type customer string
	for _, c := range []struct {
		name      string
		err       error
		text      string
		id, value string
		row       int64
	}{
		{"user", Private("user", -1, customer("jane@example.com"), nil, ErrOverflow), "user: arithmetic overflow", "jane@example.com", "", -1},
		{"number", Private("user", 7, 4711, 3.5, ErrRange), "user of row 7: value out of range", "4711", "3.5", 7},
		{"cell", Private("phone", 0, nil, strings.Repeat("+49 151 ", 1<<20), ErrRange), "phone of row 0: value out of range", "", strings.Repeat("+49 151 ", 8), 0},
		{"runes", Private("name", -1, strings.Repeat("x", 63)+"é", strings.Repeat("x", 62)+"水", ErrRange), "name: value out of range", strings.Repeat("x", 63), strings.Repeat("x", 62), -1},
		{"bytes", Private("name", -1, nil, strings.Repeat("\xff", 99), ErrRange), "name: value out of range", "", strings.Repeat("\xff", 61), -1},
	} {
		var f *FieldError
		wrapped := fmt.Errorf("pkg: Type.Method: %w", c.err)
		if !errors.As(wrapped, &f) {
			t.Fatalf("%s: %v is no FieldError", c.name, wrapped)
		}
		if f.Error() != c.text || f.ID != c.id || f.Value != c.value || f.Row != c.row {
			t.Errorf("%s: %q, %+v", c.name, f, *f)
		}
		if !errors.Is(wrapped, ErrOverflow) && !errors.Is(wrapped, ErrRange) {
			t.Errorf("%s: no sentinel in %v", c.name, wrapped)
		}
		if c.name != "bytes" && !utf8.ValidString(f.ID+f.Value) {
			t.Errorf("%s: cut within a rune: %q", c.name, f.ID+f.Value)
		}
	}
	if got := (&FieldError{Field: "x", Row: -1}).Error(); got != "x: invalid" {
		t.Error(got)
	}
}

func TestCurrency(t *testing.T) {
	for code, want := range map[string]string{"EUR": "EUR", "jpy": "JPY", "uSd": "USD", "": "", "€": "", "EURO": "", "EU": "", "E1R": "", "éur": "", "eu ": "", "ſek": ""} {
		got, err := Currency("Currency", code)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrRange) {
			t.Errorf("Currency(%q) = %q, %v", code, got, err)
		}
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = Currency("Currency", "EUR") }); n != 0 {
		t.Errorf("%v allocations for a code that is one", n)
	}
}
