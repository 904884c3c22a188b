package ids

import (
	"cmp"
	"fmt"
	"reflect"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
)

// A Class is how ids of one type are written, as profile and supply store it.
type Class int

const (
	String   Class = iota // length and bytes
	Signed                // 8 bytes
	Unsigned              // 8 bytes
)

// ClassOf returns the class of ids of type K.
func ClassOf[K dict.Key]() Class {
	switch k := reflect.TypeFor[K]().Kind(); {
	case k == reflect.String:
		return String
	case k >= reflect.Int && k <= reflect.Int64:
		return Signed
	}
	return Unsigned
}

// Letter returns the class as snapshots of an engine store it: 's', 'i' or 'u'.
func (c Class) Letter() int { return int("siu"[c]) }

// Put appends one id: a string as length and bytes, an integer in 8 bytes, a
// boolean in one, arrays and structs element by element.
func Put[K comparable](w *codec.Writer, id K) {
	switch id := any(id).(type) { // the usual types without reflection
	case string:
		w.String(id)
	case int:
		w.Int64(int64(id))
	case int64:
		w.Int64(id)
	case uint64:
		w.Uint64(id)
	default:
		put(w, reflect.ValueOf(id))
	}
}

// put writes a value of any type that is Writable, field by field.
func put(w *codec.Writer, v reflect.Value) {
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
			put(w, v.Index(i))
		}
	case k == reflect.Struct:
		for i := range v.NumField() {
			put(w, v.Field(i))
		}
	}
}

// Get reads what Put wrote. A number beyond the type of id makes the payload
// corrupt.
func Get[K comparable](r *codec.Reader, id *K) {
	switch id := any(id).(type) {
	case *string:
		*id = r.String()
	case *int64:
		*id = r.Int64()
	case *uint64:
		*id = r.Uint64()
	default:
		get(r, reflect.ValueOf(id).Elem())
	}
}

// get reads what put wrote.
func get(r *codec.Reader, v reflect.Value) {
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
			get(r, v.Index(i))
		}
	case k == reflect.Struct:
		for i := range v.NumField() {
			get(r, v.Field(i))
		}
	}
}

// Writable reports why ids of type K have no binary form, or nil. They have one
// where they have a natural order, some content, and no field that is not
// exported.
func Writable[K comparable]() error {
	t := reflect.TypeFor[K]()
	if !ordered(t) || !exported(t) {
		return fmt.Errorf("ids of type %v have no binary form: want strings, integers, booleans or structs and arrays of them, fields exported: %w", t, check.ErrOption)
	}
	if t.Size() == 0 {
		return fmt.Errorf("ids of type %v have no content: %w", t, check.ErrOption)
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

// PutSorted appends the number of keys and then the keys in natural order, which
// it returns as the permutation perm: keys[perm[0]] comes first. It fails for ids
// that are not Writable.
func PutSorted[K comparable](w *codec.Writer, keys []K) (perm []int32, err error) {
	if err := Writable[K](); err != nil {
		return nil, err
	}
	if perm, err = Permutation(keys, nil); err != nil {
		return nil, err
	}
	w.Int(len(keys))
	for _, i := range perm {
		Put(w, keys[i])
	}
	return perm, nil
}

// GetSorted reads what PutSorted wrote: ids that ascend strictly, numbered in
// their order. It returns an error for ids that are not Writable; a payload that
// is not as it should be fails r.
func GetSorted[K comparable](r *codec.Reader) (d dict.Dict[K], err error) {
	if err := Writable[K](); err != nil {
		return d, err
	}
	compare, err := Order[K]()
	if err != nil {
		return d, err
	}
	getList(r, compare, func(id K) error {
		_, err := d.Add(id)
		return err
	})
	return d, nil
}

// PutAscending appends the number of keys, which the caller has sorted, and then
// the keys.
func PutAscending[K dict.Key](w *codec.Writer, keys []K) {
	w.Int(len(keys))
	for _, id := range keys {
		Put(w, id)
	}
}

// GetAscending reads what PutAscending wrote: ids that ascend strictly.
func GetAscending[K dict.Key](r *codec.Reader) (keys []K) {
	getList(r, cmp.Compare[K], func(id K) error {
		keys = append(keys, id)
		return nil
	})
	return keys
}

// getList reads a number and as many ids, handing each to add, for as long as they
// ascend. What add keeps grows with the bytes received, not with the number.
func getList[K comparable](r *codec.Reader, compare func(a, b K) int, add func(id K) error) {
	var last K
	n := r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		var id K
		if Get(r, &id); r.Err() != nil {
			return
		}
		if i > 0 && compare(last, id) >= 0 {
			r.Fail("has ids out of order")
			return
		}
		if err := add(id); err != nil {
			r.Fail(err.Error())
		}
		last = id
	}
}
