package metrics

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Sentinels returned, wrapped, by this package. Test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no rows, no lists, no arms
	ErrShape     = check.ErrShape     // slices of different lengths
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input
	ErrRange     = check.ErrRange     // probability outside [0,1], negative count or weight
	ErrDuplicate = check.ErrDuplicate // an item twice in one list
	ErrOption    = check.ErrOption    // bad field of an options struct
	ErrUndefined = check.ErrUndefined // the measure has no value for this data (0/0, one class, no variance)
	ErrMismatch  = check.ErrMismatch  // merged states differ in configuration, or are the same state
	ErrOverflow  = check.ErrOverflow  // int64 counts or money overflow
	ErrTooLarge  = check.ErrTooLarge  // a stated limit of cells, paths or states is reached
	ErrDiverged  = check.ErrDiverged  // an iteration did not converge
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no state of this type
	ErrVersion   = check.ErrVersion   // bytes of a newer program
)

func undefined(format string, args ...any) error {
	return fmt.Errorf("metrics: "+format+": %w", append(args, ErrUndefined)...)
}
