// Package uplift says what a campaign changes, for whom, and whom to leave alone. It is for those who have
// treated some customers and not others, by lot or by a rule whose probabilities are known or can be learnt.
//
// Three names are enough to start: [FitDR] learns effects through any model given as a plain function,
// [Assign] says who gets what within a budget, [Scores.Gain] what that is worth on data held out.
//
//	m, err := uplift.FitDR(ctx, train, learner, uplift.Options{})
//	if err != nil {
//		return err
//	}
//	fmt.Println(m.Averages[0].Value, m.Averages[0].Low, m.Averages[0].High)
//	effects, err := m.Effects(ctx, nil, held.Rows)
//	if err != nil {
//		return err
//	}
//	plan, err := uplift.Assign(effects, m.Arms, uplift.AssignOptions{Worth: 40, Costs: []float64{0, 1.5}, Budget: 5000})
//	if err != nil {
//		return err
//	}
//	scores, err := uplift.ScoresDR(ctx, held, learner, uplift.Options{})
//	if err != nil {
//		return err
//	}
//	gain, err := scores.Gain(plan.Policy, nil, uplift.ValueOptions{Worth: 40, Costs: []float64{0, 1.5}})
//
// # Which function when
//
//   - [FitDR]: the first to try; right on average if outcomes or propensities are
//   - [FitR]: steadier than FitDR where some arms are rare; all treatments at once; its learner has to heed weights
//   - [FitX]: many controls, few treated
//   - [FitForest]: effects by a forest of its own, honest by default, with averages out of bag; [FitTree]: one tree to read,
//     as text too. Numbers, categories and missing values; both can be stored
//   - [FitT], [FitS]: to compare with; two models, or one with the treatment as a column
//   - [ScoresDR], [ScoresIPW]: scores of data held out, for [Scores.Value], [Scores.Gain], [Scores.GainOverLot]
//   - [FitPolicyTree]: the best rule of two or three questions, which a manager can read; [CrossFitPolicyTree]: what such a rule is
//     worth, from the same data, no row judging what it has taught
//   - [Scores.Overlap], [Scores.Trim]: whether arms were given to the same customers, and the rest without those who could not
//     have had one
//   - [Scores.Harmed]: who must not be contacted, with confidence
//
// All of them take several treatments. Averages come from doubly robust scores whatever the learner, so that their
// intervals hold where propensities do, and do not rest on the effects being right.
//
// # Guarantees
//
//   - The same rows in any order and the same seed give the same bytes, if learners do so for rows in one order: rows are put
//     in an order of their own, and folds are a hash of an id or of what a row holds.
//   - Learners are called one after the other, on the caller's goroutine.
//   - What is built of the caller's functions has no binary form; a [Forest] and
//     a [PolicyTree] have one.
//
// # References
//
// Rzepakowski and Jaroszewicz, KAIS 32, 2012 (trees). Zhao, Fang and Simchi-Levi, SDM 2017 (CTS). Athey and Imbens,
// PNAS 113, 2016 (honest estimates). Athey and Wager, Econometrica 89, 2021 (policy trees).
// Künzel, Sekhon, Bickel and Yu, PNAS 116, 2019 (S, T, X). Nie and Wager, Biometrika 108, 2021 (R). Kennedy, EJS 17,
// 2023 (DR). Robins, Rotnitzky and Zhao, JASA 89, 1994 (scores). Crump, Hotz, Imbens and Mitnik, Biometrika 96, 2009 (overlap).
package uplift
