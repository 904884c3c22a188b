package lifetime

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/codec"
)

// openUnit opens a frame whose payload begins with the unit of time, which has to be T.
func openUnit[T Time](where string, data []byte, kind codec.Kind) (*codec.Reader, error) {
	r, err := codec.Open(data, kind, 1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	switch unit := r.Int(); {
	case r.Err() != nil:
		return nil, fmt.Errorf("%s: %w", where, r.Err())
	case unit != unitOf[T]():
		return nil, fmt.Errorf("%s: times in %s, want %s: %w", where, unitName(unit), unitName(unitOf[T]()), ErrMismatch)
	}
	return r, nil
}

// negativeZero reports a −0, which no encoder writes.
func negativeZero(xs ...float64) bool {
	for _, x := range xs {
		if x == 0 && math.Signbit(x) {
			return true
		}
	}
	return false
}
