package main

import (
	"context"

	"github.com/aislekit/aisle/recommend"
)

func pureSVD() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e env) (recommend.Model, error) {
		return recommend.FitPureSVD(ctx, x, recommend.PureSVDOptions{
			Factors: s.int("factors"), Scale: s.float("scale"),
			Seed: e.seed, Workers: e.workers, Progress: e.progress,
		})
	}
	return algorithm{
		name: "puresvd",
		params: []param{
			logIntegers("factors", 64, 8, 512),
			uniform("scale", 0, 0, 1),
		},
		starts: []settings{{}, {"factors": 30.0, "scale": 0.5}, {"factors": 200.0, "scale": 0.4}, {"factors": 16.0, "scale": 0.4}},
		rank:   fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}
