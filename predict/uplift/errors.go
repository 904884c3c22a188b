package uplift

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the function and the
// field, row or column at fault. What a Learner or a Predict returns is passed on.
var (
	ErrEmpty     = check.ErrEmpty     // no rows, no learner, a model that was not fitted, a nil receiver
	ErrShape     = check.ErrShape     // lengths or columns that do not agree
	ErrNotFinite = check.ErrNotFinite // an infinity, an outcome or a prediction that is NaN
	ErrRange     = check.ErrRange     // an arm that there is not, a probability that is none
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUndefined = check.ErrUndefined // an arm that nobody is in, outcomes that cannot be told apart
	ErrOverflow  = check.ErrOverflow  // effects or sums beyond the range of numbers
	ErrMismatch  = check.ErrMismatch  // a frame of another type
	ErrTooLarge  = check.ErrTooLarge  // beyond a stated limit
	ErrCorrupt   = check.ErrCorrupt   // bytes that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
)
