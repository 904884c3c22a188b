package segment_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// byKMeans clusters by k-means, for Stability.
func byKMeans(k int) func(context.Context, [][]float64) ([]int32, error) {
	return func(ctx context.Context, rows [][]float64) ([]int32, error) {
		m, err := segment.FitKMeans(ctx, rows, segment.KMeansOptions{K: k, Restarts: 3})
		if err != nil {
			return nil, err
		}
		return m.Assign(nil, rows)
	}
}

// Planted groups raise no warning. A cloud without groups does, whether k-means parts it another way
// each time (four groups of a ball) or the same way (two of a long cloud, or of a square).
func TestStability(t *testing.T) {
	missed := map[string]int{}
	for seed := range testkit.Seeds(10) {
		rows, _ := planted(seed, 400, 4, 4, .8)
		got, err := segment.Stability(bg, rows, byKMeans(4), segment.StabilityOptions{Seed: seed})
		must(err)
		if got.Warning != "" || got.ARI < .8 || got.Chance > .05 {
			t.Errorf("seed %d: planted groups: %+v", seed, got)
		}
		r := rng.New(seed, 0, 5)
		for _, c := range []struct {
			name string
			k    int
			row  func() []float64
		}{
			{"ball", 4, func() []float64 { return []float64{r.Normal(), r.Normal(), r.Normal(), r.Normal()} }},
			{"long", 2, func() []float64 { x := r.Normal(); return []float64{9 * x, 9*x + r.Normal(), r.Normal()} }},
			{"square", 2, func() []float64 { return []float64{3 * r.Float64(), r.Float64()} }},
		} {
			var cloud [][]float64
			for range 400 {
				cloud = append(cloud, c.row())
			}
			got, err := segment.Stability(bg, cloud, byKMeans(c.k), segment.StabilityOptions{Seed: seed})
			must(err)
			if got.Warning == "" {
				missed[c.name]++
			}
		}
	}
	for name, n := range missed {
		if n > 2 { // each passes by chance in one case of 20
			t.Errorf("%s: %d of 10 clouds without groups pass", name, n)
		}
	}
}

// Rows in another order give the same; what the function does wrong is said.
func TestStabilityRules(t *testing.T) {
	rows, _ := planted(2, 150, 3, 2, .5)
	reversed := make([][]float64, len(rows))
	for i, r := range rows {
		reversed[len(rows)-1-i] = r
	}
	opt := segment.StabilityOptions{Resamples: 5, References: -1}
	a, err := segment.Stability(bg, rows, byKMeans(3), opt)
	must(err)
	b, err := segment.Stability(bg, reversed, byKMeans(3), opt)
	must(err)
	if a.ARI != b.ARI || a.SD != b.SD || !math.IsNaN(a.Chance) {
		t.Errorf("%+v, and of rows in another order %+v", a, b)
	}
	own := errors.New("its own")
	for name, c := range map[string]struct {
		cluster func(context.Context, [][]float64) ([]int32, error)
		want    error
	}{
		"none":      {nil, segment.ErrOption},
		"one group": {byKMeans(1), segment.ErrUndefined},
		"short":     {func(context.Context, [][]float64) ([]int32, error) { return []int32{0}, nil }, segment.ErrShape},
		"failing":   {func(context.Context, [][]float64) ([]int32, error) { return nil, own }, own},
	} {
		if _, err := segment.Stability(bg, rows, c.cluster, opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A random labelling agrees with itself by chance alone.
	r := rng.New(1, 0, 0)
	got, err := segment.Stability(bg, rows, func(_ context.Context, rows [][]float64) ([]int32, error) {
		labels := make([]int32, len(rows))
		for i := range labels {
			labels[i] = int32(r.Intn(3))
		}
		return labels, nil
	}, segment.StabilityOptions{})
	must(err)
	if math.Abs(got.ARI) > .05 || got.Warning == "" {
		t.Errorf("random labels: %+v", got)
	}
}

// Rows near the bound: what is drawn from their normal law stays within it.
func TestStabilityFar(t *testing.T) {
	var rows [][]float64
	for i := range 60 {
		rows = append(rows, []float64{8e139 * float64(2*(i%2)-1), float64(i)})
	}
	_, err := segment.Stability(bg, rows, byKMeans(2), segment.StabilityOptions{Resamples: 2, References: 2})
	must(err)
}
