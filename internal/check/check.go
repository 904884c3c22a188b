package check

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// Sentinels. Public packages re-export the ones they return
// (var ErrEmpty = check.ErrEmpty) and always wrap them with the function, the
// field or row, and what would have been right.
var (
	ErrEmpty     = errors.New("no data")
	ErrShape     = errors.New("shapes do not agree")
	ErrNotFinite = errors.New("value is NaN or infinite")
	ErrRange     = errors.New("value out of range")
	ErrUnknownID = errors.New("unknown id")
	ErrDuplicate = errors.New("duplicate")
	ErrOption    = errors.New("invalid option")
	ErrDiverged  = errors.New("computation diverged")
	ErrUndefined = errors.New("result is undefined")
	ErrMismatch  = errors.New("states do not match")
	ErrOverflow  = errors.New("arithmetic overflow")
	ErrTooLarge  = errors.New("needs more memory than the limit")
	ErrCorrupt   = errors.New("corrupt encoding")
	ErrVersion   = errors.New("unsupported version")
	ErrLeakage   = errors.New("training and test data overlap")
	ErrPrivacy   = errors.New("too few people to publish")
	ErrBudget    = errors.New("privacy budget exceeded")

	ErrUnsupported = errors.New("not supported")
)

// Number is any built-in numeric type.
type Number interface {
	~int | ~int32 | ~int64 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Finite reports whether x is neither NaN nor infinite.
func Finite(x float64) bool { return math.Float64bits(x)&(0x7ff<<52) != 0x7ff<<52 }

// Slice reports the first non-finite value of xs as "name[i] is NaN".
func Slice(name string, xs []float64) error {
	for i, x := range xs {
		if !Finite(x) {
			return fmt.Errorf("%s[%d] is %v: %w", name, i, x, ErrNotFinite)
		}
	}
	return nil
}

// Slice32 is Slice for float32.
func Slice32(name string, xs []float32) error {
	for i, x := range xs {
		if !Finite(float64(x)) {
			return fmt.Errorf("%s[%d] is %v: %w", name, i, x, ErrNotFinite)
		}
	}
	return nil
}

// Len reports a slice whose length is not want.
func Len(name string, got, want int) error {
	if got != want {
		return fmt.Errorf("%s has length %d, want %d: %w", name, got, want, ErrShape)
	}
	return nil
}

// Matrix checks that rows is a non-empty n×d matrix of finite values, d >= 1,
// and returns its shape.
func Matrix(name string, rows [][]float64) (n, d int, err error) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return 0, 0, fmt.Errorf("%s has no rows or no columns: %w", name, ErrEmpty)
	}
	d = len(rows[0])
	for i, r := range rows {
		if len(r) != d {
			return 0, 0, fmt.Errorf("%s row %d has %d columns, want %d: %w", name, i, len(r), d, ErrShape)
		}
		for j, x := range r {
			if !Finite(x) {
				return 0, 0, fmt.Errorf("%s row %d column %d is %v: %w", name, i, j, x, ErrNotFinite)
			}
		}
	}
	return len(rows), d, nil
}

// MaxVector bounds the length of the vectors that models and indexes keep.
const MaxVector = 1 << 14

// Missing reports whether there is nothing in m: nil, or the nil pointer that a
// failed fit returns.
func Missing(m any) bool {
	v := reflect.ValueOf(m)
	return m == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// Vectors checks n vectors of f finite numbers each, f in [1, MaxVector].
func Vectors(n, f int, vector func(i int) []float32) error {
	if f < 1 || f > MaxVector || n > math.MaxInt32 {
		return fmt.Errorf("%d vectors of length %d, want 1 to %d: %w", n, f, MaxVector, ErrShape)
	}
	for i := range n {
		row := vector(i)
		if len(row) != f {
			return fmt.Errorf("vector %d has length %d, want %d: %w", i, len(row), f, ErrShape)
		}
		for k, x := range row {
			if !Finite(float64(x)) {
				return fmt.Errorf("vector %d has %v at %d: %w", i, x, k, ErrNotFinite)
			}
		}
	}
	return nil
}

// Weights checks optional sample weights: nil is allowed and means 1 each;
// otherwise length n, finite, none negative, sum above zero.
func Weights(name string, w []float64, n int) error {
	if w == nil {
		return nil
	}
	if err := Len(name, len(w), n); err != nil {
		return err
	}
	sum := 0.0
	for i, x := range w {
		if !Finite(x) {
			return fmt.Errorf("%s[%d] is %v: %w", name, i, x, ErrNotFinite)
		}
		if x < 0 {
			return fmt.Errorf("%s[%d] is %v, want >= 0: %w", name, i, x, ErrRange)
		}
		sum += x
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return fmt.Errorf("%s sum to %v, want a finite sum > 0: %w", name, sum, ErrRange)
	}
	return nil
}

// MaxAmount bounds a single quantity, so that no sum of records can overflow.
const MaxAmount = 1e15

// Amount checks a quantity of goods or of money: finite, not negative and at most
// MaxAmount. where is the call ("supply: Demand.Add"), field the argument.
func Amount(where, field string, x float64) error {
	if !Finite(x) {
		return fmt.Errorf("%s: %s is %v: %w", where, field, x, ErrNotFinite)
	}
	if x < 0 || x > MaxAmount {
		return fmt.Errorf("%s: %s is %v, want 0 to %g: %w", where, field, x, MaxAmount, ErrRange)
	}
	return nil
}

// Receiver refuses a nil receiver of the method where, which holds nothing.
func Receiver[T any](where string, m *T) error {
	if m == nil {
		return fmt.Errorf("%s: nil receiver: %w", where, ErrEmpty)
	}
	return nil
}

// Merge refuses other where it is nil or m itself, neither of which is a second state,
// and a nil receiver. It is the first line of every Merge, where being its name:
//
//	if err := check.Merge("metrics: Moments.Merge", m, other); err != nil {
//		return err
//	}
func Merge[T any](where string, m, other *T) error {
	switch other {
	case nil:
		return fmt.Errorf("%s: other is nil: %w", where, ErrMismatch)
	case m:
		return fmt.Errorf("%s: other is the receiver itself: %w", where, ErrMismatch)
	}
	return Receiver(where, m)
}

// Options collects every bad field of an options struct, so that one error
// names them all.
type Options struct{ errs []error }

// Require records field as bad unless ok; want says what would be right.
func (o *Options) Require(ok bool, field string, got any, want string) {
	if !ok {
		o.errs = append(o.errs, fmt.Errorf("%s is %v, want %s: %w", field, got, want, ErrOption))
	}
}

// Err returns nil, or all recorded fields behind the prefix where
// ("recommend: FitALS").
func (o *Options) Err(where string) error {
	if len(o.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", where, errors.Join(o.errs...))
}

// Positive records field unless x is finite and > 0.
func Positive[T Number](o *Options, field string, x T) {
	o.Require(x > 0 && Finite(float64(x)), field, x, "> 0")
}

// NonNegative records field unless x is finite and >= 0.
func NonNegative[T Number](o *Options, field string, x T) {
	o.Require(x >= 0 && Finite(float64(x)), field, x, ">= 0")
}

// Default returns def where x is the zero value, the project's rule for
// option fields. Where zero itself is a useful setting, a field documents that
// a negative value means zero: see OrOff.
func Default[T Number](x, def T) T {
	if x == 0 {
		return def
	}
	return x
}

// OrOff returns def where x is 0, and 0 where x is negative ("switched off"). -Inf
// stays, for validate to refuse: it is no number that anybody meant.
func OrOff[T ~int | ~int32 | ~int64 | ~float32 | ~float64](x, def T) T {
	switch {
	case x == 0:
		return def
	case x < 0 && x-x == 0:
		return 0
	}
	return x
}

// AddInt64 returns a+b, or ErrOverflow.
func AddInt64(a, b int64) (int64, error) {
	c := a + b
	if (c > a) != (b > 0) && b != 0 {
		return 0, fmt.Errorf("%d + %d: %w", a, b, ErrOverflow)
	}
	return c, nil
}

// MulInt64 returns a*b, or ErrOverflow.
func MulInt64(a, b int64) (int64, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	c := a * b
	if c/b != a || (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
		return 0, fmt.Errorf("%d * %d: %w", a, b, ErrOverflow)
	}
	return c, nil
}

// Instants are held as int64 nanoseconds, which cover the years 1678 to 2262.
const (
	minUnix = math.MinInt64/1_000_000_000 + 1
	maxUnix = math.MaxInt64/1_000_000_000 - 1
)

// Time reports a time that is missing or that an int64 of nanoseconds since 1970
// cannot hold, such as seconds taken for milliseconds.
func Time(field string, t time.Time) error {
	if t.IsZero() {
		return fmt.Errorf("%s is missing: %w", field, ErrRange)
	}
	if s := t.Unix(); s < minUnix || s > maxUnix {
		return fmt.Errorf("%s is outside the years 1678 to 2262 (seconds taken for milliseconds, or the reverse?): %w", field, ErrRange)
	}
	return nil
}
