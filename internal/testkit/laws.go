package testkit

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
)

// Laws is what the laws of merging need to know of an accumulator A, a pointer:
// shards in any order and grouping give what one pass gives, an empty state changes
// nothing, a failed merge changes nothing, and the binary form is canonical.
type Laws[A any] struct {
	Empty  func() A
	Add    func(t *rapid.T) func(A) // draws a record; the result adds it
	Merge  func(a, b A) error
	Result func(A) []float64 // every number the type can tell
	Tol    float64           // relative, and absolute around 0
	Other  func() A          // another configuration, nil if there is none
}

// Check tests them by drawn records.
func (k Laws[A]) Check(t *testing.T) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		var recs []func(A)
		for range rapid.IntRange(0, 40).Draw(t, "records") {
			recs = append(recs, k.Add(t))
		}
		fold := func(rs []func(A)) A {
			a := k.Empty()
			for _, r := range rs {
				r(a)
			}
			return a
		}
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		same := func(law string, a, b A) {
			x, y := k.Result(a), k.Result(b)
			for i := range x {
				if len(x) != len(y) || !Close(x[i], y[i], k.Tol, k.Tol) {
					t.Fatalf("%s: number %d: %v and %v", law, i, x, y)
				}
			}
		}
		n := len(recs)
		i := rapid.IntRange(0, n).Draw(t, "i")
		j := rapid.IntRange(i, n).Draw(t, "j")
		all := fold(recs)
		same("Result changes nothing", all, all)

		left := fold(recs[:i])
		mid := fold(recs[i:j])
		right := fold(recs[j:])
		must(k.Merge(left, mid))
		must(k.Merge(left, right))
		same("split", left, all)

		mr := fold(recs[i:j])
		must(k.Merge(mr, right))
		assoc := fold(recs[:i])
		must(k.Merge(assoc, mr))
		same("associative", assoc, all)

		swapped := fold(recs[j:])
		must(k.Merge(swapped, fold(recs[:j])))
		same("commutative", swapped, all)

		zero := k.Empty()
		must(k.Merge(zero, all))
		same("left identity", zero, all)
		must(k.Merge(zero, k.Empty()))
		same("right identity", zero, all)

		if err := k.Merge(all, all); !errors.Is(err, check.ErrMismatch) {
			t.Fatalf("merge with itself: %v", err)
		}
		if k.Other != nil {
			if err := k.Merge(all, k.Other()); !errors.Is(err, check.ErrMismatch) {
				t.Fatalf("merge with another configuration: %v", err)
			}
		}
		same("failed merges change nothing", fold(recs), all)

		m, ok := any(all).(encoding.BinaryMarshaler)
		if !ok {
			return
		}
		fresh := k.Empty()
		back := any(fresh).(encoding.BinaryUnmarshaler)
		data, err := m.MarshalBinary()
		must(err)
		must(back.UnmarshalBinary(data))
		same("round trip", fresh, all)
		again, err := any(fresh).(encoding.BinaryMarshaler).MarshalBinary()
		must(err)
		if !bytes.Equal(data, again) {
			t.Fatal("encoding is not canonical")
		}
		cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
		if back.UnmarshalBinary(data[:cut]) == nil {
			t.Fatal("truncated bytes were accepted")
		}
		same("failed decode changes nothing", fresh, all)
	})
}

// Numbers returns numbers of several types as one slice, for Laws.Result.
func Numbers(vs ...any) []float64 {
	var out []float64
	for _, v := range vs {
		switch x := v.(type) {
		case float64:
			out = append(out, x)
		case int64:
			out = append(out, float64(x))
		case int:
			out = append(out, float64(x))
		case []float64:
			out = append(out, x...)
		default:
			panic(fmt.Sprintf("%T", v))
		}
	}
	return out
}
