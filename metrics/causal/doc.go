// Package causal estimates what a campaign, a price or a policy did where nobody
// drew a random control for the question, and whom to treat next where somebody did.
// It is for those who must answer afterwards. Where a control can still be drawn,
// draw one: see package experiment.
//
// Three names are enough to start: [DiffInDiff] compares regions before and after,
// [Uplift] judges a ranking of customers by treatment effect, [OffPolicy] says what
// another policy would have earned from the logs of this one.
//
//	var d causal.DiffInDiff[string]
//	for _, w := range weeks { // one record per region and week
//		if err := d.Add(w.Region, w.Treated, w.After, w.Revenue); err != nil {
//			return err
//		}
//	}
//	effect, err := d.Result(metrics.CompareOptions{Scale: metrics.ScaleRelative})
//	if err != nil {
//		return err
//	}
//	fmt.Println(effect) // the estimate, its interval and p-value, and what to beware of
//
// # Which one
//
//   - Some units treated, others not, both seen before and after: [DiffInDiff].
//   - One series, everybody treated from a day on: [InterruptedSeries].
//   - A forecast of what would have been: [Counterfactual].
//   - Whom to treat, from a randomised pilot: [Uplift] draws the Qini and uplift
//     curves of a score, [UpliftAt] is the effect among the best, [UpliftBuckets] by
//     tenths, [UpliftIntervals] how sure the area is; [UpliftHistogram] does it for more
//     rows than fit in memory. [UpliftCurves.QiniCausalML] is for numbers to set beside
//     that package.
//   - What a new policy would have earned: [OffPolicy], from logged actions with their
//     propensities.
//
// # Guarantees
//
//   - Effects are [metrics.Effect], which names its scale and its method and warns.
//   - What has no value is ErrUndefined, never a silent 0.
//   - Each estimator says under which assumption it answers; none can test it.
//   - Accumulators merge: shards in any order give what one pass gives, up to rounding.
//     They have a canonical binary form. None is safe for concurrent use; everything
//     else is.
//   - Same seed, same result, at any number of workers.
//
// # References
//
// Bertrand, Duflo and Mullainathan, How much should we trust differences-in-differences
// estimates?, 2004. Bell and McCaffrey, Bias reduction in standard errors for linear
// regression with multi-stage samples, 2002. Imbens and Kolesár, Robust standard errors
// in small samples, 2016. Dudík, Langford and Li, Doubly robust policy evaluation and
// learning, 2011. Wang, Agarwal and Dudík, Optimal and adaptive off-policy evaluation in
// contextual bandits, 2017.
package causal
