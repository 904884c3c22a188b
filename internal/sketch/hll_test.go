package sketch

import (
	"bytes"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"pgregory.net/rapid"
)

// The relative error over independent sets must have the published standard
// error, and no bias, at every size.
func TestHLLError(t *testing.T) {
	const runs = 150
	for _, n := range []int{1, 100, 3000, 20_000, 120_000} {
		var sum, square float64
		for r := range runs {
			var h HLL
			for i := range n {
				h.Add(rng.Hash(uint64(r), uint64(n), uint64(i)))
			}
			e := h.Estimate()/float64(n) - 1
			sum += e
			square += e * e
		}
		bias, rmse := sum/runs, math.Sqrt(square/runs)
		// 150 runs tell the standard error to 1/√300 = 6 %.
		if rmse > StdErr*1.18 || math.Abs(bias) > 4*StdErr/math.Sqrt(runs) {
			t.Errorf("n=%d: bias %.5f, standard error %.5f, want 0 and at most %.5f", n, bias, rmse, StdErr)
		}
		if n == 120_000 && rmse < StdErr*.82 {
			t.Errorf("n=%d: standard error %.5f is below theory: is the test sound?", n, rmse)
		}
	}
	var empty HLL
	if empty.Estimate() != 0 {
		t.Error("empty sketch")
	}
}

func TestHLLProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 3, 50, 3000, 20_000}).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		shards := rapid.IntRange(1, 4).Draw(t, "shards")
		var all HLL
		parts := make([]HLL, shards)
		for i := range n {
			x := rng.Hash(seed, uint64(i))
			all.Add(x)
			parts[i%shards].Add(x)
			parts[(i/2)%shards].Add(x) // in two shards: counts once
		}
		var merged HLL
		for i := range parts {
			merged.Merge(&parts[shards-1-i])
		}
		a := encHLL(&all)
		if !bytes.Equal(a, encHLL(&merged)) {
			t.Fatal("merge differs from one pass")
		}
		r, err := codec.Open(a, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		back := DecodeHLL(r)
		if r.Done() != nil || !bytes.Equal(encHLL(&back), a) {
			t.Fatal("round trip")
		}
	})
}
