package bench

import (
	"context"

	"github.com/aislekit/aisle/recommend"
)

// turboCF is the low-pass filter on the item graph by a polynomial.
func turboCF() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitTurboCF(ctx, x, recommend.TurboCFOptions{
			Neighbors: s.int("neighbors"),
			Alpha:     s.float("alpha"),
			Power:     s.float("power"),
			Order:     s.int("order"),
			Workers:   e.Workers,
			Progress:  e.Progress,
		})
	}
	return algorithm{
		name: "turbocf",
		params: []param{
			logIntegers("neighbors", 500, 50, 1000),
			uniform("alpha", 0, 0.2, 0.8).unsaid(),
			uniform("power", 0, 0.3, 1.5).unsaid(),
			integers("order", 0, 1, 2).unsaid().refining(),
		},
		starts: []settings{
			{},
			{"alpha": 0.6, "power": 0.7},
			{"alpha": 0.6, "power": 1.0},
			{"order": 2.0, "power": 0.5}, // the default of the second order
		},
		rank: fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}
