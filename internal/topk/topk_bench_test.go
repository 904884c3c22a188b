package topk

import (
	"fmt"
	"testing"
)

func BenchmarkHeap(b *testing.B) {
	for _, k := range []int{10, 100} {
		b.Run(fmt.Sprintf("items=100k/k=%d", k), func(b *testing.B) {
			var h Heap
			dst := make([]Item, 0, k)
			b.ReportAllocs()
			for b.Loop() {
				h.Reset(k)
				for i := range int32(100_000) {
					h.Push(i, float32(uint32(i)*2654435761>>8))
				}
				dst = h.AppendSorted(dst[:0])
			}
		})
	}
}
