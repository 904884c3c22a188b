package bitset

import (
	"slices"
	"testing"

	"github.com/kelindar/bitmap"
	"pgregory.net/rapid"
)

func drawSet(t *rapid.T, name string, size int) (*Set, map[int32]bool) {
	s, m := New(size), map[int32]bool{}
	for _, i := range rapid.SliceOf(rapid.Int32Range(-3, int32(size+70))).Draw(t, name) {
		in := i >= 0 && int(i) < size
		if s.Add(i) != in {
			t.Fatalf("Add(%d) over [0, %d)", i, size)
		}
		if in {
			m[i] = true
		}
	}
	return s, m
}

func same(t *rapid.T, what string, s *Set, m map[int32]bool) {
	t.Helper()
	want := []int32{}
	for i := range m {
		want = append(want, i)
	}
	slices.Sort(want)
	if got := s.Append([]int32{}); !slices.Equal(got, want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	if s.Count() != len(want) {
		t.Fatalf("%s: Count %d, want %d", what, s.Count(), len(want))
	}
	for i := int32(-2); i < int32(s.Size())+70; i++ {
		if s.Has(i) != m[i] {
			t.Fatalf("%s: Has(%d)", what, i)
		}
	}
	if len(s.Words()) != (s.Size()+63)/64 {
		t.Fatalf("%s: %d words for size %d", what, len(s.Words()), s.Size())
	}
	if r := s.Size() % 64; r != 0 && s.Words()[len(s.Words())-1]>>r != 0 {
		t.Fatalf("%s: bits beyond the size", what)
	}
}

// A map of members is the oracle; sizes often agree in words, which takes the
// accelerated path, and often do not.
func TestSetProp(t *testing.T) {
	size := rapid.OneOf(rapid.IntRange(0, 70), rapid.IntRange(120, 135), rapid.IntRange(500, 530))
	rapid.Check(t, func(t *rapid.T) {
		n := size.Draw(t, "n")
		k := rapid.OneOf(rapid.Just(n), size).Draw(t, "k")
		a, am := drawSet(t, "a", n)
		b, bm := drawSet(t, "b", k)
		bBefore := slices.Clone(b.Words())
		same(t, "a", a, am)
		for _, op := range []struct {
			name string
			do   func(s, o *Set)
			keep func(inA, inB bool) bool
		}{
			{"And", (*Set).And, func(x, y bool) bool { return x && y }},
			{"Or", (*Set).Or, func(x, y bool) bool { return x || y }},
			{"AndNot", (*Set).AndNot, func(x, y bool) bool { return x && !y }},
		} {
			s, want := a.Clone(), map[int32]bool{}
			op.do(s, b)
			for i := range int32(n) {
				if op.keep(am[i], bm[i]) {
					want[i] = true
				}
			}
			same(t, op.name, s, want)
			if !slices.Equal(b.Words(), bBefore) {
				t.Fatalf("%s changed its operand", op.name)
			}
			self := a.Clone()
			op.do(self, self)
			want = map[int32]bool{}
			for i := range am {
				if op.keep(true, true) {
					want[i] = true
				}
			}
			same(t, op.name+" with itself", self, want)
		}
		// De Morgan, where both have one universe.
		b.Resize(n)
		left, right, nb := a.Clone(), a.Clone(), b.Clone()
		left.And(b)
		left.Not()
		right.Not()
		nb.Not()
		right.Or(nb)
		if !slices.Equal(left.Words(), right.Words()) {
			t.Fatal("not (a and b) differs from (not a) or (not b)")
		}
		twice := a.Clone()
		twice.Not()
		twice.Not()
		same(t, "Not twice", twice, am)
		same(t, "original", a, am)

		m := size.Draw(t, "resize")
		want := map[int32]bool{}
		for i := range am {
			if int(i) < m {
				want[i] = true
			}
		}
		a.Resize(m)
		same(t, "Resize", a, want)
		for i := range want {
			a.Remove(i)
			a.Remove(i + 4096)
			a.Remove(-1)
			delete(want, i)
			same(t, "Remove", a, want)
			break
		}
		full := Full(n)
		if full.Count() != n {
			t.Fatalf("Full(%d) has %d members", n, full.Count())
		}
	})
}

// The kernels must neither change the length of their receiver nor touch the
// words around it, at any length and alignment.
func TestKernelsStayInBounds(t *testing.T) {
	for n := 1; n <= 70; n++ {
		for off := range 4 {
			for name, op := range map[string]struct {
				do   func(d *bitmap.Bitmap, o bitmap.Bitmap)
				want uint64
			}{
				"And":    {func(d *bitmap.Bitmap, o bitmap.Bitmap) { d.And(o) }, 0b1000},
				"Or":     {func(d *bitmap.Bitmap, o bitmap.Bitmap) { d.Or(o) }, 0b1110},
				"AndNot": {func(d *bitmap.Bitmap, o bitmap.Bitmap) { d.AndNot(o) }, 0b0100},
			} {
				back, other := make([]uint64, n+40), make([]uint64, n+40)
				for i := range back {
					back[i], other[i] = 0b1100, 0b1010
				}
				d, o := bitmap.Bitmap(back[8+off:8+off+n]), bitmap.Bitmap(other[8+off:8+off+n])
				op.do(&d, o)
				if len(d) != n || &d[0] != &back[8+off] {
					t.Fatalf("%s of %d words: receiver moved or now has %d", name, n, len(d))
				}
				for i := range back {
					want := uint64(0b1100)
					if i >= 8+off && i < 8+off+n {
						want = op.want
					}
					if back[i] != want || other[i] != 0b1010 {
						t.Fatalf("%s of %d words at offset %d: word %d is %b", name, n, off, i, back[i])
					}
				}
			}
		}
	}
}

func TestZeroAndOddSizes(t *testing.T) {
	var z Set
	z.And(Full(9))
	z.Or(Full(9))
	z.AndNot(Full(9))
	z.Not()
	z.Remove(0)
	if z.Add(0) || z.Count() != 0 || z.Size() != 0 || len(z.Words()) != 0 {
		t.Error("the zero set is not the empty set of size 0")
	}
	if New(-5).Size() != 0 || Full(-5).Count() != 0 {
		t.Error("negative size")
	}
	s := Full(64)
	s.Or(&z)
	if s.Count() != 64 {
		t.Error("Or with the empty set")
	}
	s.And(&z)
	if s.Count() != 0 {
		t.Error("And with the empty set")
	}
	n := 0
	Full(200).Range(func(i int32) bool { n++; return i < 99 })
	if n != 100 {
		t.Errorf("Range went on for %d members", n)
	}
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		words []uint64
		size  int
		want  []int32
	}{
		{nil, 0, nil},
		{nil, 70, nil},
		{[]uint64{5}, 2, []int32{0}},
		{[]uint64{1 << 63, 3, 1}, 65, []int32{63, 64}},
		{[]uint64{1}, 200, []int32{0}},
		{[]uint64{1}, -3, nil},
	} {
		s := Of(c.words, c.size)
		if got := s.Append(nil); !slices.Equal(got, c.want) || s.Size() != max(c.size, 0) || len(s.Words()) != (max(c.size, 0)+63)/64 {
			t.Errorf("%v of %d: %v of %d", c.words, c.size, got, s.Size())
		}
	}
}
