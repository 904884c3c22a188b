// Package profile holds what a shop knows of its users: records of what they did and
// bought, and one row of numbers for each of them as of any moment.
//
// It is for whoever prepares data for segments, predictions and reports. Most
// programs need six names: [Event], [Order] and [Refund], a [Builder] that takes them,
// its [Table], and [Builder.RFM]. Raw rows first go through package profile/clean;
// package profile/feature makes rows without gaps of a Table.
//
//	b, err := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: asOf})
//	if err != nil {
//		return err
//	}
//	for i := range orders {
//		if err := b.AddOrder(&orders[i]); err != nil {
//			return err
//		}
//	}
//	table, err := b.Table(profile.TableOptions{Columns: []string{"recency_days", "orders_30d", "net"}})
//	if err != nil {
//		return err
//	}
//	fmt.Println(table.IDs, table.Rows) // one row for each user, ids ascending
//
// # Which one when
//
//   - One row of numbers for each user: [Builder.Table]. What lies at or after
//     BuilderOptions.AsOf never enters. For training make a Builder at the end of the
//     observation period; for use make one now, and ask it for the columns that
//     training had (TableOptions.Columns).
//   - Recency, frequency and money of buyers: [Builder.RFM].
//   - One user's page, or all users as one: [Builder.Individual], [Builder.Population].
//   - More about each user: BuilderOptions.Features, with the built-in [Features], [NewAffinity],
//     [NewEmbedding] (of several vectors of one thing: [Fuse]), [NewNeighbors] and [NewGeo], and
//     those of your own, which [CheckFeature] tests. What every Builder knows is kept inline, for
//     speed; the feature "base" and NewAffinity are the same columns as Features, equal to the bit.
//   - Many shards: one Builder each, then Builder.Merge; a Builder can be stored and
//     sent (MarshalBinary). Day after day: BuilderOptions.Rolling, [Builder.Advance].
//   - Deletion of a customer: [Builder.Forget]; in package profile/clean Ledger.Forget, Dedupe.Forget and
//     Cleaner.Forget; in profile/identity Graph.Forget and Traffic.Forget; in profile/privacy
//     Sums.Forget. After it the bytes are those of a state that never saw him, but for Late and
//     Currency of a Builder, which name nobody. What was made before has to be made again: tables,
//     RFM rows, models fitted on them, and the states that know no ids and so cannot forget one:
//     Moments, GroupBy, Decayed, Columns, Covariance, Screen, Outliers, imputers, scalers, Quality, Monitor.
//   - Count, mean, spread of one column, by group: [Moments], [GroupBy].
//   - A sum of your own in which the past fades: [Decayed].
//   - Amounts: [Money]; what a minor unit is: [MinorDigits].
//   - Text, repeated rows, refunds, outliers, currencies: package profile/clean.
//   - Gaps, scales, a description of each column: package profile/feature.
//
// # Guarantees
//
//   - Point in time: what lies at or after AsOf never changes a row.
//   - Merge: a Builder gives the same result, to the last bit, for any order of
//     records and any split into shards; Moments, GroupBy and Decayed up to rounding.
//   - Money is int64 in minor units of one currency, overflow is an error, mixing
//     currencies is an error: convert with clean.Rates first.
//   - Times are instants; ages in days and windows follow the clock of the business time
//     zone, across changes of summer time.
//   - Errors do not print ids of customers or raw values: see [FieldError].
//   - Missing is NaN in every table: see Builder.Table for the rule. What float64
//     cannot hold is ErrOverflow.
//   - Accumulators are not safe for concurrent use. Nothing here starts goroutines,
//     reads the clock, writes or logs.
//
// # References
//
// Chan, Golub, LeVeque (1979), Updating formulae and a pairwise algorithm for
// computing sample variances.
package profile
