package clean

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/profile"
)

// MoneyFormat says how amounts are written in one source. The zero value reads
// "1,234.50" and needs the currency in the text.
type MoneyFormat struct {
	// Currency is assumed where the text names none.
	Currency string
	// Decimal is the decimal mark, '.' by default; ',' makes '.', ' ' and '\''
	// group marks instead of ','.
	Decimal rune
	// Symbols maps what is written before or after the number to a currency,
	// after Canonical and in lower case: {"£": "GBP", "元": "CNY"}. Three-letter
	// codes need no entry. A written currency overrides Currency.
	Symbols map[string]string
	// Multiples maps unit words to factors, such as {"万": 10000, "k": 1000}.
	Multiples map[string]int64
	// Digits overrides the digits of the minor unit, for sources that price
	// finer than the currency pays; negative means 0.
	Digits int
	// Round rounds half to even what is finer than the minor unit; by default
	// that is an error.
	Round bool
}

// ParseMoney reads one amount: optional sign (or accounting brackets), optional
// currency symbol or code on either side, digits with group marks in threes,
// decimal part. Full-width digits are accepted. It never guesses: "1,23" in a
// '.' format, two decimal marks or an unknown unit are errors.
func ParseMoney(s string, f MoneyFormat) (profile.Money, error) {
	fail := func(why string, kind error) (profile.Money, error) {
		return profile.Money{}, fmt.Errorf("clean: ParseMoney: %q %s: %w", s, why, kind)
	}
	text := strings.TrimSpace(strings.ReplaceAll(Canonical(s), "\u2212", "-"))
	neg := false
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		neg, text = true, strings.TrimSpace(text[1:len(text)-1])
	}
	sign := func() {
		if rest, ok := strings.CutPrefix(text, "-"); ok && !neg {
			neg, text = true, strings.TrimSpace(rest)
		} else if rest, ok := strings.CutPrefix(text, "+"); ok && !neg {
			text = strings.TrimSpace(rest)
		}
	}
	sign()
	if rest, ok := strings.CutSuffix(text, "-"); ok && !neg {
		neg, text = true, strings.TrimSpace(rest)
	}
	first := strings.IndexFunc(text, func(r rune) bool { return r >= '0' && r <= '9' || r == '.' || r == ',' || r == '-' || r == '+' })
	if first < 0 {
		return fail("has no digits", ErrRange)
	}
	before := strings.TrimSpace(text[:first])
	text = text[first:]
	sign()
	last := strings.LastIndexAny(text, "0123456789")
	if last < 0 {
		return fail("has no digits", ErrRange)
	}
	after := strings.TrimSpace(text[last+1:])
	text = text[:last+1]

	currency, factor := f.Currency, int64(1)
	named := ""
	for _, word := range strings.Fields(before + " " + after) {
		for word != "" {
			if m, ok := f.Multiples[word]; ok {
				var err error
				if factor, err = check.MulInt64(factor, m); err != nil {
					return fail("overflows", ErrOverflow)
				}
				break
			}
			code, ok := f.Symbols[word]
			if !ok && len(word) == 3 && isLetters(word) {
				code, ok = strings.ToUpper(word), true
			}
			if !ok { // a multiple glued to a currency: 万元
				glued := ""
				for m := range f.Multiples {
					if tail, cut := strings.CutPrefix(word, m); cut && f.Symbols[tail] != "" && len(m) > len(glued) {
						glued = m
					}
				}
				if glued == "" {
					return fail("has the unknown unit "+strconv.Quote(word), ErrRange)
				}
				var err error
				if factor, err = check.MulInt64(factor, f.Multiples[glued]); err != nil {
					return fail("overflows", ErrOverflow)
				}
				word = word[len(glued):]
				continue
			}
			if named != "" && named != code {
				return fail("names two currencies", ErrMismatch)
			}
			named, currency = code, code
			break
		}
	}
	if currency == "" {
		return fail("names no currency", ErrRange)
	}
	digits := profile.MinorDigits(currency)
	if f.Digits != 0 {
		digits = max(f.Digits, 0)
	}
	if digits > 9 {
		return fail("is read with more than 9 minor digits", ErrOption)
	}
	decimal := f.Decimal
	if decimal == 0 {
		decimal = '.'
	}
	whole, frac, hasFrac := strings.Cut(text, string(decimal))
	if hasFrac && (frac == "" || strings.IndexFunc(frac, notDigit) >= 0) {
		return fail("has a malformed decimal part", ErrRange)
	}
	whole, ok := ungroup(whole, decimal)
	if !ok || whole == "" && frac == "" {
		return fail("has malformed digit groups", ErrRange)
	}
	r, ok := new(big.Rat).SetString("0" + whole + "." + frac + "0")
	if !ok || len(whole)+len(frac) > 40 {
		return fail("is no number", ErrRange)
	}
	r.Mul(r, new(big.Rat).SetInt64(factor))
	r.Mul(r, new(big.Rat).SetInt64(pow10(digits)))
	if !r.IsInt() && !f.Round {
		return fail("is finer than the minor unit of "+currency, ErrRange)
	}
	n := halfEven(r)
	if neg {
		n.Neg(n)
	}
	if !n.IsInt64() {
		return fail("overflows", ErrOverflow)
	}
	return profile.Money{Minor: n.Int64(), Currency: currency}, nil
}

func isLetters(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return true
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// ungroup removes group marks and reports whether they stood at every third
// digit, all of one sort.
func ungroup(s string, decimal rune) (string, bool) {
	marks := ",' \u00a0\u202f"
	if decimal == ',' {
		marks = ".' \u00a0\u202f"
	}
	at := strings.IndexAny(s, marks)
	if at < 0 {
		return s, strings.IndexFunc(s, notDigit) < 0
	}
	mark := ""
	for _, r := range s[at:] {
		mark = string(r)
		break
	}
	parts := strings.Split(s, mark)
	for i, p := range parts {
		if strings.IndexFunc(p, notDigit) >= 0 || i > 0 && len(p) != 3 || i == 0 && (len(p) == 0 || len(p) > 3) {
			return "", false
		}
	}
	return strings.Join(parts, ""), true
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func halfEven(r *big.Rat) *big.Int {
	q, m := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	switch m.Lsh(m, 1).Cmp(r.Denom()) {
	case 1:
		q.Add(q, big.NewInt(1))
	case 0:
		if q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
	}
	return q
}
