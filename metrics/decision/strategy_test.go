package decision_test

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/decision"
)

// The strategy picked is the best one as often as Choose says.
func TestChooseCalibrated(t *testing.T) {
	runs := 400
	if os.Getenv("AISLE_LONG") != "" {
		runs = 10_000
	}
	r := rng.New(20261122, rng.HashString("choose"), 0)
	said, hits, spread := 0.0, 0.0, 0.0
	for range runs {
		var beliefs []decision.Belief
		best, at := -1.0, 0
		for i := range 4 {
			p := r.Float64()
			if p > best {
				best, at = p, i
			}
			beliefs = append(beliefs, decision.BeliefInRate(ok[metrics.Proportion](t)(metrics.NewProportion(int64(r.Binomial(20, p)), 20))))
		}
		c, err := decision.Choose(context.Background(), beliefs, decision.ChooseOptions{Draws: 1000, Seed: r.Uint64(), Workers: 1})
		must(t, err)
		p := c.Strategies[c.Best].Best
		said += p
		spread += p * (1 - p)
		if c.Best == at {
			hits++
		}
	}
	t.Logf("said %.2f %%, was %.2f %% of %d runs", 100*said/float64(runs), 100*hits/float64(runs), runs)
	if math.Abs(said-hits) > 4*math.Sqrt(spread) {
		t.Errorf("said %.2f %%, was %.2f %% of %d runs", 100*said/float64(runs), 100*hits/float64(runs), runs)
	}
}
