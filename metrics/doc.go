// Package metrics says how good a prediction or a campaign was, and how sure that
// is. It is for whoever has to report a number and be asked about it. What belongs to
// one subject lives in a family below it; the family answers in the words of this
// package.
//
// Five names are enough to start: [AUC] for scores, [Proportion] and
// [CompareProportions] for rates of two groups, [Effect] for every answer with an
// interval, [Table] to write it down. For ranked lists begin with package ranking, for
// experiments with package experiment.
//
//	auc, err := metrics.AUC(bought, score, nil) // did buyers get the higher scores?
//	if err != nil {
//		return err
//	}
//	var control, mailed metrics.Proportion
//	for _, u := range users {
//		if u.Mailed {
//			mailed.Add(u.Bought)
//		} else {
//			control.Add(u.Bought)
//		}
//	}
//	lift, err := metrics.CompareProportions(control, mailed, metrics.CompareOptions{Scale: metrics.ScaleRelative})
//	fmt.Printf("AUC %.2f, %v\n", auc, lift)
//
// # Which one
//
//   - Yes/no predictions: [Confusion]. Scores: [AUC], [Gini], [AveragePrecision], [KS],
//     [ROC], [Gains], [LiftAt], all exact; [ScoreHistogram] for an AUC that merges.
//     Probabilities: [LogLoss], [Brier], [BinaryLoss] with calibration; of several classes
//     [MultiLogLoss], [MultiBrier]. Censored durations: [Concordance].
//   - Numbers: [Regression]. Forecasts of series: [ScoreForecast] and [Forecasts] (MASE,
//     RMSSE, WAPE, sMAPE), [PinballLoss], [ScoreIntervals], [CRPSSamples], [CRPSQuantiles].
//   - Clusters against known classes: [Agreement]. Without: [SeparationOf].
//   - Two groups: [Proportion] and [Moments] hold them, [CompareProportions] and
//     [CompareMeans] answer with an [Effect]. Is it fair: [Fairness].
//   - What all families share: [Ratio] keeps numerator and denominator, [Distinct] and
//     [Quantiles] stand where exact sets and lists would be too large, [Table] writes
//     plain text and markdown.
//   - Ranked lists, and what is recommended rather than whether it hits: package ranking.
//   - Experiments, from drawing the arms to the answer: package experiment.
//   - No random control; whom to treat; another policy: package causal.
//   - Marketing figures, cohorts, funnels, cubes: package kpi.
//   - Which channel earned it: package attribution.
//   - Decisions by many criteria, budgets, profit: package decision.
//   - Has it changed: package drift.
//
// # Guarantees
//
// A measure without a value for the data (no clicks to divide by, one class only, no
// variance) is ErrUndefined, or NaN where a result struct says so, never a silent 0.
// What float64 cannot hold is ErrOverflow, never Inf. Input that is NaN, infinite,
// negative where it must not be or of another length is an error naming the row, and
// changes nothing.
//
// Accumulators add up over loops, goroutines and machines: Merge gives what one pass
// over all data gives, exactly for counts and money, up to rounding for sums of floats;
// for the same last digit merge in a fixed order. They have a canonical binary form;
// those with ids of the caller's type write them if they are strings, integers, booleans
// or structs of them. None is safe for concurrent use; everything else is. Money is
// int64 in minor units (cents, 分) of one currency, overflow checked. Variances are
// sample variances (ddof 1) and are never formed from Σx². A confidence level of 0 is
// 0.95.
//
// # References
//
// Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing
// sample variances, 1983. Wilson, Probable inference, 1927. Clopper and Pearson, The use
// of confidence or fiducial limits, 1934. Welch, The generalization of Student's problem,
// 1947. Hyndman and Koehler, Another look at measures of forecast accuracy, 2006. Hubert
// and Arabie, Comparing partitions, 1985.
package metrics
