package allocate_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/recommend/allocate"
)

func BenchmarkSolve(b *testing.B) {
	cand, offers, opt := bigCampaign(2000, 40, 10, 1)
	opt.Nodes = -1
	b.Run("users=2k/offers=40/proposals=20k", func(b *testing.B) {
		b.ReportAllocs()
		gap := 0.0
		for b.Loop() {
			a, err := allocate.Solve(context.Background(), cand, offers, opt)
			if err != nil {
				b.Fatal(err)
			}
			gap = a.Gap()
		}
		b.ReportMetric(gap, "gap")
	})
}

// BenchmarkSolveExact closes the gap of a small problem by branch and bound.
func BenchmarkSolveExact(b *testing.B) {
	cand, offers, opt := bigCampaign(60, 8, 3, 1)
	b.Run("users=60/offers=8/proposals=180", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := allocate.Solve(context.Background(), cand, offers, opt); err != nil {
				b.Fatal(err)
			}
		}
	})
}
