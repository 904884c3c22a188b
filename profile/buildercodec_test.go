package profile_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
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

// Frames of before version 3 may have a half-life below a second: it is read as one.
func TestBuilderBinaryShortLife(t *testing.T) {
	frame := func(version uint16) []byte {
		var w codec.Writer
		w.Int64(cut.UnixNano())
		w.Int(0) // changes of the clock
		w.Int(0) // windows
		w.Int64(int64(time.Millisecond))
		for range 10 {
			w.Float64(1)
		}
		w.Int64s(nil)
		w.String("")
		w.Int64(0)
		w.Bool(false)
		labels := 3
		if version > 2 {
			w.Int(0) // features
			labels = 7
		}
		for range labels {
			w.Strings(nil)
		}
		w.Int(0) // class
		w.Int(0) // users
		return w.AppendFrame(nil, codec.KindBuilder, version)
	}
	var b profile.Builder[string, int]
	if err := b.UnmarshalBinary(frame(3)); !errors.Is(err, profile.ErrCorrupt) {
		t.Errorf("version 3: %v", err)
	}
	if err := b.UnmarshalBinary(frame(2)); err != nil {
		t.Fatalf("version 2: %v", err)
	}
	one := newBuilder(t, profile.BuilderOptions{HalfLife: time.Second, Windows: []int{}, KindWeights: map[profile.Kind]float64{1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1}})
	if err := one.Merge(&b); err != nil {
		t.Error(err)
	}
}
