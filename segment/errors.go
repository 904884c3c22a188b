package segment

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the
// function and the field, row, rule or cell at fault.
var (
	ErrEmpty     = check.ErrEmpty     // no rows, no rules, no users
	ErrShape     = check.ErrShape     // ragged rows or lengths that differ
	ErrNotFinite = check.ErrNotFinite // NaN or infinity where a number is needed
	ErrRange     = check.ErrRange     // a value outside what is allowed
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUnknownID = check.ErrUnknownID // an attribute or user that does not exist
	ErrDuplicate = check.ErrDuplicate // a name given twice, a cell covered twice
	ErrUndefined = check.ErrUndefined // a result that does not exist, a cell nobody covers
	ErrMismatch  = check.ErrMismatch  // states or audiences that do not belong together
	ErrOverflow  = check.ErrOverflow  // counts or sums beyond their type
	ErrTooLarge  = check.ErrTooLarge  // beyond a stated limit
	ErrCorrupt   = check.ErrCorrupt   // bytes or text that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
	ErrPrivacy   = check.ErrPrivacy   // fewer people than may be published about
)

// FieldError says which field of which row is at fault. It is in the chain of errors
// about a customer's row, for errors.As: the raw value is a field of it, since it is not
// to be printed into logs.
type FieldError = check.FieldError
