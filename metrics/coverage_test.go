package metrics_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
)

// Intervals must cover the planted effect as often as they say, and tests must
// raise as few false alarms. 4,000 runs have a standard error of 0.35 points;
// 1.5 points is more than four of them. The seed is fixed.
func TestCoverage(t *testing.T) {
	const runs = 4000
	const tol = 0.015
	for _, c := range []struct {
		name  string
		scale metrics.Scale
		truth float64
		draw  func(r *rng.Stream, o metrics.CompareOptions) (metrics.Effect, error)
	}{
		{"proportions absolute", metrics.ScaleAbsolute, 0.05, drawProportions(0.20, 0.25)},
		{"proportions relative", metrics.ScaleRelative, 0.25, drawProportions(0.20, 0.25)},
		{"proportions ratio", metrics.ScaleRatio, 1.25, drawProportions(0.20, 0.25)},
		{"means absolute", metrics.ScaleAbsolute, 1, drawMeans(5, 6)},
		{"means relative", metrics.ScaleRelative, 0.2, drawMeans(5, 6)},
		{"proportions null", metrics.ScaleAbsolute, 0, drawProportions(0.2, 0.2)},
		{"means null", metrics.ScaleAbsolute, 0, drawMeans(5, 5)},
	} {
		r := rng.New(11, 0, 0)
		covered, alarms := 0, 0
		for range runs {
			e, err := c.draw(r, metrics.CompareOptions{Scale: c.scale})
			if err != nil {
				t.Fatal(err)
			}
			if e.Low <= c.truth && c.truth <= e.High {
				covered++
			}
			if e.Significant() {
				alarms++
			}
		}
		if x := float64(covered) / runs; x < 0.95-tol || x > 0.95+tol {
			t.Errorf("%s: 95%% intervals cover in %.2f%% of runs", c.name, 100*x)
		}
		if x := float64(alarms) / runs; c.truth == c.scale.Null() && (x < 0.05-tol || x > 0.05+tol) {
			t.Errorf("%s: false alarms in %.2f%% of runs", c.name, 100*x)
		}
	}
}

func drawProportions(p, q float64) func(*rng.Stream, metrics.CompareOptions) (metrics.Effect, error) {
	return func(r *rng.Stream, o metrics.CompareOptions) (metrics.Effect, error) {
		a := proportion(int64(r.Binomial(1500, p)), 1500)
		b := proportion(int64(r.Binomial(1000, q)), 1000)
		return metrics.CompareProportions(a, b, o)
	}
}

// drawMeans has unequal variances and sizes, which Student's t would get wrong.
func drawMeans(a, b float64) func(*rng.Stream, metrics.CompareOptions) (metrics.Effect, error) {
	return func(r *rng.Stream, o metrics.CompareOptions) (metrics.Effect, error) {
		var x, y metrics.Moments
		for range 60 {
			if err := x.Add(a + 1*r.Normal()); err != nil {
				return metrics.Effect{}, err
			}
		}
		for range 20 {
			if err := y.Add(b + 3*r.Normal()); err != nil {
				return metrics.Effect{}, err
			}
		}
		return metrics.CompareMeans(x, y, o)
	}
}
