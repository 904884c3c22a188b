package rng

import (
	"testing"
)

func BenchmarkStream(b *testing.B) {
	r := New(1, 2, 3)
	b.Run("op=uint64", func(b *testing.B) {
		for b.Loop() {
			r.Uint64()
		}
	})
	b.Run("op=intn", func(b *testing.B) {
		for b.Loop() {
			r.Intn(1000)
		}
	})
	b.Run("op=normal", func(b *testing.B) {
		for b.Loop() {
			r.Normal()
		}
	})
}
