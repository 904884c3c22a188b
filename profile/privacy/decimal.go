package privacy

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// decimal is digits·10^−places, exactly.
type decimal struct {
	digits *big.Int
	places int // >= 0
}

// decimalOf reads a decimal number of at most size characters, with an exponent of at most size.
func decimalOf(s string, size int) (decimal, bool) {
	if len(s) > size || !check.Decimal(s) {
		return decimal{}, false
	}
	mantissa, places := s, 0
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		e, err := strconv.Atoi(s[at+1:])
		if err != nil || e > size || e < -size {
			return decimal{}, false
		}
		mantissa, places = s[:at], -e
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	d := decimal{new(big.Int), places + len(frac)}
	d.digits.SetString(whole+frac, 10)
	if d.places < 0 {
		d = decimal{d.at(0), 0}
	}
	return d, true
}

// at returns the digits of d with the given places, no fewer than it has.
func (d decimal) at(places int) *big.Int {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places-d.places)), nil)
	return scale.Mul(scale, d.digits)
}

// multipleOf says whether d is a whole multiple of e.
func (d decimal) multipleOf(e decimal) bool {
	places := max(d.places, e.places)
	return new(big.Int).Rem(d.at(places), e.at(places)).Sign() == 0
}

// within says whether |d| <= bound.
func (d decimal) within(bound int64) bool {
	return d.digits.CmpAbs(decimal{big.NewInt(bound), 0}.at(d.places)) <= 0
}

// rangeOf returns the ends of the range of d among those of width step that begin at start.
func (d decimal) rangeOf(start, step decimal) (lo, hi decimal) {
	places := max(d.places, start.places, step.places)
	from, width := start.at(places), step.at(places)
	k := new(big.Int).Sub(d.at(places), from)
	k.Div(k, width) // rounds down, since width > 0
	from.Add(from, k.Mul(k, width))
	return decimal{from, places}, decimal{new(big.Int).Add(from, width), places}
}

// String writes d without exponent and without zeros that say nothing.
func (d decimal) String() string {
	s := new(big.Int).Abs(d.digits).String()
	if d.places > 0 {
		if len(s) <= d.places {
			s = strings.Repeat("0", d.places+1-len(s)) + s
		}
		whole, frac := s[:len(s)-d.places], strings.TrimRight(s[len(s)-d.places:], "0")
		if s = whole; frac != "" {
			s += "." + frac
		}
	}
	if d.digits.Sign() < 0 {
		s = "-" + s
	}
	return s
}
