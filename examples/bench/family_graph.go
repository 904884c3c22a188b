package bench

import (
	"context"

	"github.com/aislekit/aisle/recommend"
)

// turboCF is the low-pass filter on the item graph by a polynomial.
func turboCF() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		o := recommend.TurboCFOptions{
			Neighbors: s.int("neighbors"),
			Alpha:     s.float("alpha"),
			Power:     s.float("power"),
			Order:     s.int("order"),
			Workers:   e.Workers,
			Progress:  e.Progress,
		}
		if o.Alpha == 0.5 && o.Power == 0.8 && o.Order == 1 { // its defaults, which left out let the fit look at the data
			o.Alpha, o.Power, o.Order = 0, 0, 0
		}
		return recommend.FitTurboCF(ctx, x, o)
	}
	return algorithm{
		name: "turbocf",
		params: []param{
			logIntegers("neighbors", 500, 50, 1000),
			uniform("alpha", 0.5, 0.2, 0.8),
			uniform("power", 0.8, 0.3, 1.5),
			integers("order", 1, 1, 2).refining(),
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
