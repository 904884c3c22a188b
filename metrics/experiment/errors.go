package experiment

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Sentinels returned, wrapped, by this package. Test them with errors.Is; they are
// the same values in every package of the module.
var (
	ErrEmpty     = check.ErrEmpty     // no users, no arms, no periods
	ErrShape     = check.ErrShape     // slices of different lengths
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input
	ErrRange     = check.ErrRange     // a count, propensity, period or arm out of range
	ErrOption    = check.ErrOption    // bad field of an options struct
	ErrUndefined = check.ErrUndefined // no value for this data: 0/0, an empty arm, no variance
	ErrMismatch  = check.ErrMismatch  // merged states differ in configuration, or are the same state
	ErrOverflow  = check.ErrOverflow  // counts beyond int64, sums or squares that float64 cannot hold
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no state of this type
	ErrVersion   = check.ErrVersion   // bytes of a newer program
	ErrPrivacy   = check.ErrPrivacy   // fewer people than may be published about
)

// FieldError says which field of which record is at fault. It is in the chain of errors
// about the events of a user: take it out with errors.As. Its text names neither the
// user's id nor the value; both are fields.
type FieldError = check.FieldError

func undefined(format string, args ...any) error {
	return fmt.Errorf("experiment: "+format+": %w", append(args, ErrUndefined)...)
}
