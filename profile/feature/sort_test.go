package feature

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSortFloats: sorted as by comparing, whatever signs, scales and digits there are; what is
// stopped says so.
func TestSortFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, f := range map[string]func() float64{
		"normal": r.NormFloat64,
		"counts": func() float64 { return float64(r.IntN(50)) },
		"any":    func() float64 { return math.Float64frombits(r.Uint64()) },
		"signs":  func() float64 { return float64(1 - 2*r.IntN(2)) },
		"one":    func() float64 { return 7 },
		"small":  func() float64 { return float64(float32(r.NormFloat64())) },
	} {
		for _, n := range []int{0, 1, 100, 1 << 12, 10_001} {
			var xs []float64
			for len(xs) < n {
				if x := f(); x == x {
					xs = append(xs, x+0)
				}
			}
			want := slices.Sorted(slices.Values(xs))
			if err := sortFloats(context.Background(), xs); err != nil || !slices.Equal(xs, want) {
				t.Errorf("%d %s numbers are out of order, %v", n, name, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := sortFloats(ctx, []float64{2, 1}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func BenchmarkSortFloats(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	xs := make([]float64, 1<<18)
	for i := range xs {
		xs[i] = float64(float32(r.NormFloat64()))
	}
	work := make([]float64, len(xs))
	b.Run("by=digits", func(b *testing.B) {
		for b.Loop() {
			copy(work, xs)
			if err := sortFloats(context.Background(), work); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by=comparing", func(b *testing.B) {
		for b.Loop() {
			copy(work, xs)
			slices.Sort(work)
		}
	})
}
