package testkit

import (
	"bytes"
	"context"
	"encoding"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Promises is the bad-input table of one package: what every exported function, method and
// field of an options struct does with nil, zero, ragged, NaN, the ends of each range and a
// cancelled context. The cases are made by reflection from one valid call each: every
// argument, every field of a struct and an element of every slice in turn takes each bad
// value of its type. A case fails that
//
//   - panics,
//   - returns an error that is none of the sentinels, or results beside one that are neither
//     zero nor NaN nor the dst it was given,
//   - changes its receiver and returns an error without a reason in Counts,
//   - returns a NaN or an infinity without an error and without a reason in NaN,
//   - is called on nil and returns no ErrEmpty or, without an error, what is not zero,
//   - is called on a zero value that Zero does not promise and returns no ErrEmpty,
//   - is called with a cancelled context and does not return its cause.
//
// What it returns exactly is pinned by testdata/promises.txt where that exists, one line a
// case; AISLE_WRITE_PROMISES=1 writes it. A name of the package without a case fails, too.
type Promises struct {
	// Funcs are the exported functions by name, of a generic one an instance.
	Funcs map[string]any
	// Types are the types with methods: each returns a new pointer to a state that is in
	// use, the name of whose type it is.
	Types []func() any
	// Zero lists types whose zero value is ready for use.
	Zero []string
	// Args are the arguments of a valid call, by Func or Type.Method, where those that
	// are made up by their types are none.
	Args map[string]func() []any
	// NaN says by name why a result may be a NaN or an infinity.
	NaN map[string]string
	// Settles says by name why a valid call, one on nil, on a zero value or with a cancelled
	// context does not do what others do.
	Settles map[string]string
	// Counts says by name why a call that is refused changes its receiver.
	Counts map[string]string
	// Exempt says by name why there is no case: below 3 % of the names.
	Exempt map[string]string
}

// Check tests the package in the current directory.
func (p Promises) Check(t *testing.T) {
	t.Helper()
	names, err := surface(".")
	if err != nil {
		t.Fatal(err)
	}
	r := p.run()
	for _, bad := range append(r.bad, p.missing(names, r.seen)...) {
		t.Error(bad)
	}
	sort.Strings(r.lines)
	pin(t, slices.Compact(slices.Clone(r.lines)))
	t.Logf("promises: %d names, %d cases", len(names), len(r.lines))
	for name, why := range p.Exempt {
		t.Logf("promises: exempt: %s: %s", name, why)
	}
}

// pin compares the outcomes with those that were stored.
func pin(t *testing.T, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", "promises.txt")
	got := []byte(strings.Join(lines, "\n") + "\n")
	if os.Getenv("AISLE_WRITE_PROMISES") != "" {
		save(t, path, got)
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || bytes.Equal(got, want) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	old := map[string]bool{}
	for line := range strings.Lines(string(want)) {
		old[strings.TrimSuffix(line, "\n")] = true
	}
	for _, line := range lines {
		if !old[line] {
			t.Errorf("not in %s (AISLE_WRITE_PROMISES=1 brings it up to date): %s", path, line)
		}
		delete(old, line)
	}
	for line := range old {
		t.Errorf("in %s, but no longer so: %s", path, line)
	}
}

// missing lists the names without a case, and tables that speak of names that are none.
func (p Promises) missing(names []string, seen map[string]int) (bad []string) {
	for _, name := range names {
		if _, ok := p.Exempt[name]; seen[name] == 0 && !ok {
			bad = append(bad, name+": no case of bad input")
		}
	}
	if n := len(p.Exempt); n > 0 && 100*n >= 3*len(names) && n > 1 {
		bad = append(bad, fmt.Sprintf("%d of %d names are exempt, want below 3 %%", n, len(names)))
	}
	for _, table := range []map[string]string{p.NaN, p.Settles, p.Exempt} {
		for name, why := range table {
			if !slices.Contains(names, name) || why == "" {
				bad = append(bad, fmt.Sprintf("the table gives %q as the reason of %q: want a reason, and a name that the package exports", why, name))
			}
		}
	}
	return bad
}

// promised is what a run has found.
type promised struct {
	bad   []string
	lines []string       // case: outcome
	seen  map[string]int // cases by name
}

// subject is a function or a method under test.
type subject struct {
	name string
	recv func() reflect.Value // a new receiver in use; nil for a function
	fn   func(recv reflect.Value) reflect.Value
}

// run makes and tests all cases.
func (p Promises) run() *promised {
	r := &promised{seen: map[string]int{}}
	for name, fn := range p.Funcs {
		f := reflect.ValueOf(fn)
		p.vary(r, subject{name, nil, func(reflect.Value) reflect.Value { return f }})
	}
	for _, fill := range p.Types {
		of := reflect.TypeOf(fill())
		name, _, _ := strings.Cut(of.Elem().Name(), "[")
		for i := range of.NumMethod() {
			m := of.Method(i)
			s := subject{name + "." + m.Name, func() reflect.Value { return reflect.ValueOf(fill()) }, func(recv reflect.Value) reflect.Value { return recv.MethodByName(m.Name) }}
			p.vary(r, s)
			if _, value := of.Elem().MethodByName(m.Name); !value { // Go itself panics for a nil one
				p.empty(r, s, "nil receiver", func() reflect.Value { return reflect.Zero(of) }, true)
			}
			ready := slices.Contains(p.Zero, name) || strings.HasPrefix(m.Name, "Unmarshal")
			p.empty(r, s, "zero receiver", func() reflect.Value { return reflect.New(of.Elem()) }, !ready)
		}
	}
	return r
}

// args returns the arguments of a valid call.
func (p Promises) args(s subject, fn reflect.Value) []reflect.Value {
	t := fn.Type()
	out := make([]reflect.Value, t.NumIn())
	given := []any(nil)
	if of := p.Args[s.name]; of != nil {
		given = of()
	}
	for i := range out {
		in := t.In(i)
		switch {
		case i < len(given) && given[i] == nil:
			out[i] = reflect.Zero(in)
		case i < len(given):
			out[i] = reflect.New(in).Elem()
			out[i].Set(reflect.ValueOf(given[i]).Convert(in))
		case s.recv != nil && strings.HasPrefix(s.name[strings.Index(s.name, ".")+1:], "Unmarshal"):
			data, _ := s.recv().Interface().(encoding.BinaryMarshaler).MarshalBinary()
			out[i] = reflect.ValueOf(data)
		case s.recv != nil && in == s.recv().Type():
			out[i] = s.recv()
		default:
			out[i] = usual(in)
		}
	}
	return out
}

// vary calls a subject with every variation of its valid arguments.
func (p Promises) vary(r *promised, s subject) {
	recv := reflect.Value{}
	if s.recv != nil {
		recv = s.recv()
	}
	base := p.args(s, s.fn(recv))
	p.try(r, s, "valid", s.recv, base, func(o outcome) string {
		if _, settled := p.Settles[s.name]; o.err != nil && !settled {
			return fmt.Sprintf("the valid call fails: %v", o.err)
		}
		return ""
	})
	if s.recv != nil && recv.Elem().Kind() == reflect.Struct {
		for _, v := range variants(recv.Elem(), "receiver", 0) {
			for _, field := range v.fields {
				r.seen[field]++
			}
			with := func() reflect.Value {
				x := reflect.New(recv.Type().Elem())
				x.Elem().Set(v.value)
				return x
			}
			p.try(r, s, v.what, with, p.args(s, s.fn(recv)), nil)
		}
	}
	for i, arg := range base {
		if s.fn(recv).Type().In(i) == reflect.TypeFor[context.Context]() {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(errStopped)
			with := p.args(s, s.fn(recv))
			with[i].Set(reflect.ValueOf(ctx))
			p.try(r, s, "cancelled", s.recv, with, func(o outcome) string {
				if _, settled := p.Settles[s.name]; !settled && !errors.Is(o.err, errStopped) {
					return fmt.Sprintf("returns %v, not the cause", o.err)
				}
				return ""
			})
			continue
		}
		for _, v := range variants(arg, fmt.Sprintf("%d", i), 0) {
			with := p.args(s, s.fn(recv))
			with[i] = v.value
			for _, field := range v.fields {
				r.seen[field]++
			}
			p.try(r, s, v.what, s.recv, with, nil)
		}
	}
}

var errStopped = errors.New("stopped by the test")

// empty calls a method on a receiver that holds nothing.
func (p Promises) empty(r *promised, s subject, what string, recv func() reflect.Value, want bool) {
	p.try(r, s, what, recv, p.args(s, s.fn(s.recv())), func(o outcome) string {
		_, settled := p.Settles[s.name]
		_, nan := p.NaN[s.name]
		switch {
		case !want || settled || o.hasErr && errors.Is(o.err, check.ErrEmpty):
		case o.hasErr:
			return fmt.Sprintf("returns %v, want ErrEmpty", o.err)
		case !o.zero && !nan:
			return fmt.Sprintf("returns %v, want nothing", o.text)
		}
		return ""
	})
}

// outcome is what a call came to.
type outcome struct {
	hasErr, zero bool
	err          error
	text         string
}

// try makes one call and records it, or what is wrong with it.
func (p Promises) try(r *promised, s subject, what string, recv func() reflect.Value, args []reflect.Value, want func(outcome) string) {
	r.seen[s.name]++
	label := s.name + ": " + what
	fault := func(format string, a ...any) {
		text := fmt.Sprintf(format, a...)
		r.bad = append(r.bad, label+": "+text[:min(len(text), 300)])
	}
	var on reflect.Value
	var before string
	if recv != nil {
		on = recv()
		before = stateOf(on)
	}
	for i, a := range args { // a fit with an iteration count without end ends by its context
		if a.Type() == reflect.TypeFor[context.Context]() && a.Interface().(context.Context).Err() == nil {
			limited, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			args[i] = reflect.New(a.Type()).Elem()
			args[i].Set(reflect.ValueOf(limited))
		}
	}
	results, panicked := call(s.fn(on), args)
	_, settled := p.Settles[s.name]
	if panicked != nil && settled {
		r.lines = append(r.lines, label+": panics")
		return
	}
	if panicked != nil {
		fault("panics: %v", panicked)
		return
	}
	o := outcome{zero: true}
	for _, v := range results {
		if v.Type() == reflect.TypeFor[error]() {
			o.hasErr = true
			o.err, _ = v.Interface().(error)
			continue
		}
		o.zero = o.zero && (v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0)
		o.text += fmt.Sprint(v)
	}
	word := "ok"
	if o.err != nil {
		if word = sentinel(o.err); word == "" {
			fault("error %v is no sentinel", o.err)
		}
		for k, v := range results {
			if v.Type() != reflect.TypeFor[error]() && !settled && !blank(v) && !slices.ContainsFunc(args, func(a reflect.Value) bool { return same(a, v) }) {
				fault("returns %v as result %d beside %v", v, k, o.err)
			}
		}
		if _, counts := p.Counts[s.name]; recv != nil && !counts && stateOf(on) != before {
			fault("the receiver has changed, and it returns %v", o.err)
		}
	} else if _, ok := p.NaN[s.name]; !ok {
		for _, v := range results {
			if len(args) > 0 && extends(args[0], v) {
				v = v.Slice(args[0].Len(), v.Len()) // what was in dst is the caller's
			}
			if at := infinite(v, 0); at != "" {
				fault("returns %s of %v", at, v)
			}
		}
	}
	if want != nil {
		if text := want(o); text != "" {
			fault("%s", text)
		}
	}
	r.lines = append(r.lines, label+": "+word)
}

// call calls fn; instead of an iterator it returns how much that yields, and instead of
// its function for the error that error.
func call(fn reflect.Value, args []reflect.Value) (out []reflect.Value, panicked any) {
	defer func() {
		if panicked = recover(); panicked != nil {
			panicked = fmt.Sprintf("%v at %s", panicked, culprit())
		}
	}()
	if fn.Type().IsVariadic() {
		out = fn.CallSlice(args)
	} else {
		out = fn.Call(args)
	}
	for k, v := range out {
		switch {
		case v.Kind() != reflect.Func || v.IsNil():
		case v.Type() == reflect.TypeFor[func() error](): // of the iterators before it
			out[k] = v.Call(nil)[0]
		case v.Type().NumIn() == 1 && v.Type().In(0).Kind() == reflect.Func && v.Type().NumOut() == 0:
			n := 0
			v.Call([]reflect.Value{reflect.MakeFunc(v.Type().In(0), func([]reflect.Value) []reflect.Value {
				n++
				return []reflect.Value{reflect.ValueOf(n < 1000)}
			})})
			out[k] = reflect.ValueOf(n)
		}
	}
	return out, nil
}

// culprit names the function of the module that panicked.
func culprit() string {
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if !more || strings.Contains(f.Function, "/aisle/") && !strings.Contains(f.Function, "/internal/testkit") {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
	}
}

// extends reports whether out begins with what is in dst.
func extends(dst, out reflect.Value) bool {
	if dst.Kind() != reflect.Slice || dst.Type() != out.Type() || out.Len() < dst.Len() {
		return false
	}
	for i := range dst.Len() {
		if fmt.Sprint(dst.Index(i)) != fmt.Sprint(out.Index(i)) {
			return false
		}
	}
	return true
}

// stateOf is what can be told of a receiver: its bytes, or its fields.
func stateOf(v reflect.Value) string {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return ""
	}
	if m, ok := v.Interface().(encoding.BinaryMarshaler); ok {
		if data, err := m.MarshalBinary(); err == nil {
			return string(data)
		}
	}
	e := v.Elem()
	if e.Kind() != reflect.Struct {
		return fmt.Sprintf("%+v", e)
	}
	var out strings.Builder
	for i := range e.NumField() {
		if e.Field(i).Type() != reflect.TypeFor[sync.Pool]() { // memory for the next call is no state
			fmt.Fprintf(&out, "%+v\n", e.Field(i))
		}
	}
	return out.String()
}

// sentinels are the errors that a package of this module may return, and those of
// contexts.
var sentinels = map[string]error{
	"ErrEmpty": check.ErrEmpty, "ErrShape": check.ErrShape, "ErrNotFinite": check.ErrNotFinite, "ErrRange": check.ErrRange,
	"ErrUnknownID": check.ErrUnknownID, "ErrDuplicate": check.ErrDuplicate, "ErrOption": check.ErrOption, "ErrDiverged": check.ErrDiverged,
	"ErrUndefined": check.ErrUndefined, "ErrMismatch": check.ErrMismatch, "ErrOverflow": check.ErrOverflow, "ErrTooLarge": check.ErrTooLarge,
	"ErrCorrupt": check.ErrCorrupt, "ErrVersion": check.ErrVersion, "ErrLeakage": check.ErrLeakage, "ErrPrivacy": check.ErrPrivacy, "ErrBudget": check.ErrBudget, "ErrUnsupported": check.ErrUnsupported,
	"stopped": errStopped, "runs on": context.DeadlineExceeded,
}

// sentinel names the sentinels of an error, "" for none.
func sentinel(err error) string {
	var out []string
	for name, s := range sentinels {
		if errors.Is(err, s) {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return strings.Join(out, "+")
}

// blank reports whether a result says nothing: zero, NaN, or a struct of such.
func blank(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return v.Float() == 0 || math.IsNaN(v.Float())
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		for i := range v.NumField() {
			if !blank(v.Field(i)) {
				return false
			}
		}
		return true
	}
	return v.IsZero()
}

// same reports whether a result is the very slice that was given.
func same(a, b reflect.Value) bool {
	return a.Kind() == reflect.Slice && a.Type() == b.Type() && a.Len() == b.Len() && (a.Len() == 0 || a.Pointer() == b.Pointer())
}

// infinite returns where the exported parts of a result are NaN or infinite.
func infinite(v reflect.Value, depth int) string {
	if depth > 6 || !v.IsValid() {
		return ""
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Sprint(x)
		}
	case reflect.Pointer, reflect.Interface:
		return infinite(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if at := infinite(v.Index(i), depth+1); at != "" {
				return fmt.Sprintf("[%d] %s", i, at)
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if at := infinite(it.Value(), depth+1); at != "" {
				return fmt.Sprintf("[%v] %s", it.Key(), at)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if at := infinite(v.Field(i), depth+1); at != "" {
					return "." + f.Name + " " + at
				}
			}
		}
	}
	return ""
}
