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
//     IntraListDiversity, CalibrationKL, EPCAt; ListOverlap with another list.
//   - Yes/no predictions: Confusion. Scores: AUC, Gini, AveragePrecision, KS, ROC,
//     Gains, LiftAt, all exact; ScoreHistogram for an AUC that merges.
//     Probabilities: LogLoss, Brier, and BinaryLoss with calibration.
//   - Numbers: Regression. Forecasts of series: ScoreForecast and Forecasts
//     (MASE, RMSSE, WAPE, sMAPE), PinballLoss, ScoreIntervals.
//   - Clusters against known classes: Agreement. Without: SeparationOf.
//   - Marketing KPIs: Counts and Customers, each KPI a Ratio that keeps its
//     numerator and denominator; Engagement for content and social media;
//     FitRatePrior for rates over few trials. By day, channel, category: one of
//     them in every cell of a Cube.
//   - Users over time: Activity (cohorts and their retention, active users,
//     stickiness, churn) in days, weeks or months of a Calendar; Funnel and
//     FunnelBuilder for ordered steps; Distinct and Quantiles where exact sets
//     and lists would be too large.
//   - Channels: Attribution by rules, Markov chain or Shapley value; Mix sets
//     credit against cost.
//   - Money: IncrementalOf, BreakEvenRate, AllocateBudget, AllocateUnits, and
//     Choose for the best strategy when none is certain.
//   - Decisions by many criteria: weights by AnalyticHierarchy, EntropyWeights
//     or CRITIC; ranks by TOPSIS, GreyRelation or FuzzyEvaluate. GreyDrivers
//     says which factor moves with an effect.
//   - Has it changed: Binned against a reference (PSI and more), CUSUM, EWMA and
//     PageHinkley over a series, with SimulateAlarms for their false alarms.
//   - Experiments, from raw events: Assigner draws the arms, Experiment joins
//     users, arms and outcomes, excludes users of two arms, checks the split and
//     corrects for the number of questions; ResultBy goes by segment.
//   - Experiments, by hand: Proportion, Moments, RatioMoments, CUPED, CUPEDRatio
//     and Clusters hold an arm; CompareProportions, CompareMeans, CompareRatios,
//     CompareCUPED, CompareCUPEDRatios, CompareClusters and CompareWinsorized
//     answer with an Effect that names its scale. SampleRatio checks the split
//     before anything else is believed; AdjustPValues corrects.
//   - How long to run: SampleSizeProportions, SampleSizeMeans and their inverses,
//     SampleSizeLehr for a first guess.
//     To look before the end: AlwaysValid at any time, GroupSequential at a few
//     planned looks. Without p-values: BayesProportions, BayesEffect.
//   - No random control: DiffInDiff, InterruptedSeries, Counterfactual;
//     Decompose shares a change of revenue among its factors.
//   - Whom to treat: Uplift (Qini), UpliftAt, UpliftBuckets, UpliftIntervals,
//     UpliftHistogram; QiniCausalML for numbers to set beside that package. What another policy would have earned: OffPolicy.
//   - Which model is better: ComparePaired and CompareModels over per-user
//     values, DetectableDifference. Is it fair: Fairness for people, Exposure
//     for items.
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
// canonical binary form; those with ids of the caller's type write them if they
// are strings, integers, booleans or structs of them. None is safe for concurrent use; everything else is.
// Money is int64 in minor units (cents, 分) of one currency, overflow checked.
// Variances are sample variances (ddof 1) and are never formed from Σx².
package metrics
