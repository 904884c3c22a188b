package audience_test

import (
	"bytes"
	"encoding"
	"errors"
	"os"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

// The golden frame of a set, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "segment/audience", append(sets(), ledgers()...)) }

func TestDamagePublished(t *testing.T) { testkit.Damage(t, ledgers()) }

func FuzzPublished(f *testing.F) { testkit.FuzzFrames(f, ledgers()) }

// ledgers is a ledger with two audiences over more than one word.
func ledgers() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindPublished,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			var p audience.Published
			for _, to := range []int32{90, 200} {
				if _, err := p.Count(span(t, 3, to)); err != nil {
					t.Fatal(err)
				}
			}
			return &p
		},
		Values: func(t testing.TB, s any) any {
			p := s.(*audience.Published)
			near, err := p.Count(span(t, 3, 91))
			far, err2 := p.Count(span(t, 3, 90))
			return testkit.Plain([]any{p.Len(), near, err, far, err2})
		},
	}}
}

func sets() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindAudience,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				p, err := audience.Compile(audience.Compare("age", ">=", 30), table(), audience.Options{MinSize: 3})
				must(err)
				a, err := p.Select(bg)
				must(err)
				return a
			},
			Values: func(t testing.TB, s any) any {
				a := s.(*audience.Set)
				return map[string]any{"Universe": a.Universe(), "IDs": a.IDs(nil), "MinSize": a.MinSize(), "Small": a.Small()}
			},
			Zero: []string{".reason: an audience with members has none; TestFrameEmptySet holds one without"},
		},
	}
}

// A set that a rule left empty keeps the reason.
func TestFrameEmptySet(t *testing.T) {
	const path = "testdata/frames/SetEmpty.v1.bin"
	data, err := os.ReadFile(path)
	must(err)
	var a audience.Set
	must(a.UnmarshalBinary(data))
	if a.Universe() != 4 || len(a.IDs(nil)) != 0 || a.MinSize() != 3 || a.Reason() != "age >= 40 contradicts age < 30" {
		t.Errorf("%d of %d, at least %d: %q", len(a.IDs(nil)), a.Universe(), a.MinSize(), a.Reason())
	}
	again, err := a.MarshalBinary()
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("written again it differs (%v)", err)
	}
}

func FuzzSetUnmarshal(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, testkit.Refit(data)} {
			kept, err := audience.New(9, []int32{2, 8})
			must(err)
			if err := kept.UnmarshalBinary(data); err != nil {
				if !errors.Is(err, audience.ErrCorrupt) && !errors.Is(err, audience.ErrVersion) && !errors.Is(err, audience.ErrMismatch) {
					t.Fatalf("unnamed error %v", err)
				}
				if kept.Universe() != 9 || len(kept.IDs(nil)) != 2 || !kept.Has(8) {
					t.Fatal("a failed decode changed the receiver")
				}
				continue
			}
			if b, err := kept.MarshalBinary(); err != nil || !bytes.Equal(b, data) {
				t.Fatalf("accepts %d bytes and writes %d others, %v", len(data), len(b), err)
			}
			if len(kept.IDs(nil)) > kept.Universe() || len(kept.IDs(nil)) > 0 && kept.Reason() != "" {
				t.Fatalf("%d of %d, %q", len(kept.IDs(nil)), kept.Universe(), kept.Reason())
			}
		}
	})
}
