package nfc

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

func TestString(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "shoes": "shoes", "cafe\u0301": "caf\u00e9", "caf\u00e9": "caf\u00e9",
		"\u1100\u1161\u11a8": "\uac01", "\uac00\u11a8": "\uac01", "\u1112\u1161\u11ab\u1100\u116e\u11a8": "한국",
		"\u30ab\u3099": "ガ", "\u212b": "\u00c5", "\u0958": "\u0915\u093c", "q\u0307\u0323": "q\u0323\u0307",
		"a\u0323\u0302": "\u1ead", "a\u0302\u0323": "\u1ead", "\u0301a": "\u0301a", "\xff": "\ufffd", "\xffe\u0301": "\ufffd\u00e9",
		"ệ": "ệ", "e\u0302\u0323": "ệ", "運動鞋": "運動鞋", "\uf900": "\u8c48",
	} {
		if got := String(in); got != want {
			t.Errorf("String(%+q) = %+q, want %+q", in, got, want)
		}
	}
	for _, s := range []string{"running shoes", "Größe", "運動鞋", "한국"} {
		if n := testing.AllocsPerRun(10, func() { String(s) }); n != 0 {
			t.Errorf("%v allocations for %q", n, s)
		}
	}
}

// The golden values are of Python's unicodedata: a hash over the form C of every rune
// that version of Unicode assigns, alone and with marks, and some texts in full.
func TestGolden(t *testing.T) {
	var want struct {
		Sum   string
		Runes []rune
		Texts [][2]string
	}
	testkit.Golden(t, "nfc.json", &want)
	h := sha256.New()
	for i := 0; i+1 < len(want.Runes); i += 2 {
		for r := want.Runes[i]; r <= want.Runes[i+1]; r++ {
			for _, mark := range []string{"", "\u0301", "\u0323\u0302", "\u0302\u0323", "\u3099", "\u11a8"} {
				h.Write([]byte(String(string(r)+mark) + "\n"))
			}
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want.Sum {
		t.Errorf("hash %s, want %s", got, want.Sum)
	}
	for _, c := range want.Texts {
		if got := String(c[0]); got != c[1] {
			t.Errorf("String(%+q) = %+q, want %+q", c[0], got, c[1])
		}
	}
}

// Form C is valid, idempotent, and the same for all texts of one decomposition.
func TestProp(t *testing.T) {
	runes := []rune("aeo\u0301\u0302\u0323\u0327\u0345\u1100\u1161\u11a8가각カ\u3099\u212b\u0958\u1e69ß水")
	rapid.Check(t, func(r *rapid.T) {
		s := string(rapid.SliceOf(rapid.SampledFrom(runes)).Draw(r, "runes"))
		c := String(s)
		if !utf8.ValidString(c) || String(c) != c {
			r.Fatalf("%+q: %+q, then %+q", s, c, String(c))
		}
		if d := string(load().decomposed(s)); String(d) != c {
			r.Fatalf("%+q: %+q, decomposed %+q", s, c, String(d))
		}
	})
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "e\u0301", "\xff\u0301", "\u1100\u1161", "\u0301\u0300"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c := String(s); !utf8.ValidString(c) || String(c) != c {
			t.Errorf("String(%+q) = %+q, then %+q", s, c, String(c))
		}
	})
}
