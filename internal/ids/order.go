package ids

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Order returns the natural order of strings, integers, booleans (false first) and
// of structs and arrays of them, which compare by their first difference.
// ErrOption for other types.
func Order[K comparable]() (func(a, b K) int, error) {
	for _, f := range []any{cmp.Compare[string], cmp.Compare[int], cmp.Compare[int64], cmp.Compare[uint64]} {
		if f, ok := f.(func(a, b K) int); ok { // the usual types without reflection
			return f, nil
		}
	}
	t := reflect.TypeFor[K]()
	if !ordered(t) {
		return nil, fmt.Errorf("%v has no natural order: want strings, integers, booleans or structs and arrays of them: %w", t, check.ErrOption)
	}
	return func(a, b K) int { return compare(reflect.ValueOf(a), reflect.ValueOf(b)) }, nil
}

// Permutation returns the numbers of the keys by ascending key, so that what is
// written or computed does not depend on the order of arrival. Nil means the
// natural order.
func Permutation[K comparable](keys []K, compare func(a, b K) int) ([]int32, error) {
	if compare == nil {
		var err error
		if compare, err = Order[K](); err != nil {
			return nil, err
		}
	}
	perm := make([]int32, len(keys))
	for i := range perm {
		perm[i] = int32(i)
	}
	slices.SortStableFunc(perm, func(a, b int32) int { return compare(keys[a], keys[b]) })
	return perm, nil
}

// ordered reports whether values of type t have a natural order.
func ordered(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.String, reflect.Bool:
		return true
	case reflect.Array:
		return ordered(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !ordered(t.Field(i).Type) {
				return false
			}
		}
		return true
	default:
		return k >= reflect.Int && k <= reflect.Uint64
	}
}

// compare compares two values of one type that is ordered.
func compare(a, b reflect.Value) int {
	switch k := a.Kind(); {
	case k == reflect.String:
		return cmp.Compare(a.String(), b.String())
	case k == reflect.Bool:
		switch {
		case a.Bool() == b.Bool():
			return 0
		case b.Bool():
			return -1
		}
		return 1
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case k == reflect.Array:
		for i := range a.Len() {
			if c := compare(a.Index(i), b.Index(i)); c != 0 {
				return c
			}
		}
	case k == reflect.Struct:
		for i := range a.NumField() {
			if c := compare(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
	}
	return 0
}
