package testkit

import (
	"errors"
	"reflect"
	"testing"

	"github.com/aislekit/aisle/internal/check"
)

// NilReceivers calls every method of nil pointers, with zero arguments: none may panic,
// and what returns an error returns ErrEmpty, a Merge ErrMismatch too. skip names methods
// "Type.Method" that are not called.
func NilReceivers(t *testing.T, skip []string, pointers ...any) {
	t.Helper()
	calls := 0
	for _, p := range pointers {
		v := reflect.ValueOf(p)
		if v.Kind() != reflect.Pointer || !v.IsNil() {
			t.Fatalf("%T is no nil pointer", p)
		}
		for i := range v.NumMethod() {
			name := v.Type().Elem().Name() + "." + v.Type().Method(i).Name
			m := v.Method(i)
			skipped := false
			for _, s := range skip {
				skipped = skipped || s == name || len(s) < len(name) && name[:len(s)] == s && s[len(s)-1] == '.'
			}
			if _, byValue := v.Type().Elem().MethodByName(v.Type().Method(i).Name); skipped || byValue {
				continue // Go itself panics before a method of a value begins
			}
			args := make([]reflect.Value, m.Type().NumIn())
			for k := range args {
				args[k] = reflect.Zero(m.Type().In(k))
			}
			call := m.Call
			if m.Type().IsVariadic() {
				call = m.CallSlice
			}
			func() {
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("%s of nil: panic: %v", name, r)
					}
				}()
				calls++
				out := call(args)
				if len(out) == 0 {
					return
				}
				if last, ok := out[len(out)-1].Interface().(error); out[len(out)-1].Type() == reflect.TypeFor[error]() && (!ok || !errors.Is(last, check.ErrEmpty) && !errors.Is(last, check.ErrMismatch)) {
					t.Errorf("%s of nil: %v, want ErrEmpty", name, last)
				}
			}()
		}
	}
	if calls < len(pointers) {
		t.Errorf("only %d calls", calls)
	}
}
