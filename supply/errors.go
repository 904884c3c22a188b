package supply

import "github.com/aislekit/aisle/internal/check"

// FieldError says what is wrong with one field of a customer's order, delivery or ticket. Its
// text, which goes to logs, does not tell the value; it is a field, cut to 64 bytes. Take it
// out of an error with errors.As. Ids of products stay in the text.
type FieldError = check.FieldError

// Errors of this package, always wrapped with the function and the field or
// record that is wrong. Match them with errors.Is; they are the same values in
// every package of the module.
var (
	ErrEmpty     = check.ErrEmpty     // no data where some is needed
	ErrShape     = check.ErrShape     // lengths do not agree
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input
	ErrRange     = check.ErrRange     // value or time out of range
	ErrUnknownID = check.ErrUnknownID // id never added
	ErrDuplicate = check.ErrDuplicate // id given twice
	ErrOption    = check.ErrOption    // invalid field of an options struct
	ErrUndefined = check.ErrUndefined // zero denominator or no observation
	ErrMismatch  = check.ErrMismatch  // merging states of different options, or a state with itself
	ErrOverflow  = check.ErrOverflow  // a count or money beyond int64, a variance beyond float64
	ErrCorrupt   = check.ErrCorrupt   // damaged binary form
	ErrVersion   = check.ErrVersion   // binary form of a newer version
)
