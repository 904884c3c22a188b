// Package profile turns raw events, orders and refunds into clean records, and
// these into one row of numbers for each user.
//
// # The way through
//
//	rows of a source                Parser, Canonical, ParseMoney, Rates
//	→ Event, Order, Refund          Cleaner, Dedupe, FitOutliers
//	→ clean records                 Ledger: refunds matched, revenue counted once
//	→ Builder (one pass)            Table, RFM, Individual, Population
//	→ Table                         FitImputer, FitScaler
//	→ rows without gaps             packages segment and predict
//
// Every step reports what it left out and why: parsers and Cleaner count into a
// mergeable Quality, Dedupe and Ledger have reports of their own. Nothing is
// dropped in silence, nothing is guessed.
//
// # Which one when
//
//   - Read text with a Parser; it counts missing and malformed values by field.
//   - Pass what it read to a Cleaner: missing ids, incredible times, clock skew,
//     repeated events, values outside Rules, labels of mixed case and width.
//   - Repeated records of another sort go to a Dedupe with a key of your own.
//   - Orders and refunds go through a Ledger, which knows repeated orders, orders
//     split in lines, partial refunds, cancellations, and refunds that name no
//     order. Feed what Settle returns to the Builder.
//   - A Builder speaks of one moment, its AsOf. For training make one at the end
//     of the observation period; for use make one now, and ask it for the columns
//     that training had (TableOptions.Columns).
//   - Moments, GroupBy and Decayed are accumulators for features of your own.
//
// # Guarantees
//
//   - Point in time: what lies at or after the AsOf never changes a row.
//   - Merge: Builder, Dedupe, Ledger, Quality and Columns give the same result, to
//     the last bit, for any order of records and any split into shards; Moments,
//     GroupBy and Decayed up to rounding.
//   - Money is int64 in minor units of one currency, overflow is an error, mixing
//     currencies is an error: convert with clean.Rates first.
//   - Times are instants; days and windows follow the business time zone, across
//     changes of summer time.
//   - Missing is NaN in every table: see Builder.Table for the rule.
//   - Fitted values (Scaler, Imputer, Outliers, Rates) are immutable and safe for
//     concurrent use; accumulators are not. Nothing here starts goroutines, reads
//     the clock, writes or logs.
//
// # References
//
// Chan, Golub, LeVeque (1979), Updating formulae and a pairwise algorithm for
// computing sample variances. Tukey (1977), Exploratory Data Analysis (fences).
// Iglewicz, Hoaglin (1993), How to Detect and Handle Outliers (modified z-score).
// Hyndman, Fan (1996), Sample quantiles in statistical packages.
package profile
