package clean

import "github.com/aislekit/aisle/internal/check"

// Errors that this package returns, always wrapped with the function and the
// field or row at fault. Test them with errors.Is; they are the same values in
// every package of this module.
var (
	ErrEmpty     = check.ErrEmpty
	ErrNotFinite = check.ErrNotFinite
	ErrRange     = check.ErrRange
	ErrUnknownID = check.ErrUnknownID
	ErrOption    = check.ErrOption
	ErrUndefined = check.ErrUndefined
	ErrMismatch  = check.ErrMismatch
	ErrOverflow  = check.ErrOverflow
	ErrCorrupt   = check.ErrCorrupt
	ErrVersion   = check.ErrVersion
)
