package testkit

import (
	"cmp"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/vec"
)

// A Frame is the golden frame of one kind: bytes written once and read for ever,
// so that no release can lose what an earlier one has stored.
type Frame struct {
	Kind codec.Kind
	// Fill returns a state in which no field is zero. Its bytes are stored once; later
	// they tell the newest version and, where the arithmetic is that of the golden, must be
	// its bytes: a fit that has changed is found here.
	Fill func(t testing.TB) encoding.BinaryMarshaler
	// Old is the newest version of a kind that is no longer written: its golden frames are read into
	// what Fill returns, whose own frames are of another kind.
	Old int
	// Drifts says why Fill may today return other bytes than the golden's. Empty forbids it.
	Drifts string
	// Read decodes one frame into a new state. Nil decodes into a new value of the
	// type that Fill returns, which must be a pointer.
	Read func(frame []byte) (any, error)
	// Write encodes such a state again. Nil calls its MarshalBinary.
	Write func(state any) ([]byte, error)
	// Values returns what the exported methods of the decoded state say: scores,
	// results, counts. Compared with the stored JSON to Tol of each number.
	Values func(t testing.TB, state any) any
	// Tol is the relative tolerance, 0 for 1e-9. Scores by float32 kernels differ more
	// between processors; that nothing is lost is shown by the bytes.
	Tol float64
	// Zero lists the fields that may be zero, as "path: why".
	Zero []string
}

// Frames tests the golden frames of package pkg, a path below the module:
// testdata/frames/<Type>.v<version>.bin with its decoded values in .json beside
// it, for every kind that the table of package codec gives to pkg. A kind without
// a frame fails.
//
// With AISLE_WRITE_FRAMES=1 it writes what is missing. It never writes over a
// file: a changed payload is a new version, and the old file stays.
func Frames(t *testing.T, pkg string, frames []Frame) {
	t.Helper()
	for _, e := range codec.Table {
		if e.Package == pkg && !slices.ContainsFunc(frames, func(f Frame) bool { return f.Kind == e.Kind }) {
			t.Errorf("%s: kind %#04x has no golden frame", e.Type, e.Kind)
		}
	}
	for _, f := range frames {
		k := slices.IndexFunc(codec.Table, func(e codec.Entry) bool { return e.Kind == f.Kind && e.Package == pkg })
		if k < 0 {
			t.Errorf("kind %#04x is none of %s", f.Kind, pkg)
			continue
		}
		name := codec.Table[k].Type
		t.Run(name, func(t *testing.T) { frame(t, name, f) })
	}
}

// frame tests the golden frames of one kind: every version is read, says what it said when
// it was stored, and the newest is written again bit by bit.
func frame(t *testing.T, name string, f Frame) {
	filled := f.Fill(t)
	fresh, err := filled.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	newest := frameVersion(fresh)
	if f.Old > 0 {
		newest = f.Old
	}
	if f.Read == nil {
		f.Read = func(data []byte) (any, error) {
			state := reflect.New(reflect.TypeOf(filled).Elem()).Interface()
			return state, state.(encoding.BinaryUnmarshaler).UnmarshalBinary(data)
		}
	}
	if f.Write == nil {
		f.Write = func(state any) ([]byte, error) { return state.(encoding.BinaryMarshaler).MarshalBinary() }
	}
	for version := 1; version <= newest; version++ {
		base := filepath.Join("testdata", "frames", fmt.Sprintf("%s.v%d", name, version))
		golden, err := os.ReadFile(base + ".bin")
		if errors.Is(err, fs.ErrNotExist) && version == newest && os.Getenv("AISLE_WRITE_FRAMES") != "" {
			golden = fresh
			save(t, base+".bin", golden)
		} else if err != nil {
			t.Fatal(err)
		}
		if got := binary.LittleEndian.Uint16(golden[4:]); got != f.Kind {
			t.Fatalf("%s.bin holds kind %#04x, want %#04x", base, got, f.Kind)
		}
		if got := frameVersion(golden); got != version {
			t.Fatalf("%s.bin holds version %d", base, got)
		}
		state, err := f.Read(golden)
		if err != nil {
			t.Fatalf("%s.bin: %v", base, err)
		}
		for _, path := range ZeroFields(state, f.Zero) {
			t.Errorf("%s.bin: %s is zero: the frame does not show that it is kept", base, path)
		}
		if version == newest && f.Old == 0 {
			again, err := f.Write(state)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(again, golden) {
				t.Errorf("%s.bin: decoded and written again it differs: a changed payload is a new version", base)
			}
			if sameArithmetic() && f.Drifts == "" && !slices.Equal(fresh, golden) {
				t.Errorf("%s.bin: the state filled today has other bytes: what makes it has changed", base)
			}
		}
		frameValues(t, base, f, state, version == newest)
	}
}

// frameVersion returns the version of a frame, without the bit that tells of a stamp.
func frameVersion(frame []byte) int { return int(binary.LittleEndian.Uint16(frame[6:]) &^ 0x8000) }

// sameArithmetic reports whether numbers come out to the bit as where the goldens were
// written: on amd64 with the kernels of package vec. Portable loops and compilers that fuse
// multiply and add round differently.
func sameArithmetic() bool { return vec.Accelerated() && !fuses(0x1p-27) }

// fuses reports whether the compiler contracts x·y + z: (1+e)² + (−1−2e) is then e², else 0.
//
//go:noinline
func fuses(e float64) bool {
	x, z := 1+e, -1-2*e
	return x*x+z != 0
}

// frameValues compares what a decoded state says with what was stored beside its frame.
func frameValues(t *testing.T, base string, f Frame, state any, newest bool) {
	got, err := json.MarshalIndent(f.Values(t, state), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(base + ".json")
	if errors.Is(err, fs.ErrNotExist) && newest && os.Getenv("AISLE_WRITE_FRAMES") != "" {
		want = append(got, '\n')
		save(t, base+".json", want)
	} else if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal(want, &b)); err != nil {
		t.Fatal(err)
	}
	if at := differs("", a, b, cmp.Or(f.Tol, 1e-9)); at != "" {
		t.Errorf("%s.bin: decoded %s differs: got\n%s", base, at, got)
	}
}

func save(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// differs returns the first place where two decoded JSON values are not the same, or
// "". Numbers are the same to tol of b.
func differs(at string, a, b any, tol float64) string {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); !ok || !Close(a, b, 1e-300, tol) {
			return at + " "
		}
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return at + "[] "
		}
		for i := range a {
			if d := differs(fmt.Sprintf("%s[%d]", at, i), a[i], b[i], tol); d != "" {
				return d
			}
		}
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return at + "{} "
		}
		for k := range a {
			if d := differs(at+"."+k, a[k], b[k], tol); d != "" {
				return d
			}
		}
	default:
		if a != b {
			return at + " "
		}
	}
	return ""
}

// ZeroFields returns the paths of the fields of state, unexported ones too, that
// are zero everywhere: a field of a slice's elements counts as filled once one
// element has it. Paths in allowed, "path: why", are left out, with all below them.
// Locks, functions and channels do not count.
func ZeroFields(state any, allowed []string) []string {
	filled := map[string]bool{}
	walk("", reflect.ValueOf(state), filled, map[uintptr]bool{})
	var out []string
	for path, ok := range filled {
		skip := slices.ContainsFunc(allowed, func(a string) bool {
			p, _, _ := strings.Cut(a, ":")
			return path == p || strings.HasPrefix(path, p+".") || strings.HasPrefix(path, p+"[")
		})
		if !ok && !skip {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// walk notes at which paths, from path on, v holds anything that is not zero. Pointers are
// followed once; functions and channels are passed over.
func walk(path string, v reflect.Value, filled map[string]bool, seen map[uintptr]bool) {
	filled[path] = filled[path] || v.IsValid() && !v.IsZero()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			walk(path, v.Elem(), filled, seen)
		}
	case reflect.Interface:
		if !v.IsNil() {
			walk(path, v.Elem(), filled, seen)
		}
	case reflect.Struct:
		if p := v.Type().PkgPath(); p == "sync" || p == "sync/atomic" || p == "time" {
			filled[path] = true
			return
		}
		for i := range v.NumField() {
			switch v.Field(i).Kind() {
			case reflect.Func, reflect.Chan:
			default:
				walk(path+"."+v.Type().Field(i).Name, v.Field(i), filled, seen)
			}
		}
	case reflect.Slice, reflect.Array:
		filled[path] = filled[path] && v.Len() > 0
		for i := range v.Len() {
			walk(path+"[]", v.Index(i), filled, seen)
		}
	case reflect.Map:
		filled[path] = filled[path] && v.Len() > 0
		for it := v.MapRange(); it.Next(); {
			walk(path+"[key]", it.Key(), filled, seen)
			walk(path+"[value]", it.Value(), filled, seen)
		}
	}
}
