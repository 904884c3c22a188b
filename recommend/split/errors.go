package split

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, always wrapped with the function and the argument or
// entry at fault. Test with errors.Is; they are the same values in every package of
// the module.
var (
	ErrEmpty   = check.ErrEmpty   // no interactions, or none with a time
	ErrOption  = check.ErrOption  // an argument out of range
	ErrShape   = check.ErrShape   // matrices of different shape
	ErrLeakage = check.ErrLeakage // an entry on both sides
)
