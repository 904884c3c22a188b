package bench

import (
	"context"

	"github.com/aislekit/aisle/recommend"
)

// pureSVD is the truncated singular value decomposition of the plain matrix.
func pureSVD() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitPureSVD(ctx, x, recommend.PureSVDOptions{
			Factors: s.int("factors"), Scale: s.float("scale"),
			Seed: e.Seed, Workers: e.Workers, Progress: e.Progress,
		})
	}
	return algorithm{
		name: "puresvd",
		params: []param{
			logIntegers("factors", 0, 2, 512).byFit(factorsOf), // by the singular values
			uniform("scale", 0, 0, 1),
		},
		starts: []settings{{}, {"factors": 30.0, "scale": 0.5}, {"factors": 200.0, "scale": 0.4}, {"factors": 16.0, "scale": 0.4}},
		rank:   fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}

// gfCF is the linear filter of the normalised item graph with an ideal low-pass part.
func gfCF() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitGFCF(ctx, x, recommend.GFCFOptions{
			Factors: s.int("factors"), Alpha: s.float("alpha"), Neighbors: s.int("neighbors"),
			Seed: e.Seed, Workers: e.Workers, Progress: e.Progress,
		})
	}
	return algorithm{
		name: "gfcf",
		params: []param{
			logIntegers("factors", 0, 8, 768).byFit(factorsOf),                                                   // by the size of the matrix
			uniform("alpha", 0, 0, 1).byFit(optionsOf(func(o recommend.GFCFOptions) float64 { return o.Alpha })), // negative is none
			integers("neighbors", 1000, 1000, 1000),
		},
		starts: []settings{{}, {"factors": 64.0, "alpha": 0.3}, {"factors": 24.0, "alpha": 0.2}, {"factors": 400.0, "alpha": 0.3}},
		rank:   fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}

// bspm is the blurring and sharpening process on the item graph.
func bspm() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitBSPM(ctx, x, recommend.BSPMOptions{
			Factors: s.int("factors"), Beta: s.float("beta"), Sharpening: off(s.float("sharpening")), Neighbors: s.int("neighbors"),
			Seed: e.Seed, Workers: e.Workers, Progress: e.Progress,
		})
	}
	return algorithm{
		name: "bspm",
		params: []param{
			logIntegers("factors", 0, 8, 768).byFit(several), // by the size of the matrix
			uniform("beta", 0, 0, 1).byFit(betaOf),           // negative is none
			uniform("sharpening", 2, 0, 2.75),
			logIntegers("neighbors", 1000, 300, 4000).refining(),
		},
		starts: []settings{{}, {"sharpening": 2.5}, {"sharpening": 1.2}, {"sharpening": 2.5, "beta": 0.5}},
		rank:   fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}

// sparseEASE is EASE on the strongest neighbours of each item alone.
func sparseEASE() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitSparseEASE(ctx, x, recommend.SparseEASEOptions{
			L2: s.float("regularization"), Dropout: s.float("dropout"), Neighbors: s.int("neighbors"),
			Workers: e.Workers, Progress: e.Progress,
		})
	}
	return algorithm{
		name: "sparseease",
		params: []param{
			logUniform("regularization", 0, 5, 3000).byFit(optionsOf(func(o recommend.SparseEASEOptions) float64 { return o.L2 })),
			uniform("dropout", 0, 0, 0.8).refining().byFit(dropoutOf),
			logIntegers("neighbors", 200, 50, 500).refining(),
		},
		starts: []settings{{}, {"regularization": 50.0}, {"regularization": 500.0}, {"regularization": 20.0, "dropout": 0.3}},
		rank:   fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}

// dropoutOf is what sparse EASE took, where 0 is one of the values that it chooses among.
func dropoutOf(m recommend.Model) (float64, bool) {
	e, ok := m.(*recommend.SparseEASE)
	if !ok {
		return 0, false
	}
	return e.Options().Dropout, true
}

// slim is the sparse linear model fitted by coordinate descent.
func slim() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitSLIM(ctx, x, recommend.SLIMOptions{
			L1: s.float("l1"), L2: s.float("l2"), Candidates: s.int("candidates"), Signed: s.flag("signed"),
			Workers: e.Workers, Progress: e.Progress,
		})
	}
	return algorithm{
		name: "slim",
		params: []param{
			logUniform("l1", 0, 0.05, 20).byFit(optionsOf(func(o recommend.SLIMOptions) float64 { return o.L1 })),
			logUniform("l2", 0, 2, 2000).byFit(optionsOf(func(o recommend.SLIMOptions) float64 { return o.L2 })),
			logIntegers("candidates", 300, 100, 600).refining(),
			yesNo("signed", false),
		},
		starts: []settings{{}, {"l1": 3.0, "l2": 30.0}, {"l1": 0.3, "l2": 300.0}},
		rank:   fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}

// nmf is the non-negative factorisation of the matrix.
func nmf() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitNMF(ctx, x, recommend.NMFOptions{
			Factors: s.int("factors"), Iterations: s.int("iterations"), L1: s.float("l1"), L2: s.float("l2"),
			Seed: e.Seed, Workers: e.Workers, Progress: e.Progress,
		})
	}
	return algorithm{
		name: "nmf",
		params: []param{
			logIntegers("factors", 0, 8, 256).byFit(factorsOf),
			integers("iterations", 50, 50, 50),
			logUniform("l1", 0, 0.01, 5),
			logUniform("l2", 0, 0.1, 40).byFit(optionsOf(func(o recommend.NMFOptions) float64 { return o.L2 })),
		},
		starts: []settings{{}, {"factors": 32.0, "l2": 10.0}, {"factors": 64.0, "l2": 10.0}, {"factors": 16.0, "l2": 3.0}},
		rank:   fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}

// betaOf is the default of Beta, but where popularity is all: there BSPM takes one vector and
// more of it.
func betaOf(m recommend.Model) (float64, bool) {
	_, ok := several(m)
	return 0.3, ok
}

// several is factorsOf, but for one vector: BSPM takes that and its Beta together.
func several(m recommend.Model) (float64, bool) {
	n, ok := factorsOf(m)
	return n, ok && n > 1
}

// factorsOf asks a model for the length of its vectors.
func factorsOf(m recommend.Model) (float64, bool) {
	if v, ok := m.(interface{ Factors() int }); ok {
		n := v.Factors() // 0 where the other settings leave the vectors out
		return float64(n), n > 0
	}
	return 0, false
}
