package clean_test

import (
	"bytes"
	"encoding"
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/clean"
)

type state interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// states are one filled and one empty value of every type with a binary form.
func states(t testing.TB) map[string][2]state {
	t.Helper()
	var q clean.Quality
	q.Keep(cut)
	q.Reject(7, clean.Missing)
	q.Flag(8, clean.Outlier)
	q.Field("user", clean.Missing)
	return map[string][2]state{
		"Quality": {&q, &clean.Quality{}},
	}
}

func TestBinary(t *testing.T) {
	for name, s := range states(t) {
		data, err := s[0].MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := s[1].UnmarshalBinary(data); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := s[1].MarshalBinary()
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: another form after a round trip (%v)", name, err)
		}
		for i := range data {
			bad := bytes.Clone(data)
			bad[i] ^= 0x40
			if err := s[1].UnmarshalBinary(bad); err == nil {
				t.Errorf("%s: byte %d damaged and accepted", name, i)
			}
			if err := s[1].UnmarshalBinary(data[:i]); !errors.Is(err, clean.ErrCorrupt) {
				t.Errorf("%s: cut at %d: %v", name, i, err)
			}
		}
		if again, _ = s[1].MarshalBinary(); !bytes.Equal(data, again) {
			t.Errorf("%s: a failed decode changed the receiver", name)
		}
		for other, o := range states(t) {
			if other != name {
				if err := o[1].UnmarshalBinary(data); !errors.Is(err, clean.ErrMismatch) {
					t.Errorf("%s read as %s: %v", name, other, err)
				}
			}
		}
	}
}

// FuzzUnmarshal decodes bytes as they are and with length and checksum made right,
// as each type of this package: what is accepted is that type's own form.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range states(f) {
		data, _ := s[0].MarshalBinary()
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, testkit.Refit(data)} {
			for name, fresh := range empty() {
				s := fresh()
				if err := s.UnmarshalBinary(data); err != nil {
					continue
				}
				out, err := s.MarshalBinary()
				if err != nil || !bytes.Equal(out, data) {
					t.Errorf("%s: accepted bytes that are not its own form (%v)", name, err)
				}
			}
		}
	})
}

// empty makes receivers.
func empty() map[string]func() state {
	return map[string]func() state{
		"Quality": func() state { return &clean.Quality{} },
	}
}
