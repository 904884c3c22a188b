package lifetime

import "github.com/aislekit/aisle/internal/check"

// FieldError says what is wrong with one field of one customer or order. Its text, which goes
// to logs, tells neither the id nor the value; they are fields. Take it out of an error with
// errors.As.
type FieldError = check.FieldError

// Errors this package returns, always wrapped with the function and the field, row or customer
// at fault; test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no customers, a nil receiver, a model that no fit made
	ErrShape     = check.ErrShape     // lengths do not agree
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input
	ErrRange     = check.ErrRange     // value outside its range
	ErrOption    = check.ErrOption    // option outside its range
	ErrUndefined = check.ErrUndefined // no answer exists: nobody came back, a mean that is infinite
	ErrDiverged  = check.ErrDiverged  // arithmetic left the finite numbers
	ErrMismatch  = check.ErrMismatch  // states that cannot be merged, another unit of time
	ErrOverflow  = check.ErrOverflow  // counts or money beyond their type
	ErrTooLarge  = check.ErrTooLarge  // beyond a stated limit
	ErrCorrupt   = check.ErrCorrupt   // bytes are no valid encoding
	ErrVersion   = check.ErrVersion   // bytes of a newer version
)
