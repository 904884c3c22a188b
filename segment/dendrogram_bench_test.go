package segment_test

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// AISLE_LONG=1 adds the 20,000 rows that docs/benchmarks.md compares with fastcluster.
func BenchmarkFitDendrogram(b *testing.B) {
	for _, n := range []int{2000, 20_000} {
		rows, _ := planted(1, n, 12, 16, 3)
		for _, l := range linkages {
			b.Run(fmt.Sprintf("n=%d/linkage=%v", n, l), func(b *testing.B) {
				if n > 2000 {
					testkit.Long(b)
				}
				for b.Loop() {
					_, err := segment.FitDendrogram(bg, rows, segment.DendrogramOptions{Linkage: l})
					must(err)
				}
			})
		}
	}
}
