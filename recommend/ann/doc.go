// Package ann finds the nearest of very many vectors without looking at all of
// them: approximate nearest neighbours, for catalogues too large for exact scoring.
//
// # When
//
// Below some 50,000 items a recommend.Ranker is as fast and misses nothing; where
// vectors differ in length, as those of fitted factors do, it is fast with a million
// (docs/serving.md has the numbers). The index is for vectors of nearly equal
// length, such as embeddings of texts and images, and for a catalogue that changes
// while it is asked.
//
// # Which type
//
//   - HNSW is the index: a hierarchical navigable small world graph. FitHNSW builds
//     it over the vectors of a model (recommend.ItemVectors: ALS, BPR, …) or of your
//     own (recommend.RowVectors); Add and Remove change it in place.
//   - HNSWOptions trade memory and build time for recall.
//   - Metric says what a good answer is: InnerProduct for factors of users and items,
//     Cosine for embeddings, Euclidean for distances.
//
// # In short
//
//	x, err := ann.FitHNSW(ctx, als, ann.HNSWOptions{})
//	top, err := x.AppendTop(nil, als.UserVector(user), 10, 0, recommend.Filter{Allow: inStock})
//
// The width of the search decides what it misses: measure recall against exact
// answers on your own vectors, and widen it until that is enough.
//
// # Guarantees
//
//   - Scores are exact, best first, equal ones by ascending item; exactly min(k,
//     eligible) items come back. That no better item was missed is likely only.
//   - Equal vectors, options and seed give equal bytes at any GOMAXPROCS (on one
//     architecture).
//   - AppendTop may run on many goroutines at once and allocates nothing in steady
//     state; guard it against Add, Remove and UnmarshalBinary with a sync.RWMutex.
//   - The index has a versioned, checksummed binary form.
//   - Data never panics: what is wrong is a sentinel (errors.go).
//
// # References
//
//   - Malkov, Yashunin: Efficient and robust approximate nearest neighbor search
//     using hierarchical navigable small world graphs. TPAMI 2020.
//   - Bachrach et al.: Speeding up the Xbox recommender system using a Euclidean
//     transformation for inner-product spaces. RecSys 2014.
//   - Morozov, Babenko: Non-metric similarity graphs for maximum inner product search.
//     NeurIPS 2018.
//   - Singh, Subramanya, Krishnaswamy, Simhadri: FreshDiskANN: a fast and accurate
//     graph-based ANN index for streaming similarity search. 2021.
package ann
