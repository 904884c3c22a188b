package ann_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
)

// goods is a dataset of those items, which two users took.
func goods(t testing.TB, items ...string) *recommend.Dataset[int, string] {
	t.Helper()
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for k, item := range items {
		if err := errors.Join(b.Add(1, item, 1), b.Add(2+k%2, item, 1)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An index over the vectors of a model refuses sets of another catalogue of its size, in
// memory and from its frame, and goes on with a catalogue that it grew into.
func TestHNSWKnowsItsItems(t *testing.T) {
	old, other := goods(t, "a", "b", "c", "d"), goods(t, "a", "b", "x", "y")
	als, err := recommend.FitALS(context.Background(), old.Interactions, recommend.ALSOptions{Factors: 2})
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := ann.FitHNSW(context.Background(), als, ann.HNSWOptions{})
	if err != nil {
		t.Fatal(err)
	}
	frame, err := fitted.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	read := &ann.HNSW{}
	if err := read.UnmarshalBinary(frame); err != nil {
		t.Fatal(err)
	}
	_, want := old.Interactions.Fingerprints()
	mine, _ := old.ItemSet("b", "d")
	theirs, _ := other.ItemSet("b", "y")
	bare, err := recommend.NewItemSet(4, 1)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(x *ann.HNSW, f recommend.Filter) error {
		_, err := x.AppendTop(nil, []float32{1, 1}, 2, 0, f)
		return err
	}
	for name, x := range map[string]*ann.HNSW{"fitted": fitted, "read": read} {
		if users, items := x.Fingerprints(); users != 0 || items != want {
			t.Errorf("%s: fingerprints %x and %x, want 0 and %x", name, users, items, want)
		}
		if err := errors.Join(ask(x, recommend.Filter{Allow: mine}), ask(x, recommend.Filter{Deny: bare})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, f := range []recommend.Filter{{Allow: theirs}, {Deny: theirs}} {
			if err := ask(x, f); !errors.Is(err, recommend.ErrMismatch) || !strings.Contains(err.Error(), "item 2 is the first") {
				t.Errorf("%s: a set of another catalogue: %v", name, err)
			}
		}
		if err := x.Over(other.Interactions); !errors.Is(err, recommend.ErrMismatch) {
			t.Errorf("%s: over another catalogue: %v", name, err)
		}
	}
	grow, err := old.Grow()
	if err != nil {
		t.Fatal(err)
	}
	if err := grow.Add(1, "aa", 1); err != nil {
		t.Fatal(err)
	}
	grown, err := grow.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Add(4, []float32{1, 2}); err != nil {
		t.Fatal(err)
	}
	more, _ := grown.ItemSet("aa")
	strange, _ := goods(t, "a", "b", "x", "y", "z").ItemSet("z")
	if err := ask(read, recommend.Filter{Allow: more}); err != nil {
		t.Errorf("a set of the grown catalogue: %v", err)
	}
	if err := ask(read, recommend.Filter{Allow: strange}); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("a set of another catalogue that is as large: %v", err)
	}
	if err := read.Over(grown.Interactions); err != nil {
		t.Error(err)
	}
	_, want = grown.Interactions.Fingerprints()
	if _, items := read.Fingerprints(); items != want {
		t.Errorf("grown: fingerprint %x, want %x", items, want)
	}
	if frame, err = read.MarshalBinary(); err != nil || (&ann.HNSW{}).UnmarshalBinary(frame) != nil {
		t.Errorf("grown: %v", err)
	}
}

// Vectors that come from elsewhere know no ids until they are told.
func TestHNSWOver(t *testing.T) {
	rows := recommend.RowVectors{Rows: []float32{1, 2, 0, 1, -1, 3, 2, 2}, N: 2}
	x, err := ann.FitHNSW(context.Background(), rows, ann.HNSWOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d, other := goods(t, "a", "b", "c", "d"), goods(t, "b", "c", "d", "e")
	set, _ := other.ItemSet("b")
	if _, err := x.AppendTop(nil, []float32{1, 1}, 2, 0, recommend.Filter{Allow: set}); err != nil {
		t.Fatal(err)
	}
	if err := x.Over(goods(t, "a").Interactions); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("over a catalogue of one: %v", err)
	}
	if err := x.Over(d.Interactions); err != nil {
		t.Fatal(err)
	}
	if _, err := x.AppendTop(nil, []float32{1, 1}, 2, 0, recommend.Filter{Allow: set}); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("a set of another catalogue: %v", err)
	}
}
