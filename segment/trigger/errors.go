package trigger

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the function and
// the field or event at fault.
var (
	ErrEmpty     = check.ErrEmpty     // a nil planner, or one that New has not made
	ErrRange     = check.ErrRange     // a value outside what is allowed; a clock that goes back
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUnknownID = check.ErrUnknownID // a channel, a zone or a customer that nobody knows
	ErrMismatch  = check.ErrMismatch  // a state of other triggers, channels or ids
	ErrTooLarge  = check.ErrTooLarge  // beyond MaxCustomers, MaxItems or MaxEvents
	ErrCorrupt   = check.ErrCorrupt   // bytes that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
)
