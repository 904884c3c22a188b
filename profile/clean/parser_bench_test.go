package clean_test

import (
	"testing"

	"github.com/aislekit/aisle/profile/clean"
)

func BenchmarkParse(b *testing.B) {
	format := clean.MoneyFormat{Decimal: ',', Symbols: map[string]string{"€": "EUR"}}
	measure(b, "what=money", 1, func() error { _, err := clean.ParseMoney("€ 1.234,56", format); return err })
	measure(b, "what=canonical", 1, func() error {
		if clean.Canonical("  Ｓmart  PHONE—Pro ") == "" {
			return clean.ErrEmpty
		}
		return nil
	})
}
