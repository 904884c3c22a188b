package segment

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// A fit that skips no row gives the same bytes as one that skips by its bounds,
// on data with many exact ties and duplicates too.
func TestLloydBoundsExactProp(t *testing.T) {
	skipped := false
	testkit.Until(t, "a fit long enough to skip a row", func() bool { return skipped }, func(t *rapid.T) {
		n, d := rapid.IntRange(2, 300).Draw(t, "n"), rapid.IntRange(1, 6).Draw(t, "d")
		levels := rapid.SampledFrom([]int{2, 3, 10, 1000}).Draw(t, "levels")
		scale := rapid.SampledFrom([]float64{1, 0.1, 1e-150, 1e130}).Draw(t, "scale")
		s := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		rows := make([][]float64, n)
		for i := range rows {
			rows[i] = make([]float64, d)
			for j := range rows[i] {
				rows[i][j] = scale * float64(s.Intn(levels))
			}
		}
		p, err := newPoints(rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		k := rapid.IntRange(1, p.distinct(12)).Draw(t, "k")
		o := KMeansOptions{K: k, Tol: -1}.withDefaults()
		start := make([]float64, k*d)
		if err := seedPlusPlus(context.Background(), p, start, &KMeansOptions{K: k, Seed: 1, Workers: 1}, 0); err != nil {
			t.Fatal(err)
		}
		var out [2][]byte
		for i := range out {
			l := newLloyd(p, &o)
			if i == 1 {
				l.ulps = 1e9 // every bound is hopeless
			}
			copy(l.centre, start)
			m, err := l.run(context.Background(), 0)
			if err != nil {
				t.Fatal(err)
			}
			out[i], err = m.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			skipped = skipped || m.iterations > 2
		}
		if !bytes.Equal(out[0], out[1]) {
			t.Fatal("the bounds changed the result")
		}
	})
}

// With groups far apart, each start has one centre in every group.
func TestSeedPlusPlusSpreads(t *testing.T) {
	var rows [][]float64
	for c := range 6 {
		for i := range 40 {
			rows = append(rows, []float64{float64(c * 1000), float64(i)})
		}
	}
	p, err := newPoints(rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(20) {
		centre := make([]float64, 12)
		if err := seedPlusPlus(context.Background(), p, centre, &KMeansOptions{K: 6, Seed: seed, Workers: 2}, 0); err != nil {
			t.Fatal(err)
		}
		found := map[float64]bool{}
		for j := 0; j < len(centre); j += 2 {
			found[centre[j]] = true
		}
		if len(found) != 6 {
			t.Errorf("seed %d: centres in %d of 6 far groups", seed, len(found))
		}
	}
}

// sortLeads orders any numbers like slices.Sort: signs, zeros, extremes and runs
// that agree in their high bits.
func TestSortLeads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.OneOf(
			rapid.Float64Range(-1e140, 1e140),
			rapid.Float64Range(1.7e9, 1.7e9+1e-5),
			rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 2, -1, 5e-324, -5e-324}),
		), 0, 60).Draw(t, "x")
		keys := make([]lead, len(x))
		for i, v := range x {
			keys[i] = leadOf(v, i)
		}
		sortLeads(keys, func(i, j int32) int { return cmp.Compare(i, j) })
		for i := 1; i < len(keys); i++ {
			a, b := keys[i-1].row, keys[i].row
			if x[a] > x[b] || x[a] == x[b] && a > b {
				t.Fatalf("%v (row %d) before %v (row %d)", x[a], a, x[b], b)
			}
		}
	})
}
