package privacy

import "github.com/aislekit/aisle/internal/check"

// Errors that this package returns, always wrapped with the function and the
// field or row at fault. Test them with errors.Is; they are the same values in
// every package of this module.
var (
	ErrEmpty     = check.ErrEmpty
	ErrShape     = check.ErrShape
	ErrNotFinite = check.ErrNotFinite
	ErrRange     = check.ErrRange
	ErrUnknownID = check.ErrUnknownID
	ErrDuplicate = check.ErrDuplicate
	ErrOption    = check.ErrOption
	ErrUndefined = check.ErrUndefined
	ErrMismatch  = check.ErrMismatch
	ErrOverflow  = check.ErrOverflow
	ErrCorrupt   = check.ErrCorrupt
	ErrVersion   = check.ErrVersion
	ErrPrivacy   = check.ErrPrivacy
	ErrBudget    = check.ErrBudget // a release would cost more than is left
)

// FieldError says which field of which record is at fault. It is in the chain of errors
// about a customer's record, for errors.As: the customer's id and the raw value are its
// fields, since they are not to be printed into logs.
type FieldError = check.FieldError
