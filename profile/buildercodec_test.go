package profile_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile"
)

func TestBuilderBinaryIDs(t *testing.T) {
	data, _ := filledBuilder(t).MarshalBinary()
	if err := new(profile.Builder[int, int]).UnmarshalBinary(data); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("string ids read as integers: %v", err)
	}
}

// TestBuilderBinaryProp: the bytes depend on what is known, not on how it came,
// and a decoded Builder goes on as the first would.
func TestBuilderBinaryProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawRecord), 0, 30).Draw(r, "records")
		at := rapid.IntRange(0, len(records)).Draw(r, "at")
		one, two := newBuilder(t, profile.BuilderOptions{}), newBuilder(t, profile.BuilderOptions{})
		feed(t, one, records)
		feed(t, two, records[at:])
		data, _ := two.MarshalBinary()
		var three profile.Builder[string, int]
		if err := three.UnmarshalBinary(data); err != nil {
			r.Fatal(err)
		}
		feed(t, &three, records[:at])
		a, _ := one.MarshalBinary()
		b, _ := three.MarshalBinary()
		if !bytes.Equal(a, b) || !bytes.Equal(fingerprint(t, one), fingerprint(t, &three)) {
			r.Fatal("differs after a round trip")
		}
		fresh := newBuilder(t, profile.BuilderOptions{})
		if err := fresh.Merge(&three); err != nil {
			r.Fatal(err)
		}
	})
}
