package offer

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the
// function and the field, offer or line at fault.
var (
	ErrEmpty     = check.ErrEmpty     // no lines, no offers, a nil receiver
	ErrShape     = check.ErrShape     // lists of lengths that differ
	ErrNotFinite = check.ErrNotFinite // NaN or infinity where a number is needed
	ErrRange     = check.ErrRange     // a value outside what is allowed
	ErrOption    = check.ErrOption    // a bad field of an options struct or of an offer
	ErrUnknownID = check.ErrUnknownID // a reservation that is not open, an offer that does not exist
	ErrDuplicate = check.ErrDuplicate // an id given twice
	ErrMismatch  = check.ErrMismatch  // another currency, ids of another class
	ErrOverflow  = check.ErrOverflow  // money or counts beyond int64
	ErrCorrupt   = check.ErrCorrupt   // bytes that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
)

// FieldError says which field of which record is at fault. It is in the chain of errors
// about a customer's record, for errors.As: the customer's id and the raw value are its
// fields, since they are not to be printed into logs.
type FieldError = check.FieldError
