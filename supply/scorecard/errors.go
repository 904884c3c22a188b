package scorecard

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, always wrapped with the function and the KPI, alternative,
// respondent, supplier or order that is wrong. Match them with errors.Is; they are the
// same values in every package of the module.
var (
	ErrEmpty       = check.ErrEmpty       // no KPI, no alternative, no response, no order
	ErrShape       = check.ErrShape       // lengths do not agree
	ErrNotFinite   = check.ErrNotFinite   // NaN or infinite input
	ErrRange       = check.ErrRange       // a weight, value, answer or quantity out of range
	ErrUnknownID   = check.ErrUnknownID   // a KPI, store or category that is not there
	ErrDuplicate   = check.ErrDuplicate   // a name or id given twice
	ErrOption      = check.ErrOption      // invalid field of an options struct
	ErrUndefined   = check.ErrUndefined   // nothing to compare with, no variance
	ErrUnsupported = check.ErrUnsupported // a question that the method has no answer to
	ErrMismatch    = check.ErrMismatch    // merging questionnaires of different options
	ErrOverflow    = check.ErrOverflow    // a number beyond float64, money or units beyond int64
	ErrTooLarge    = check.ErrTooLarge    // more than an exact search can look through
	ErrCorrupt     = check.ErrCorrupt     // damaged binary form
	ErrVersion     = check.ErrVersion     // binary form of a newer version
)
