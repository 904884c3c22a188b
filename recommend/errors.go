package recommend

import "github.com/aislekit/aisle/internal/check"

// Errors returned by this package, always wrapped with the function and the
// field or row at fault, except on hot paths (Score, AppendTop, AppendSimilar),
// which return them bare or with the argument alone. Test with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no data, or a query without any evidence to score by
	ErrShape     = check.ErrShape     // lengths or dimensions do not agree
	ErrNotFinite = check.ErrNotFinite // NaN or infinity
	ErrRange     = check.ErrRange     // a value outside its documented range
	ErrUnknownID = check.ErrUnknownID // an id or index nobody has seen
	ErrDuplicate = check.ErrDuplicate // the same thing twice where once is allowed
	ErrOption    = check.ErrOption    // an options field out of range
	ErrDiverged  = check.ErrDiverged  // training produced values that are not finite
	ErrMismatch  = check.ErrMismatch  // things of different catalogues or configurations
	ErrOverflow  = check.ErrOverflow  // more entries than indices can count
	ErrTooLarge  = check.ErrTooLarge  // would need more memory than allowed
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no valid encoding
	ErrVersion   = check.ErrVersion   // encoding of a newer version
)
