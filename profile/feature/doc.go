// Package feature makes of a table with gaps and unlike scales the rows that models
// take.
//
// It is for whoever trains on a profile.Table, or on rows of any other origin. Two
// names are enough to start: [FitImputer] fills gaps, [FitScaler] makes columns
// comparable. Both are fitted on training rows only, and then transform the rows of
// any later day in the same way.
//
//	fill, err := feature.FitImputer(ctx, train, feature.ImputerOptions{Method: feature.Median})
//	if err != nil {
//		return err
//	}
//	full, err := fill.Transform(nil, train, nil)
//	if err != nil {
//		return err
//	}
//	scale, err := feature.FitScaler(ctx, full, feature.ScalerOptions{Method: feature.ZScale})
//	if err != nil {
//		return err
//	}
//	rows, err := scale.Transform(nil, full) // for segment and predict
//
// # Which one when
//
//   - Gaps: [FitImputer]. Mean and Median for columns without order in time; GroupMean,
//     GroupMedian and GroupMode where groups differ, as regions do; LastObservation for rows of one user over
//     time; Constant where missing means something. ImputerOptions.Indicators keeps
//     that a value was missing. [FitNeighbors] and [FitModelImputer] look at other columns.
//   - Scales: [FitScaler]. ZScale for linear models and k-means; MinMax where a range is
//     needed; Robust where few values are extreme; MaxAbs where 0 must stay 0; Log1p for
//     money and counts, before another; YeoJohnson, BoxCox and QuantileNormal for shapes.
//   - Categories: [FitEncoder]. OneHot for few levels; Ordinal for trees; Hashing where
//     levels never end; TargetMean and LevelCount for many, training rows of TargetMean by
//     [EncodeOutOfFold], so that no row sees its own target.
//   - Bins: [FitBins]. EqualWidth, EqualCount; TreeBins by class; Monotone, the optimum,
//     for scorecards, with the weights of [Evidence]. [Association] of any table.
//   - Which columns: [Relevances] measures, [FitSelector] keeps, without copies and leaks.
//     [Screen] tests columns against classes in shards, in one pass over many rows.
//   - Fewer: [FitPCA], [Covariance] of shards, [NewRandomProjection]. More: [NewCrosses].
//   - All of it at once, stored as one: [FitPipeline], within each fold of a validation.
//   - What is in a column, in shards too: [Columns], from which Columns.Scaler fits
//     without the rows.
//
// # Guarantees
//
//   - The same rows in any order, and in merged shards, give the same bits; sums and squares
//     of Covariance and Screen agree up to rounding.
//   - NaN is missing, an infinity is an error, what float64 cannot hold is ErrOverflow.
//   - What is fitted is immutable and safe for concurrent use; accumulators are not. All but
//     ModelImputer can be stored and sent.
//
// # References
//
// Hyndman, Fan (1996), Sample quantiles in statistical packages (type 7).
package feature
