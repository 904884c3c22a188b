// Package modeltest tests a learner of predict, or of the caller's own, against what pipelines, folds and servers
// rely on. It is for whoever writes a fit function, and it is what the learners of the library are tested with.
//
// Two names are enough to start: a [Case] says how the learner is fitted and what is special about it, and [Run]
// makes every check a subtest. Nothing has to be implemented: a [Fitted] holds plain functions.
//
//	func TestMeanConformance(t *testing.T) {
//		modeltest.Run(t, modeltest.Case{
//			Fit: func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) {
//				m, err := FitMean(ctx, d.Rows, d.Y, d.Weights)
//				return modeltest.Fitted{Predict: m.Predict, State: m}, err
//			},
//			Weighted: 1e-9, // weights are rows that come so often
//		})
//	}
//
// # Which field
//
//	the learner …                                         Case
//	tells classes apart, 2 or more                        Classes
//	answers with scores instead of probabilities          Scores
//	counts                                                Counts
//	ranks within queries                                  Groups
//	reads columns of categories                           Categorical
//	reads missing values                                  Missing
//	takes weights, which are rows that come so often      Weighted
//	was asked for predictions that rise with a column     Monotone
//	depends on the order of rows, as online learners do   Ordered
//	is the same but for rounding for permuted rows        Permuted
//	has a frame                                           Fitted.State, Decode
//	wants rows of its own kind                            Data
//	is spared a check that does not apply                 Skip
//
// # Which check
//
// [Checks] lists them with what each wants; a [Check] runs alone, too. Each of them is shown to fail on a learner
// with just that fault.
//
//	what is fitted     finite, learns, monotone, missing, unseen
//	the same model     same bytes, permuted, weights, absent, round trip, readers
//	what is refused    bad input, bad rows, cancel
//	hands off          data kept
//
// # Guarantees
//
//   - The data are drawn by a fixed seed, some 300 rows of 5 columns; a case takes about twenty fits.
//   - A check needs nothing but a testing.TB, so that other frameworks can run it.
//   - Nothing but the Case is kept, and nothing runs on when a check has ended.
//
// # References
//
//   - The shape is that of testing/fstest, and of recommend/modeltest; check_estimator of scikit-learn has checks alike.
package modeltest
