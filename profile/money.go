package profile

import (
	"fmt"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// Money is an amount in the minor unit of a currency: cents, pence, 分; whole
// yen, because the yen has none. See MinorDigits.
type Money struct {
	Minor    int64  // may be negative
	Currency string // ISO 4217 code, in any case: "jpy" is "JPY"
}

// Add returns m + n, its currency in upper case. Different currencies are ErrMismatch, a
// sum beyond int64 is ErrOverflow.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency && !strings.EqualFold(m.Currency, n.Currency) {
		a, errA := check.Currency("currency", m.Currency)
		b, errB := check.Currency("currency", n.Currency)
		if errA != nil || errB != nil { // it may be any text of a record, and so is not to be printed
			return Money{}, fmt.Errorf("profile: Money.Add: two currencies, not both of three letters: %w", ErrMismatch)
		}
		return Money{}, fmt.Errorf("profile: Money.Add: %s and %s: %w", a, b, ErrMismatch)
	}
	s, err := check.AddInt64(m.Minor, n.Minor)
	if err != nil {
		return Money{}, fmt.Errorf("profile: Money.Add: %w", ErrOverflow)
	}
	return Money{s, strings.ToUpper(m.Currency)}, nil
}

// String returns the amount in major units with the currency in upper case: "12.50 GBP".
func (m Money) String() string {
	return strings.TrimSpace(check.MinorText(m.Minor, m.Currency) + " " + strings.ToUpper(m.Currency))
}

// MinorDigits returns how many decimal digits the minor unit of a currency has by the
// table of ISO 4217 (list one, published on 1 January 2026): 2 for most, 0 for JPY, KRW
// and others, 3 for KWD and others, 4 for CLF and UYW. The case of the code does not
// matter. What the table gives no minor unit, as gold (XAU), has 0; a code that it does
// not list has 2.
//
// These are the digits of the standard, in which amounts are exchanged; banknotes,
// price tags and the CLDR data of browsers may know fewer, as for HUF.
func MinorDigits(currency string) int { return check.MinorDigits(currency) }
