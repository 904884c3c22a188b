// Package tree predicts by decision trees: probabilities, amounts, counts and
// rankings from rows of numbers and categories, with values missing as they are in
// the data of shops. It is for those whose customers do not follow straight lines.
//
// [FitBoost] is enough to start: it needs no scaling, no filling of gaps and little
// tuning. One type holds every fitted model, single trees, forests, boosted trees and those
// read from other tools alike: [Ensemble]. [Ensemble.Predict] scores rows,
// [Ensemble.Margins] gives the sums before the link, [Ensemble.Leaves] the leaf of
// each tree, [Ensemble.Nodes] a tree to look at.
//
//	m, err := tree.FitBoost(ctx, rows, bought, tree.BoostOptions{
//		Names:       []string{"days since order", "channel"},
//		Categorical: []int{1},
//	})
//	if err != nil {
//		return err
//	}
//	p, err := m.Predict(nil, [][]float64{{12, 2}, {math.NaN(), 0}})
//
// # Which function when
//
//   - [FitBoost]: probabilities, means, quantiles, classes, rankings by boosted trees
//   - [FitBoostParties]: the same over parties that never share a row, each with a [BoostParty] that answers a [BoostRound]
//   - [FitCART]: one tree, to be read by people; [PruneCART]: how small it may be
//   - [FitForest]: a random forest or extremely randomised trees, with what its trees say of
//     rows that they have not seen
//   - [NewSHAP]: what each column adds to the margin of a row, and each two together;
//     [Ensemble.Importance]: what the splits of each column gained
//   - [Ensemble.First]: the trees up to the best round
//   - [Ensemble.Refit]: the same trees, the leaves taught by newer rows
//   - [Assemble]: trees that were grown elsewhere, or written by hand
//   - [ImportXGBoost], [ImportLightGBM]: models of these tools, with their own margins to the bit;
//     [ImportXGBoostLinear]: the weights of gblinear; [Ensemble.AppendLightGBM] and
//     [Ensemble.AppendXGBoost] the way out
//   - [Ensemble.Predict]: probabilities, means; [Ensemble.Margins]: sums of leaves
//   - [Ensemble.Leaves]: leaves as features of another model
//
// # Rows
//
// A row holds one float64 a column. NaN is a missing value. A category is a code,
// cut to an integer >= 0; any other value there is a category never seen. An infinity is
// beyond every threshold.
//
// # Guarantees
//
//   - A fitted model is immutable and safe for concurrent readers.
//   - A row is summed in the order of the trees, alone or among others: the same bits.
//   - Predictions append to dst and allocate nothing where it has room.
//   - The same rows in any order give the same bytes at any GOMAXPROCS, on one
//     processor architecture.
//   - Over parties, the same bytes for any split of the rows, whatever the order of merging.
//   - Models have a versioned, checksummed, canonical binary form.
package tree
