package dict

import (
	"testing"
)

func BenchmarkIndex(b *testing.B) {
	var d Dict[int64]
	for i := range int64(100_000) {
		if _, err := d.Add(i * 7919); err != nil {
			b.Fatal(err)
		}
	}
	i := int64(0)
	for b.Loop() {
		i = (i + 1) % 100_000
		d.Index(i * 7919)
	}
}
