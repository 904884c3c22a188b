package parallel

import (
	"context"
	"fmt"
	"testing"
)

func BenchmarkFor(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("blocks=1000/workers=%d", workers), func(b *testing.B) {
			for b.Loop() {
				_ = For(context.Background(), 1000, 1, workers, func(int, int, int) error { return nil })
			}
		})
	}
}
