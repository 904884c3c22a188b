package tune

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, always wrapped. Test with errors.Is; they are the same
// values in every package of the module.
var (
	ErrEmpty     = check.ErrEmpty     // no trial succeeded
	ErrNotFinite = check.ErrNotFinite // the score of a trial; see Trial.Err
	ErrOption    = check.ErrOption    // a knob or an options field out of range
)
