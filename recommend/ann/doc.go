// Package ann finds the nearest of very many vectors without looking at all of
// them: approximate nearest neighbours. It is for catalogues too large for exact
// scoring, and for those that change while they are asked.
//
// Three names are enough to start: [FitHNSW] builds an index over the vectors of a
// model or of your own, [HNSW.AppendTop] answers, [HNSWOptions] trade memory and build
// time for recall.
//
//	x, err := ann.FitHNSW(ctx, als, ann.HNSWOptions{})
//	if err != nil {
//		return err
//	}
//	top, err := x.AppendTop(nil, als.UserVector(user), 10, 0, recommend.Filter{Allow: inStock})
//	if err != nil {
//		return err
//	}
//	for _, t := range top {
//		fmt.Println(t.Item, t.Score)
//	}
//
// Below some 50,000 items a recommend.Ranker is as fast and misses nothing; where
// vectors differ in length, as those of fitted factors do, it is fast with a million
// (docs/serving.md has the numbers). The index is for vectors of nearly equal
// length, such as embeddings of texts and images, and for a catalogue that changes
// while it is asked.
//
// # Which metric and setting when
//
//   - [InnerProduct]: factors of users and items, as of recommend.ALS or BPR, with
//     their biases
//   - [Cosine]: embeddings, where only the direction counts
//   - [Euclidean]: positions, where the distance counts. Tight clusters far from the
//     origin, mixed scales and wild coordinates are held apart as float32 holds them
//   - HNSWOptions.Links: more of them for better recall at more memory, before anything
//     else; HNSWOptions.Build for better links at more build time
//   - the width ef of [HNSW.AppendTop] for one search: it decides what is missed.
//     Measure recall against exact answers on your own vectors, and widen it until that
//     is enough
//   - [HNSW.Add], [HNSW.Remove]: items that come and go, without a rebuild
//
// # Guarantees
//
//   - Scores are exact (of Cosine and Euclidean the float32 nearest to the true one; inner products
//     are sums in float32), best first, equal ones by ascending item; exactly min(k,
//     eligible) items come back. That no better item was missed is likely only.
//   - Equal vectors, options and seed give equal bytes at any GOMAXPROCS (on one
//     architecture).
//   - AppendTop may run on many goroutines at once and allocates nothing in steady
//     state; guard it against Add, Remove and UnmarshalBinary with a sync.RWMutex.
//   - The index has a versioned, checksummed binary form.
//   - Any finite vector does for Cosine; the others take squared lengths up to 8.5e37, a
//     quarter of what float32 holds: lengths to 9.2e18.
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
