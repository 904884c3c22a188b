// Package moments holds count, mean and squared deviations of numbers in states
// that merge: Welford for one stream, Moments for shards, Joint for up to four
// variables at once.
//
// The three keep one contract. NaN and infinities are check.ErrNotFinite. What
// float64 cannot hold is check.ErrOverflow, never Inf and never a 0 that should be
// something: squares beyond the largest number when they are added, a variance
// below the smallest normal number when it is asked for. A state is unchanged
// after an error. Results of different splits agree up to rounding.
package moments
