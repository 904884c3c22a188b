package codec

import (
	"testing"
)

func BenchmarkFloat32s(b *testing.B) {
	var w Writer
	w.Float32s(make([]float32, 1<<16))
	data := w.AppendFrame(nil, 1, 1)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(data, 1, 1)
		if err != nil {
			b.Fatal(err)
		}
		r.Float32s()
	}
}
