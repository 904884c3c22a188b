package bench

import (
	"context"
	"slices"

	"github.com/aislekit/aisle/recommend"
)

// The order of these names is that of the constants of package recommend, after the zero
// that leaves the choice to the fit. Pearson
// and adjusted cosine are not searched: they need ratings, -weights value, and
// most data sets have none.
var (
	similarities = []string{byItself, "cosine", "asymmetric", "dot", "jaccard", "tversky", "lift", "loglikelihood", "pearson", "adjusted"}
	weightings   = []string{byItself, "none", "binary", "tfidf", "bm25"}
)

// off maps 0 to the negative value by which options say "really 0".
func off(x float64) float64 {
	if x == 0 {
		return -1
	}
	return x
}

// itemKNN is the neighbourhood of items, the nearest by what they have in common.
func itemKNN() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		return recommend.FitItemKNN(ctx, x, recommend.ItemKNNOptions{
			Neighbors:  s.int("neighbors"),
			Similarity: recommend.Similarity(slices.Index(similarities, s.text("similarity"))),
			Weighting:  recommend.Weighting(slices.Index(weightings, s.text("weighting"))),
			Shrinkage:  s.float("shrinkage"),
			Alpha:      s.float("alpha"),
			Beta:       s.float("beta"),
			K1:         s.float("k1"),
			B:          off(s.float("b")),
			Workers:    e.Workers,
			Progress:   e.Progress,
		})
	}
	return algorithm{
		name: "itemknn",
		params: []param{
			logIntegers("neighbors", 0, 10, 1000).byFit(optionsOf(func(o recommend.ItemKNNOptions) float64 { return float64(o.Neighbors) })),
			oneOf("similarity", byItself, similarities...).searching("cosine", "asymmetric", "dot", "jaccard").byFit(optionsOf(func(o recommend.ItemKNNOptions) float64 { return float64(o.Similarity) })),
			oneOf("weighting", byItself, weightings...).searching("none", "tfidf", "bm25").byFit(optionsOf(func(o recommend.ItemKNNOptions) float64 { return float64(o.Weighting) })),
			logUniform("shrinkage", 0, 0.1, 300).byFit(optionsOf(func(o recommend.ItemKNNOptions) float64 { return o.Shrinkage })),
			uniform("alpha", 0, 0.1, 0.9).byFit(optionsOf(func(o recommend.ItemKNNOptions) float64 { return o.Alpha })).onlyIf("similarity", "asymmetric", "tversky"),
			uniform("beta", 1, 1, 1),
			logUniform("k1", 1.2, 0.2, 100).onlyIf("weighting", "bm25"),
			uniform("b", 0.75, 0.05, 1).onlyIf("weighting", "bm25"),
		},
		starts: []settings{
			{},
			{"similarity": "cosine", "weighting": "tfidf", "neighbors": 200.0, "shrinkage": 10.0},
			{"similarity": "cosine", "weighting": "bm25", "neighbors": 100.0},
			{"similarity": "asymmetric", "alpha": 0.3, "weighting": "tfidf", "neighbors": 200.0},
			{"similarity": "dot", "weighting": "bm25", "neighbors": 50.0},
			{"similarity": "jaccard", "neighbors": 200.0},
		},
		rank:          fit,
		session:       bySession(fit),
		sessionParams: []param{recencyParam},
	}
}

// userKNN is the neighbourhood of users: what those with a like history have.
func userKNN() algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, _ Env) (recommend.Model, error) {
		return recommend.FitUserKNN(ctx, x, recommend.UserKNNOptions{
			Neighbors:  s.int("neighbors"),
			Similarity: recommend.Similarity(slices.Index(similarities, s.text("similarity"))),
			Weighting:  recommend.Weighting(slices.Index(weightings, s.text("weighting"))),
			Shrinkage:  s.float("shrinkage"),
			Power:      s.float("power"),
			Alpha:      s.float("alpha"),
			Beta:       s.float("beta"),
			K1:         s.float("k1"),
			B:          off(s.float("b")),
		})
	}
	return algorithm{
		name: "userknn",
		params: []param{
			logIntegers("neighbors", 0, 20, 2000).unsaid(),
			oneOf("similarity", byItself, similarities...).searching("cosine", "asymmetric", "jaccard").unsaid(),
			oneOf("weighting", byItself, weightings...).searching("none", "tfidf", "bm25").unsaid(),
			logUniform("shrinkage", 0, 0.1, 300),
			logUniform("power", 0, 0.5, 4).unsaid(),
			uniform("alpha", 0.5, 0.1, 0.9).onlyIf("similarity", "asymmetric", "tversky"),
			uniform("beta", 1, 1, 1),
			logUniform("k1", 1.2, 0.2, 100).onlyIf("weighting", "bm25"),
			uniform("b", 0.75, 0.05, 1).onlyIf("weighting", "bm25"),
		},
		starts: []settings{
			{},
			{"weighting": "tfidf", "neighbors": 300.0},
			{"weighting": "tfidf", "neighbors": 300.0, "power": 2.0},
			{"similarity": "jaccard", "neighbors": 300.0, "power": 2.0},
		},
		rank: fit, session: bySession(fit), sessionParams: []param{recencyParam},
	}
}
