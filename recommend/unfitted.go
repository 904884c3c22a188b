package recommend

import (
	"fmt"

	"github.com/aislekit/aisle/internal/codec"
)

// What is nil or zero holds nothing, and no method of it panics: one with an error returns
// ErrEmpty, one without returns nothing. A method begins with orZero, so that it need not
// tell the two apart; that there are no items, and so nothing to score, is found where
// arguments are checked: checkQuery, checkVector, noItem, unknownItem.

// orZero returns m, or the zero value where m is nil.
func orZero[T any](m *T) *T {
	if m == nil {
		return new(T)
	}
	return m
}

// errUnfit is ErrEmpty of a state that neither a function of this package nor a decoder
// made.
var errUnfit = fmt.Errorf("neither fitted nor decoded: %w", ErrEmpty)

// checkVector refuses a vector that is not of the length of a model's.
func checkVector(got, want int) error {
	switch want {
	case 0:
		return errUnfit
	case got:
		return nil
	}
	return badLength("dst", got, want)
}

// unknownItem is what a list like an item is refused with, where there are so many items.
func unknownItem(items int) error {
	if items == 0 {
		return ErrEmpty
	}
	return ErrUnknownID
}

// open begins to decode a frame into m, which must not be nil.
func open[T any](m *T, data []byte, kind, version uint16) (*codec.Reader, error) {
	if m == nil {
		return nil, fmt.Errorf("nil receiver: %w", ErrEmpty)
	}
	return codec.Open(data, kind, version)
}

// errUnfitted is ErrEmpty of the binary form of a model that is nil or zero: such bytes
// no decoder reads.
func errUnfitted(name string) error {
	return fmt.Errorf("recommend: %s.AppendBinary: %w", name, errUnfit)
}
