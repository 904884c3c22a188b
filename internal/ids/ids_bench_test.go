package ids

import (
	"testing"

	"github.com/aislekit/aisle/internal/codec"
)

func BenchmarkPut(b *testing.B) {
	for _, c := range []struct {
		name string
		put  func(w *codec.Writer)
	}{
		{"type=string", func(w *codec.Writer) { Put(w, "a product") }},
		{"type=named", func(w *codec.Writer) { Put(w, sku("a product")) }},
		{"type=int64", func(w *codec.Writer) { Put(w, int64(77)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			var w codec.Writer
			for b.Loop() {
				if n++; n%1024 == 0 {
					w = codec.Writer{}
				}
				c.put(&w)
			}
		})
	}
}
