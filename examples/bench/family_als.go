package bench

import (
	"context"
	"slices"
	"strconv"

	"github.com/aislekit/aisle/recommend"
)

var solvers = []string{"cg", "cholesky", "subspace"} // in the order of the constants

// als is the factorisation of implicit feedback by alternating least squares.
func als() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitALS(ctx, x, recommend.ALSOptions{
			Factors:           s.int("factors"),
			Iterations:        s.int("iterations"),
			Alpha:             s.float("alpha"),
			Unobserved:        s.float("unobserved"),
			Regularization:    s.float("regularization"),
			FrequencyExponent: off(s.float("frequency_exponent")),
			Solver:            recommend.Solver(slices.Index(solvers, s.text("solver"))),
			CGSteps:           s.int("cg_steps"),
			Seed:              e.Seed,
			Workers:           e.Workers,
			Progress:          e.Progress,
		})
	}
	return algorithm{
		name: "als",
		params: []param{
			logIntegers("factors", 0, 16, 512).doubling().byFit(optionsOf(func(o recommend.ALSOptions) float64 { return float64(o.Factors) })),
			integers("iterations", 0, 15, 15).byFit(optionsOf(func(o recommend.ALSOptions) float64 { return float64(o.Iterations) })),
			uniform("alpha", 1, 1, 1), // only its ratio to unobserved matters
			logUniform("unobserved", 0, 0.0003, 1).byFit(optionsOf(func(o recommend.ALSOptions) float64 { return o.Unobserved })),
			logUniform("regularization", 0, 0.0003, 3).byFit(optionsOf(func(o recommend.ALSOptions) float64 { return o.Regularization })),
			uniform("frequency_exponent", 0.5, 0.4, 1.1).refining(),
			oneOf("solver", "cg", solvers...).searching("cg"),
			integers("cg_steps", 3, 3, 3),
		},
		// The settings of Rendle et al. 2021, "iALS revisited", have 15 to 20 times
		// as much weight on all pairs together as on the observed ones.
		startsFor: func(users, items, entries int) []settings {
			density := float64(entries) / float64(users) / float64(items)
			var out []settings
			for _, s := range []struct{ weight, lambda float64 }{{15, 0.003}, {30, 0.003}, {6, 0.003}, {15, 0.01}} {
				u, _ := strconv.ParseFloat(strconv.FormatFloat(min(max(s.weight*density, 0.0003), 1), 'g', 2, 64), 64)
				out = append(out, settings{"unobserved": u, "regularization": s.lambda, "frequency_exponent": 1.0})
			}
			return out
		},
		rank:          fit,
		session:       bySession(fit),
		sessionParams: []param{recencyParam},
	}
}
