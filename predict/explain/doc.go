// Package explain says why a model predicts what it does and what would change it. It asks
// any model through a plain function, so that trees, regressions and what runs elsewhere are
// explained alike, and in the same words.
//
// Four names are enough to start: [Permutation] says which columns a model lives on,
// [PartialDependence] how its predictions follow one of them, [Hints] what a customer
// would have to do, [Reasons] puts contributions into words.
//
//	reasons, err := explain.Reasons(nil, names, contributions, row, explain.ReasonOptions{Table: explain.English()})
//	if err != nil {
//		return err
//	}
//	for _, r := range reasons {
//		fmt.Println(r.Text) // "days since the last purchase: 45 lowers the estimate"
//	}
//	hints, err := explain.Hints(ctx, model.Predict, row, actions, explain.HintOptions{Target: .3})
//
// # Which function when
//
//   - [Permutation]: what the score loses when a column, or a group of columns, is shuffled,
//     with intervals; on rows that took no part in the fit
//   - [PartialDependence]: the mean prediction over the values of one or two columns, and the
//     curve of each row (ICE), where columns are about independent
//   - [ALE], [ALE2]: the same for columns that go together, from differences between neighbours only
//   - [Linear]: what each column adds to a linear score; trees have their own exact values
//   - [Hints]: the cheapest changes that reach a target, one or two at a time
//   - [Reasons]: contributions in English, Chinese or the caller's words
//
// All of these describe the model, not the world: that a model predicts more for customers with
// an app does not say that an app makes them buy.
//
// # Guarantees
//
//   - A [Func] is called from one goroutine, with rows that are copies; it may read them
//     until it returns, and nothing of the caller's is changed.
//   - The same rows in the same order and the same seed give the same bytes.
//   - Missing values (NaN) stay missing; grids and bins are made of what is there.
//
// # References
//
// Breiman, Machine Learning 45, 2001; Fisher, Rudin and Dominici, JMLR 20, 2019 (permutation).
// Friedman, Ann. Statist. 29, 2001 (partial dependence). Goldstein et al., JCGS 24, 2015 (ICE).
// Apley and Zhu, JRSS B 82, 2020 (ALE).
package explain
