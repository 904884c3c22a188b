package profile

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// TestMergeTooManyWords: a merge whose states of features do not fit changes nothing. The true limit
// are 2^32 words, 32 GiB, so here it is lowered.
func TestMergeTooManyWords(t *testing.T) {
	features, err := Features([]int{7}, "distinct", "gaps", "totals")
	if err != nil {
		t.Fatal(err)
	}
	asOf := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	fill := func(users ...string) *Builder[string, int] {
		b, err := NewBuilder[string, int](BuilderOptions{AsOf: asOf, Features: features})
		if err != nil {
			t.Fatal(err)
		}
		for i, u := range users {
			o := Order[string, int]{ID: u, User: u, At: asOf.Add(-time.Duration(i+1) * time.Hour), Currency: "EUR", Lines: []OrderLine[int]{{Item: i + 1, Category: u, Quantity: 1, Price: 5}}}
			if err := b.AddOrder(&o); err != nil {
				t.Fatal(err)
			}
		}
		return b
	}
	bytesOf := func(b *Builder[string, int]) []byte {
		data, err := b.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	b, other := fill("ann", "bob"), fill("bob", "cid", "dan", "eve")
	before := bytesOf(b)
	b.extra.limit = uint64(len(b.extra.words)) + 40
	if err := b.Merge(other); !errors.Is(err, ErrOverflow) {
		t.Fatalf("%v, want ErrOverflow", err)
	}
	if !bytes.Equal(bytesOf(b), before) {
		t.Error("a merge that failed left something")
	}
	b.extra.limit = 1 << 20
	if err := b.Merge(other); err != nil {
		t.Fatal(err)
	}
	want := fill("ann", "bob")
	for _, o := range []*Builder[string, int]{other} {
		if err := want.Merge(o); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(bytesOf(b), bytesOf(want)) {
		t.Error("the second merge differs")
	}
}

// TestMergeInPlace: states that fit where they are need no words.
func TestMergeInPlace(t *testing.T) {
	features, err := Features(nil, "totals")
	if err != nil {
		t.Fatal(err)
	}
	asOf := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	var both [2]*Builder[string, int]
	for i := range both {
		if both[i], err = NewBuilder[string, int](BuilderOptions{AsOf: asOf, Features: features}); err != nil {
			t.Fatal(err)
		}
		if err := both[i].Add(&Event[string, int]{User: "ann", Kind: View, At: asOf.Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	words := len(both[0].extra.words)
	both[0].extra.limit = uint64(words)
	if err := both[0].Merge(both[1]); err != nil || len(both[0].extra.words) != words {
		t.Errorf("%d words of %d: %v", len(both[0].extra.words), words, err)
	}
}
