// Package tune searches the settings of a model, or of anything else that has an
// options struct and a score. It is for those who have a model that works and want to
// know how good it can be.
//
// Three names are enough to start: a [Knob] says what may vary, [Search] tries settings
// and keeps the best, [Options] says how many and how.
//
//	knobs := []tune.Knob[recommend.ALSOptions]{
//		{Name: "factors", Low: 16, High: 256, Log: true, Integer: true,
//			Set: func(o *recommend.ALSOptions, v float64) { o.Factors = int(v) }},
//		{Name: "regularization", Low: 1e-3, High: 1, Log: true,
//			Set: func(o *recommend.ALSOptions, v float64) { o.Regularization = v }},
//	}
//	found, err := tune.Search(ctx, recommend.ALSOptions{}, knobs, judge, tune.Options{Trials: 40})
//	if err != nil {
//		return err
//	}
//	m, err := recommend.FitALS(ctx, all, found.Best.Options)
//
// judge is a function of yours: it fits one struct of options and says how good it is
// on validation data, higher is better. Package recommend/split cuts such a part off
// the training data. Never judge on the test data: the best of many trials is good
// there by luck too.
//
// # Which method when
//
//   - [Random]: the default. Hard to beat with three knobs or more, and never a bad
//     idea.
//   - [Bayesian]: the most out of few evaluations, where each takes minutes and the
//     knobs are few.
//   - [Halving]: where a fit of a third of the iterations, or a judgement on a third
//     of the users, tells good settings from bad ones already: the most for the work.
//     evaluate takes its fidelity for the share of iterations or users.
//   - [Grid]: one or two knobs, or choices, of which every combination is wanted.
//
// Tune of package predict is the same search, judged by cross-validation.
//
// # Guarantees
//
//   - The sequence of trials depends on seed and scores only, unless a Budget of
//     time ends it.
//   - Trials run one after the other on the caller's goroutine; no global state, no
//     goroutines.
//   - The best is never below base, unless the method is Grid: base is judged first and
//     in full, and wins ties.
//   - A trial that fails is kept with its error and stops nothing; on cancel what
//     was found so far comes back with context.Cause(ctx).
//
// # References
//
//   - Bergstra, Bengio: Random search for hyper-parameter optimization. JMLR 13,
//     2012.
//   - Jamieson, Talwalkar: Non-stochastic best arm identification and hyperparameter
//     optimization. AISTATS 2016.
//   - Li et al.: A system for massively parallel hyperparameter tuning. MLSys 2020.
//   - Falkner, Klein, Hutter: BOHB: robust and efficient hyperparameter optimization
//     at scale. ICML 2018.
//   - Snoek, Larochelle, Adams: Practical Bayesian optimization of machine learning
//     algorithms. NeurIPS 2012.
package tune
