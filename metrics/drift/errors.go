package drift

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Sentinels returned, wrapped, by this package. Test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no reference, no sample
	ErrShape     = check.ErrShape     // counts over different bins
	ErrNotFinite = check.ErrNotFinite // NaN or infinite values
	ErrRange     = check.ErrRange     // negative counts, a window that is no share of its trials
	ErrOption    = check.ErrOption    // a setting out of its range
	ErrUndefined = check.ErrUndefined // a constant reference, a baseline of 0 or 1, an empty window
	ErrMismatch  = check.ErrMismatch  // merged states differ in bins, or are the same state
	ErrOverflow  = check.ErrOverflow  // counts beyond int64
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no state of this type
	ErrVersion   = check.ErrVersion   // bytes of a newer program
)

func undefined(format string, args ...any) error {
	return fmt.Errorf("drift: "+format+": %w", append(args, ErrUndefined)...)
}
