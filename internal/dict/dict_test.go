package dict

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type sku string

func TestDict(t *testing.T) {
	var d Dict[sku]
	if d.Len() != 0 || d.Index("x") != -1 || d.Keys() != nil || len(d.Sort(0)) != 0 {
		t.Fatal("zero value")
	}
	for i, k := range []sku{"pear", "apple", "pear", "", "apple"} {
		got, err := d.Add(k)
		if want := []int32{0, 1, 0, 2, 1}[i]; err != nil || got != want {
			t.Fatalf("Add(%q) = %d, %v; want %d", k, got, err, want)
		}
	}
	c := d.Clone()
	if _, err := c.Add("new"); err != nil || d.Index("new") != -1 || d.Len() != 3 {
		t.Fatal("clone shares state")
	}
	if got := d.Sort(0); !slices.Equal(got, []int32{2, 1, 0}) || d.Key(0) != "" || d.Index("pear") != 2 {
		t.Fatalf("Sort: %v, %v", got, d.Keys())
	}
}

func TestSortProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head := rapid.SliceOfDistinct(rapid.Int16(), rapid.ID).Draw(t, "head")
		tail := rapid.SliceOf(rapid.Int16()).Draw(t, "tail")
		build := func(tail []int16) (*Dict[int16], []int16, []int32) {
			d := &Dict[int16]{}
			for _, k := range append(slices.Clone(head), tail...) {
				if _, err := d.Add(k); err != nil {
					t.Fatal(err)
				}
			}
			before := slices.Clone(d.Keys())
			return d, before, d.Sort(len(head))
		}
		d, before, perm := build(tail)
		for old, k := range before {
			if n := perm[old]; d.Key(n) != k || d.Index(k) != n {
				t.Fatalf("perm[%d] = %d, but Key(%d) = %d and Index(%d) = %d", old, n, n, d.Key(n), k, d.Index(k))
			}
		}
		if !slices.Equal(d.Keys()[:len(head)], head) || !slices.IsSorted(d.Keys()[len(head):]) {
			t.Fatal("keys below from moved, or the rest is not sorted")
		}
		other, _, _ := build(rapid.Permutation(tail).Draw(t, "order"))
		if !slices.Equal(d.Keys(), other.Keys()) {
			t.Fatal("numbering depends on the order of insertion")
		}
		if again := d.Sort(len(head)); !slices.IsSorted(again) {
			t.Fatal("sorting twice moves keys")
		}
		if c := d.Clone(); !slices.Equal(c.Keys(), d.Keys()) || c.Len() != d.Len() {
			t.Fatal("Clone")
		}
	})
}

func BenchmarkIndex(b *testing.B) {
	var d Dict[int64]
	for i := range int64(100_000) {
		if _, err := d.Add(i * 7919); err != nil {
			b.Fatal(err)
		}
	}
	i := int64(0)
	for b.Loop() {
		i = (i + 1) % 100_000
		d.Index(i * 7919)
	}
}
