package tree

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the
// function and the field, row or node at fault.
var (
	ErrEmpty     = check.ErrEmpty     // no rows, no trees, a model that was not fitted, a nil receiver
	ErrShape     = check.ErrShape     // lengths or columns that do not agree
	ErrNotFinite = check.ErrNotFinite // an infinite value where there may be none
	ErrRange     = check.ErrRange     // a value out of range, a tree that is none
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrDuplicate = check.ErrDuplicate // two columns of one name
	ErrDiverged  = check.ErrDiverged  // margins beyond the range of numbers
	ErrUndefined = check.ErrUndefined // nothing to learn, such as labels of one class
	ErrMismatch  = check.ErrMismatch  // states that do not belong together
	ErrTooLarge  = check.ErrTooLarge  // beyond a stated limit
	ErrOverflow  = check.ErrOverflow  // sums beyond their integers
	ErrCorrupt   = check.ErrCorrupt   // bytes that no encoder wrote
	ErrVersion   = check.ErrVersion   // written by a newer version
	// ErrUnsupported: a model of another tool that this package has no like of.
	ErrUnsupported = check.ErrUnsupported
)
