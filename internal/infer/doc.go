// Package infer holds the arithmetic of statistical inference that several
// packages share: quantiles and tails of the normal, Student, χ² and beta laws,
// intervals of a proportion, degrees of freedom, the delta method, from an
// estimate to its interval, and the sample quantile.
//
// Functions here take plain numbers that their callers have checked: outside the
// stated range they return NaN or panic as gonum does. Level is the one that
// checks.
//
// Dependency: gonum.org/v1/gonum, mathext and stat/distuv, for the incomplete beta and
// gamma functions and their inverses: tested for decades, and none of them belongs
// into a library about shops. BSD licence.
package infer
