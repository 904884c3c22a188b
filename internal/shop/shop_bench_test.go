package shop_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/shop"
)

func BenchmarkSimulate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := shop.Simulate(shop.Config{}); err != nil {
			b.Fatal(err)
		}
	}
}
