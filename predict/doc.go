// Package predict estimates what a customer will do: probabilities of purchase and
// churn with reasons, and amounts. It is for those who know who bought when, and want
// to choose whom to write to by numbers that can be multiplied with money.
//
// Five names are enough to start: [Labeler] turns purchases into rows and labels without
// look-ahead, [FitLogistic] learns from them, [Logistic.Prob] scores the customers of
// today, [Logistic.Reasons] says why, [Costs.Threshold] from which probability on to act.
//
//	var l predict.Labeler[string]
//	for _, o := range orders { // the caller's loop
//		l.Add(o.user, o.at)
//	}
//	past, err := l.Purchase(predict.Windows{AsOf: july, Horizon: 30 * 24 * time.Hour})
//	if err != nil {
//		return err
//	}
//	m, err := predict.FitLogistic(ctx, past.Rows, past.Y, predict.LogisticOptions{Names: past.Names})
//	if err != nil {
//		return err
//	}
//	now, _ := l.Features(predict.Windows{AsOf: august})
//	p, _ := m.Prob(nil, now.Rows)
//	for i, user := range now.Users {
//		fmt.Printf("%s buys within 30 days: %.0f %%\n", user, 100*p[i])
//	}
//
// # Which function when
//
//   - [Labeler]: rows, labels and timing features of one moment, out of purchases
//   - [FitLogistic]: yes or no from rows; [FitLogisticSparse] from hashed or one-hot ones
//     [FitSVM] by margins, [FitSVMSparse] on sparse rows; [FitPoisson] counts; [FitMultinomial] several classes
//   - [FitNaiveBayes]: classes from many columns and few rows, in one pass, mergeable ([NaiveBayes]); [FitNeighbors] by the rows that are
//     most like; [FitMLP] a small network with embeddings of ids, whose rows' order matters
//   - [FitLinear]: amounts, with L1 by few columns; [Gram] where rows come in shards or do not fit in memory
//   - [KFold], [StratifiedKFold]: folds of one row a user; [GroupKFold] of several rows a
//     user, [StratifiedGroupKFold] where few are true; [TimeFolds] of rows of several
//     moments, [GroupTimeFolds] of users not seen before, [PurgedKFold] where rows are few
//   - [Leaks]: before any score is believed
//   - [CrossValidate]: how good a model is; [CrossPredict] scores of rows it has not seen
//     (imputers, encoders and selection belong into its fit); [LearningCurve] whether
//     more rows would help
//   - [Tune]: which settings are best; [Nested] what such a search is worth
//   - [FitSigmoid]: scores into probabilities, from few rows and keeping the ranking;
//     [FitIsotonic] from some thousand, for any monotone distortion and with ties;
//     [IsotonicBuckets] where the rows never meet in one place
//     [FitBeta] for probabilities that are too sure or not sure enough; [FitVennAbers] with what is not known; [Reliability] shows it
//   - [CorrectSampling], [CorrectClassSampling], [CorrectPrior]: rows were sampled, or the
//     share of true rows has changed, which [EstimatePrior] estimates
//   - [PriceElasticity]: how demand answers to prices, and the price that pays best
//   - [FitConformal], [FitCrossConformal]: intervals and sets that hold as often as they say; [Conformal.PValue] where scores are tied
//   - [BestThreshold]: whom to act on at given [Costs]; [ChooseRows] within a capacity
//   - [Bag], [Average], [AverageLogits], [AverageRanks]: several models for one;
//     [FitStack] their weights
//   - [Schema], Bind of each model: columns found by name, once, where rows come from
//     another program
//   - [WriteModel], [ReadModel]: models in a file or on a wire
//
// # Weights and offsets
//
// What the fits take beside rows and outcomes; of predict/online one is given with each example, trees are those of predict/tree:
//
//	                                   weights of rows   of classes, balanced   offset
//	Logistic, Multinomial, SVM, MLP    yes               yes                    yes
//	boosting                           yes               yes                    yes
//	Linear, Poisson                    yes               no classes             yes
//	NaiveBayes                         yes               yes, by hand           no: a product of probabilities
//	Neighbors                          yes               by those of rows       no: votes
//	CART, forests                      yes               yes                    no: shares of a leaf
//	FTRL, FM, FieldFM                  in Learn          by those of rows       Row.Offset
//	FitText                            yes               balanced               no
//	TextCounts                         in Add            by those of rows       no
//
// Logistic regression that was fitted without class weights on unsampled rows is
// calibrated already. Calibrate and choose thresholds on scores of [CrossPredict], or on
// rows that took no part.
//
// # Guarantees
//
//   - The same rows in any order give the same bytes at any GOMAXPROCS, on one
//     processor architecture.
//   - Fitted models are immutable and safe for concurrent use; accumulators ([Labeler],
//     [Gram], [IsotonicBuckets]) are not: they take shards, and Merge.
//   - Input is checked: a NaN, an infinity, a ragged row or labels of one class are
//     errors that name the row, never a silent result. After an error nothing is
//     half-changed.
//   - A fit that did not converge says so in Converged and Warnings.
//   - Models and accumulators have a versioned, checksummed binary form.
//
// # References
//
// Nocedal and Wright, Numerical Optimization, 2006 (L-BFGS, Newton). Andrew and
// Gao, ICML 2007 (OWL-QN). Friedman, Hastie and Tibshirani, J. Stat. Software
// 33(1), 2010 (coordinate descent). Platt 1999; Lin, Lin and Weng, Machine
// Learning 68, 2007 (sigmoid). Ayer et al., Ann. Math. Stat. 26, 1955 (pooling
// adjacent violators). Elkan, IJCAI 2001 (costs). He et al., ADKDD 2014
// (down-sampling).
package predict
