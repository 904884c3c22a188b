package testkit

import (
	"bytes"
	"encoding"
	"errors"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/check"
)

// Damage tests the decoders of frames, whose Fill must return a type that has
// UnmarshalBinary: a frame with a damaged byte, a part of a frame and a frame of
// another kind are refused with the sentinel that is due, and leave the state as
// it was.
func Damage(t *testing.T, frames []Frame) {
	t.Helper()
	frames = slices.DeleteFunc(slices.Clone(frames), func(f Frame) bool { return f.Old > 0 })
	for _, x := range frames {
		filled := x.Fill(t)
		data, err := filled.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		state := filled.(encoding.BinaryUnmarshaler)
		for i := range data {
			bad := bytes.Clone(data)
			bad[i] ^= 0x40
			if state.UnmarshalBinary(bad) == nil {
				t.Errorf("kind %#04x: byte %d damaged and accepted", x.Kind, i)
			}
			if err := state.UnmarshalBinary(data[:i]); !errors.Is(err, check.ErrCorrupt) {
				t.Errorf("kind %#04x: cut at %d: %v", x.Kind, i, err)
			}
		}
		for _, y := range frames {
			if y.Kind == x.Kind {
				continue
			}
			other, err := y.Fill(t).MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if err := state.UnmarshalBinary(other); !errors.Is(err, check.ErrMismatch) {
				t.Errorf("kind %#04x read as %#04x: %v", y.Kind, x.Kind, err)
			}
		}
		version := bytes.Clone(data)
		version[6] = 99
		if err := state.UnmarshalBinary(Refit(version)); !errors.Is(err, check.ErrVersion) {
			t.Errorf("kind %#04x: version 99: %v", x.Kind, err)
		}
		if after, err := filled.MarshalBinary(); err != nil || !bytes.Equal(after, data) {
			t.Errorf("kind %#04x: a failed decode changed the state (%v)", x.Kind, err)
		}
		if err := state.UnmarshalBinary(data); err != nil {
			t.Errorf("kind %#04x: %v", x.Kind, err)
		}
		if after, err := filled.MarshalBinary(); err != nil || !bytes.Equal(after, data) {
			t.Errorf("kind %#04x: another form after a round trip (%v)", x.Kind, err)
		}
	}
}
