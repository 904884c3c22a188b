// Package experiment plans, runs and judges experiments: who gets what, how many
// users it takes, whether the arms were split as planned, and what the treatment
// did, with an interval. It is for those who test mails, banners, prices and
// rankings on real users, and for those who must believe the answer.
//
// Five names are enough to start: [Assigner] draws the arms, [New] makes a [Run]
// that takes exposures and outcomes as they come, [Run.Result] checks the split and
// answers, [SampleSizeProportions] says beforehand how many users that takes.
//
//	run, err := experiment.New[string](experiment.Options{
//		Arms: []string{"none", "mail"}, Outcomes: 1, // the first arm is the control
//		Metrics: []experiment.Metric{{Name: "buyers", Kind: experiment.Proportion, Scale: metrics.ScaleRelative}},
//	})
//	if err != nil {
//		return err
//	}
//	for _, x := range exposures {
//		run.Assign(x.User, x.Arm)
//	}
//	for _, o := range orders {
//		run.Add(o.User, 0, o.Amount)
//	}
//	result, err := run.Result() // look at result.SRM first
//
// # Which one
//
//   - From raw events: [Assigner], [Run]; [Run.ResultBy] by segment. Events with their
//     times, outcomes only from exposure on, conversion windows: Timed of [Options],
//     Window of [Metric], [Run.AssignAt], [Run.AddAt].
//   - One arm at a time, by hand: [metrics.Proportion], [metrics.Moments],
//     [RatioMoments], [CUPED], [CUPEDRatio], [Clusters] hold it.
//   - Means per user: [metrics.CompareMeans]; with a few huge orders [CompareWinsorized];
//     with the same users' past [CompareCUPED], often at half the users.
//   - Orders per session, revenue per order: [CompareRatios], [CompareCUPEDRatios].
//   - Shops or regions drawn instead of users: [CompareClusters].
//   - Were the arms split as planned: [SampleRatio], before anything is believed.
//   - Many questions at once: [AdjustPValues], [AdjustEffects]. Does the effect differ
//     between segments: [CompareSegments].
//   - How long to run: [SampleSizeProportions], [SampleSizeMeans], and their inverses
//     [PowerProportions], [PowerMeans], [DetectableProportion], [DetectableMean];
//     [SampleSizeLehr] for a first guess; [CohenH] as R's pwr has it.
//   - To look before the end: [AlwaysValid] at any time, [GroupSequential] at a few
//     planned looks, for fewer users.
//   - Without p-values: [BayesProportions], [BayesEffect].
//   - Two models on the same users: [ComparePaired] of any measure, [CompareModels],
//     [DetectableDifference]; [CompareAUC], [CompareCorrect]; on the same folds [CompareFolds].
//
// There was no random control? See package causal.
//
// # Guarantees
//
//   - Every comparison answers with a [metrics.Effect], which names its scale.
//   - What has no value (an empty arm, no variance, a control of 0 on the relative
//     scale) is ErrUndefined, never a silent 0.
//   - Users found in two arms are left out and counted.
//   - Accumulators merge: shards in any order give what one pass gives, up to rounding.
//     They have a canonical binary form. None is safe for concurrent use; everything
//     else is.
//   - Same seed, same result, at any number of workers.
//   - How often the intervals cover is measured: docs/coverage.md.
//
// # References
//
// Deng, Xu, Kohavi and Walker, Improving the Sensitivity of Online Controlled
// Experiments, 2013. Deng, Knoblich and Lu, Applying the Delta Method in Metric
// Analytics, 2018. Bell and McCaffrey, Bias reduction in standard errors for linear
// regression with multi-stage samples, 2002. Lan and DeMets, Discrete sequential
// boundaries for clinical trials, 1983.
package experiment
