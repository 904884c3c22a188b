package recommend_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aislekit/aisle/recommend"
)

func TestWords(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":               {"", ""},
		"separators only":     {" \t-–!?,。、", ""},
		"case and digits":     {"Red iPhone15 500ML", "red iphone15 500ml"},
		"punctuation splits":  {"women's t-shirt,v2.0_x", "women s t shirt v2 0 x"},
		"accents":             {"Café ÉCLAIR", "café éclair"},
		"combining marks":     {"Cafe\u0301 x", "cafe\u0301 x"},
		"stray mark":          {"\u0301a", "a"},
		"greek, cyrillic":     {"ΑΘΗΝΑ Москва", "αθηνα москва"},
		"hangul":              {"한국어 상품", "한국어 상품"},
		"han run":             {"三体小说", "三体 体小 小说"},
		"two han":             {"茶叶", "茶叶"},
		"one han":             {"茶", "茶"},
		"han cut by space":    {"红 茶", "红 茶"},
		"han beside latin":    {"华为Mate60手机壳", "华为 mate60 手机 机壳"},
		"beyond the BMP":      {"𠮷野家", "𠮷野 野家"},
		"iteration mark":      {"時々", "時々"},
		"hiragana, katakana":  {"とうきょうタワー", "とうきょう タワー"},
		"long vowel":          {"らーめん", "らーめん"},
		"kana beside han":     {"東京の天気", "東京 の 天気"},
		"full width":          {"ＡＢＣ　１２３", "abc 123"},
		"half-width katakana": {"ｶﾞﾗｽ ﾊﾟﾝ ｳﾞｧ ｹｰｽ", "ガラス パン ヴァ ケース"},
		"small tsu":           {"ｯﾞ", "ッ"},
		"half-width stop":     {"ｱ｡ｲ", "ア イ"},
		"invalid UTF-8":       {"ab\xffcd \xe4\xb8", "ab cd"},
		"replacement rune":    {"ab\ufffdcd", "ab cd"},
		"emoji":               {"shoe👟red", "shoe red"},
	} {
		got := recommend.Words([]string{"kept"}, c.text)
		if want := append([]string{"kept"}, strings.Fields(c.want)...); !slices.Equal(got, want) {
			t.Errorf("%s: Words(%q) = %q, want %q", name, c.text, got[1:], want[1:])
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Red dress", "三体小说", "ｶﾞﾗｽ ＡＢＣ", "a\xff\u0301々ー", "らーめん🍜x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := recommend.Words(nil, text)
		total := 0
		for _, w := range got {
			if w == "" || !utf8.ValidString(w) {
				t.Fatalf("token %q of %q", w, text)
			}
			for _, r := range w {
				if unicode.IsSpace(r) || r != unicode.ToLower(r) && unicode.ToLower(unicode.ToLower(r)) == unicode.ToLower(r) {
					t.Fatalf("token %q of %q holds %q", w, text, r)
				}
			}
			total += len(w)
		}
		// Bigrams double, lower case and width folding change sizes by little.
		if total > 3*len(text) {
			t.Fatalf("%d bytes of tokens from %d of text", total, len(text))
		}
		// A text that is only separated once more gives the same tokens.
		if again := recommend.Words(nil, "…"+text+" — "); !slices.Equal(got, again) {
			t.Fatalf("%q gives %q, with separators around it %q", text, got, again)
		}
	})
}
