package clean_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aislekit/aisle/profile/clean"
)

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "shoes": "shoes", "  Running\t Shoes ": "running shoes", "Ｎｉｋｅ　Ａｉｒ": "nike air",
		"運動鞋": "運動鞋", "a\u200bb\ufeff": "ab", "cafe\u0301": "café", "CAFE\u0301": "café", "e\u200b\u0301": "é",
		"ｶﾞﾗｽ": "ガラス", "ﾊﾟﾝ": "パン", "｢ｱ｣": "「ア」", "ﾡﾢￜ": "ㄱㄲㅣ", "ｶ ﾞ": "カ \u3099", "\u212bngstr\u00f6m": "ångström", "￥５": "¥5", "ÉCLAIR": "éclair", "   ": "",
	} {
		if got := clean.Canonical(in); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", in, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { clean.Canonical("running shoes") }); n != 0 {
		t.Errorf("%v allocations for canonical text", n)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"e\u200b\u0301", "ｶﾞ", "I\u0307", "\u1100\u1161", "", "Ａ b", "\xff", "İ", "a\u200b \u3000b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := clean.Canonical(s)
		if !utf8.ValidString(c) || clean.Canonical(c) != c || strings.Contains(c, "  ") || strings.TrimSpace(c) != c {
			t.Errorf("Canonical(%q) = %q, then %q", s, c, clean.Canonical(c))
		}
	})
}
