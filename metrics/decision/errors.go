package decision

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Sentinels returned, wrapped, by this package. Test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no alternatives, no channels, no strategies
	ErrShape     = check.ErrShape     // slices of different lengths
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input
	ErrRange     = check.ErrRange     // a negative weight, cost or budget, judgements that are not reciprocal
	ErrOption    = check.ErrOption    // a setting out of its range, a curve that is not concave
	ErrUndefined = check.ErrUndefined // nothing tells the alternatives apart
	ErrOverflow  = check.ErrOverflow  // judgements too large
	ErrTooLarge  = check.ErrTooLarge  // more units and channels than the limit
	ErrDiverged  = check.ErrDiverged  // an iteration did not converge
)

// named puts the name of a function before an error of package mcda.
func named(function string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("decision: %s: %w", function, err)
}
