// Package search looks for the settings with the highest score: at random, on a
// grid, by successive halving or by a Gaussian process, within a number of trials
// or a time. It knows nothing of models: recommend/tune and predict.Tune are its
// faces, with the same names and the same results.
package search
