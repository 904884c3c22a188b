package federated

import "github.com/aislekit/aisle/internal/check"

// FieldError says what is wrong with one field of one row. Its text, which goes to logs, tells neither the id nor the
// value; they are fields. Take it out of an error with errors.As.
type FieldError = check.FieldError

// Errors this package returns, always wrapped with the function and the field or column at fault; test them with
// errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no rows, no columns, a nil receiver
	ErrShape     = check.ErrShape     // lengths do not agree
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input
	ErrRange     = check.ErrRange     // value outside its range
	ErrOption    = check.ErrOption    // option outside its range
	ErrUndefined = check.ErrUndefined // no answer exists, such as for one class only
	ErrDuplicate = check.ErrDuplicate // a column or a party twice
	ErrDiverged  = check.ErrDiverged  // arithmetic left the finite numbers
	ErrMismatch  = check.ErrMismatch  // states that cannot be merged, answers to another question
	ErrOverflow  = check.ErrOverflow  // sums beyond 128 bits
	ErrTooLarge  = check.ErrTooLarge  // too many columns
	ErrCorrupt   = check.ErrCorrupt   // bytes are no valid encoding
	ErrVersion   = check.ErrVersion   // bytes of a newer version
)
