package explain

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, for errors.Is. They are always wrapped with the function
// and the field, row or column at fault. What a Func returns is passed on.
var (
	ErrEmpty     = check.ErrEmpty     // no rows, no columns, no function
	ErrShape     = check.ErrShape     // lengths that do not agree, predictions that are not one a row
	ErrNotFinite = check.ErrNotFinite // a prediction that is NaN or infinite
	ErrRange     = check.ErrRange     // a column that there is not, a value out of range
	ErrOption    = check.ErrOption    // a bad field of an options struct
	ErrUndefined = check.ErrUndefined // nothing to tell, such as for a column of one value
	ErrTooLarge  = check.ErrTooLarge  // more rows to ask than the limit
)
