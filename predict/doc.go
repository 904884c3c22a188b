// Package predict estimates what a customer will do: probabilities of purchase
// and churn with reasons, from labels made without look-ahead, validated by user
// and by time, and calibrated so that they can be multiplied with money.
//
// # From purchases to a decision
//
//  1. Labeler cuts training rows out of purchase times: an observation window
//     for features, a gap, an outcome window for the label. Join features of
//     your own on Labels.Users.
//  2. FitLogistic (FitLogisticSparse for hashed or one-hot features) fits the
//     model; FitLinear fits amounts.
//  3. CrossValidate measures it on GroupKFold, StratifiedKFold or TimeFolds.
//     Several cuts of the same users need GroupKFold or TimeFolds.
//  4. CrossPredict gives out-of-fold scores; on them fit a SigmoidCalibrator or
//     an Isotonic, and choose a BestThreshold by Costs. CorrectSampling undoes a
//     down-sampling of the negatives.
//  5. Logistic.Prob scores customers, Logistic.Reasons says why.
//
// # Which one
//
// Sigmoid calibration needs few rows and keeps the ranking; isotonic needs some
// thousand, corrects any monotone distortion and makes ties. Logistic regression
// that was fitted without class weights on unsampled rows is calibrated already.
// IsotonicBuckets and Gram are accumulators: add rows in shards, merge, fit.
//
// # Guarantees
//
// The same rows in any order give the same bytes at any GOMAXPROCS, on one
// processor architecture. Fitted models are immutable and safe for concurrent
// use. Input is checked: a NaN, an infinity, a ragged row or labels of one class
// are errors that name the row, never a silent result. A fit that did not
// converge says so in Converged and Warnings.
//
// # Sources
//
// Nocedal and Wright, Numerical Optimization, 2006 (L-BFGS, Newton). Andrew and
// Gao, ICML 2007 (OWL-QN). Friedman, Hastie and Tibshirani, J. Stat. Software
// 33(1), 2010 (coordinate descent). Platt 1999; Lin, Lin and Weng, Machine
// Learning 68, 2007 (sigmoid). Ayer et al., Ann. Math. Stat. 26, 1955 (pooling
// adjacent violators). Elkan, IJCAI 2001 (costs). He et al., ADKDD 2014
// (down-sampling).
package predict
