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

func BenchmarkFitMiniBatch(b *testing.B) {
	rows, _ := planted(1, 20_000, 12, 16, 3)
	for b.Loop() {
		_, err := segment.FitMiniBatch(bg, rows, segment.MiniBatchOptions{K: 20})
		must(err)
	}
}

func BenchmarkFitMixture(b *testing.B) {
	rows, _ := planted(1, 20_000, 12, 16, 3)
	for _, full := range []bool{false, true} {
		b.Run(fmt.Sprintf("full=%v", full), func(b *testing.B) {
			for b.Loop() {
				_, err := segment.FitMixture(bg, rows, segment.MixtureOptions{K: 12, MaxIter: 5, Full: full})
				must(err)
			}
		})
	}
}

func BenchmarkDBSCAN(b *testing.B) {
	rows, _ := planted(1, 20_000, 12, 3, 1)
	for b.Loop() {
		_, err := segment.DBSCAN(bg, rows, segment.DBSCANOptions{Radius: .3})
		must(err)
	}
}
