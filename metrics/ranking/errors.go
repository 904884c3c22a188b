package ranking

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Sentinels returned, wrapped, by this package. Test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no items, no candidates, no lists
	ErrShape     = check.ErrShape     // slices of different lengths
	ErrNotFinite = check.ErrNotFinite // a relevance, score or distance that is NaN or infinite
	ErrRange     = check.ErrRange     // an index outside the items, more relevant items than candidates
	ErrDuplicate = check.ErrDuplicate // an item twice in one list
	ErrOption    = check.ErrOption    // bad field of an options struct, a cut-off that was not asked for
	ErrUndefined = check.ErrUndefined // no relevant item, no lists
	ErrMismatch  = check.ErrMismatch  // merged states differ in options, or are the same state
	ErrOverflow  = check.ErrOverflow  // gains beyond float64
	ErrTooLarge  = check.ErrTooLarge  // more items than int32 can number
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no state of this type
	ErrVersion   = check.ErrVersion   // bytes of a newer program
)

func undefined(format string, args ...any) error {
	return fmt.Errorf("ranking: "+format+": %w", append(args, ErrUndefined)...)
}
