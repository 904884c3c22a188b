package hybrid

import "github.com/aislekit/aisle/internal/check"

// Errors returned by this package, wrapped with the function and the part at fault
// except where an answer is refused for its query (Score), as those of package
// recommend are. Test with errors.Is.
var (
	ErrEmpty     = check.ErrEmpty     // no part knows the query
	ErrShape     = check.ErrShape     // lengths do not agree
	ErrRange     = check.ErrRange     // a value outside its documented range
	ErrUnknownID = check.ErrUnknownID // an item out of range
	ErrOption    = check.ErrOption    // a part or an option that cannot be
	ErrMismatch  = check.ErrMismatch  // parts of different catalogues
	ErrCorrupt   = check.ErrCorrupt   // bytes that are no valid encoding
	ErrVersion   = check.ErrVersion   // encoding of a newer version
)
