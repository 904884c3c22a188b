package evaluate

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, always wrapped with the function and the argument, user
// or item at fault. Test with errors.Is; they are the same values in every package
// of the module.
var (
	ErrEmpty    = check.ErrEmpty    // no model, no data, no judge, or nobody to ask
	ErrOption   = check.ErrOption   // an option out of range
	ErrShape    = check.ErrShape    // matrices or a model of another shape
	ErrRange    = check.ErrRange    // an item outside of the catalogue
	ErrMismatch = check.ErrMismatch // a model, test part or item set of other ids
	ErrLeakage  = check.ErrLeakage  // an entry of the test part that the model has seen
)
