package bench

import (
	"context"

	"github.com/aislekit/aisle/recommend"
)

func popular() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, _ settings, _ Env) (recommend.Model, error) {
		return recommend.FitPopular(ctx, x, recommend.PopularOptions{})
	}
	return algorithm{name: "popular", rank: fit, session: bySession(fit), sessionParams: []param{{name: "recency", kind: real, def: 1.0}}}
}
