package clean

import (
	"strings"
	"unicode"
)

// FoldWidth returns s with the full-width forms of ASCII (Ａ１！ and the
// ideographic space), of the currency signs (￥ ￡ ￠ ￦) and of a few other
// signs replaced by their ordinary forms. It returns s itself, without
// allocation, where nothing changes.
func FoldWidth(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return fold(r) != r }) < 0 {
		return s
	}
	return strings.Map(fold, s)
}

// fold returns the ordinary form of a full-width rune, and every other rune as it is.
func fold(r rune) rune {
	switch {
	case r < 0x3000:
		return r
	case r == 0x3000:
		return ' '
	case r >= 0xff01 && r <= 0xff5e:
		return r - 0xff01 + '!'
	}
	switch r {
	case '￠':
		return '¢'
	case '￡':
		return '£'
	case '￢':
		return '¬'
	case '￣':
		return '¯'
	case '￤':
		return '¦'
	case '￥':
		return '¥'
	case '￦':
		return '₩'
	}
	return r
}

// Canonical returns the form under which categories, brands and other labels
// are compared: widths folded (FoldWidth), letters in lower case, runs of white
// space turned into one space, none at the ends, invisible format characters
// (zero-width space, byte-order mark) removed, invalid UTF-8 replaced. It is
// idempotent, and free of allocation where s is canonical already.
func Canonical(s string) string {
	if isCanonical(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		r = unicode.ToLower(fold(r))
		switch {
		case unicode.Is(unicode.Cf, r):
		case unicode.IsSpace(r):
			space = b.Len() > 0
		default:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isCanonical covers the usual case, plain ASCII, without a second look.
func isCanonical(s string) bool {
	prev := byte(' ')
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x80 || c < ' ' || c == 0x7f || c >= 'A' && c <= 'Z' || c == ' ' && prev == ' ' {
			return false
		}
		prev = c
	}
	return len(s) == 0 || prev != ' '
}
