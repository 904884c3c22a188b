package bitset

import (
	"fmt"
	"testing"
)

func BenchmarkAnd(b *testing.B) {
	for _, size := range []int{100_000, 100_001 + 64} {
		x, y := Full(100_000), Full(size)
		b.Run(fmt.Sprintf("size=100k/other=%d", size), func(b *testing.B) {
			for b.Loop() {
				x.And(y)
			}
		})
	}
}
