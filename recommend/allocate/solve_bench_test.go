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

// BenchmarkStream answers requests of eight proposals: learned from by the default 64 lessons, by
// four, and in balance.
func BenchmarkStream(b *testing.B) {
	in := busy(100, 100, 1.5, true, 1)
	for _, c := range []struct {
		name string
		opt  allocate.StreamOptions
	}{
		{"lessons=64", allocate.StreamOptions{Limits: in.opt.Limits, Requests: in.opt.Requests}},
		{"lessons=4", allocate.StreamOptions{Limits: in.opt.Limits, Requests: in.opt.Requests, Lessons: 4}},
		{"lessons=0", allocate.StreamOptions{Limits: in.opt.Limits}},
	} {
		b.Run("offers=100/proposals=8/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]allocate.Proposal, 0, 1)
			for b.Loop() {
				b.StopTimer()
				s, err := allocate.NewStream(in.offers, c.opt)
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				for _, one := range in.each {
					if dst, err = s.Assign(dst[:0], one); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(in.each)), "ns/request")
		})
	}
}
