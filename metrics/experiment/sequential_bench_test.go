package experiment_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/experiment"
)

func BenchmarkSequential(b *testing.B) {
	b.Run("looks=5", func(b *testing.B) {
		for b.Loop() {
			_, _ = experiment.NewGroupSequential([]float64{.2, .4, .6, .8, 1}, experiment.GroupSequentialOptions{})
		}
	})
	b.Run("bayes=proportions", func(b *testing.B) {
		for b.Loop() {
			_, _ = experiment.BayesProportions(proportion(1200, 24000), proportion(1300, 24000), experiment.BetaPrior{}, 0)
		}
	})
}
