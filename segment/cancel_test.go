package segment_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
	"github.com/aislekit/aisle/segment/audience"
)

// TestCancels: every call that takes a context looks at it. With AISLE_LONG=1 it prints
// the table of docs/coverage.md.
func TestCancels(t *testing.T) {
	r := rng.New(1, 0, 0)
	noise := func(n, d int) [][]float64 {
		rows := make([][]float64, n)
		for i := range rows {
			rows[i] = make([]float64, d)
			for j := range rows[i] {
				rows[i][j] = r.Normal()
			}
		}
		return rows
	}
	program := func(n int) *audience.Program {
		ages := make([]float64, n)
		for i := range ages {
			ages[i] = float64(i % 97)
		}
		tab, err := audience.NewAttributes(n)
		must(err)
		must(tab.AddNumbers("age", ages))
		var rules []audience.Rule
		for k := range 30 {
			rules = append(rules, audience.Between("age", float64(k), float64(k+9)))
		}
		p, err := audience.Compile(audience.Or(rules...), tab, audience.Options{})
		must(err)
		return p
	}
	visits := func(n int) *audience.Program {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		at := make([][]time.Time, n)
		for i := range at {
			at[i] = []time.Time{now.Add(-time.Duration(i) * time.Second)}
		}
		tab, err := audience.NewAttributes(n)
		must(err)
		must(tab.AddEvents("visits", at))
		p, err := audience.Compile(audience.Frequency("visits", 100*time.Hour, 1, -1), tab, audience.Options{AsOf: now})
		must(err)
		return p
	}
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "segment.FitKMeans", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows := noise(5000*size, 8)
			testkit.Start(ctx)
			_, err := segment.FitKMeans(ctx, rows, segment.KMeansOptions{K: 12, MaxIter: 10})
			return err
		}},
		{Name: "segment.ChooseK", Looks: 50, Do: func(ctx context.Context, size int) error {
			rows := noise(500*size, 8)
			testkit.Start(ctx)
			_, err := segment.ChooseK(ctx, rows, segment.ChooseKOptions{Max: 6, References: 3, KMeans: segment.KMeansOptions{MaxIter: 10}})
			return err
		}},
		{Name: "segment.FitMiniBatch", Looks: 5, Do: func(ctx context.Context, size int) error {
			rows := noise(5000*size, 8)
			testkit.Start(ctx)
			_, err := segment.FitMiniBatch(ctx, rows, segment.MiniBatchOptions{K: 12})
			return err
		}},
		{Name: "segment.FitMixture", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows := noise(4000*size, 8)
			testkit.Start(ctx)
			_, err := segment.FitMixture(ctx, rows, segment.MixtureOptions{K: 5, MaxIter: 10})
			return err
		}},
		{Name: "segment.DBSCAN", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows := noise(3000*size, 3)
			testkit.Start(ctx)
			_, err := segment.DBSCAN(ctx, rows, segment.DBSCANOptions{Radius: .3})
			return err
		}},
		{Name: "segment.Stability", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows := noise(100*size, 3)
			testkit.Start(ctx)
			_, err := segment.Stability(ctx, rows, byKMeans(3), segment.StabilityOptions{Resamples: 5, References: 5})
			return err
		}},
		{Name: "segment.FitPrototypes", Looks: 5, Do: func(ctx context.Context, size int) error {
			rows := noise(5000*size, 4)
			testkit.Start(ctx)
			_, err := segment.FitPrototypes(ctx, rows, nil, segment.PrototypesOptions{K: 6, MaxIter: 10})
			return err
		}},
		{Name: "segment.FitDendrogram", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows := noise(2000*size, 8)
			testkit.Start(ctx)
			_, err := segment.FitDendrogram(ctx, rows, segment.DendrogramOptions{})
			return err
		}},
		{Name: "segment.FitDendrogramDistances", Looks: 10, Do: func(ctx context.Context, size int) error {
			distances := pairs(noise(2000*size, 8))
			testkit.Start(ctx)
			_, err := segment.FitDendrogramDistances(ctx, distances, segment.DendrogramOptions{Linkage: segment.LinkAverage})
			return err
		}},
		{Name: "segment.Silhouette", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows, labels := noise(1000*size, 8), make([]int32, 1000*size)
			for i := range labels {
				labels[i] = int32(i % 5)
			}
			testkit.Start(ctx)
			_, _, err := segment.Silhouette(ctx, rows, labels)
			return err
		}},
		{Name: "segment.Match", Looks: 1_000, Do: func(ctx context.Context, size int) error {
			agents := make([]segment.Agent, 20)
			for k := range agents {
				agents[k].Capacity = 10 * size
			}
			testkit.Start(ctx)
			_, err := segment.Match(ctx, make([]segment.Window, 600*size), agents, func(i, k int) float64 { return float64(1 + (i*31+k*17)%101) }, segment.MatchOptions{Exact: math.MaxInt32})
			return err
		}},
		{Name: "segment.Match by auction", Looks: 600, Do: func(ctx context.Context, size int) error {
			agents := make([]segment.Agent, 20)
			for k := range agents {
				agents[k].Capacity = 10 * size
			}
			testkit.Start(ctx)
			_, err := segment.Match(ctx, make([]segment.Window, 600*size), agents, func(i, k int) float64 { return float64(1 + (i*31+k*17)%101) }, segment.MatchOptions{Exact: -1})
			return err
		}},
		{Name: "audience.Program.Select", Looks: 15, Do: func(ctx context.Context, size int) error {
			p := program(100_000 * size)
			testkit.Start(ctx)
			_, err := p.Select(ctx)
			return err
		}},
		{Name: "audience.Program.Live", Looks: 50, Do: func(ctx context.Context, size int) error {
			p := visits(50_000 * size)
			testkit.Start(ctx)
			_, err := p.Live(ctx)
			return err
		}},
		{Name: "audience.Live.Advance", Looks: 50, Do: func(ctx context.Context, size int) error {
			l, err := visits(5_000 * size).Live(context.Background())
			must(err)
			testkit.Start(ctx)
			_, err = l.Advance(ctx, nil, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
			return err
		}},
		{Name: "audience.Program.Estimate", Looks: 4, Do: func(ctx context.Context, size int) error {
			p := program(100_000 * size)
			testkit.Start(ctx)
			_, err := p.Estimate(ctx, 20_000*size, 1)
			return err
		}},
	})
}
