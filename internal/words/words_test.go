package words_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/words"
)

// Words is tested by recommend, whose default tokenizer it is.
func TestCharacters(t *testing.T) {
	var l words.List
	for text, want := range map[string]string{
		"":                   "",
		"很好！推荐":              "很 好 ! 推 荐",
		"质量差,don't buy 😡":    "质 量 差 , don ' t buy 😡",
		"5G手机…ok":            "5g 手 机 … ok",
		"とても良い":              "とても 良 い",
		"a\xffb\x00c\u200bd": "a b c d",
	} {
		l.Characters(text)
		got := make([]string, l.Len())
		for k := range got {
			got[k] = string(l.Gram(k, 1))
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if l.Len() > 1 {
			if two := string(l.Gram(0, 2)); two != got[0]+" "+got[1] {
				t.Errorf("%q: pair %q", text, two)
			}
		}
	}
	if l.Fill([]string{"a", "", "b"}); l.Len() != 2 || string(l.Gram(0, 2)) != "a b" {
		t.Errorf("filled: %d tokens, %q", l.Len(), l.Gram(0, l.Len()))
	}
}
