package clean

import (
	"encoding"
	"fmt"
	"maps"
	"math/big"
	"math/bits"
	"slices"
	"strconv"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/profile"
)

var (
	_ encoding.BinaryAppender    = (*Rates)(nil)
	_ encoding.BinaryMarshaler   = (*Rates)(nil)
	_ encoding.BinaryUnmarshaler = (*Rates)(nil)
)

// Rates converts money into one base currency by a table that the caller
// states; nothing is looked up and nothing is guessed. Build it with NewRates;
// it is immutable and safe for concurrent use.
type Rates struct {
	base  string
	ratio map[string]ratio // minor units of base for one minor unit
}

type ratio struct{ num, den uint64 }

// NewRates returns a table into base. units[c] is the value of one major unit of
// c in major units of base, > 0 with at most 12 significant decimals; base
// itself is always 1. Codes are three letters in any case; one given twice, as "jpy" and
// "JPY", no base and any other rate are ErrOption.
func NewRates(base string, units map[string]float64) (*Rates, error) {
	base, err := check.Currency("base", base)
	if err != nil {
		return nil, fmt.Errorf("clean: NewRates: %w: %w", err, ErrOption)
	}
	t := &Rates{base: base, ratio: map[string]ratio{base: {1, 1}}}
	given := make(map[string]bool, len(units))
	for _, code := range slices.Sorted(maps.Keys(units)) {
		u := units[code]
		c, err := check.Currency("currency", code)
		if err != nil || given[c] {
			return nil, fmt.Errorf("clean: NewRates: %q is no code of three letters, or given twice: %w", code, ErrOption)
		}
		given[c] = true
		if !check.Finite(u) || u <= 0 || c == base && u != 1 {
			return nil, fmt.Errorf("clean: NewRates: rate of %q is %v: %w", c, u, ErrOption)
		}
		// The shortest decimal that reads back as u is what the caller wrote.
		r, ok := new(big.Rat).SetString(strconv.FormatFloat(u, 'f', -1, 64))
		if !ok {
			return nil, fmt.Errorf("clean: NewRates: rate of %q is %v: %w", c, u, ErrOption)
		}
		r.Mul(r, new(big.Rat).SetFrac64(pow10(profile.MinorDigits(base)), pow10(profile.MinorDigits(c))))
		if !r.Num().IsUint64() || !r.Denom().IsUint64() || r.Denom().Uint64() > 1<<62 {
			return nil, fmt.Errorf("clean: NewRates: rate of %q is %v, want fewer digits: %w", c, u, ErrOption)
		}
		t.ratio[c] = ratio{r.Num().Uint64(), r.Denom().Uint64()}
	}
	return t, nil
}

// made refuses nil and what NewRates did not make, for the method where.
func (t *Rates) made(where string) error {
	if t == nil || t.base == "" {
		return fmt.Errorf("%s: not made by NewRates: %w", where, ErrEmpty)
	}
	return nil
}

// Convert returns m in the base currency, rounded half to even on the minor
// unit. The case of its code does not matter. A currency without a rate is ErrUnknownID,
// a result beyond int64 is ErrOverflow, a table not made by NewRates ErrEmpty.
func (t *Rates) Convert(m profile.Money) (profile.Money, error) {
	if err := t.made("clean: Rates.Convert"); err != nil {
		return profile.Money{}, err
	}
	code, err := check.Currency("currency", m.Currency)
	if err != nil { // it comes from a record, and so is not to be printed
		return profile.Money{}, fmt.Errorf("clean: Rates.Convert: no rate for what is no code of three letters: %w", ErrUnknownID)
	}
	r, ok := t.ratio[code]
	if !ok {
		return profile.Money{}, fmt.Errorf("clean: Rates.Convert: no rate for %q: %w", code, ErrUnknownID)
	}
	u := uint64(m.Minor)
	if m.Minor < 0 {
		u = -u
	}
	hi, lo := bits.Mul64(u, r.num)
	if hi >= r.den {
		return profile.Money{}, fmt.Errorf("clean: Rates.Convert: %w", check.Private("amount", -1, nil, m, ErrOverflow))
	}
	q, rem := bits.Div64(hi, lo, r.den)
	if 2*rem > r.den || 2*rem == r.den && q&1 == 1 {
		q++
	}
	if q > 1<<63-1 {
		return profile.Money{}, fmt.Errorf("clean: Rates.Convert: %w", check.Private("amount", -1, nil, m, ErrOverflow))
	}
	if m.Minor < 0 {
		return profile.Money{Minor: -int64(q), Currency: t.base}, nil
	}
	return profile.Money{Minor: int64(q), Currency: t.base}, nil
}

// AppendBinary appends the binary form of t to dst, canonical. A t not made by
// NewRates is ErrEmpty, and dst is returned as it was.
func (t *Rates) AppendBinary(dst []byte) ([]byte, error) {
	if err := t.made("clean: Rates.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.String(t.base)
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(t.ratio)), func(c string) bool { return c == t.base })
	w.Strings(others)
	for _, c := range others {
		w.Uint64(t.ratio[c].num)
		w.Uint64(t.ratio[c].den)
	}
	return w.AppendFrame(dst, codec.KindRates, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (t *Rates) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// UnmarshalBinary replaces t. Payload of version 1, little-endian, lists after their
// length:
//
//	string base currency, three letters in upper case
//	[]str  the other currencies, ascending, likewise
//	2×u64  for each, minor units of base for one minor unit as a fraction: numerator
//	       > 0, denominator 1 … 2⁶²
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; t is then unchanged.
func (t *Rates) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("clean: Rates.UnmarshalBinary", t); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindRates, 1)
	if err == nil {
		x := Rates{base: r.String(), ratio: make(map[string]ratio)}
		others := r.Strings()
		for i, c := range others {
			q := ratio{r.Uint64(), r.Uint64()}
			if code, err := check.Currency("currency", c); err != nil || code != c {
				r.Fail("has a currency that is no code")
			}
			if i > 0 && c <= others[i-1] || c == x.base || q.num == 0 || q.den == 0 || q.den > 1<<62 {
				r.Fail("has rates out of order, or one that is none")
			}
			x.ratio[c] = q
		}
		x.ratio[x.base] = ratio{1, 1}
		if code, err := check.Currency("base", x.base); err != nil || code != x.base {
			r.Fail("has a base currency that is no code")
		}
		if err = r.Done(); err == nil {
			*t = x
			return nil
		}
	}
	return fmt.Errorf("clean: Rates.UnmarshalBinary: %w", err)
}
