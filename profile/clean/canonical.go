package clean

import (
	"strings"
	"unicode"

	"github.com/aislekit/aisle/internal/nfc"
)

// FoldWidth returns s with the full-width forms of ASCII (Ａ１！ and the
// ideographic space), of the currency signs (￥ ￡ ￠ ￦) and of a few other
// signs, and the half-width forms of katakana (ｶﾞ), Hangul letters and signs
// replaced by their ordinary forms. It returns s itself, without allocation, where
// nothing changes.
func FoldWidth(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return fold(r) != r }) < 0 {
		return s
	}
	out := strings.Map(fold, s)
	if strings.ContainsAny(s, "\uff9e\uff9f") { // half-width voicing marks join the letter before
		out = nfc.String(out)
	}
	return out
}

// katakana are the ordinary forms of U+FF61 to U+FF9F, by the table of Unicode. The last
// two, which voice the letter before, become marks that combine with it.
var katakana = []rune("。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u3099\u309a")

// fold returns the ordinary form of a full-width or half-width rune, and every other rune
// as it is.
func fold(r rune) rune {
	switch {
	case r < 0x3000:
		return r
	case r == 0x3000:
		return ' '
	case r >= 0xff01 && r <= 0xff5e:
		return r - 0xff01 + '!'
	case r == 0xff5f || r == 0xff60:
		return r - 0xff5f + '⦅'
	case r >= 0xff61 && r <= 0xff9f:
		return katakana[r-0xff61]
	case r == 0xffa0:
		return 0x3164
	case r >= 0xffa1 && r <= 0xffbe: // consonants of Hangul, then vowels in groups of six
		return r - 0xffa1 + 0x3131
	case r >= 0xffc2 && r <= 0xffdc && (r-0xffc2)%8 < 6:
		return (r-0xffc2)/8*6 + (r-0xffc2)%8 + 0x314f
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
	case 0xffe8:
		return '│'
	case 0xffe9, 0xffea, 0xffeb, 0xffec:
		return r - 0xffe9 + '←'
	case 0xffed:
		return '■'
	case 0xffee:
		return '○'
	}
	return r
}

// Canonical returns the form under which categories, brands and other labels
// are compared: widths folded (FoldWidth), letters composed with their accents (NFC, the
// normal form of the web: "é" as one rune and as two are one label), in lower case, runs
// of white space turned into one space, none at the ends, invisible format characters
// (zero-width space, byte-order mark) removed, invalid UTF-8 replaced. It is
// idempotent, and free of allocation where s is plain ASCII and canonical already.
//
// Accents stay: "café" and "cafe" are two labels, and so are "straße" and "strasse".
func Canonical(s string) string {
	if isCanonical(s) {
		return s
	}
	s = nfc.String(strings.Map(fold, s))
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		r = unicode.ToLower(r)
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
	return nfc.String(b.String()) // what was removed may have stood between a letter and its accent
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

// numeric returns canonical text that holds a number in the form that the readers of numbers
// take: the decimal digits of any script as those of ASCII, one sort of minus sign
// and apostrophe, the marks of Arabic as decimal, which is the decimal mark of the source,
// and apostrophe.
func numeric(s string, decimal rune) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x80:
			return r
		case unicode.Is(unicode.Nd, r):
			return '0' + digit(r)
		}
		switch r {
		case '\u2212', '\ufe63':
			return '-'
		case '\u2019': // the group mark of Switzerland
			return '\''
		case '\u066b':
			return decimal
		case '\u066c':
			return '\''
		}
		return r
	}, s)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// ascii returns s with widths folded, the decimal digits of every script as those of
// ASCII, one sort of space and without invisible format characters; letters keep their
// case, which layouts of times need.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		switch r = fold(r); {
		case r < 0x80:
			return r
		case unicode.Is(unicode.Nd, r):
			return '0' + digit(r)
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
}

// digit returns the value of a decimal digit of any script. They stand in runs of ten,
// from 0 on.
func digit(r rune) rune {
	for _, x := range unicode.Nd.R16 {
		if uint16(r) >= x.Lo && r <= rune(x.Hi) {
			return (r - rune(x.Lo)) % 10
		}
	}
	for _, x := range unicode.Nd.R32 {
		if uint32(r) >= x.Lo && uint32(r) <= x.Hi {
			return (r - rune(x.Lo)) % 10
		}
	}
	return 0
}
