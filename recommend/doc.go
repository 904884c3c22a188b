// Package recommend decides what to show to whom. It is for a backend that shows
// lists to people, and for pipelines and benchmarks that fit and compare models.
//
// Six names are enough to start: [Builder] turns events into a [Dataset], [FitItemKNN]
// and [FitALS] fit models on it, [NewEngine] puts them behind one call, and an
// [Engine] answers a [Request].
//
//	b, _ := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
//	for _, order := range orders { // the caller's loop over events
//		if err := b.AddAt(order.Customer, order.Product, 1, order.At); err != nil {
//			return err
//		}
//	}
//	data, err := b.Build()
//	if err != nil {
//		return err
//	}
//	knn, err := recommend.FitItemKNN(ctx, data.Interactions, recommend.ItemKNNOptions{})
//	if err != nil {
//		return err
//	}
//	engine, err := recommend.NewEngine(data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: knn}}})
//	if err != nil {
//		return err
//	}
//	list, err := engine.Recommend(nil, recommend.Request[int, string]{User: 7, K: 10, Reasons: 2})
//
// # Which model
//
// Start with ItemKNN for reasons, ALS for lists, EASE below 20,000 items, and weight 1
// an event. Then compare on a part that was held out (package recommend/split):
//
//   - [ItemKNN]: items like those in the history; exact reasons, new users at once
//   - [ALS]: factors for implicit feedback; usually better lists, compact vectors.
//     Search Alpha / Unobserved and Regularization, double Factors while it helps
//   - [EASE]: the linear autoencoder in closed form (EDLAE and RDLAE too), among the
//     best where an items×items matrix fits; [SparseEASE], [SLIM] where none does
//   - [Popular]: what everybody takes. The yardstick, and the last resort
//   - [RP3Beta], [TurboCF]: walks and filters on the graph, as cheap as ItemKNN and
//     often better on sparse data; [UserKNN]: what similar people took
//   - [GFCF]: the same with a spectral part; strong without tuning. [BSPM]: GFCF, then
//     sharpened; slower to fit, the best here on large sparse data
//   - [PureSVD], [NMF]: classic factorisations; NMF's factors read as interests
//   - [BPR], [WARP], [LMF]: factors from sampled pairs, for order, for the top of the
//     list, for probabilities; [FM]: the same with features of users and items
//   - [MF], [SVDPP]: ratings; Predict gives the expected one, lists are worse than Popular
//   - [TFIDFModel]: content of titles, descriptions and attributes, English or
//     Chinese; knows items nobody has bought yet. [ColdStart]: their vectors
//   - [SessionKNN] (S-KNN, V-SKNN, STAN): what similar sessions went on to; [Markov]:
//     what follows an item, in microseconds. Their Blend is hard to beat on clicks
//   - [NextBasket]: what people buy again and again, and when
//   - [Item2Vec]: word2vec over sequences of items, or of words. [Embeddings]: vectors
//     of your own, of texts or images; knows new items at once
//   - [FitRising], [NewRated], [CategoryPopular]: what is on the rise, what converts,
//     what leads its category
//   - [Func]: a function of the host. Package recommend/hybrid: several models as one
//
// Beside the models: [Reranker] trades accuracy for diversity, calibration and
// exposure; [Cooccurrence], [Gramian] and [SolveALS] are pieces for an engine of your
// own. No setting is best everywhere: package tune, or examples/benchmark, searches.
//
// # Two layers
//
// Below: dense and not generic. [Interactions] is an immutable users×items matrix of
// int32 indices and float32 weights; models are fitted on it and answer a [Query] with
// one score per item. This layer is for pipelines and benchmarks.
//
// Above: generic over the ids of the host. Builder turns events into a Dataset (ids ↔
// indices and the matrix); Engine puts models, filters, fallback and reasons behind
// one call. This layer is for a backend.
//
//	events → Builder → Dataset → FitALS, FitItemKNN, … → Engine → []Recommendation
//
// # Packages of the family
//
//   - recommend/hybrid makes one model of several: blends, ranks fused, cascades,
//     switches, stacking.
//   - recommend/split cuts data into a part to learn from and a part to judge on.
//   - recommend/evaluate hands each test user's list to whatever judges it.
//   - recommend/bandit explores: policies that fill places with known probability,
//     and the arms they learn from. An Engine uses them as Request.Explore.
//   - recommend/ann finds the nearest of very many vectors approximately.
//   - recommend/allocate shares scarce offers out over a whole campaign.
//   - recommend/tune searches the settings of a model.
//   - recommend/modeltest tests a [Model] of your own as those here are tested.
//
// # Serving
//
// An [Engine] answers Requests: filters (item sets, rules over a Catalogue, stock),
// caps, pins, boosts, fallback and reasons; EngineOptions.Rerank and
// Request.Rerank make lists diverse, calibrated or fair as a whole,
// Request.Explore explores and logs propensities. Observe takes events up, the next
// answer shows them; AddItems lets items join and Forget lets users go; Swap
// changes dataset and models under traffic; Snapshot and Restore carry what was
// learned since the fit over a restart; All answers for everybody. Hybrids are
// models like any other.
//
// # Guarantees
//
//   - Fitted models and datasets are immutable and safe for concurrent use.
//     Builders and Rankers are not.
//   - Equal data, options and seed give equal bytes, at any GOMAXPROCS and for
//     events in any order (on one architecture; compilers for others may fuse
//     multiply and add). One exception: what is equal in user, time and sequence
//     number keeps its order of arrival, where order is what is learned; see Builder.
//   - Lists hold exactly min(k, eligible) distinct items, best first, equal
//     scores by ascending index. No model scores NaN.
//   - Data never panics. Bad options, events and bytes are wrapped sentinels
//     (errors.go) that name the field or row, and change nothing.
//   - Every model has a versioned, checksummed binary form: [WriteModel] and
//     [ReadModel], or the methods of [Persistent]; docs/format.md describes it. So
//     have Builder and Dataset, and Engine.WriteTo puts dataset, models and snapshot
//     in one frame, from which [ReadEngine] starts again. Func has none, as it holds
//     a function of the host; nor have Interactions and Sequences, which a Dataset's
//     frame holds.
//
// # References
//
//   - Sarwar, Karypis, Konstan, Riedl: Item-based collaborative filtering
//     recommendation algorithms. WWW 2001.
//   - Deshpande, Karypis: Item-based top-N recommendation algorithms. TOIS 2004.
//   - Hu, Koren, Volinsky: Collaborative filtering for implicit feedback
//     datasets. ICDM 2008.
//   - Takács, Pilászy, Tikk: Applications of the conjugate gradient method for
//     implicit feedback collaborative filtering. RecSys 2011.
//   - Koren: Factorization meets the neighborhood. KDD 2008.
//   - Koren, Bell, Volinsky: Matrix factorization techniques for recommender
//     systems. Computer 2009.
//   - Rendle, Freudenthaler, Gantner, Schmidt-Thieme: BPR: Bayesian personalized
//     ranking from implicit feedback. UAI 2009.
//   - Rendle: Factorization machines. ICDM 2010.
//   - Weston, Bengio, Usunier: WSABIE: scaling up to large vocabulary image
//     annotation. IJCAI 2011.
//   - Gemulla, Nijkamp, Haas, Sismanis: Large-scale matrix factorization with
//     distributed stochastic gradient descent. KDD 2011.
//   - Johnson: Logistic matrix factorization for implicit feedback data. 2014.
//   - Cremonesi, Koren, Turrin: Performance of recommender algorithms on top-N
//     recommendation tasks. RecSys 2010.
//   - Ning, Karypis: SLIM: sparse linear methods for top-N recommender systems.
//     ICDM 2011.
//   - Paudel, Christoffel, Newell, Bernstein: Updatable, accurate, diverse, and
//     scalable recommendations for interactive applications. TiiS 2017.
//   - Steck: Embarrassingly shallow autoencoders for sparse data. WWW 2019.
//   - Shen et al.: How powerful is graph convolution for recommendation? CIKM
//     2021.
//   - Park, Shin, Shin: Turbo-CF: matrix decomposition-free graph filtering for
//     fast recommendation. SIGIR 2024.
//   - Rendle, Krichene, Zhang, Koren: iALS++ / Revisiting the performance of iALS
//     on item recommendation benchmarks. 2021.
package recommend
