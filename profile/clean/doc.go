// Package clean turns the rows of a source into records that can be trusted.
//
// It is for whoever imports orders and events. Most programs need four names: a
// [Parser] that reads text, a [Cleaner] that judges records, a [Ledger] that matches
// refunds to orders, and the [Quality] that says what was left out and why. What
// they return is for the Builder of package profile.
//
//	cleaner, err := clean.NewCleaner[string, string](clean.CleanerOptions[string]{AsOf: asOf})
//	if err != nil {
//		return err
//	}
//	var ledger clean.Ledger[string, string]
//	for row := range orders {
//		if cleaner.Order(int64(row), &orders[row]) == clean.Kept {
//			if _, err := ledger.AddOrder(&orders[row]); err != nil {
//				return err
//			}
//		}
//	}
//	settled, err := ledger.Settle(asOf)
//	if err != nil {
//		return err
//	}
//	fmt.Println(len(settled.Orders), cleaner.Quality().Result())
//
// # Which one when
//
//   - Text of a source: [Parser], which counts missing and malformed values by field;
//     single amounts [ParseMoney], labels [Canonical] and [FoldWidth], kinds of events
//     [ParseKind].
//   - Records that were read: [Cleaner]. Missing ids, incredible times, clock skew,
//     repeated events, values outside a [Rule], labels of mixed case and width.
//   - Repeated records of another sort: [Dedupe], with a key of your own.
//   - Orders and refunds: [Ledger]. Repeated orders, orders split in lines, partial
//     refunds, cancellations, refunds that name no order. Feed what Settle returns to
//     profile.Builder.
//   - Values beyond belief: [FitOutliers] from a sample, [NewBounds] from what you know.
//   - Several currencies: [Rates], before anything is added up.
//   - What was left out: [Quality], of shards too.
//   - Whether a table is as it was: [Monitor], against a stored reference.
//
// # Guarantees
//
//   - Nothing is dropped in silence, nothing is guessed: every step reports.
//   - Merge: Dedupe, Ledger and Quality give the same result for any order of records
//     and any split into shards, and can be stored and sent.
//   - Money is int64 in minor units; overflow and mixed currencies are errors.
//   - Outliers and Rates are immutable and safe for concurrent use; the others are not.
//
// # References
//
// Tukey (1977), Exploratory Data Analysis (fences). Iglewicz, Hoaglin (1993), How to
// Detect and Handle Outliers (modified z-score). Hyndman, Fan (1996), Sample quantiles
// in statistical packages.
package clean
