package solve

import (
	"context"
	"testing"
)

func BenchmarkTruncatedSVD(b *testing.B) {
	a := randomSparse(5000, 3000, 0.01, 1)
	at := a.Transpose()
	b.Run("rows=5k/cols=3k/entries=150k/rank=64", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := TruncatedSVD(context.Background(), a, at, SVDOptions{Rank: 64, Oversample: 16, Iterations: 5}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
