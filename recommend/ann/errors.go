package ann

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, always wrapped with the function and the field or item
// at fault, except on the hot path (AppendTop), which returns them bare. Test with
// errors.Is; they are the same values in every package of the module.
var (
	ErrEmpty     = check.ErrEmpty     // no vectors
	ErrShape     = check.ErrShape     // lengths that do not agree
	ErrNotFinite = check.ErrNotFinite // NaN or infinity
	ErrRange     = check.ErrRange     // a squared length above 8.5e37 (InnerProduct, Euclidean)
	ErrUnknownID = check.ErrUnknownID // an item that is not in the index
	ErrDuplicate = check.ErrDuplicate // an item that is in the index already
	ErrOption    = check.ErrOption    // an options field or argument out of range
	ErrMismatch  = check.ErrMismatch  // an item set of another catalogue
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no valid encoding
	ErrVersion   = check.ErrVersion   // encoding of a newer version
)
