package recommend

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Every operation agrees with the same on a map.
func TestIndexSetProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "n")
		members := func(s indexSet) (out []int32) {
			for i := range int32(n) {
				if s.has(i) {
					out = append(out, i)
				}
			}
			return out
		}
		draw := func(name string) (indexSet, func(int32) bool) {
			list := rapid.SliceOf(rapid.Int32Range(0, int32(n-1))).Draw(t, name)
			s := newIndexSet(n)
			s.addAll(list)
			return s, func(i int32) bool { return slices.Contains(list, i) }
		}
		a, inA := draw("a")
		b, inB := draw("b")
		for name, c := range map[string]struct {
			op   func(s indexSet)
			want func(i int32) bool
		}{
			"and":     {func(s indexSet) { s.and(b) }, func(i int32) bool { return inA(i) && inB(i) }},
			"or":      {func(s indexSet) { s.or(b) }, func(i int32) bool { return inA(i) || inB(i) }},
			"andNot":  {func(s indexSet) { s.andNot(b) }, func(i int32) bool { return inA(i) && !inB(i) }},
			"not":     {func(s indexSet) { s.not() }, func(i int32) bool { return !inA(i) }},
			"fill":    {func(s indexSet) { s.fill(n) }, func(int32) bool { return true }},
			"dropAll": {func(s indexSet) { s.dropAll(members(b)) }, func(i int32) bool { return inA(i) && !inB(i) }},
			"shorter": {func(s indexSet) { s.and(b[:len(b)/2]) }, func(i int32) bool { return inA(i) && inB(i) && int(i>>6) < len(b)/2 }},
		} {
			s := slices.Clone(a)
			c.op(s)
			var want []int32
			for i := range int32(n) {
				if c.want(i) {
					want = append(want, i)
				}
			}
			if got := members(s); !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", name, got, want)
			}
			if got := s.count(); name != "not" && got != len(want) {
				t.Fatalf("%s: count %d, want %d", name, got, len(want))
			}
		}
	})
}
