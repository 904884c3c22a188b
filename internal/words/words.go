// Package words cuts text into tokens without knowing its language: words as they stand between
// separators, Han characters as bigrams or one by one.
package words

import (
	"unicode"
	"unicode/utf8"
)

// List is a list of tokens in one buffer, a space between two neighbours, so
// that an n-gram is a contiguous slice. It is reused from text to text.
type List struct {
	buf  []byte
	span []int  // start and end of each token
	run  []rune // the current Han run
}

func (t *List) reset() { t.buf, t.span = t.buf[:0], t.span[:0] }

// Len returns the number of tokens.
func (t *List) Len() int { return len(t.span) / 2 }

// Gram returns tokens k … k+n-1 joined by spaces, until the list is filled again.
func (t *List) Gram(k, n int) []byte { return t.buf[t.span[2*k]:t.span[2*(k+n)-1]] }

func (t *List) open() {
	if len(t.span) > 0 {
		t.buf = append(t.buf, ' ')
	}
	t.span = append(t.span, len(t.buf))
}

func (t *List) close() { t.span = append(t.span, len(t.buf)) }

// Fill replaces the list by what a caller's tokenizer said.
func (t *List) Fill(words []string) {
	t.reset()
	for _, w := range words {
		if w != "" {
			t.open()
			t.buf = append(t.buf, w...)
			t.close()
		}
	}
}

type script uint8

const (
	separator script = iota
	letters
	hiragana
	katakana
	han
	extender // continues any run but Han, starts none
)

// classify says what runs of letters r belongs to. ASCII, most of all text, is told
// without a table.
func classify(r rune) script {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' {
			return letters
		}
		return separator
	case r == utf8.RuneError:
		return separator
	case r == 'ー': // the long vowel mark has no script of its own
		return katakana
	case unicode.Is(unicode.Han, r):
		return han
	case unicode.Is(unicode.Hiragana, r):
		return hiragana
	case unicode.Is(unicode.Katakana, r):
		return katakana
	case unicode.IsMark(r):
		return extender
	case unicode.IsLetter(r) || unicode.IsNumber(r):
		return letters
	}
	return separator
}

// Words replaces the list by the words of text and, of Han characters, by bigrams: see
// recommend.Words.
func (t *List) Words(text string) { t.split(text, false) }

// Characters replaces the list by the words of text, its Han characters, and its symbols and
// punctuation marks, each of these a token of its own: what n-grams of tokens are made of.
func (t *List) Characters(text string) { t.split(text, true) }

// one adds a token of one rune.
func (t *List) one(r rune) {
	t.open()
	t.buf = utf8.AppendRune(t.buf, r)
	t.close()
}

// split replaces the list by the tokens of text; single makes Han characters and
// marks tokens of their own.
func (t *List) split(text string, single bool) {
	t.reset()
	now := separator
	flush := func() {
		switch {
		case now == separator:
		case now != han:
			t.close()
		case single || len(t.run) == 1:
			for _, r := range t.run {
				t.one(r)
			}
		default:
			for k := range len(t.run) - 1 {
				t.open()
				t.buf = utf8.AppendRune(utf8.AppendRune(t.buf, t.run[k]), t.run[k+1])
				t.close()
			}
		}
		now = separator
	}
	for k := 0; k < len(text); {
		if c := text[k]; c < utf8.RuneSelf { // the fast path for ASCII
			k++
			if classify(rune(c)) == separator {
				flush()
				if single && c > ' ' && c != 0x7f {
					t.one(rune(c))
				}
				continue
			}
			if now != letters {
				flush()
				t.open()
				now = letters
			}
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			t.buf = append(t.buf, c)
			continue
		}
		r, size := utf8.DecodeRuneInString(text[k:])
		k += size
		if size == 1 { // no valid UTF-8
			flush()
			continue
		}
		if 0xff61 <= r && r <= 0xff9f {
			next, n := utf8.DecodeRuneInString(text[k:])
			var voiced bool
			if r, voiced = widen(r, next); voiced {
				k += n
			}
		} else if 0xff01 <= r && r <= 0xff5e {
			r -= 0xfee0
		}
		s := classify(r)
		if s == katakana && r == 'ー' && now == hiragana {
			s = hiragana
		}
		if s == extender {
			if now == separator || now == han {
				continue
			}
			s = now
		}
		if s == separator {
			flush()
			if single && r != utf8.RuneError && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
				t.one(r)
			}
			continue
		}
		if s != now {
			flush()
			now = s
			if s == han {
				t.run = t.run[:0]
			} else {
				t.open()
			}
		}
		if s == han {
			t.run = append(t.run, r)
		} else {
			t.buf = utf8.AppendRune(t.buf, unicode.ToLower(r))
		}
	}
	flush()
}

// wide are the full-width forms of U+FF66 … U+FF9D.
var wide = [...]rune{
	'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー',
	'ア', 'イ', 'ウ', 'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ',
	'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ', 'テ', 'ト',
	'ナ', 'ニ', 'ヌ', 'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ',
	'マ', 'ミ', 'ム', 'メ', 'モ', 'ヤ', 'ユ', 'ヨ',
	'ラ', 'リ', 'ル', 'レ', 'ロ', 'ワ', 'ン',
}

// widen folds half-width katakana; voiced says that the sound mark next was
// joined to it.
func widen(r, next rune) (full rune, voiced bool) {
	if r < 0xff66 || r > 0xff9d {
		return ' ', false // punctuation, or a sound mark with nothing to join
	}
	full = wide[r-0xff66]
	switch next {
	case 'ﾞ':
		switch {
		case full == 'ウ':
			return 'ヴ', true
		case 'カ' <= full && full <= 'ト' && full != 'ッ' || 'ハ' <= full && full <= 'ホ':
			return full + 1, true
		}
	case 'ﾟ':
		if 'ハ' <= full && full <= 'ホ' {
			return full + 2, true
		}
	}
	return full, false
}
