// Package lifetime says which customers are still customers, how often they will buy, and what
// that is worth. It is for those who know who ordered when, and nobody who left said so.
//
// Four names are enough to start ([Orders] makes customers of orders): [Summary] counts customers by what matters of their orders,
// [FitBGNBD] learns from it how customers buy and how they are lost, [Model.Alive] says whether
// one still is a customer, [Model.Expected] how often he will buy.
//
//	var s lifetime.Summary[lifetime.Weeks]
//	for _, c := range customers { // c is a lifetime.Customer[lifetime.Weeks]
//		if err := s.Add(c); err != nil {
//			return err
//		}
//	}
//	m, err := lifetime.FitBGNBD(ctx, &s, lifetime.FitOptions{})
//	if err != nil {
//		return err
//	}
//	for _, c := range customers {
//		alive, _ := m.Alive(c)
//		orders, _ := m.Expected(c, 26) // in half a year
//		fmt.Printf("alive: %.0f %%, orders to come: %.2f\n", 100*alive, orders)
//	}
//
// # Which model when
//
//   - [FitBGNBD]: customers who may leave after any repeat purchase, in silence
//   - [FitMBGNBD]: the same, where many never come back after their first purchase
//   - [FitParetoNBD]: customers who may leave at any time; slower
//   - [FitBGBB]: what can be bought once a period, a year's donation, an issue
//   - [FitCovariates]: the first three, where customers differ by what is known of them
//   - [FitGammaGamma]: what an order of theirs is worth, given what they paid so far
//   - [CLV], [CLVIntervals]: what a customer will bring; [WinBack]: whom to contact, and why
//   - [FitSBG]: contracts, where it is known who left; retention and residual lifetime
//   - [Survival]: how long until something happens that for many has not yet; [FitCox], by
//     periods [FitHazard]: what makes it sooner
//
// # Guarantees
//
//   - The unit of time is part of the type: weeks given to a model of days do not compile, and
//     a frame of another unit is refused.
//   - AgeAtLast is how old a relation was at the last purchase. What RFM calls recency, the time
//     since then, is Age − AgeAtLast and has no field, so that nobody takes one for the other.
//   - Any order and any split of the customers gives the same fit, byte for byte: the sums
//     behind it are exact. [FitOptions.Rounds] fits over machines that keep their customers.
//   - No number underflows for customers with a hundred thousand orders, nor for any unit.
//   - Fitted models are immutable and safe for concurrent readers; accumulators are not, they
//     have Merge. All have a versioned, checksummed binary form.
//
// # References
//
// Fader, Hardie, Lee: "Counting your customers" the easy way, Marketing Science 24, 2005.
// Schmittlein, Morrison, Colombo: Counting your customers, Management Science 33, 1987. Fader,
// Hardie, Lee: RFM and CLV, J. of Marketing Research 42, 2005 (Gamma-Gamma). Fader, Hardie: How to
// project customer retention, J. of Interactive Marketing 21, 2007, and Customer-base valuation in a contractual setting, 2010 (sBG).
// Batislam, Denizel, Filiztekin, Int. J. of Research in Marketing 24, 2007; Wagner, Hoppe, 2008.
package lifetime
