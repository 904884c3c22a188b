package predict

import "github.com/aislekit/aisle/internal/check"

// FieldError says what is wrong with one field of one row or customer. Its text, which goes
// to logs, tells neither the id nor the value; they are fields, cut to 64 bytes. Take it out of
// an error with errors.As.
type FieldError = check.FieldError

// Errors this package returns, always wrapped with the function and the field,
// row or column at fault; test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no rows
	ErrShape     = check.ErrShape     // lengths do not agree
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input
	ErrRange     = check.ErrRange     // value outside its range
	ErrOption    = check.ErrOption    // option outside its range
	ErrUndefined = check.ErrUndefined // no answer exists, such as for one class only
	ErrDuplicate = check.ErrDuplicate // repeated id or name
	ErrDiverged  = check.ErrDiverged  // arithmetic left the finite numbers
	ErrMismatch  = check.ErrMismatch  // states that cannot be merged, columns that are not the model's
	ErrLeakage   = check.ErrLeakage   // a row to train on and to test on
	ErrCorrupt   = check.ErrCorrupt   // bytes are no valid encoding
	ErrOverflow  = check.ErrOverflow  // sums left the finite numbers
	ErrTooLarge  = check.ErrTooLarge  // needs more memory than the limit
	ErrVersion   = check.ErrVersion   // bytes of a newer version
)
