package check

import (
	"fmt"
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
