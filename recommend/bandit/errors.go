package bandit

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, always wrapped with the function and the field or arm
// at fault. Test with errors.Is; they are the same values in every package of the
// module.
var (
	ErrEmpty     = check.ErrEmpty     // no arms
	ErrShape     = check.ErrShape     // a context of another length
	ErrNotFinite = check.ErrNotFinite // NaN or infinity
	ErrRange     = check.ErrRange     // counts that cannot be, or numbers beyond 1e100
	ErrUnknownID = check.ErrUnknownID // an arm out of range
	ErrDuplicate = check.ErrDuplicate // a candidate twice
	ErrOption    = check.ErrOption    // an options field or argument out of range
	ErrDiverged  = check.ErrDiverged  // sums or estimates beyond float64
	ErrMismatch  = check.ErrMismatch  // merging arms of another shape, or arms with themselves
	ErrOverflow  = check.ErrOverflow  // more than int64 counts
	ErrTooLarge  = check.ErrTooLarge  // arms that would need too much memory
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no valid encoding
	ErrVersion   = check.ErrVersion   // encoding of a newer version
)
