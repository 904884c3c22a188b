package supply

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"golang.org/x/exp/constraints"
)

// ID is what may identify a product: any integer or string type, named or not.
type ID interface{ ~string | constraints.Integer }

// sorted returns the keys in ascending order: no figure may depend on the order
// in which a map is walked.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

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

// Instants as plain numbers for what is called once a record: never is the zero time, early one
// before 1678, and what is after 2261 is the last of all.
const (
	never = math.MinInt64
	early = math.MinInt64 + 1
)

// stamp returns t in nanoseconds since 1970.
func stamp(t time.Time) int64 {
	const year1678, year2262 = -9_223_372_035, 9_223_372_036
	s := t.Unix()
	switch {
	case s > year1678 && s < year2262:
		return s*int64(time.Second) + int64(t.Nanosecond())
	case s > 0:
		return math.MaxInt64
	case t.IsZero():
		return never
	}
	return early
}

// follows reports whether t has not happened or lies in [from, end].
func follows(from, t, end int64) bool { return t == never || t >= from && t <= end && t > early }

// elapsed is how long [from, to), instants that stamp tells apart and in order, was by a clock; nil
// runs around the clock. It is to.Sub(from) without its checks, the longest Duration where that is.
func elapsed(h *Hours, from, to time.Time) time.Duration {
	if h != nil {
		return h.Between(from, to)
	}
	if d := stamp(to) - stamp(from); d >= 0 {
		return time.Duration(d)
	}
	return math.MaxInt64
}
