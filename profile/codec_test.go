package profile_test

import (
	"bytes"
	"encoding"
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

type state interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// states are one filled and one empty value of every type with a binary form.
func states(t testing.TB) map[string][2]state {
	t.Helper()
	b := newBuilder(t, profile.BuilderOptions{PriceBands: []int64{50}})
	feed(t, b, []record{
		{event: &event{User: "b", Kind: profile.View, At: cut.Add(-day), Category: "x", Brand: "y", Dwell: time.Second, Position: 3, Pages: 2}},
		{event: &event{User: "a", Kind: profile.Rate, At: cut.Add(-40 * day), Rating: 4.5}},
		{order: &order{ID: "1", User: "b", At: cut.Add(-2 * day), Currency: "EUR", Lines: []line{{Item: 1, Category: "z", Quantity: 2, Price: 99}}}},
		{refund: &refund{ID: "1", OrderID: "1", User: "b", At: cut.Add(-day), Currency: "EUR", Amount: 9}},
		{user: &user{ID: "c", Registered: cut.Add(-400 * day)}},
	})
	var m profile.Moments
	for _, x := range []float64{1, 5, math.NaN()} {
		_ = m.Add(x)
	}
	return map[string][2]state{
		"Builder": {b, &profile.Builder[string, int]{}},
		"Moments": {&m, &profile.Moments{}},
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
			if err := s[1].UnmarshalBinary(data[:i]); !errors.Is(err, profile.ErrCorrupt) {
				t.Errorf("%s: cut at %d: %v", name, i, err)
			}
		}
		if again, _ = s[1].MarshalBinary(); !bytes.Equal(data, again) {
			t.Errorf("%s: a failed decode changed the receiver", name)
		}
		for other, o := range states(t) {
			if other != name {
				if err := o[1].UnmarshalBinary(data); !errors.Is(err, profile.ErrMismatch) {
					t.Errorf("%s read as %s: %v", name, other, err)
				}
			}
		}
	}
}

func TestBuilderBinaryIDs(t *testing.T) {
	data, _ := states(t)["Builder"][0].MarshalBinary()
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
		"Builder": func() state { return &profile.Builder[string, int]{} },
		"Moments": func() state { return &profile.Moments{} },
	}
}
