// Package privacy makes what is known of customers fit to be given away: ids become
// pseudonyms, tables are generalised, totals get noise from a budget.
//
// It is for whoever hands data to an analyst, an agency or a report. Most programs need
// three names: [Pseudonyms] for ids, [Sums] for totals by customer whose
// contributions are bounded, and the [Budget] that says how much may still be told.
//
//	budget, err := privacy.NewBudget(privacy.BudgetOptions{Epsilon: 1})
//	if err != nil {
//		return err
//	}
//	buyers, err := privacy.NewSums[string](privacy.SumsOptions{Keys: regions, Max: 1})
//	if err != nil {
//		return err
//	}
//	for _, o := range orders {
//		if err := buyers.Add(o.User, o.Region, 1); err != nil {
//			return err
//		}
//	}
//	told, err := buyers.Release(budget, "buyers by region", privacy.Cost{Epsilon: .5}, nil)
//
// # Which one when
//
//   - Rows for somebody who must not know whose they are, but that they are of the same
//     customer: [Pseudonyms]. Those of a leaked key are rotated without the ids.
//   - Counts and sums: [Sums], of shards that merge. Discrete Laplace noise and a budget of ε
//     for a few totals, Gaussian noise and ρ, or ε and δ, for many.
//   - A table of rows for others: [Anonymize] by a [Hierarchy] a column, then [Assess], which says what
//     all rows of a class have in common. It protects less than noise does: who knows more
//     columns than you thought of finds people again.
//   - Places: [Places], or a [Geohash] of few characters.
//   - Records for a log or a support agent: tags on the fields and a [Redactor].
//   - Numbers of your own whose sensitivity you know: [NewLaplace] or [NewGaussian] and
//     [Budget.Release].
//
// # Guarantees
//
//   - Noise is drawn by whole numbers alone, from crypto/rand: the one exception to same
//     seed, same bytes. A release that fails tells and spends nothing.
//   - Forget: afterwards the bytes of Sums are those of a state that never saw the customer.
//   - Two customers who differ are protected, not two records: one customer is one id.
//
// # References
//
// Canonne, Kamath, Steinke (2020), The Discrete Gaussian for Differential Privacy. Bun, Steinke
// (2016), Concentrated Differential Privacy. Dwork, Roth (2014), The Algorithmic
// Foundations of Differential Privacy. Sweeney (2002), k-Anonymity. LeFevre, DeWitt, Ramakrishnan
// (2005), Incognito. Kohlmayer and others (2012), Flash.
package privacy
