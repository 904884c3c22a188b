package experiment

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// arm is what any estimator of one arm boils down to: units, estimate, its
// squared standard error and the degrees of freedom of that.
type arm struct {
	n       int64
	mean, q float64
	df      float64
}

// twoArms compares independent arms by a t test with the degrees of freedom of
// Welch and Satterthwaite, on the scale of o, which must be valid.
func twoArms(where string, opt metrics.CompareOptions, a, b arm, method string) (metrics.Effect, error) {
	n, err := check.AddInt64(a.n, b.n)
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	if !(a.q+b.q > 0) {
		return metrics.Effect{}, undefined("%s: both arms have zero variance", where)
	}
	e := metrics.Effect{
		Scale: opt.Scale, Estimate: b.mean - a.mean, SE: math.Sqrt(a.q + b.q), N: n, NA: a.n, NB: b.n,
		MeanA: a.mean, MeanB: b.mean, Method: method,
	}
	if a.q == 0 || b.q == 0 {
		e.Warnings = append(e.Warnings, metrics.WarnZeroVarianceArm)
	}
	if err := e.Rescale(math.Sqrt(a.q), math.Sqrt(b.q)); err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	if e.SE == 0 {
		return metrics.Effect{}, undefined("%s: the standard error is 0", where)
	}
	e.Infer(opt.Level, infer.WelchDF(a.q, a.df+1, b.q, b.df+1))
	return e, nil
}
