package profile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// Money is an amount in the minor unit of a currency: cents, pence, 分; whole
// yen, because the yen has none. See MinorDigits.
type Money struct {
	Minor    int64  // may be negative
	Currency string // ISO 4217 code
}

// Add returns m + n. Different currencies are ErrMismatch, a sum beyond int64
// is ErrOverflow.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, fmt.Errorf("profile: Money.Add: %s and %s: %w", m.Currency, n.Currency, ErrMismatch)
	}
	s, err := check.AddInt64(m.Minor, n.Minor)
	if err != nil {
		return Money{}, fmt.Errorf("profile: Money.Add: %w", err)
	}
	return Money{s, m.Currency}, nil
}

// String returns the amount in major units with the currency: "12.50 GBP".
func (m Money) String() string {
	d := MinorDigits(m.Currency)
	u := uint64(m.Minor)
	sign := ""
	if m.Minor < 0 {
		u, sign = -u, "-"
	}
	s := strconv.FormatUint(u, 10)
	if d > 0 {
		for len(s) <= d {
			s = "0" + s
		}
		s = s[:len(s)-d] + "." + s[len(s)-d:]
	}
	return strings.TrimSpace(sign + s + " " + m.Currency)
}

// MinorDigits returns how many decimal digits the minor unit of a currency has
// (ISO 4217): 2 for most, 0 for JPY, KRW and others, 3 for KWD and others.
func MinorDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}
