package audience

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenKeyword
	tokenText
	tokenNumber // a number without a unit
	tokenSpan   // a duration
	tokenKM     // a number of kilometres
	tokenSign
)

// token is one word of the text.
type token struct {
	kind  tokenKind
	at    place
	raw   string // as it stands there
	value string // of names and texts: without quotes; of keywords: in lower case; of numbers: the number
	span  time.Duration
}

// lexer cuts a text into tokens.
type lexer struct {
	src          string
	pos          int // of what comes next
	line, column int // of pos
}

// move steps over n bytes.
func (l *lexer) move(n int) {
	for _, r := range l.src[l.pos : l.pos+n] {
		if l.column++; r == '\n' {
			l.line, l.column = l.line+1, 1
		}
	}
	l.pos += n
}

func (l *lexer) here() place { return place{int32(l.pos), int32(l.line), int32(l.column)} }

// next returns the next token.
func (l *lexer) next() (token, error) {
	rest := strings.TrimLeftFunc(l.src[l.pos:], unicode.IsSpace)
	l.move(len(l.src) - l.pos - len(rest))
	t := token{at: l.here()}
	if rest == "" {
		return t, nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	digits := rest
	if r == '-' || r == '+' {
		digits = rest[1:]
	}
	var err error
	switch {
	case r == '"' || r == '\'' || r == '`':
		err = l.quoted(&t, rest, r)
	case nameStart(r):
		n := strings.IndexFunc(rest, func(r rune) bool { return !nameRune(r) })
		if n < 0 {
			n = len(rest)
		}
		t.kind, t.raw, t.value = tokenName, rest[:n], rest[:n]
		if low := strings.ToLower(t.raw); isKeyword(low) {
			t.kind, t.value = tokenKeyword, low
		}
	case digits != "" && (digits[0] >= '0' && digits[0] <= '9' || digits[0] == '.' && len(digits) > 1 && digits[1] >= '0' && digits[1] <= '9'):
		err = l.number(&t, rest)
	default:
		err = t.sign(rest)
	}
	if err != nil {
		return t, err
	}
	l.move(len(t.raw))
	return t, nil
}

func isKeyword(low string) bool {
	for _, k := range keywords {
		if k == low {
			return true
		}
	}
	return false
}

// quoted reads a text or, between backquotes, a name, with the escapes of a Go string.
func (l *lexer) quoted(t *token, rest string, quote rune) error {
	var b strings.Builder
	unquote := byte(0) // no quote needs an escape between backquotes
	if quote != '`' {
		unquote = byte(quote)
	}
	for s := rest[1:]; s != ""; {
		if s[0] == byte(quote) {
			t.kind, t.raw, t.value = tokenText, rest[:len(rest)-len(s)+1], b.String()
			if quote == '`' {
				t.kind = tokenName
			}
			return nil
		}
		if s[0] == '\n' {
			break
		}
		r, multibyte, tail, err := strconv.UnquoteChar(s, unquote)
		if err != nil {
			return found(t.at, cut(rest), fmt.Sprintf(`a text with the escapes of Go at byte %d, such as \n, \" or \u00e9`, l.pos+len(rest)-len(s)), "", ErrCorrupt)
		}
		if r < utf8.RuneSelf || !multibyte {
			b.WriteByte(byte(r))
		} else {
			b.WriteRune(r)
		}
		s = tail
	}
	return found(t.at, cut(rest), fmt.Sprintf("%c at the end of the text in its line", quote), "", ErrCorrupt)
}

// cut is the first line of what follows.
func cut(s string) string { s, _, _ = strings.Cut(s, "\n"); return s }

// number reads a number, a duration such as 90d or 1d12h30m, or kilometres.
func (l *lexer) number(t *token, rest string) error {
	n := 1 // the sign or the first digit
	for n < len(rest) {
		c := rest[n]
		exponent := (c == '+' || c == '-') && (rest[n-1] == 'e' || rest[n-1] == 'E') && rest[n-2] >= '0' && rest[n-2] <= '9'
		r, size := utf8.DecodeRuneInString(rest[n:])
		if !exponent && c != '.' && c != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		n += size
	}
	raw := rest[:n]
	t.raw, t.value = raw, raw
	if km, ok := strings.CutSuffix(raw, "km"); ok {
		t.kind, t.value = tokenKM, km
		if plainNumber(km) {
			return nil
		}
	}
	if plainNumber(raw) {
		t.kind = tokenNumber
		return nil
	}
	span, ok := parseSpan(raw)
	if !ok {
		return found(t.at, raw, `a number such as 2.5, or a duration of w, d, h, m such as 90d or 1d12h, below 292 years`, cmp.Or(meantSpan(raw), meantNumber(raw)), ErrCorrupt)
	}
	t.kind, t.span = tokenSpan, span
	return nil
}

// plainNumber reports whether s is a decimal number.
func plainNumber(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '+' && c != '-' && c != 'e' && c != 'E' {
			return false
		}
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// parseSpan reads a duration: weeks and days, of 24 hours, before what Go's notation has.
func parseSpan(s string) (time.Duration, bool) {
	total := time.Duration(0)
	for _, u := range []struct {
		unit string
		size time.Duration
	}{{"w", 7 * day}, {"d", day}} {
		head, tail, ok := strings.Cut(s, u.unit)
		if !ok {
			continue
		}
		x, err := strconv.ParseUint(head, 10, 32)
		if err != nil || x > uint64((1<<63-1-total)/u.size) {
			return 0, false
		}
		total += time.Duration(x) * u.size
		if s = tail; s == "" {
			return total, true
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > 1<<63-1-total || s[0] == '+' {
		return 0, false
	}
	return total + d, true
}

// found is the error about what stands at a place instead of what should.
func found(at place, raw, want, suggestion string, sentinel error) error {
	hint := ""
	if suggestion != "" {
		hint = fmt.Sprintf(", did you mean %s?", strconv.Quote(suggestion))
	}
	what := "the end of the text"
	if raw != "" {
		what = excerpt(raw)
	}
	return &TextError{
		Offset: int(at.offset), Line: int(at.line), Column: int(at.column), Found: raw, Suggestion: suggestion,
		Err: fmt.Errorf("found %s, want %s%s: %w", what, want, hint, sentinel),
	}
}
