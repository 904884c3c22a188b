package sparse

import (
	"fmt"
	"testing"
)

func BenchmarkTranspose(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		es := make([]Entry, 0, 20*n)
		for i := range 20 * n {
			es = append(es, Entry{int32(i % n), int32(i * 7919 % n), 1})
		}
		m, err := FromEntries(n, n, es)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("rows=%d/entries=%d", n, m.Len()), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Transpose()
			}
		})
	}
}
