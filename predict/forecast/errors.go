package forecast

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the function
// and the period, series or field at fault.
var (
	ErrEmpty     = check.ErrEmpty     // no observed period, a nil receiver, a model that was not fitted
	ErrShape     = check.ErrShape     // lengths that do not agree
	ErrNotFinite = check.ErrNotFinite // an infinite value; NaN is a missing period
	ErrRange     = check.ErrRange     // a value that the method has no sense for, a horizon or probability out of range
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUndefined = check.ErrUndefined // too few periods for the answer, such as fewer than a season
	ErrMismatch  = check.ErrMismatch  // a frame of something else
	ErrCorrupt   = check.ErrCorrupt   // bytes that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
)
