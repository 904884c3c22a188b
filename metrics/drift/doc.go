// Package drift says whether a distribution or a KPI has changed.
//
// It is for whoever runs a model or a shop from day to day and wants to hear of a
// change before the report of the month. Most programs need four names: [NewBinned]
// fixes the bins by a reference, Binned.DriftFrom compares a window with it; a
// [CUSUM] watches a series, which [StandardizeRatios] makes of a KPI.
//
//	reference, err := drift.NewBinned(lastMonth, 10)
//	if err != nil {
//		return err
//	}
//	today := reference.Empty()
//	for _, x := range scores {
//		if err := today.Add(x); err != nil {
//			return err
//		}
//	}
//	d, err := today.DriftFrom(reference)
//	if err != nil {
//		return err
//	}
//	fmt.Printf("PSI %.3f, alarm %v\n", d.PSI, d.Alarm)
//
// # Which one when
//
//   - A feature or a score against a reference: [Binned]; bins of your own:
//     [BinnedByEdges]; counts you have already, or categories: [CompareCounts].
//   - Two samples as they are: [KSTest].
//   - A series, one value a window, small lasting shifts from a target: [CUSUM].
//   - Slow drifts from a target, and a smooth line to look at: [EWMA].
//   - No target known: [PageHinkley], which compares with the mean so far.
//   - KPIs of windows of unequal size: [StandardizeRatios], then one of the three.
//   - All alarms of a series: [Alarms]. How often a [Detector] cries wolf, and how fast
//     it finds a shift: [SimulateAlarms].
//
// # Guarantees
//
// [Comparison.Alarm] asks for both: a PSI above 0.1, the rule of thumb, and above what
// chance alone exceeds once in a thousand windows of these sizes. Binned merges
// exactly; detectors depend on the order of the series and do not merge. NaN is an
// error and changes nothing. None is safe for concurrent use.
//
// # References
//
// Yurdakul (2018), Statistical properties of population stability index. Page (1954),
// Continuous inspection schemes. Roberts (1959), Control chart tests based on
// geometric moving averages. Lucas, Saccucci (1990), Exponentially weighted moving
// average control schemes. Hinkley (1971), Inference about the change-point from
// cumulative sum tests.
package drift
