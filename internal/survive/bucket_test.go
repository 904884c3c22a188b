package survive

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// The quick logarithm puts every duration where math.Log does: around the ends of all buckets,
// around powers of two and cells of its table, and wherever else.
func TestBucket(t *testing.T) {
	check := func(d time.Duration) {
		if d < time.Millisecond {
			return
		}
		if got, want := bucket(d), scale.Key(float64(d)/1e6); got != want {
			t.Fatalf("%d ns is in bucket %d, want %d", int64(d), got, want)
		}
	}
	around := func(x float64) {
		if x >= math.MaxInt64 {
			return
		}
		for off := -3; off <= 3; off++ {
			check(time.Duration(x) + time.Duration(off))
			check(time.Duration(x * (1 + float64(off)*1e-11))) // as far as the edge reaches
			check(time.Duration(x * (1 + float64(off)*1e-12)))
		}
	}
	for k := range int(lastBucket) + 1 {
		around(math.Exp(float64(k)*scale.Log) * 1e6)
	}
	for e := 19; e < 63; e++ {
		for i := range cells {
			around(math.Ldexp(1+float64(i)/cells, e))
		}
	}
	check(math.MaxInt64)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(time.Duration(rng.Int64() >> rng.IntN(44)))
	}
}
