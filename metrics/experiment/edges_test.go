package experiment_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

// A product of one price has no variance per order, in whatever order users come and
// however shards are merged.
func TestRatioOfOnePrice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var a, b [2]experiment.RatioMoments
		for _, i := range rng.Perm(100) {
			k, orders := rng.IntN(2), 0.0
			if i < 20 {
				orders = float64(1 + i%3)
			}
			if err := errors.Join(a[k].Add(19.99*orders, orders), b[k].Add(21*orders, orders)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(a[0].Merge(&a[1]), b[0].Merge(&b[1])); err != nil {
			t.Fatal(err)
		}
		for scale := range metrics.ScaleOdds {
			if e, err := experiment.CompareRatios(a[0], b[0], metrics.CompareOptions{Scale: scale}); !errors.Is(err, experiment.ErrUndefined) {
				t.Fatalf("%v, %v", e, err)
			}
		}
	}
}

func TestCohenHRange(t *testing.T) {
	for _, p := range [][2]float64{{2, 1}, {-.1, .5}, {.5, math.NaN()}} {
		if h := experiment.CohenH(p[0], p[1]); !math.IsNaN(h) {
			t.Errorf("%v: %v", p, h)
		}
	}
}
