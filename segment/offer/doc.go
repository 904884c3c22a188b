// Package offer decides what a coupon, a full reduction, points or a member day take off an
// order: for whom an offer is open, which offers go together, what the best combination is,
// what each line then costs, and what may still be spent. It is for those who run a shop's
// checkout and for those who plan its campaigns.
//
// Five names are enough to start: an [Offer] says what is given to whom, [New] makes a [Book]
// of offers, [Book.Price] prices an [Order]. A [Till] does so live, with budgets.
//
//	book, err := offer.New[string]([]offer.Offer[string]{
//		{ID: "full", Every: 30000, Off: 4000},                               // every 300 minus 40
//		{ID: "welcome", Percent: 10, Most: 2000, First: true, Group: "code"}, // 10 %, at most 20
//	}, offer.Options{Currency: "CNY"})
//	if err != nil {
//		return err
//	}
//	quote, err := book.Price(&order, nil)
//	if err != nil {
//		return err
//	}
//	for _, v := range quote.Verdicts {
//		fmt.Println(v) // "full" needs 23.00 CNY more.
//	}
//
// # Which name for what
//
//   - [Offer], [Step], [Options], [PointsOptions]: the rules, all of them plain values
//   - [Order], [Line]: what a customer buys, and what is known of the customer: segments, tier,
//     whether it is the first order, by any model of the caller's
//   - [Book.Price]: the [Quote]: each [PricedLine], and a [Verdict] in a sentence for each offer
//   - [Book.Hints]: "23.00 more to save 40.00"; [Quote.Return]: what goes back with some units
//   - [Ledger], [Redemption]: who used what, codes, points that expire; merges, has a binary form
//   - [Till]: reserve, commit, release: no budget or limit is exceeded, whatever runs at once
//   - [Response.Expect]: expected cost and margin effect of an offer to one customer
//   - [Book.Propose], [Candidates]: rows for an assignment by uplift times margin under a budget;
//     [Book.Settle]: priority and exclusion between campaigns; [Book.HeldOut]: who is left out
//
// # Guarantees
//
//   - Money is whole minor units of one currency. Lines add up to their order, no line falls
//     below zero, sums are checked, and nothing depends on how lines are ordered.
//   - The combination is the best there is where Quote.Exact says so; else Quote.Bound says how
//     much better one could be.
//   - A hold-out is a keyed lot: the same customers in every process.
//   - The same redemptions, in any order and over any shards, give a ledger of the same bytes.
//
// # References
//
// Balinski, Young, Fair Representation, 1982 (largest remainders, Hamilton's method). Land,
// Doig, An automatic method of solving discrete programming problems, 1960 (branch and bound).
// The stacking rules, thresholds on what is left after earlier discounts and refunds by shares
// of the lines, are those of large shops (full reduction, 满减, and its 分摊 to lines).
package offer
