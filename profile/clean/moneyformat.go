package clean

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/profile"
)

// MoneyFormat says how amounts are written in one source. The zero value reads
// "1,234.50" and needs the currency in the text.
type MoneyFormat struct {
	// Currency is assumed where the text names none: an ISO 4217 code in any case. Default
	// none: then the text must.
	Currency string
	// Decimal is the decimal mark, '.' by default; ',' makes '.', ' ' and '\''
	// group marks instead of ','. The apostrophe may be typographic (1’234.50).
	Decimal rune
	// Symbols maps what is written before or after the number to a currency, in any
	// case, after Canonical and in lower case: {"£": "GBP", "元": "CNY"}. Three-letter
	// codes need no entry. A written currency overrides Currency. Default none.
	Symbols map[string]string
	// Multiples maps unit words to factors >= 1, such as {"万": 10000, "k": 1000}.
	// Default none.
	Multiples map[string]int64
	// Digits overrides the digits of the minor unit, for sources that price
	// finer than the currency pays, at most 9. Default those of the currency;
	// negative means 0.
	Digits int
	// Round rounds half to even what is finer than the minor unit; by default
	// that is an error.
	Round bool
}

// ParseMoney reads one amount: optional sign (or accounting brackets), optional
// currency symbol or code on either side, digits with group marks in threes or as in
// India (12,34,567), decimal part, for which a dash may stand (5,- or 5.–). The decimal
// digits of every script are accepted. It never guesses: "1,23" in a
// '.' format, two decimal marks or an unknown unit are ErrRange, two currencies
// ErrMismatch, an amount beyond int64 ErrOverflow. Another Decimal, too many Digits, a
// currency in f that is not three letters or a multiple below 1 are ErrOption. The text
// itself is the Value of a FieldError, not in the message.
func ParseMoney(s string, f MoneyFormat) (profile.Money, error) {
	var c check.Options
	f.validate(&c, "")
	if err := c.Err("clean: ParseMoney"); err != nil {
		return profile.Money{}, err
	}
	m, err := f.parse(Canonical(s))
	if err != nil {
		return profile.Money{}, fmt.Errorf("clean: ParseMoney: %w", check.Private("amount", -1, nil, s, err))
	}
	return m, nil
}

// validate requires of c what a format has to be; at is what comes before its fields.
// What Symbols mean is looked at where they are met.
func (f *MoneyFormat) validate(c *check.Options, at string) {
	c.Require(f.Digits <= 9, at+"Digits", f.Digits, "<= 9")
	c.Require(f.Decimal == 0 || f.Decimal == '.' || f.Decimal == ',', at+"Decimal", f.Decimal, "'.' or ','")
	if f.Currency != "" {
		_, err := check.Currency("", f.Currency)
		c.Require(err == nil, at+"Currency", f.Currency, "three letters")
	}
	for word, m := range f.Multiples {
		if m < 1 {
			c.Require(false, at+"Multiples", fmt.Sprintf("%d for %q", m, word), ">= 1")
			break
		}
	}
}

// parse is ParseMoney of canonical text, with errors that do not name it.
func (f *MoneyFormat) parse(s string) (profile.Money, error) {
	fail := func(err error) (profile.Money, error) { return profile.Money{}, err }
	decimal := f.Decimal
	if decimal == 0 {
		decimal = '.'
	}
	p, err := splitAmount(numeric(s, decimal))
	if err != nil {
		return fail(err)
	}
	currency, factor, err := f.units(p.words)
	if err != nil {
		return fail(err)
	}
	minor, err := f.minor(p, currency, factor)
	if err != nil {
		return fail(err)
	}
	return profile.Money{Minor: minor, Currency: currency}, nil
}

// amountParts is a text cut at the first and the last digit.
type amountParts struct {
	negative bool
	number   string   // from the first digit or mark to the last digit
	words    []string // before and after it
}

// splitAmount finds sign, number and words in a numeric text. One sign may stand before
// the words, before the number or after it, or brackets around it or all.
func splitAmount(s string) (amountParts, error) {
	var p amountParts
	text := undash(s)
	p.negative, text = unbracket(text)
	signed := p.negative
	sign := func() {
		if signed || text == "" || text[0] != '-' && text[0] != '+' {
			return
		}
		p.negative, signed, text = text[0] == '-', true, strings.TrimSpace(text[1:])
	}
	sign()
	if rest, ok := strings.CutSuffix(text, "-"); ok && !signed {
		p.negative, signed, text = true, true, strings.TrimSpace(rest)
	}
	first := strings.IndexFunc(text, func(r rune) bool { return r >= '0' && r <= '9' || r == '.' || r == ',' || r == '-' || r == '+' })
	if first < 0 {
		return p, fmt.Errorf("has no digits: %w", ErrRange)
	}
	before := text[:first]
	text = text[first:]
	sign()
	last := strings.LastIndexAny(text, "0123456789")
	if last < 0 {
		return p, fmt.Errorf("has no digits: %w", ErrRange)
	}
	p.words = strings.Fields(before + " " + text[last+1:])
	p.number = text[:last+1]
	return p, nil
}

// unbracket removes the brackets around an amount, or around its number alone as in "(5) usd",
// and reports whether there were any.
func unbracket(s string) (bool, string) {
	before, rest, open := strings.Cut(s, "(")
	inner, after, shut := strings.Cut(rest, ")")
	if !open || !shut || strings.ContainsAny(before+after, "0123456789.,+-()") {
		return false, s
	}
	return true, strings.TrimSpace(before + " " + inner + " " + after)
}

// undash removes the dash that stands for no minor units, with the decimal mark before it
// and a digit before that: "5,-", "5.–", "5,-- eur".
func undash(s string) string {
	for i := 1; i+1 < len(s); i++ {
		if s[i] != ',' && s[i] != '.' || notDigit(rune(s[i-1])) {
			continue
		}
		rest := strings.TrimLeft(s[i+1:], "-–—")
		if len(rest) < len(s)-i-1 && (rest == "" || notDigit(rune(rest[0]))) {
			return s[:i] + rest
		}
	}
	return s
}

// units returns the currency and the factor that the words around a number mean.
// Each word is a multiple, a symbol, a code of three letters, or multiples glued to
// one of these (万元).
func (f *MoneyFormat) units(words []string) (currency string, factor int64, err error) {
	factor = 1
	named := ""
	if f.Currency != "" {
		if currency, err = check.Currency("MoneyFormat.Currency", f.Currency); err != nil {
			return "", 0, fmt.Errorf("%w: %w", err, ErrOption)
		}
	}
	multiply := func(m int64) error {
		if factor, err = check.MulInt64(factor, m); err != nil {
			return fmt.Errorf("overflows: %w", ErrOverflow)
		}
		return nil
	}
	for _, word := range words {
		for word != "" {
			if m, ok := f.Multiples[word]; ok {
				if err := multiply(m); err != nil {
					return "", 0, err
				}
				break
			}
			code, ok := f.Symbols[word]
			if ok {
				if code, err = check.Currency("MoneyFormat.Symbols", code); err != nil {
					return "", 0, fmt.Errorf("%w: %w", err, ErrOption)
				}
			} else if code, err = check.Currency("", word); err == nil {
				ok = true
			}
			if !ok {
				glued := f.glued(word)
				if glued == "" {
					return "", 0, fmt.Errorf("has an unknown unit: %w", ErrRange)
				}
				if err := multiply(f.Multiples[glued]); err != nil {
					return "", 0, err
				}
				word = word[len(glued):]
				continue
			}
			if named != "" && named != code {
				return "", 0, fmt.Errorf("names two currencies: %w", ErrMismatch)
			}
			named, currency = code, code
			break
		}
	}
	if currency == "" {
		return "", 0, fmt.Errorf("names no currency: %w", ErrRange)
	}
	return currency, factor, nil
}

// glued returns the longest multiple that word begins with and that a symbol
// follows, or "".
func (f *MoneyFormat) glued(word string) string {
	longest := ""
	for m := range f.Multiples {
		if tail, cut := strings.CutPrefix(word, m); cut && f.Symbols[tail] != "" && len(m) > len(longest) {
			longest = m
		}
	}
	return longest
}

// minor returns the number of minor units of currency that p is, times factor.
func (f *MoneyFormat) minor(p amountParts, currency string, factor int64) (int64, error) {
	digits := profile.MinorDigits(currency)
	if f.Digits != 0 {
		digits = max(f.Digits, 0)
	}
	decimal := f.Decimal
	if decimal == 0 {
		decimal = '.'
	}
	whole, frac, hasFrac := strings.Cut(p.number, string(decimal))
	if hasFrac && (frac == "" || strings.IndexFunc(frac, notDigit) >= 0) {
		return 0, fmt.Errorf("has a malformed decimal part: %w", ErrRange)
	}
	whole, ok := ungroup(whole, decimal)
	if !ok || whole == "" && frac == "" {
		return 0, fmt.Errorf("has malformed digit groups: %w", ErrRange)
	}
	r, ok := new(big.Rat).SetString("0" + whole + "." + frac + "0")
	if !ok || len(whole)+len(frac) > 40 {
		return 0, fmt.Errorf("is no number: %w", ErrRange)
	}
	r.Mul(r, new(big.Rat).SetInt64(factor))
	r.Mul(r, new(big.Rat).SetInt64(pow10(digits)))
	if !r.IsInt() && !f.Round {
		return 0, fmt.Errorf("is finer than the minor unit of %s: %w", currency, ErrRange)
	}
	n := halfEven(r)
	if p.negative {
		n.Neg(n)
	}
	if !n.IsInt64() {
		return 0, fmt.Errorf("overflows: %w", ErrOverflow)
	}
	return n.Int64(), nil
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// ungroup removes group marks and reports whether they stood at every third digit, all of
// one sort, or as in India: before the last three digits, and before every two from
// there on.
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
	inner := 3 // digits between two marks
	if len(parts) > 2 && len(parts[1]) == 2 {
		inner = 2
	}
	for i, p := range parts {
		want := inner
		if i == len(parts)-1 {
			want = 3
		}
		if strings.IndexFunc(p, notDigit) >= 0 || i > 0 && len(p) != want || i == 0 && (len(p) == 0 || len(p) > want) {
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

// halfEven rounds r to a whole number, halves to the even neighbour.
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
