// Package mcda weighs criteria and ranks alternatives by several of them: the
// arithmetic of metrics/decision, which says what each method means and cites its
// source, and of whoever else grades by many criteria.
//
// Alternatives are the rows of a matrix x, criteria its columns; lower says which
// criteria are costs, nil means none. Weights are finite and >= 0, of any scale,
// and are divided by their sum; nil means equal ones. Errors wrap the sentinels of
// package check and name no function: the caller does.
package mcda
