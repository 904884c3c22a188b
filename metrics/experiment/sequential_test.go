package experiment_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
	"pgregory.net/rapid"
)

// The p-value of a confidence sequence is below 1−Level where its interval
// leaves out no effect, and nowhere else; without an effect it is 1.
func TestAlwaysValidDual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := metrics.Effect{
			Scale: metrics.Scale(rapid.IntRange(0, 2).Draw(t, "scale")), Estimate: rapid.Float64Range(-4, 4).Draw(t, "estimate"),
			SE: rapid.Float64Range(.1, 2).Draw(t, "SE"), N: rapid.Int64Range(1, 1e9).Draw(t, "n"), Level: rapid.Float64Range(.5, .999).Draw(t, "level"),
		}
		got, err := experiment.AlwaysValid(e, experiment.SequentialOptions{Users: rapid.Float64Range(10, 1e8).Draw(t, "users")})
		if err != nil {
			t.Fatal(err)
		}
		null := e.Scale.Null()
		out := got.Low > null || got.High < null
		edge := math.Min(math.Abs(got.Low-null), math.Abs(got.High-null)) < 1e-9
		if out != (got.PValue < 1-got.Level) && !edge {
			t.Fatalf("%+v", got)
		}
		if q := infer.NormalQuantile((1 + e.Level) / 2); got.High-got.Low < 2*q*e.SE {
			t.Fatalf("shorter than the fixed interval: %+v", got)
		}
	})
	e := ok[metrics.Effect](t)(experiment.AlwaysValid(metrics.Effect{Estimate: .001, SE: 1, N: 4000}, experiment.SequentialOptions{}))
	testkit.Near(t, "p without effect", e.PValue, 1, 0)
}
