package metrics

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// Intervals must cover the planted effect as often as they say, and tests must
// raise as few false alarms. 4,000 runs have a standard error of 0.35 points;
// 1.5 points is more than four of them. The seed is fixed.
func TestCoverage(t *testing.T) {
	const runs = 4000
	const tol = 0.015
	for _, c := range []struct {
		name  string
		scale Scale
		truth float64
		draw  func(r *rng.Stream, o CompareOptions) (Effect, error)
	}{
		{"proportions absolute", ScaleAbsolute, 0.05, drawProportions(0.20, 0.25)},
		{"proportions relative", ScaleRelative, 0.25, drawProportions(0.20, 0.25)},
		{"proportions ratio", ScaleRatio, 1.25, drawProportions(0.20, 0.25)},
		{"means absolute", ScaleAbsolute, 1, drawMeans(5, 6)},
		{"means relative", ScaleRelative, 0.2, drawMeans(5, 6)},
		{"proportions null", ScaleAbsolute, 0, drawProportions(0.2, 0.2)},
		{"means null", ScaleAbsolute, 0, drawMeans(5, 5)},
	} {
		r := rng.New(11, 0, 0)
		covered, alarms := 0, 0
		for range runs {
			e, err := c.draw(r, CompareOptions{Scale: c.scale})
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

func drawProportions(p, q float64) func(*rng.Stream, CompareOptions) (Effect, error) {
	return func(r *rng.Stream, o CompareOptions) (Effect, error) {
		a := Proportion{int64(r.Binomial(1500, p)), 1500}
		b := Proportion{int64(r.Binomial(1000, q)), 1000}
		return CompareProportions(a, b, o)
	}
}

// drawMeans has unequal variances and sizes, which Student's t would get wrong.
func drawMeans(a, b float64) func(*rng.Stream, CompareOptions) (Effect, error) {
	return func(r *rng.Stream, o CompareOptions) (Effect, error) {
		var x, y Moments
		for range 60 {
			if err := x.Add(a + 1*r.Normal()); err != nil {
				return Effect{}, err
			}
		}
		for range 20 {
			if err := y.Add(b + 3*r.Normal()); err != nil {
				return Effect{}, err
			}
		}
		return CompareMeans(x, y, o)
	}
}
