package identity

import "github.com/aislekit/aisle/internal/check"

// Errors that this package returns, always wrapped with the function and the field at
// fault. Test them with errors.Is; they are the same values in every package of this
// module.
var (
	ErrEmpty     = check.ErrEmpty
	ErrRange     = check.ErrRange
	ErrUnknownID = check.ErrUnknownID
	ErrOption    = check.ErrOption
	ErrUndefined = check.ErrUndefined
	ErrMismatch  = check.ErrMismatch
	ErrOverflow  = check.ErrOverflow
	ErrCorrupt   = check.ErrCorrupt
	ErrVersion   = check.ErrVersion
)

// FieldError says which field of which record is at fault. It is in the chain of errors
// about a customer's record, for errors.As: the identifier and the raw value are its
// fields, since they are not to be printed into logs.
type FieldError = check.FieldError
