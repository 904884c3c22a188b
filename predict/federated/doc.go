// Package federated fits models over parties that never share a row: shops of one group, a
// brand and its dealers, the shards of a cluster. It is for those who may add up, and not look.
//
// Three names are enough to start: each party fills a [Round] with what its rows say of the coefficients
// it was sent, [FitLogistic] merges them and moves on, [Masks] hide the numbers of each party in their sum.
//
//	ask := func(ctx context.Context, at *federated.Round) (*federated.Round, error) {
//		for _, p := range parties { // over the wire, by MarshalBinary
//			r, err := p.answer(at) // Round.Empty, then Round.Add for each of its rows
//			if err != nil {
//				return nil, err
//			}
//			if err := at.Merge(r); err != nil {
//				return nil, err
//			}
//		}
//		return at, nil
//	}
//	m, err := federated.FitLogistic(ctx, []string{"visits", "age"}, ask, federated.Options{})
//
// # Which function when
//
//   - [FitLogistic], [FitPoisson], [FitLinear]: yes or no, counts, amounts, by [Round]; one pass over the rows of each party a round
//   - [Bayes]: naive Bayes, in one pass
//   - [Average]: any model with coefficients that parties train on their own (FedAvg); approximate
//   - [Masks], [SumWords]: the same sums with the numbers of no party in sight
//   - predict/tree.FitBoostParties: boosted trees, by sums of gradients in bins whose Words [Masks] hide
//   - predict.Gram, predict.IsotonicBuckets and the accumulators of other packages merge as they are
//
// # Guarantees
//
//   - Sums are of integers of 128 bits in units of 2⁻⁴⁸: on one architecture any split of the rows into parties, any order of rows and parties and one party
//     that has all rows give the same bytes. What a row adds is rounded to the unit: columns should be of a size about 1.
//   - A masked number is uniform whatever it hides, and the sum of all is that of the numbers. What the sums themselves tell of a party with few
//     rows is not hidden: ask for a least number of rows.
//   - Input is checked as in package predict, and after an error nothing is half-changed.
//
// # References
//
// McMahan et al., AISTATS 2017 (FedAvg). Bonawitz et al., CCS 2017 (pairwise masks; without its second mask, see [Masks.Pair]).
package federated
