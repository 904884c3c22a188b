// Package recommend decides what to show to whom.
//
// # Two layers
//
// Below: dense and not generic. Interactions is an immutable users×items matrix
// of int32 indices and float32 weights; models are fitted on it and answer a
// Query with one score per item. This layer is for pipelines and benchmarks.
//
// Above: generic over the ids of the host. Builder turns events into a Dataset
// (ids ↔ indices and the matrix); Engine puts models, filters, fallback and
// reasons behind one call. This layer is for a backend.
//
//	events → Builder → Dataset → FitALS, FitItemKNN, … → Engine → []Recommendation
//
// # Which model
//
//   - Popular: what everybody takes. The yardstick, and the last resort for
//     strangers.
//   - ItemKNN: items like those in the history. No training to speak of, exact
//     reasons, answers new users at once. Cosine, Jaccard, log-likelihood and
//     more, with BM25 or TF-IDF weights; Pearson and adjusted cosine for ratings,
//     whose lists are better liked and less often taken than those of cosine.
//   - ALS: matrix factorisation for implicit feedback. Usually better lists;
//     compact vectors for users and items; folds new users in. Search Alpha /
//     Unobserved and Regularization, and double Factors while it helps.
//   - BPR, WARP, LMF: factors trained on sampled pairs. BPR orders, WARP cares for
//     the top of the list, LMF estimates probabilities.
//   - MF, SVDPP: explicit ratings; Predict gives the expected one.
//   - FM: either kind, with features of users, items and the situation. Knows
//     items and users without entries by their features.
//   - UserKNN: what similar people took, looked up at the query.
//   - RP3Beta, TurboCF: walks and filters on the graph of users and items, as
//     cheap as ItemKNN and often better on sparse data.
//   - GFCF: the same idea with a spectral part; no training, strong defaults.
//     BSPM: GFCF, then sharpened; slower to fit, the best here on large sparse
//     data, behind GFCF where a few hundred items make up the trade.
//   - EASE: the closed-form linear autoencoder (with EDLAE and RDLAE), among the
//     best where a dense items×items matrix fits. SparseEASE: the same for large
//     catalogues. SLIM: sparse and non-negative weights of the same kind.
//   - PureSVD, NMF: classic factorisations; NMF's factors read as interests.
//   - TFIDFModel: content of titles, descriptions and attributes, English or
//     Chinese. Knows items nobody has bought yet.
//   - SessionKNN (S-KNN, V-SKNN, STAN): what similar sessions went on to, from the
//     running session alone. Markov: what follows an item; its lists take
//     microseconds. Their Blend is hard to beat on clicks.
//   - NextBasket: what people buy again and again, and when.
//   - Item2Vec: word2vec over sequences of items, or of words.
//   - FitRising, NewRated, CategoryPopular: what is on the rise, what converts,
//     what leads its category.
//   - Blend and RRF: several of these at once.
//
// Beside the models: Reranker trades accuracy for diversity, calibration and
// exposure; Cooccurrence, Gramian and SolveALS are pieces for an engine of your
// own.
//
// No setting is best everywhere. Package split cuts a validation part off the
// training data; package tune, or examples/benchmark, searches settings on it.
//
// # Packages of the family
//
//   - recommend/split cuts data into a part to learn from and a part to judge on.
//   - recommend/bandit explores: policies that fill places with known probability,
//     and the arms they learn from. An Engine uses them as Request.Explore.
//   - recommend/ann finds the nearest of very many vectors approximately.
//   - recommend/allocate shares scarce offers out over a whole campaign.
//   - recommend/tune searches the settings of a model.
//
// # Serving
//
// An Engine answers Requests: filters (item sets, rules over a Catalogue, stock),
// caps, pins, boosts, fallback and reasons; EngineOptions.Rerank and
// Request.Rerank make lists diverse, calibrated or fair as a whole,
// Request.Explore explores and logs propensities. Observe takes events up, the next
// answer shows them; AddItems lets items join and Forget lets users go; Swap
// changes dataset and models under traffic; Snapshot and Restore carry what was
// learned since the fit over a restart; All answers for everybody. Hybrids are
// models like any other: Blend (CombSUM, CombMNZ), RRF, Borda, Switch, Cascade,
// Stack for a model trained on the others, Func for a function of the host.
//
// # Guarantees
//
//   - Fitted models and datasets are immutable and safe for concurrent use.
//     Builders and Rankers are not.
//   - Equal data, options and seed give equal bytes, at any GOMAXPROCS and for
//     events in any order (on one architecture; compilers for others may fuse
//     multiply and add).
//   - Lists hold exactly min(k, eligible) distinct items, best first, equal
//     scores by ascending index. No model scores NaN.
//   - Data never panics. Bad options, events and bytes are wrapped sentinels
//     (errors.go) that name the field or row, and change nothing.
//   - Every model has a versioned, checksummed binary form: WriteModel and
//     ReadModel, or the methods of Persistent. docs/format.md describes it.
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
