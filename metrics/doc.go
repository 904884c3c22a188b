// Package metrics says how good a recommendation, a prediction, a campaign or a
// shop was, and how sure that is.
//
// # Which one
//
//   - Ranked lists against held-out items: Ranking (any ids) or DenseRanking
//     (int32 indices, fast), at several cut-offs in one pass. Published tables
//     differ in their conventions; the presets TREC, Liang2018, LightGCN, NCF
//     and LensKit reproduce those of their source. One list: NDCGAt, RecallAt, ….
//   - What is recommended rather than whether it hits: Beyond (coverage, Gini,
//     entropy, novelty, popularity, long tail, serendipity, personalisation),
//     IntraListDiversity, CalibrationKL.
//   - Yes/no predictions: Confusion. Scores: AUC, AveragePrecision, KS, ROC,
//     Gains, LiftAt, all exact; ScoreHistogram for an AUC that merges.
//     Probabilities: LogLoss, Brier, and BinaryLoss with calibration.
//   - Numbers and forecasts: Regression; NaiveScale for MASE and RMSSE.
//   - Marketing KPIs: Counts and Customers, each KPI a Ratio that keeps its
//     numerator and denominator. Retention, Growth.
//   - Experiments: Proportion and Moments hold an arm; CompareProportions and
//     CompareMeans answer with an Effect that names its scale; SampleRatio
//     checks the split before anything else is believed.
//   - Table writes results as plain text or markdown.
//
// # Guarantees
//
// A measure without a value for the data (no clicks to divide by, one class
// only, no variance) is ErrUndefined, or NaN where a result struct says so,
// never a silent 0. Input that is NaN, infinite, negative where it must not be
// or of another length is an error naming the row, and changes nothing.
//
// Accumulators add up over loops, goroutines and machines: Merge gives what one
// pass over all data gives, exactly for counts and money, up to rounding for
// sums of floats; for the same last digit merge in a fixed order. They have a
// canonical binary form, except Beyond and Customers, which hold ids of the
// caller's type. None is safe for concurrent use; everything else is.
// Money is int64 in minor units (cents, 分) of one currency, overflow checked.
// Variances are sample variances (ddof 1) and are never formed from Σx².
package metrics
