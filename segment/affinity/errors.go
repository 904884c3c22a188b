package affinity

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the
// function and the field or cell at fault.
var (
	ErrEmpty     = check.ErrEmpty     // no customers, a nil receiver
	ErrRange     = check.ErrRange     // a name that is none
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUndefined = check.ErrUndefined // a table of one segment, which has nobody to compare with
	ErrMismatch  = check.ErrMismatch  // states that do not belong together
	ErrOverflow  = check.ErrOverflow  // counts or money beyond their type
	ErrTooLarge  = check.ErrTooLarge  // beyond a stated limit
	ErrCorrupt   = check.ErrCorrupt   // bytes that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
	ErrPrivacy   = check.ErrPrivacy   // fewer people than may be published about
)
