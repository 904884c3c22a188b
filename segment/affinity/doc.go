// Package affinity says which groups of customers buy which categories more, or less, than
// customers do otherwise, and where that is money left lying. It is for those who choose what
// to offer to whom: the lift table shows what a segment is drawn to, white spots what it could
// buy and does not.
//
// Three names are enough to start: [Lifts] counts, [Lifts.Result] tells, [Result.WhiteSpots]
// picks what is missing.
//
//	var a affinity.Lifts
//	for _, c := range customers {
//		if err := a.Add(c.Segment, c.Spent); err != nil { // money by category
//			return err
//		}
//	}
//	table, err := a.Result(ctx, affinity.Options{})
//	if err != nil {
//		return err
//	}
//	for _, w := range table.WhiteSpots() {
//		fmt.Println(w.Segment, w.Category, w.Lift, w.High, w.AtStake)
//	}
//
// # Which function when
//
//   - [Lifts.Add]: one customer, of one segment, with what he spent on each category
//   - [Lifts.Merge]: shards, months, shops
//   - [Lifts.Result]: the whole table, with intervals and tests corrected for its many cells
//   - [Result.WhiteSpots]: cells well below what was to be expected, by the money at stake
//
// Segments part the customers: each is in one. For audiences that overlap make a table each,
// "in it" and "others".
//
// # Guarantees
//
//   - A cell is told with its interval at one level for all cells together, and with a
//     p-value adjusted for all: the largest of a thousand lifts of chance is not news.
//   - Cells are taken into the tests by what was to be expected of them, never by what was
//     found, so that a cell without any buyer is a finding and not a gap.
//   - Nothing is told about fewer than MinAudience customers, nor can it be found out by
//     subtraction.
//   - States merge exactly and in any order, and have a binary form; the same counts give
//     the same table.
//
// # References
//
// Koopman, Confidence intervals for the ratio of two binomial proportions, 1984. Fisher's
// exact test, two-sided by probability. Benjamini, Hochberg, 1995. Bonferroni.
package affinity
