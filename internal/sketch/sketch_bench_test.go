package sketch

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

func BenchmarkHLLAdd(b *testing.B) {
	var h HLL
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		i++
		h.Add(rng.Mix(i))
	}
}

func BenchmarkDDAdd(b *testing.B) {
	var d DD
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		d.Add(float64(i & 1023))
	}
}
