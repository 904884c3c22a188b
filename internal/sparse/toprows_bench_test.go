package sparse

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

func BenchmarkColumnSort(b *testing.B) {
	const cols = 30_000
	for _, n := range []int{50, 500} {
		r := rng.New(1, 2, 1)
		keys, work := make([]uint64, 0, n), make([]uint64, n)
		for c := range cols {
			if len(keys) < n && r.Intn(cols-c) < n-len(keys) {
				keys = append(keys, uint64(c)<<32|uint64(r.Intn(1<<30)))
			}
		}
		for i := range keys {
			j := r.Intn(i + 1)
			keys[i], keys[j] = keys[j], keys[i]
		}
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			var s columnSort
			b.ReportAllocs()
			for b.Loop() {
				copy(work, keys)
				s.sort(work, cols)
			}
		})
	}
}

func BenchmarkTopRows(b *testing.B) {
	const n = 30_000
	scores := make([]float32, n)
	r := rng.New(1, 1, 1)
	for i := range scores {
		scores[i] = float32(r.Float64())
	}
	for _, k := range []int{50, 500} {
		b.Run(fmt.Sprintf("offers=30k/k=%d", k), func(b *testing.B) {
			top := NewTopRows(1, k, func(int) int { return n })
			b.ReportAllocs()
			for b.Loop() {
				top.n[0], top.floor[0] = 0, 0
				for c, s := range scores {
					top.Offer(0, int32(c), s)
				}
			}
		})
	}
}
