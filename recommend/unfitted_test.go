package recommend_test

import (
	"encoding"
	"errors"
	"testing"

	"github.com/aislekit/aisle/recommend"
)

// A model that is nil or zero has no binary form, instead of a panic or of bytes that
// no decoder reads.
func TestUnfittedBinary(t *testing.T) {
	for _, f := range smallFitters(t, 12, 9) {
		null, zero := f.zero()
		for _, m := range []any{null, zero} {
			if m, ok := m.(recommend.Model); ok && (m.Items() != 0 || m.Users() != 0) {
				t.Errorf("%T: unfitted, of %d users and %d items", m, m.Users(), m.Items())
			}
			if data, err := m.(encoding.BinaryMarshaler).MarshalBinary(); !errors.Is(err, recommend.ErrEmpty) || len(data) != 0 {
				t.Errorf("%T: %d bytes and %v, want ErrEmpty", m, len(data), err)
			}
		}
	}
}
