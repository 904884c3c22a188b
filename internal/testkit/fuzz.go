package testkit

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
)

// FuzzFrames feeds the decoders of frames whose Fill returns a type that has
// UnmarshalBinary: none may panic or change its state when it fails, and what one
// accepts it must write back byte for byte; an older version becomes the newest one,
// which reads as the same. The kind in the header says which decoder is meant; each
// input is tried as it is and with length and checksum made right.
//
// The corpus lies in testdata/fuzz/<target>: of each kind a valid frame, a payload
// cut short, a version to come, a wrong checksum and a count far beyond the
// payload. With AISLE_WRITE_FRAMES=1 it writes what is missing.
func FuzzFrames(f *testing.F, frames []Frame) {
	f.Helper()
	for _, x := range frames {
		data, err := x.Fill(f).MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		if os.Getenv("AISLE_WRITE_FRAMES") != "" && x.Old == 0 {
			corpus(f, x, data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, in := range [][]byte{data, Refit(data)} {
			if len(in) < 20 {
				continue
			}
			for _, x := range frames {
				if x.Kind == binary.LittleEndian.Uint16(in[4:]) {
					decode(t, x.Fill(t), in)
				}
			}
		}
	})
}

// decode checks what one decoder makes of data.
func decode(t *testing.T, state encoding.BinaryMarshaler, data []byte) {
	before, err := state.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	err = state.(encoding.BinaryUnmarshaler).UnmarshalBinary(data)
	after, again := state.MarshalBinary()
	switch {
	case again != nil:
		t.Fatal(again)
	case err != nil && !bytes.Equal(after, before):
		t.Fatalf("a failed decode changed the state: %v", err)
	case err == nil && binary.LittleEndian.Uint16(data[6:]) < binary.LittleEndian.Uint16(after[6:]):
		decode(t, state, after)
	case err == nil && !bytes.Equal(after, data):
		t.Fatalf("decoded %x, encodes as %x", data, after)
	}
}

// corpus writes the seeds of one kind.
func corpus(f *testing.F, x Frame, valid []byte) {
	k := slices.IndexFunc(codec.Table, func(e codec.Entry) bool { return e.Kind == x.Kind })
	if k < 0 {
		f.Fatalf("kind %#04x is not in the table", x.Kind)
	}
	version, sum := slices.Clone(valid), slices.Clone(valid)
	version[6]++
	sum[len(sum)-1] ^= 1
	for name, data := range map[string][]byte{
		"valid":    valid,
		"cut":      Refit(valid[:len(valid)-1]),
		"version":  Refit(version),
		"checksum": sum,
		"count":    hostile(f, x, valid),
	} {
		path := filepath.Join("testdata", "fuzz", f.Name(), codec.Table[k].Type+"-"+name)
		if _, err := os.Stat(path); err != nil {
			save(f, path, fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", data))
		}
	}
}

// hostile returns the frame with the first number that its decoder refuses to be
// 2^40 replaced by that.
func hostile(f *testing.F, x Frame, valid []byte) []byte {
	for at := 16; at+8 <= len(valid)-4; at++ {
		data := slices.Clone(valid)
		binary.LittleEndian.PutUint64(data[at:], 1<<40)
		data = Refit(data)
		if x.Fill(f).(encoding.BinaryUnmarshaler).UnmarshalBinary(data) != nil {
			return data
		}
	}
	return Refit(valid[:20])
}

// Bombs decodes frames that promise far more than they hold: none may be taken, nor
// make a decoder reserve what it promises.
func Bombs(t *testing.T, bombs map[string]func() ([]byte, encoding.BinaryUnmarshaler)) {
	t.Helper()
	for name, bomb := range bombs {
		data, state := bomb()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := state.UnmarshalBinary(data)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 || err == nil {
			t.Errorf("%s: %d bytes of input made it allocate %d (%v)", name, len(data), took, err)
		}
	}
}

// Plain returns v as JSON can hold it, for Frame.Values: structs as their exported
// fields by name, errors as text and so what has a String method and no exported
// field, numbers that are not finite as text.
func Plain(v any) any { return plain(reflect.ValueOf(v)) }

// plain turns a value into what JSON can hold.
func plain(v reflect.Value) any {
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	fields := map[string]any{}
	if s := reflect.Indirect(v); s.Kind() == reflect.Struct {
		for i := range s.NumField() {
			if s.Type().Field(i).IsExported() {
				fields[s.Type().Field(i).Name] = plain(s.Field(i))
			}
		}
	}
	switch x := v.Interface().(type) {
	case error:
		return x.Error()
	case fmt.Stringer:
		if len(fields) == 0 {
			return x.String()
		}
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Sprint(x)
		}
	case reflect.Pointer, reflect.Interface:
		return plain(v.Elem())
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plain(v.Index(i))
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			out[fmt.Sprint(it.Key())] = plain(it.Value())
		}
		return out
	case reflect.Struct:
		return fields
	}
	return v.Interface()
}
