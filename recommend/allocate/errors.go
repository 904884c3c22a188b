package allocate

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, always wrapped with the function and the proposal,
// offer or field at fault. Test with errors.Is; they are the same values in every
// package of the module.
var (
	ErrNotFinite = check.ErrNotFinite // a value that is NaN, infinite or beyond 1e150
	ErrRange     = check.ErrRange     // an offer, user, limit or amount out of range
	ErrDuplicate = check.ErrDuplicate // a proposal, or a limit of an offer, twice
	ErrOption    = check.ErrOption    // an options field out of range
	ErrOverflow  = check.ErrOverflow  // more proposals than indices can count, more units than an int64
	ErrEmpty     = check.ErrEmpty     // a Stream that NewStream has not made, a nil receiver
	ErrMismatch  = check.ErrMismatch  // a frame of something else
	ErrCorrupt   = check.ErrCorrupt   // bytes that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
)
