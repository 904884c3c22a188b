package online

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the call and the
// field, namespace or row at fault.
var (
	ErrEmpty     = check.ErrEmpty     // nothing to learn from, a state that no constructor made
	ErrShape     = check.ErrShape     // lengths that do not agree
	ErrNotFinite = check.ErrNotFinite // a value that is NaN or infinite
	ErrRange     = check.ErrRange     // a label, weight or value out of range, a namespace that the space has not
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUndefined = check.ErrUndefined // texts of one class only
	ErrMismatch  = check.ErrMismatch  // rows of another space, states of other settings
	ErrDiverged  = check.ErrDiverged  // a score that is not finite, a step too long: lower the rate, scale values
	ErrOverflow  = check.ErrOverflow  // counts that left the finite numbers
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no valid encoding
	ErrVersion   = check.ErrVersion   // bytes of a newer version
)
