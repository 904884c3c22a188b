package main

import (
	"context"
	"slices"

	"github.com/aislekit/aisle/recommend"
)

var solvers = []string{"cg", "cholesky"} // in the order of the constants

func als() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e env) (recommend.Model, error) {
		return recommend.FitALS(ctx, x, recommend.ALSOptions{
			Factors:           s.int("factors"),
			Iterations:        s.int("iterations"),
			Alpha:             s.float("alpha"),
			Unobserved:        s.float("unobserved"),
			Regularization:    off(s.float("regularization")),
			FrequencyExponent: off(s.float("frequency_exponent")),
			Solver:            recommend.Solver(slices.Index(solvers, s.text("solver"))),
			CGSteps:           s.int("cg_steps"),
			Seed:              e.seed,
			Workers:           e.workers,
			Progress:          e.progress,
		})
	}
	return algorithm{
		name: "als",
		params: []param{
			logIntegers("factors", 64, 32, 512),
			integers("iterations", 15, 8, 24),
			uniform("alpha", 1, 1, 1), // only its ratio to unobserved matters
			logUniform("unobserved", 0.1, 0.001, 1),
			logUniform("regularization", 0.01, 0.0003, 0.3),
			uniform("frequency_exponent", 1, 0.4, 1.1),
			oneOf("solver", "cg", solvers...).searching("cg"),
			integers("cg_steps", 3, 3, 3),
		},
		starts: []settings{ // the ratios are those of Rendle et al. 2021, "iALS revisited"
			{},
			{"factors": 128.0, "unobserved": 0.1, "regularization": 0.003},
			{"factors": 128.0, "unobserved": 0.02, "regularization": 0.002},
			{"factors": 128.0, "unobserved": 0.3, "regularization": 0.01},
			{"factors": 128.0, "unobserved": 0.03, "regularization": 0.03},
		},
		rank:          fit,
		session:       bySession(fit),
		sessionParams: []param{recencyParam},
	}
}
