package ads

import "github.com/aislekit/aisle/internal/check"

// Errors this package returns, always wrapped with the function and the field, row or ad at
// fault; test them with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no data, a nil receiver, a value that no constructor made
	ErrShape     = check.ErrShape     // lengths do not agree
	ErrNotFinite = check.ErrNotFinite // NaN or infinite input
	ErrRange     = check.ErrRange     // value outside its range
	ErrOption    = check.ErrOption    // option outside its range
	ErrUnknownID = check.ErrUnknownID // an ad or a placement that does not exist
	ErrDuplicate = check.ErrDuplicate // an ad twice, an event that was told before
	ErrUndefined = check.ErrUndefined // no answer exists: nothing shown, no clicks
	ErrDiverged  = check.ErrDiverged  // a learner that returns no probabilities
	ErrMismatch  = check.ErrMismatch  // states that cannot be merged
	ErrOverflow  = check.ErrOverflow  // counts or money beyond their type
	ErrTooLarge  = check.ErrTooLarge  // beyond a stated limit
	ErrCorrupt   = check.ErrCorrupt   // bytes are no valid encoding
	ErrVersion   = check.ErrVersion   // bytes of a newer version
)
