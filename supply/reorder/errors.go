package reorder

import "github.com/aislekit/aisle/internal/check"

// Errors of this package, always wrapped with the function and the field or
// product that is wrong. Match them with errors.Is; they are the same values in
// every package of the module.
var (
	ErrEmpty       = check.ErrEmpty       // no products, no forecast, no samples
	ErrNotFinite   = check.ErrNotFinite   // NaN or infinite input
	ErrShape       = check.ErrShape       // slices of different lengths, demand of fewer periods than are simulated
	ErrRange       = check.ErrRange       // a quantity out of range
	ErrUnknownID   = check.ErrUnknownID   // a product that is not part of the plan
	ErrDuplicate   = check.ErrDuplicate   // a product given twice
	ErrOption      = check.ErrOption      // invalid field of an options struct
	ErrUndefined   = check.ErrUndefined   // a law without the quantile that is needed
	ErrMismatch    = check.ErrMismatch    // simulations of other products or runs
	ErrCorrupt     = check.ErrCorrupt     // bytes that are no simulation
	ErrVersion     = check.ErrVersion     // bytes of a newer version
	ErrTooLarge    = check.ErrTooLarge    // more observations than there is memory for
	ErrUnsupported = check.ErrUnsupported // a supply chain that is no tree
	ErrOverflow    = check.ErrOverflow    // a quantity or cost beyond float64
)
