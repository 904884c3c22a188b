package recommend

import "github.com/aislekit/aisle/internal/words"

// Tokenizer appends the tokens of text to dst. It must be a pure function: the
// same text gives the same tokens, at any time and on any goroutine.
type Tokenizer func(dst []string, text string) []string

// Words is the default Tokenizer. It knows no language and no dictionary:
//
//   - Full-width letters and digits and half-width katakana are folded to their
//     usual width, letters to lower case.
//   - A run of Han characters becomes its character bigrams (三体小说 gives
//     三体, 体小, 小说); a single one stays as it is. Bigrams find Chinese and
//     Japanese compounds without knowing where words end (Nie et al. 2000).
//   - Hiragana and katakana runs are one token each.
//   - Any other run of letters, digits and combining marks is one token.
//   - Everything else separates tokens.
//
// Bytes that are no valid UTF-8 separate tokens too.
func Words(dst []string, text string) []string {
	var t words.List
	t.Words(text)
	for k := range t.Len() {
		dst = append(dst, string(t.Gram(k, 1)))
	}
	return dst
}
