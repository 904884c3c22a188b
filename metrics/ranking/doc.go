// Package ranking says how good ranked lists are: recommendations, search results,
// any items in an order, against what turned out to be relevant.
//
// It is for whoever compares recommenders. Most programs need four names: a preset
// such as [LightGCN] states the conventions, [New] makes a [Tally] over any ids,
// Tally.AddSet takes one user, Tally.Result answers at every cut-off.
//
//	tally, err := ranking.New[string](ranking.LightGCN(10, 20))
//	if err != nil {
//		return err
//	}
//	for _, u := range users {
//		if err := tally.AddSet(recommend(u), heldOut[u]); err != nil {
//			return err
//		}
//	}
//	result, err := tally.Result()
//	if err != nil {
//		return err
//	}
//	return result.Table().WriteText(os.Stdout)
//
// # Which one when
//
//   - Means over users, any ids: [Tally]; int32 indices, without allocation: [Dense].
//   - Numbers to set beside a published table: the preset of its source. [TREC] for
//     trec_eval and ranx, [Liang2018] for EASE and iALS, [LightGCN] for LightGCN and
//     BARS, [NCF] for one item among sampled others, [LensKit]; else [Options] in full.
//   - One list: [NDCGAt], [RecallAt], [PrecisionAt], [HitAt], [AveragePrecisionAt],
//     [ReciprocalRankAt], [RBPAt], [AUCAt], [RPrecisionOf].
//   - Scores with ties instead of an order: [NDCGOfScores].
//   - Which of two models is better: Tally.PerUser or Tally.Moments of a [Measure], then
//     package metrics/experiment or metrics.CompareMeans.
//   - What is recommended, hit or not: [Beyond] (coverage, Gini, novelty, long tail,
//     serendipity, personalisation); of one list [EPCAt], [IntraListDiversity],
//     [CalibrationKL]; against another list [ListOverlap].
//   - Whether groups of items are shown as they deserve: [Exposure].
//
// # Guarantees
//
// Users without a relevant item are left out and counted; without any user that has
// one the answer is [ErrUndefined]. An item twice in a list, NaN and indices beyond
// the items are errors and change nothing. States of shards Merge, exactly for counts,
// up to rounding for means. They are not safe for concurrent use: one each goroutine,
// merged in a fixed order.
//
// # References
//
// Järvelin, Kekäläinen (2002), Cumulated gain-based evaluation of IR techniques.
// Moffat, Zobel (2008), Rank-biased precision. McSherry, Najork (2008), Computing
// information retrieval performance measures efficiently in the presence of tied
// scores. Krichene, Rendle (2020), On sampled metrics for item recommendation. Steck
// (2018), Calibrated recommendations. Zhu, Wang, Caverlee (2020), Measuring and
// mitigating item under-recommendation bias.
package ranking
