package dict

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

type sku string

func TestDict(t *testing.T) {
	var d Dict[sku]
	if d.Len() != 0 || d.Index("x") != -1 || d.Keys() != nil || len(Sort(&d, 0)) != 0 {
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
	if got := Sort(&d, 0); !slices.Equal(got, []int32{2, 1, 0}) || d.Key(0) != "" || d.Index("pear") != 2 {
		t.Fatalf("Sort: %v, %v", got, d.Keys())
	}
}

// Any comparable type is numbered; what does not equal itself could never be found
// again.
func TestDictComparable(t *testing.T) {
	type key struct {
		shop int
		x    float64
	}
	var d Dict[key]
	for i, k := range []key{{1, 2}, {1, 3}, {1, 2}} {
		if n, err := d.Add(k); err != nil || n != int32(i%2) {
			t.Errorf("Add(%v) = %d, %v", k, n, err)
		}
	}
	if n, err := d.Add(key{1, math.NaN()}); !errors.Is(err, check.ErrNotFinite) || n != -1 || d.Len() != 2 {
		t.Errorf("NaN: %d, %v", n, err)
	}
}

func TestTruncate(t *testing.T) {
	var d Dict[sku]
	d.Truncate(0)
	for _, k := range []sku{"a", "b", "c"} {
		if _, err := d.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	d.Truncate(1)
	if d.Len() != 1 || d.Index("a") != 0 || d.Index("b") != -1 || d.Index("c") != -1 {
		t.Errorf("after Truncate(1): %v", d.Keys())
	}
	if n, err := d.Add("c"); n != 1 || err != nil {
		t.Errorf("Add after Truncate: %d, %v", n, err)
	}
	if d.Truncate(0); d.Len() != 0 || d.Index("a") != -1 {
		t.Errorf("after Truncate(0): %v", d.Keys())
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
			return d, before, Sort(d, len(head))
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
		if again := Sort(d, len(head)); !slices.IsSorted(again) {
			t.Fatal("sorting twice moves keys")
		}
		if c := d.Clone(); !slices.Equal(c.Keys(), d.Keys()) || c.Len() != d.Len() {
			t.Fatal("Clone")
		}
	})
}

// Sorted is Sort of a copy.
func TestSortedProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Dict[string]
		begin := rapid.SampledFrom([]string{"", "sku-", "a long beginning/"}).Draw(t, "begin")
		for range rapid.IntRange(0, 30).Draw(t, "keys") {
			end := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00ÿ")), 0, 12, -1).Draw(t, "end")
			if _, err := d.Add(begin + end); err != nil {
				t.Fatal(err)
			}
		}
		from := rapid.IntRange(0, d.Len()).Draw(t, "from")
		before := slices.Clone(d.Keys())
		back, perm := Sorted(&d, from)
		keys := back.Keys()
		if !slices.Equal(d.Keys(), before) {
			t.Fatal("the dict changed")
		}
		c := d.Clone()
		want := Sort(c, from)
		if !slices.Equal(keys, c.Keys()) || !slices.Equal(perm, want) {
			t.Fatalf("%q %v, want %q %v", keys, perm, c.Keys(), want)
		}
		for k, key := range keys {
			if back.Index(key) != int32(k) || back.Len() != len(keys) || back.Distinct() != len(keys) {
				t.Fatalf("key %q is not at %d", key, k)
			}
		}
	})
}

func TestSortedIntegers(t *testing.T) {
	var d Dict[int8]
	for _, k := range []int8{5, -3, 127, 0, -128} {
		if _, err := d.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	if s, perm := Sorted(&d, 1); !slices.Equal(s.Keys(), []int8{5, -128, -3, 0, 127}) || !slices.Equal(perm, []int32{0, 2, 4, 3, 1}) {
		t.Errorf("%v %v", s.Keys(), perm)
	}
}

// A Dict is a map and a list: whatever is done to it, in whatever order.
func TestDictProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, model := &Dict[int16]{}, []int16(nil)
		key := rapid.Int16Range(0, 300)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch k := key.Draw(t, "key"); rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				keys := append(rapid.SliceOfN(key, 0, 150).Draw(t, "keys"), k, k)
				got := make([]int32, len(keys))
				if err := d.AddAll(got, keys); err != nil {
					t.Fatal(err)
				}
				for j, k := range keys {
					if !slices.Contains(model, k) {
						model = append(model, k)
					}
					if i := slices.Index(model, k); int(got[j]) != i {
						t.Fatalf("AddAll: %d at %d, want %d", k, got[j], i)
					}
				}
			case 2:
				want := int32(slices.Index(model, k))
				at, last := d.Remove(k)
				if want >= 0 {
					end := len(model) - 1
					model[want] = model[end]
					model = model[:end]
				}
				if at != want || at >= 0 && int(last) != len(model) {
					t.Fatalf("Remove: %d, %d, want %d", at, last, want)
				}
			case 3:
				n := rapid.IntRange(0, len(model)).Draw(t, "n")
				d.Truncate(n)
				model = model[:n]
			default:
				d = d.Clone()
			}
			if !slices.Equal(d.Keys(), model) || d.Distinct() != len(model) {
				t.Fatalf("%v, want %v", d.Keys(), model)
			}
			for k := range int16(301) {
				if got, want := d.Index(k), slices.Index(model, k); int(got) != want {
					t.Fatalf("Index(%d) = %d, want %d", k, got, want)
				}
			}
		}
	})
}

// Of keeps the later of two equal keys and counts.
func TestOfTwice(t *testing.T) {
	if d := Of([]sku{"a", "b", "a"}); d.Distinct() != 2 || d.Index("a") != 2 || d.Index("b") != 1 || d.Len() != 3 {
		t.Error(d)
	}
}

// checkDense adds keys by Dense and in turn, some of them behind its back.
func checkDense[K Key](t *testing.T, keys []K) {
	t.Helper()
	var want, got Dict[K]
	var x Dense[K]
	for len(keys) > 0 {
		n := min(100, len(keys))
		dst := make([]int32, n)
		if err := x.AddAll(&got, dst, keys[:n]); err != nil {
			t.Fatal(err)
		}
		for k, key := range keys[:n] {
			if i, err := want.Add(key); err != nil || i != dst[k] {
				t.Fatalf("%v is %d, want %d: %v", key, dst[k], i, err)
			}
		}
		keys = keys[n:]
		if len(keys) > 0 {
			a, _ := want.Add(keys[len(keys)-1])
			if b, err := got.Add(keys[len(keys)-1]); a != b || err != nil {
				t.Fatalf("%v is %d, want %d: %v", keys[len(keys)-1], b, a, err)
			}
		}
	}
	if !slices.Equal(got.Keys(), want.Keys()) {
		t.Fatal("keys in another order")
	}
	sorted, perm := Sorted(&got, got.Len()/3)
	if head := sorted.Keys()[:got.Len()/3]; !slices.Equal(head, got.Keys()[:len(head)]) || !slices.IsSorted(sorted.Keys()[len(head):]) {
		t.Fatal("Sorted is not sorted behind the first third")
	}
	for k, key := range got.Keys() {
		if sorted.Index(key) != perm[k] || sorted.Key(perm[k]) != key {
			t.Fatalf("%v is not where the permutation says", key)
		}
	}
}

// Many keys of each usual type, close together and far apart, are found by Dense and sorted
// by digits.
func TestDense(t *testing.T) {
	const n = 12_000
	g := rng.New(1, 2, 3)
	for _, span := range []int64{1, 300, 5000, 1 << 30, math.MaxInt64} {
		signed, narrow, words, small := make([]int64, n), make([]int32, n), make([]uint64, n), make([]int8, n)
		ints, short, texts, named := make([]int, n), make([]uint32, n), make([]string, n), make([]sku, n)
		for k := range n {
			x := int64(g.Uint64n(uint64(span))) - span/2
			if k == n/2 && span == 5000 {
				x = math.MinInt64 // far from the others
			}
			signed[k], narrow[k], words[k], small[k], ints[k], short[k] = x, int32(x), uint64(x), int8(x), int(x), uint32(x)
			texts[k] = fmt.Sprintf("customer/%d", x)
			named[k] = sku(texts[k])
		}
		checkDense(t, signed)
		checkDense(t, narrow)
		checkDense(t, words)
		checkDense(t, small)
		checkDense(t, ints)
		checkDense(t, short)
		checkDense(t, texts)
		checkDense(t, named)
	}
}
