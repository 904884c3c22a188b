package check

import (
	"fmt"
	"strconv"
	"strings"
)

// Currency returns a currency code of three letters, of any case, in the upper case of
// ISO 4217; without allocation where it is that already. Anything else, such as "€", is
// ErrRange, and so is none.
func Currency(field, code string) (string, error) {
	if code == "" {
		return "", fmt.Errorf("%s is missing: %w", field, ErrRange)
	}
	upper := len(code) == 3
	for i := 0; i < len(code) && upper; i++ {
		upper = code[i]|0x20 >= 'a' && code[i]|0x20 <= 'z'
	}
	if !upper {
		return "", fmt.Errorf("%s is no code of three letters: %w", field, ErrRange)
	}
	return strings.ToUpper(code), nil
}

// MinorDigits returns how many decimal digits the minor unit of a currency has by the
// table of ISO 4217 (list one, published on 1 January 2026): 2 for most and for codes that
// it does not list, 0 for what it gives no minor unit. The case does not matter.
func MinorDigits(currency string) int {
	switch strings.ToUpper(currency) {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX": // "N.A."
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// MinorText returns an amount in minor units as major units, without the code: "12.50".
func MinorText(minor int64, currency string) string {
	d := MinorDigits(currency)
	u := uint64(minor)
	sign := ""
	if minor < 0 {
		u, sign = -u, "-"
	}
	s := strconv.FormatUint(u, 10)
	if d > 0 {
		for len(s) <= d {
			s = "0" + s
		}
		s = s[:len(s)-d] + "." + s[len(s)-d:]
	}
	return sign + s
}
