package audience

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the
// function and the field, row, rule or cell at fault.
var (
	ErrEmpty     = check.ErrEmpty     // no rule, no table, no clauses
	ErrShape     = check.ErrShape     // columns or lists of lengths that differ
	ErrNotFinite = check.ErrNotFinite // NaN or infinity where a number is needed
	ErrRange     = check.ErrRange     // a value outside what is allowed
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUnknownID = check.ErrUnknownID // an attribute or user that does not exist
	ErrDuplicate = check.ErrDuplicate // an attribute given twice
	ErrUndefined = check.ErrUndefined // an estimate over no users
	ErrMismatch  = check.ErrMismatch  // sets of different universes, attributes of another kind
	ErrTooLarge  = check.ErrTooLarge  // beyond a stated limit
	ErrCorrupt   = check.ErrCorrupt   // bytes or text that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
	ErrPrivacy   = check.ErrPrivacy   // fewer people than may be published about
)

// FieldError says which field of which record is at fault. It is in the chain of errors
// about a customer's record, for errors.As: the customer's id and the raw value are its
// fields, since they are not to be printed into logs.
type FieldError = check.FieldError
