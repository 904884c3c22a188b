package supply

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"time"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/codec"
)

// ID is what may identify a product: any integer or string type, named or not.
type ID interface{ ~string | constraints.Integer }

// sorted returns the keys in ascending order: no figure may depend on the order
// in which a map is walked.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// Binary forms name the class of their ids, so that a state of string ids is
// not read as one of numbers.
const (
	idString = iota
	idSigned
	idUnsigned
)

func idClass[K ID]() int {
	switch k := reflect.TypeFor[K]().Kind(); {
	case k == reflect.String:
		return idString
	case k >= reflect.Int && k <= reflect.Int64:
		return idSigned
	}
	return idUnsigned
}

func encodeIDs[K ID](w *codec.Writer, ids []K) {
	class := idClass[K]()
	w.Int(class)
	w.Int(len(ids))
	for _, id := range ids {
		v := reflect.ValueOf(id)
		switch class {
		case idString:
			w.String(v.String())
		case idSigned:
			w.Int64(v.Int())
		default:
			w.Uint64(v.Uint())
		}
	}
}

// decodeIDs reads ids, which must ascend.
func decodeIDs[K ID](r *codec.Reader) []K {
	class := idClass[K]()
	if got := r.Int(); r.Err() == nil && got != class {
		r.Fail("has ids of another type")
	}
	n := r.Int()
	var ids []K
	for range n {
		var id K
		v, fits := reflect.ValueOf(&id).Elem(), true
		switch class {
		case idString:
			v.SetString(r.String())
		case idSigned:
			x := r.Int64()
			fits = !v.OverflowInt(x)
			v.SetInt(x)
		default:
			x := r.Uint64()
			fits = !v.OverflowUint(x)
			v.SetUint(x)
		}
		if r.Err() != nil {
			return nil
		}
		if !fits || len(ids) > 0 && id <= ids[len(ids)-1] {
			r.Fail("has ids out of range or order")
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

// Instants are stored as nanoseconds since 1970, which holds 1678 to 2261.
var (
	minInstant = time.Unix(0, math.MinInt64+1)
	maxInstant = time.Unix(0, math.MaxInt64)
)

// instant returns t in nanoseconds, or an error for the zero time and for times
// outside the range.
func instant(where, field string, t time.Time) (int64, error) {
	if t.IsZero() {
		return 0, fmt.Errorf("%s: %s is the zero time: %w", where, field, ErrRange)
	}
	if t.Before(minInstant) || t.After(maxInstant) {
		return 0, fmt.Errorf("%s: %s is in year %d, want 1678 to 2261: %w", where, field, t.Year(), ErrRange)
	}
	return t.UnixNano(), nil
}
