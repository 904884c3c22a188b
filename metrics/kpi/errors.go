package kpi

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Sentinels returned, wrapped, by this package. Test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no period is over, no cohort, no factors
	ErrShape     = check.ErrShape     // slices of different lengths
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input, an id that does not equal itself
	ErrRange     = check.ErrRange     // a negative count, a step or time outside its range
	ErrOption    = check.ErrOption    // bad field of an options struct, ids without binary form
	ErrUndefined = check.ErrUndefined // nothing to divide by, nothing to learn a prior from
	ErrMismatch  = check.ErrMismatch  // merged states differ in options, or are the same state
	ErrOverflow  = check.ErrOverflow  // int64 counts or money overflow
	ErrTooLarge  = check.ErrTooLarge  // a stated limit of cells, periods or users is reached
	ErrDiverged  = check.ErrDiverged  // an iteration did not converge
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no state of this type
	ErrVersion   = check.ErrVersion   // bytes of a newer program
	ErrPrivacy   = check.ErrPrivacy   // fewer people than may be published about
)

// FieldError says which field of which record is at fault. It is in the chain of errors
// about a customer: take it out with errors.As. Its text names neither the id nor the
// value; both are fields.
type FieldError = check.FieldError

func undefined(format string, args ...any) error {
	return fmt.Errorf("kpi: "+format+": %w", append(args, ErrUndefined)...)
}
