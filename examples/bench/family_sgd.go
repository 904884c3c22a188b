package bench

import (
	"context"

	"github.com/aislekit/aisle/recommend"
)

// bpr is the pairwise ranking loss on factors, by SGD.
func bpr() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitBPR(ctx, x, recommend.BPROptions{
			Factors:        s.int("factors"),
			Epochs:         s.int("epochs"),
			Rate:           s.float("rate"),
			Decay:          off(s.float("decay")),
			Regularization: off(s.float("regularization")),
			Candidates:     s.int("candidates"),
			Seed:           e.Seed,
			Workers:        e.Workers,
			Progress:       e.Progress,
		})
	}
	return algorithm{
		name: "bpr",
		params: []param{
			logIntegers("factors", 64, 32, 256).doubling(),
			logIntegers("epochs", 100, 50, 300),
			logUniform("rate", 0, 0.02, 0.4).byFit(optionsOf(func(o recommend.BPROptions) float64 { return o.Rate })),
			uniform("decay", 0.9, 0.9, 0.9),
			logUniform("regularization", 0.02, 0.002, 0.1),
			logIntegers("candidates", 1, 1, 16),
		},
		starts: []settings{
			{},
			{"candidates": 2.0},
			{"candidates": 3.0, "rate": 0.1},
		},
		rank:          fit,
		session:       bySession(fit),
		sessionParams: []param{recencyParam},
	}
}

// warp is the rank-weighted pairwise loss on factors, by SGD.
func warp() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitWARP(ctx, x, recommend.WARPOptions{
			Factors:        s.int("factors"),
			Epochs:         s.int("epochs"),
			Rate:           s.float("rate"),
			Decay:          off(s.float("decay")),
			Regularization: off(s.float("regularization")),
			MaxTrials:      s.int("max_trials"),
			Seed:           e.Seed,
			Workers:        e.Workers,
			Progress:       e.Progress,
		})
	}
	return algorithm{
		name: "warp",
		params: []param{
			logIntegers("factors", 64, 32, 256).doubling(),
			logIntegers("epochs", 50, 20, 200),
			logUniform("rate", 0.05, 0.02, 0.2),
			uniform("decay", 0.9, 0.9, 0.9),
			logUniform("regularization", 0.1, 0.02, 0.3),
			logIntegers("max_trials", 20, 5, 100),
		},
		starts: []settings{
			{},
			{"regularization": 0.06},
			{"rate": 0.1},
			{"epochs": 30.0},
		},
		rank:          fit,
		session:       bySession(fit),
		sessionParams: []param{recencyParam},
	}
}

// lmf is logistic matrix factorisation.
func lmf() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitLMF(ctx, x, recommend.LMFOptions{
			Factors:        s.int("factors"),
			Epochs:         s.int("epochs"),
			Rate:           s.float("rate"),
			Decay:          off(s.float("decay")),
			Regularization: off(s.float("regularization")),
			Alpha:          s.float("alpha"),
			Negatives:      s.int("negatives"),
			Seed:           e.Seed,
			Workers:        e.Workers,
			Progress:       e.Progress,
		})
	}
	return algorithm{
		name: "lmf",
		params: []param{
			logIntegers("factors", 64, 32, 256).doubling(),
			logIntegers("epochs", 50, 20, 200),
			logUniform("rate", 0, 0.005, 0.2).byFit(optionsOf(func(o recommend.LMFOptions) float64 { return o.Rate })),
			uniform("decay", 0.9, 0.9, 0.9),
			logUniform("regularization", 0.01, 0.001, 0.1),
			uniform("alpha", 1, 1, 1),
			logIntegers("negatives", 5, 2, 30),
		},
		starts: []settings{
			{},
			{"regularization": 0.005},
			{"regularization": 0.03, "rate": 0.05},
			{"negatives": 10.0},
		},
		rank:          fit,
		session:       bySession(fit),
		sessionParams: []param{recencyParam},
	}
}

// mf is the biased factorisation of ratings, by SGD.
func mf() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitMF(ctx, x, recommend.MFOptions{
			Factors:            s.int("factors"),
			Epochs:             s.int("epochs"),
			Rate:               s.float("rate"),
			Decay:              off(s.float("decay")),
			Regularization:     off(s.float("regularization")),
			BiasRegularization: off(s.float("bias_regularization")),
			Alternating:        s.flag("alternating"),
			Seed:               e.Seed,
			Workers:            e.Workers,
			Progress:           e.Progress,
		})
	}
	return algorithm{
		name: "mf",
		params: []param{
			logIntegers("factors", 64, 32, 256).doubling(),
			logIntegers("epochs", 60, 20, 200),
			logUniform("rate", 0.01, 0.003, 0.05),
			uniform("decay", 0.9, 0.9, 0.9),
			logUniform("regularization", 0.05, 0.02, 0.2),
			logUniform("bias_regularization", 0.02, 0.002, 0.1),
			yesNo("alternating", false),
		},
		starts: []settings{
			{},
			{"factors": 128.0, "regularization": 0.05},
			{"regularization": 0.08},
		},
		rate: fit,
	}
}

// svdpp is the factorisation of ratings with what a user has rated at all as a second
// signal.
func svdpp() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitSVDPP(ctx, x, recommend.SVDPPOptions{
			Factors:            s.int("factors"),
			Epochs:             s.int("epochs"),
			Rate:               s.float("rate"),
			Decay:              off(s.float("decay")),
			Regularization:     off(s.float("regularization")),
			BiasRegularization: off(s.float("bias_regularization")),
			Seed:               e.Seed,
			Workers:            e.Workers,
			Progress:           e.Progress,
		})
	}
	return algorithm{
		name: "svdpp",
		params: []param{
			logIntegers("factors", 64, 32, 256).doubling(),
			logIntegers("epochs", 40, 20, 150),
			logUniform("rate", 0.01, 0.002, 0.03),
			uniform("decay", 0.9, 0.9, 0.9),
			logUniform("regularization", 0.04, 0.02, 0.2),
			logUniform("bias_regularization", 0.02, 0.002, 0.1),
		},
		starts: []settings{
			{},
			{"factors": 128.0, "regularization": 0.035},
			{"regularization": 0.06},
		},
		rate: fit,
	}
}

// fm is the factorisation machine over user and item.
func fm() algorithm {
	fit := func(task recommend.FMTask) func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
			t := task
			if t == recommend.FMRanking && s.text("loss") == "clicks" {
				t = recommend.FMClicks
			}
			return recommend.FitFM(ctx, x, recommend.FMOptions{
				Task:           t,
				Factors:        s.int("factors"),
				Epochs:         s.int("epochs"),
				Rate:           s.float("rate"),
				Decay:          off(s.float("decay")),
				Regularization: s.float("regularization"),
				Negatives:      s.int("negatives"),
				Seed:           e.Seed,
				Workers:        e.Workers,
				Progress:       e.Progress,
			})
		}
	}
	return algorithm{
		name: "fm",
		params: []param{ // 0 is the default of the task
			logIntegers("factors", 64, 32, 256).doubling(),
			logIntegers("epochs", 0, 20, 200).byFit(optionsOf(func(o recommend.FMOptions) float64 { return float64(o.Epochs) })),
			logUniform("rate", 0, 0.005, 0.1).byFit(optionsOf(func(o recommend.FMOptions) float64 { return o.Rate })),
			uniform("decay", 0.9, 0.9, 0.9),
			logUniform("regularization", 0, 0.002, 0.2).byFit(optionsOf(func(o recommend.FMOptions) float64 { return o.Regularization })),
			oneOf("loss", "pairwise", "pairwise", "clicks"),
			logIntegers("negatives", 5, 2, 20).onlyIf("loss", "clicks"),
		},
		starts: []settings{
			{},
			{"loss": "clicks"},
		},
		rank:          fit(recommend.FMRanking),
		rate:          fit(recommend.FMRatings),
		session:       bySession(fit(recommend.FMRanking)),
		sessionParams: []param{recencyParam},
	}
}
