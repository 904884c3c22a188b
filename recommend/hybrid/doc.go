// Package hybrid makes one recommender of several. It is for shops whose best list
// comes from no model alone: neighbours and factors added up, one ranking what
// another finds, a model for newcomers and one for the rest, or a model that learns
// how far to trust each.
//
// Three names are enough to start: a [Weighted] is a fitted model with its weight,
// [NewBlend] adds up what several say, and the [Blend] is a model like any other.
//
//	knn, err := recommend.FitItemKNN(ctx, x, recommend.ItemKNNOptions{})
//	if err != nil {
//		return err
//	}
//	als, err := recommend.FitALS(ctx, x, recommend.ALSOptions{})
//	if err != nil {
//		return err
//	}
//	both, err := hybrid.NewBlend([]hybrid.Weighted{{Model: als, Weight: 2}, {Model: knn}}, hybrid.BlendOptions{})
//	if err != nil {
//		return err
//	}
//	engine, err := recommend.NewEngine(data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "both", Model: both}}})
//
// # Which hybrid
//
//   - [Blend]: the weighted mean of scores made comparable ([Normalization]). Start
//     here, with weights searched on a part held out; its reasons are the parts' own.
//   - [RRF]: reciprocal ranks. No scale to care for and nothing to tune: where scores
//     do not compare, or there is no data to choose weights by. [Borda]: points for places.
//   - [Cascade]: a cheap model finds candidates, a good one ranks them.
//   - [Switch]: a rule of yours chooses the model for each query: short histories, arms
//     of an experiment.
//   - [Stack]: candidates and features of several models, for a model of package predict
//     to rank by; [StackFeatures] makes training rows without leakage. The most
//     work, and the most to gain where clicks are many.
//
// # Guarantees
//
//   - What the parts can do the hybrid can: it reads order where a part does
//     (ReadsOrder), and each part gets the form of the history that it reads; it explains and names similar items by the parts that can, and says
//     whether a score of 0 means nothing (SparseScores). A part that knows nothing about
//     a query is left out for it.
//   - Immutable, safe for concurrent use; Score allocates nothing in steady state.
//   - Blend, RRF, Borda and Cascade have a versioned, checksummed binary form that holds
//     the frames of their parts, hybrids of hybrids up to 16 deep. recommend.ReadModel
//     reads them in every program that imports this package. A part without a binary form
//     (recommend.Func, Switch) is ErrOption at MarshalBinary; a Switch holds a function
//     and a Stack is made again from its sources.
//   - Data never panics: what is wrong is a wrapped sentinel (errors.go).
//
// # References
//
//   - Burke: Hybrid recommender systems: survey and experiments. UMUAI 12, 2002.
//   - Fox, Shaw: Combination of multiple searches. TREC-2, 1994.
//   - Cormack, Clarke, Büttcher: Reciprocal rank fusion outperforms Condorcet and
//     individual rank learning methods. SIGIR 2009.
//   - Aslam, Montague: Models for metasearch. SIGIR 2001.
//   - Wolpert: Stacked generalization. Neural Networks 5, 1992.
package hybrid
