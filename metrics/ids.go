package metrics

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/aislekit/aisle/internal/codec"
)

// ids numbers the caller's ids 0, 1, 2, … in the order they come.
type ids[U comparable] struct {
	index map[U]int32
	keys  []U
}

const maxIDs = 1<<31 - 1

// add returns the number of u, and whether it is new.
func (d *ids[U]) add(u U) (int32, bool, error) {
	if i, ok := d.index[u]; ok {
		return i, false, nil
	}
	if u != u {
		return 0, false, fmt.Errorf("id %v does not equal itself: %w", u, ErrNotFinite)
	}
	if len(d.keys) >= maxIDs {
		return 0, false, fmt.Errorf("more than %d ids: %w", maxIDs, ErrTooLarge)
	}
	if d.index == nil {
		d.index = map[U]int32{}
	}
	i := int32(len(d.keys))
	d.index[u] = i
	d.keys = append(d.keys, u)
	return i, true, nil
}

func (d *ids[U]) clone() ids[U] {
	c := ids[U]{make(map[U]int32, len(d.index)), slices.Clone(d.keys)}
	for i, u := range c.keys {
		c.index[u] = int32(i)
	}
	return c
}

// idOrder returns the numbers of the ids by ascending id, so that what is written
// or computed does not depend on the order of arrival. cmp nil means the natural
// order of strings, integers, booleans and structs and arrays of them.
func idOrder[U comparable](keys []U, cmp func(a, b U) int) ([]int32, error) {
	if cmp == nil {
		var err error
		if cmp, err = naturalOrder[U](); err != nil {
			return nil, err
		}
	}
	perm := make([]int32, len(keys))
	for i := range perm {
		perm[i] = int32(i)
	}
	slices.SortStableFunc(perm, func(a, b int32) int { return cmp(keys[a], keys[b]) })
	return perm, nil
}

// naturalOrder compares ids whose type has an obvious order.
func naturalOrder[U comparable]() (func(a, b U) int, error) {
	t := reflect.TypeFor[U]()
	if !ordered(t) {
		return nil, fmt.Errorf("%v has no natural order: want strings, integers, booleans or structs and arrays of them: %w", t, ErrOption)
	}
	return func(a, b U) int { return compareValues(reflect.ValueOf(a), reflect.ValueOf(b)) }, nil
}

func ordered(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
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
	}
	return false
}

func compareValues(a, b reflect.Value) int {
	switch k := a.Kind(); {
	case k == reflect.String:
		return three(a.String() < b.String(), a.String() > b.String())
	case k == reflect.Bool:
		return three(!a.Bool() && b.Bool(), a.Bool() && !b.Bool())
	case a.CanInt():
		return three(a.Int() < b.Int(), a.Int() > b.Int())
	case a.CanUint():
		return three(a.Uint() < b.Uint(), a.Uint() > b.Uint())
	case k == reflect.Array:
		for i := range a.Len() {
			if c := compareValues(a.Index(i), b.Index(i)); c != 0 {
				return c
			}
		}
	case k == reflect.Struct:
		for i := range a.NumField() {
			if c := compareValues(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
	}
	return 0
}

func three(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// writeID appends an id of a type with natural order whose struct fields, if it
// has any, are exported.
func writeID(w *codec.Writer, v reflect.Value) {
	switch k := v.Kind(); {
	case k == reflect.String:
		w.String(v.String())
	case k == reflect.Bool:
		w.Bool(v.Bool())
	case v.CanInt():
		w.Int64(v.Int())
	case v.CanUint():
		w.Uint64(v.Uint())
	case k == reflect.Array:
		for i := range v.Len() {
			writeID(w, v.Index(i))
		}
	case k == reflect.Struct:
		for i := range v.NumField() {
			writeID(w, v.Field(i))
		}
	}
}

func readID(r *codec.Reader, v reflect.Value) {
	switch k := v.Kind(); {
	case k == reflect.String:
		v.SetString(r.String())
	case k == reflect.Bool:
		v.SetBool(r.Bool())
	case v.CanInt():
		x := r.Int64()
		if v.OverflowInt(x) {
			r.Fail("has an id beyond its type")
			return
		}
		v.SetInt(x)
	case v.CanUint():
		x := r.Uint64()
		if v.OverflowUint(x) {
			r.Fail("has an id beyond its type")
			return
		}
		v.SetUint(x)
	case k == reflect.Array:
		for i := range v.Len() {
			readID(r, v.Index(i))
		}
	case k == reflect.Struct:
		for i := range v.NumField() {
			readID(r, v.Field(i))
		}
	}
}

// encodable reports why ids of type U have no binary form, or nil.
func encodable[U comparable]() error {
	t := reflect.TypeFor[U]()
	if !ordered(t) || !exported(t) {
		return fmt.Errorf("ids of type %v have no binary form: want strings, integers, booleans or structs and arrays of them, fields exported: %w", t, ErrOption)
	}
	if t.Size() == 0 {
		return fmt.Errorf("ids of type %v have no content: %w", t, ErrOption)
	}
	return nil
}

func exported(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return exported(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !t.Field(i).IsExported() || !exported(t.Field(i).Type) {
				return false
			}
		}
	}
	return true
}

// writeIDs appends the ids by ascending id; perm is their order.
func writeIDs[U comparable](w *codec.Writer, keys []U) (perm []int32, err error) {
	if err := encodable[U](); err != nil {
		return nil, err
	}
	if perm, err = idOrder(keys, nil); err != nil {
		return nil, err
	}
	w.Int(len(keys))
	for _, i := range perm {
		writeID(w, reflect.ValueOf(&keys[i]).Elem())
	}
	return perm, nil
}

// readIDs reads what writeIDs wrote: strictly ascending ids.
func readIDs[U comparable](r *codec.Reader) (ids[U], error) {
	if err := encodable[U](); err != nil {
		return ids[U]{}, err
	}
	cmp, err := naturalOrder[U]()
	if err != nil {
		return ids[U]{}, err
	}
	var d ids[U]
	n := r.Int()
	for i := 0; i < n && r.Err() == nil; i++ { // grows with bytes received
		var u U
		readID(r, reflect.ValueOf(&u).Elem())
		if r.Err() != nil {
			break
		}
		if i > 0 && cmp(d.keys[i-1], u) >= 0 {
			r.Fail("has ids out of order")
			break
		}
		if _, _, err := d.add(u); err != nil {
			r.Fail(err.Error())
		}
	}
	return d, nil
}
