package bench

import (
	"context"

	"github.com/aislekit/aisle/recommend"
)

func p3alpha() algorithm {
	return walk("p3alpha", nil, []settings{
		{},
		{"neighbors": 400.0, "alpha": 0.7},
		{"neighbors": 200.0, "alpha": 1.2, "normalize": true},
	})
}

func rp3beta() algorithm {
	// 0 is what the fit finds, negative is none.
	beta := uniform("beta", 0, 0, 1).byFit(optionsOf(func(o recommend.RP3BetaOptions) float64 { return o.Beta }))
	return walk("rp3beta", &beta, []settings{
		{},
		{"neighbors": 777.0, "alpha": 0.566, "beta": 0.0011},
		{"neighbors": 342.0, "alpha": 0.768, "beta": 0.418},
		{"neighbors": 200.0, "alpha": 0.8, "beta": 0.6, "normalize": true},
	})
}

// walk is a three-step random walk of the given name, with the penalty of popular items if
// beta is given.
func walk(name string, beta *param, starts []settings) algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		b := -1.0
		if beta != nil {
			b = s.float("beta")
		}
		return recommend.FitRP3Beta(ctx, x, recommend.RP3BetaOptions{
			Neighbors: s.int("neighbors"),
			Alpha:     s.float("alpha"),
			Beta:      b,
			Normalize: s.flag("normalize"),
			Workers:   e.Workers,
			Progress:  e.Progress,
		})
	}
	params := []param{
		logIntegers("neighbors", 0, 20, 1000).byFit(optionsOf(func(o recommend.RP3BetaOptions) float64 { return float64(o.Neighbors) })),
		uniform("alpha", 0, 0.2, 2).byFit(optionsOf(func(o recommend.RP3BetaOptions) float64 { return o.Alpha })),
		yesNo("normalize", false),
	}
	if beta != nil {
		params = append(params, *beta)
	}
	return algorithm{name: name, params: params, starts: starts, rank: fit, session: bySession(fit), sessionParams: []param{recencyParam}}
}
