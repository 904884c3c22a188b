// Package decision turns what was measured into what to do: rank alternatives by
// several criteria, pick a strategy when none is certain, share out a budget, and say
// what a campaign brought.
//
// It is for whoever must recommend one supplier, one campaign or one split of money
// and show why. Most programs need four names: [TOPSIS] ranks by criteria, [Choose]
// picks under uncertainty, [AllocateBudget] splits money, [IncrementalOf] judges a
// campaign.
//
//	offers := [][]float64{{250, 16, 12}, {200, 16, 8}, {300, 32, 16}} // one row each
//	costs := []bool{false, false, true}                              // delivery days: less is better
//	weights, err := decision.EntropyWeights(offers, costs, decision.EntropyMinMax)
//	if err != nil {
//		return err
//	}
//	closeness, err := decision.TOPSIS(offers, weights, costs)
//	if err != nil {
//		return err
//	}
//	fmt.Printf("%.3f\n", closeness) // 1 is best
//
// # Which one when
//
//   - Weights from people: [AnalyticHierarchy]; from the data: [EntropyWeights] where
//     criteria that tell alternatives apart shall weigh, [CRITIC] where those that say
//     the same as others shall not. Both: [CombineWeights], [MultiplyWeights].
//   - Ranks: [TOPSIS] by distance from the best and the worst, [GreyRelation] for few
//     rows, [FuzzyEvaluate] for shares of good, fair and poor.
//   - Which factor moves with an effect: [GreyDrivers].
//   - Strategies with a result of a test each: [BeliefInRate], [BeliefInMean], [Choose].
//   - Money over channels with concave returns: [AllocateBudget] over [HillCurve],
//     [ExponentialCurve], [PowerCurve] or any [ResponseCurve]; whole units, returns of
//     any shape: [AllocateUnits].
//   - Is a contact worth it: [BreakEvenRate], [IncrementalProfit]. What a campaign
//     brought, against its cost: [IncrementalOf].
//
// # Guarantees
//
// Weights may have any scale: they are divided by their sum, and each function says
// so. Where nothing tells the alternatives apart the answer is [ErrUndefined], never
// equal ranks. Choose draws by seed: the same result at any GOMAXPROCS. Everything is
// safe for concurrent use.
//
// # References
//
// Saaty (1980), The analytic hierarchy process. Diakoulaki, Mavrotas, Papayannakis
// (1995), Determining objective weights in multiple criteria problems: the CRITIC
// method. Hwang, Yoon (1981), Multiple attribute decision making. Deng (1982), Control
// problems of grey systems.
package decision
