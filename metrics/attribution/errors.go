package attribution

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Sentinels returned, wrapped, by this package. Test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no touches, no paths, a channel without a name
	ErrNotFinite = check.ErrNotFinite // credit that is NaN or infinite
	ErrRange     = check.ErrRange     // touches out of order, a negative count, revenue or cost
	ErrDuplicate = check.ErrDuplicate // a channel credited twice
	ErrOption    = check.ErrOption    // bad field of an options struct
	ErrUndefined = check.ErrUndefined // no conversion to share out
	ErrMismatch  = check.ErrMismatch  // merged states differ in options, or are the same state
	ErrOverflow  = check.ErrOverflow  // counts or money beyond int64
	ErrTooLarge  = check.ErrTooLarge  // more paths or states than the limit
	ErrDiverged  = check.ErrDiverged  // an iteration did not converge
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no state of this type
	ErrVersion   = check.ErrVersion   // bytes of a newer program
)

func undefined(format string, args ...any) error {
	return fmt.Errorf("attribution: "+format+": %w", append(args, ErrUndefined)...)
}
