// Package survive counts how long things took when some of them are not over yet.
//
// Durations is the state that merges: finished and open cases in buckets within
// half a percent, and the quantiles of Kaplan and Meier over them. ProductLimit is
// that estimate alone, for callers who have cases in an order of their own.
//
// A case is open ("censored") where its watching ended before it did: all one knows
// is that it takes longer. To leave such cases out makes a process look faster than
// it is, since it is the slow ones that are still open.
//
// Reference: Kaplan, Meier: Nonparametric estimation from incomplete observations.
// JASA 53, 1958.
package survive
