package basket

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the
// function and the field, basket or rule at fault.
var (
	ErrEmpty     = check.ErrEmpty     // no baskets, no sequences, a nil receiver
	ErrNotFinite = check.ErrNotFinite // NaN or infinity where a number is needed
	ErrRange     = check.ErrRange     // a value outside what is allowed
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUnknownID = check.ErrUnknownID // a basket that is not there to be forgotten
	ErrMismatch  = check.ErrMismatch  // states that do not belong together
	ErrOverflow  = check.ErrOverflow  // counts beyond their type
	ErrTooLarge  = check.ErrTooLarge  // beyond MaxSets or MaxMemory
	ErrCorrupt   = check.ErrCorrupt   // bytes that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
)
