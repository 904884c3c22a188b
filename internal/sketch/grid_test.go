package sketch

import (
	"math"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

// TestGridRefines: after two refinements no cell between the ends that holds more than a 200th of the values is wider than a 500th of their
// spread, in whatever units: times in seconds as well as shares. Edges ascend, and no value is lost.
func TestGridRefines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		origin := rapid.SampledFrom([]float64{0, 1, -5e3, 1.7e9, 1e-6}).Draw(t, "origin")
		spread := rapid.SampledFrom([]float64{1e-7, 1, 3e5}).Draw(t, "spread")
		if spread < 1e-6*math.Abs(origin) {
			t.Skip("a third refinement is needed")
		}
		n := 2000
		values := make([]float64, n)
		for i := range values {
			values[i] = origin + spread*math.Abs(math.Sin(float64(i*i)))
		}
		edges := Grid()
		var counts []int64
		for pass := range 3 {
			if !sort.Float64sAreSorted(edges) || len(slices.Compact(slices.Clone(edges))) != len(edges) {
				t.Fatalf("pass %d: edges do not ascend", pass)
			}
			counts = make([]int64, len(edges)+1)
			total := int64(0)
			for _, x := range values {
				counts[sort.SearchFloat64s(edges, x)]++
				total++
			}
			if total != int64(n) {
				t.Fatal("values lost")
			}
			if pass < 2 {
				edges, _ = Refine(edges, counts, int64(n/1000), 4096)
			}
		}
		for k, c := range counts {
			if k > 0 && k < len(edges) && c > int64(n/200) && edges[k]-edges[k-1] > spread/500 && math.Abs(edges[k]) > 2*nearZero {
				t.Fatalf("cell (%g, %g] of %d values is too wide for a spread of %g", edges[k-1], edges[k], c, spread)
			}
		}
	})
}

// TestGridEnds: values beyond the grid, and those of one cell alone, end.
func TestGridEnds(t *testing.T) {
	edges := Grid()
	if edges[0] > -0x1p100 || edges[len(edges)-1] < 0x1p100 || !slices.Contains(edges, 0) {
		t.Fatalf("grid from %g to %g", edges[0], edges[len(edges)-1])
	}
	counts := make([]int64, len(edges)+1)
	counts[0], counts[len(edges)] = 100, 100
	zero, _ := slices.BinarySearch(edges, 0)
	counts[zero] = 1000
	next, parted := Refine(edges, counts, 1, 64)
	if parted || len(next) != 4 {
		t.Errorf("ends and zeros were parted: %v", next)
	}
	next = edges
	for pass := 0; ; pass++ {
		if next, parted = Refine(next, at(next, []float64{edges[zero+100] * .999}), 1, 64); !parted {
			break
		}
		if pass > 10 {
			t.Fatal("one value is parted for ever")
		}
	}
}

func at(edges, values []float64) []int64 {
	counts := make([]int64, len(edges)+1)
	for _, x := range values {
		counts[sort.SearchFloat64s(edges, x)] += 10
	}
	return counts
}
