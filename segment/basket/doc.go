// Package basket finds what goes together: items bought in one basket, pages seen in one
// session, attributes of one profile, and what customers do one after the other. It is for
// those who place, bundle and recommend, and who must know which of the rules found are
// more than chance.
//
// Five names are enough to start: [Baskets] collects, [Mine] finds the frequent [Sets],
// [Sets.Rules] the [Rules] in them.
//
//	var b basket.Baskets[string]
//	for _, order := range orders {
//		if err := b.Add(order); err != nil {
//			return err
//		}
//	}
//	sets, err := basket.Mine(ctx, &b, basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 1000}})
//	if err != nil {
//		return err
//	}
//	rules, err := sets.Rules(ctx, basket.RuleOptions{FDR: .05, NonRedundant: true})
//	if err != nil {
//		return err
//	}
//	for r := range rules.All() {
//		fmt.Println(r.Antecedent, "→", r.Consequent, r.Confidence, r.Lift, r.Q)
//	}
//
// # Which function when
//
//   - [Mine]: all frequent sets, closed or maximal ones, or the most frequent so many
//   - [MineTaxonomy]: items and their categories together
//   - [Sets.Rules]: rules with every measure, a p-value, and one adjusted for all
//     candidates; RuleOptions.FDR keeps those that are more than chance
//   - [Rules.Suggest]: what to put beside an item or into a basket, as a source of
//     recommendations
//   - [MeasureRule]: the measures of one rule, from four counts
//   - [TwoPass]: shards whose baskets never come together, in two passes, exactly
//   - [Journeys], [MineSequences]: what comes after what, with bounds on gaps and time
//   - [FractionOf]: a decimal fraction as an exact [Fraction]
//
// Attributes of profiles are items too: "region=north" beside "tea"; what cannot stand
// together is then simply never frequent.
//
// # Guarantees
//
//   - Supports and confidences are compared in whole numbers.
//   - The same baskets give the same bytes, in whatever order they came, at any GOMAXPROCS.
//   - Memory stays below MaxMemory and MaxSets, or the call fails before it passes them; see
//     MaxMemory for what it does not count.
//   - Stores and passes merge, and have a binary form; after an error nothing is changed.
//   - Baskets have no owner. Forget removes one that the caller names by what is in it.
//
// # References
//
// Agrawal, Srikant, Fast algorithms for mining association rules, 1994. Han, Pei, Yin,
// Mining frequent patterns without candidate generation, 2000. Zaki, Scalable algorithms
// for association mining, 2000. Pei et al., PrefixSpan, 2001. Srikant, Agrawal, Mining
// generalized association rules, 1995. Savasere, Omiecinski, Navathe, 1995. Webb,
// Discovering significant patterns, 2007. Benjamini, Hochberg, 1995.
package basket
