package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"reflect"
	"runtime"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
)

type record struct {
	I   int
	I64 int64
	U   uint64
	F   float64
	F32 float32
	B   bool
	S   string
	P   []byte
	Fs  []float32
	Ds  []float64
	Is  []int32
	Ls  []int64
	Us  []uint64
	Ss  []string
}

func (r *record) frame(dst []byte) []byte { return r.payload().AppendFrame(dst, 7, 2) }

func (r *record) payload() *Writer {
	var w Writer
	w.Int(r.I)
	w.Int64(r.I64)
	w.Uint64(r.U)
	w.Float64(r.F)
	w.Float32(r.F32)
	w.Bool(r.B)
	w.String(r.S)
	w.Bytes(r.P)
	w.Float32s(r.Fs)
	w.Float64s(r.Ds)
	w.Int32s(r.Is)
	w.Int64s(r.Ls)
	w.Uint64s(r.Us)
	w.Strings(r.Ss)
	return &w
}

func read(data []byte) (*record, error) {
	r, err := Open(data, 7, 2)
	if err != nil {
		return nil, err
	}
	out := &record{
		r.Int(), r.Int64(), r.Uint64(), r.Float64(), r.Float32(), r.Bool(), r.String(), r.Bytes(),
		r.Float32s(), r.Float64s(), r.Int32s(), r.Int64s(), r.Uint64s(), r.Strings(),
	}
	return out, r.Done()
}

func draw(t *rapid.T) *record {
	return &record{
		I:   rapid.IntRange(0, math.MaxInt).Draw(t, "I"),
		I64: rapid.Int64().Draw(t, "I64"), U: rapid.Uint64().Draw(t, "U"),
		F: rapid.Float64().Draw(t, "F"), F32: rapid.Float32().Draw(t, "F32"), B: rapid.Bool().Draw(t, "B"),
		S: rapid.String().Draw(t, "S"), P: rapid.SliceOf(rapid.Byte()).Draw(t, "P"),
		Fs: rapid.SliceOf(rapid.Float32()).Draw(t, "Fs"), Ds: rapid.SliceOf(rapid.Float64()).Draw(t, "Ds"),
		Is: rapid.SliceOf(rapid.Int32()).Draw(t, "Is"), Ls: rapid.SliceOf(rapid.Int64()).Draw(t, "Ls"),
		Us: rapid.SliceOf(rapid.Uint64()).Draw(t, "Us"), Ss: rapid.SliceOf(rapid.String()).Draw(t, "Ss"),
	}
}

// empty turns slices of length 0 into nil, as decoding does.
func empty(r *record) *record {
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() == 0 {
			f.SetZero()
		}
	}
	return r
}

func TestRoundTripProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		data := want.frame([]byte("before"))
		if string(data[:6]) != "before" {
			t.Fatal("AppendFrame changed what was in dst")
		}
		data = data[6:]
		got, err := read(data)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, empty(want)) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if !bytes.Equal(got.frame(nil), data) {
			t.Fatal("encoding again gives other bytes")
		}
		// The frame ends where it says, whatever follows and however slowly it comes.
		stream := append(bytes.Clone(data), "after"...)
		src := iotest.OneByteReader(bytes.NewReader(stream))
		read1, err := ReadFrame(src)
		if err != nil || !bytes.Equal(read1, data) {
			t.Fatalf("ReadFrame: %v", err)
		}
		if rest, _ := io.ReadAll(src); string(rest) != "after" {
			t.Fatalf("ReadFrame left %q", rest)
		}
	})
}

func TestSpecialFloats(t *testing.T) {
	var w Writer
	nan := math.Float64frombits(0x7ff8000000000123)
	w.Float64s([]float64{nan, math.Inf(-1), math.Copysign(0, -1)})
	r, err := Open(w.AppendFrame(nil, 1, 1), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range r.Float64s() {
		if want := []uint64{0x7ff8000000000123, 0xfff0000000000000, 1 << 63}[i]; math.Float64bits(x) != want {
			t.Errorf("value %d has bits %#x, want %#x", i, math.Float64bits(x), want)
		}
	}
}

// Every cut and every flipped bit of a frame is noticed.
func TestDamage(t *testing.T) {
	data := (&record{I: 3, S: "tea", Fs: []float32{1, 2}, Ss: []string{"a", ""}}).frame(nil)
	for n := range data {
		if _, err := read(data[:n]); !errors.Is(err, check.ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		_, err := ReadFrame(bytes.NewReader(data[:n]))
		if n == 0 && err != io.EOF {
			t.Fatalf("empty stream: %v", err)
		}
		if n > 0 && (!errors.Is(err, check.ErrCorrupt) || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)) {
			t.Fatalf("stream of %d bytes: %v", n, err)
		}
		for bit := range 8 {
			bad := bytes.Clone(data)
			bad[n] ^= 1 << bit
			if _, err := read(bad); !errors.Is(err, check.ErrCorrupt) {
				t.Fatalf("byte %d bit %d flipped: %v", n, bit, err)
			}
		}
	}
	if _, err := read(append(bytes.Clone(data), 0)); !errors.Is(err, check.ErrCorrupt) {
		t.Fatalf("a byte too many: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	var w Writer
	w.Int(1)
	for _, c := range []struct {
		name          string
		kind, version uint16
		want          error
	}{
		{"good", 7, 2, nil},
		{"older", 7, 1, nil},
		{"kind", 8, 2, check.ErrMismatch},
		{"newer", 7, 3, check.ErrVersion},
		{"version 0", 7, 0, check.ErrVersion},
	} {
		r, err := Open(w.AppendFrame(nil, c.kind, c.version), 7, 2)
		if !errors.Is(err, c.want) || (err == nil) != (r != nil) {
			t.Errorf("%s: %v", c.name, err)
		}
		if r != nil && r.Version != c.version {
			t.Errorf("%s: version %d", c.name, r.Version)
		}
	}
}

// A stamp goes beside the payload of any version; a kind that has none refuses it.
func TestStamp(t *testing.T) {
	frame := func(users, items uint64, marks ...uint32) []byte {
		var w Writer
		w.Int(5)
		w.Stamp(users, items, marks)
		return w.AppendFrame(nil, 7, 2)
	}
	open := func(data []byte) *Reader {
		r, err := Open(data, 7, 2)
		if err != nil || r.Version != 2 || r.Int() != 5 {
			t.Fatalf("version %v: %v", r, err)
		}
		return r
	}
	r := open(frame(1, 2, 3, 4))
	users, items, marks, ok := r.Stamp()
	if err := r.Done(); err != nil || !ok || users != 1 || items != 2 || len(marks) != 2 || marks[1] != 4 {
		t.Errorf("stamp %d %d %v %v: %v", users, items, marks, ok, err)
	}
	if err := open(frame(1, 2)).Done(); !errors.Is(err, check.ErrCorrupt) {
		t.Errorf("a stamp that nobody reads: %v", err)
	}
	r = open(frame(0, 0, 1))
	if _, _, _, ok := r.Stamp(); ok || !errors.Is(r.Done(), check.ErrCorrupt) {
		t.Error("an empty stamp is taken")
	}
	var w Writer
	w.Int(5)
	w.Uint64(1)
	w.Uint64(2)
	w.Uint64(1 << 60)
	w.stamped = true
	r = open(w.AppendFrame(nil, 7, 2))
	if _, _, _, ok := r.Stamp(); ok || !errors.Is(r.Done(), check.ErrCorrupt) {
		t.Error("more marks than bytes are taken")
	}
	w.Int(5)
	r = open(w.AppendFrame(nil, 7, 2))
	if _, _, _, ok := r.Stamp(); ok || r.Done() != nil {
		t.Error("a frame without a stamp has one")
	}
}

// A payload with a right checksum may still lie.
func TestHostilePayload(t *testing.T) {
	frame := func(words ...uint64) *Reader {
		var w Writer
		for _, x := range words {
			w.Uint64(x)
		}
		r, err := Open(w.AppendFrame(nil, 1, 1), 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, n := range []uint64{1, 1 << 31, 1 << 40, 1<<61 + 1, 1<<62 + 1, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		for name, fn := range map[string]func(*Reader) int{
			"String":   func(r *Reader) int { return len(r.String()) },
			"Bytes":    func(r *Reader) int { return len(r.Bytes()) },
			"Float32s": func(r *Reader) int { return len(r.Float32s()) },
			"Float64s": func(r *Reader) int { return len(r.Float64s()) },
			"Int32s":   func(r *Reader) int { return len(r.Int32s()) },
			"Int64s":   func(r *Reader) int { return len(r.Int64s()) },
			"Uint64s":  func(r *Reader) int { return len(r.Uint64s()) },
			"Strings":  func(r *Reader) int { return len(r.Strings()) },
		} {
			r := frame(n)
			if got := fn(r); got != 0 || !errors.Is(r.Err(), check.ErrCorrupt) {
				t.Errorf("%s with count %d: %d elements, %v", name, n, got, r.Err())
			}
			if r.Uint64() != 0 || r.Float32() != 0 || r.Bool() || r.Int() != 0 || !errors.Is(r.Done(), check.ErrCorrupt) {
				t.Errorf("%s: reads after an error are not zero", name)
			}
		}
	}
	var w Writer
	copy(w.more(1), []byte{2})
	r, _ := Open(w.AppendFrame(nil, 1, 1), 1, 1)
	if r.Bool(); !errors.Is(r.Err(), check.ErrCorrupt) {
		t.Errorf("flag 2: %v", r.Err())
	}
	r = frame(math.MaxUint64)
	if r.Int(); !errors.Is(r.Err(), check.ErrCorrupt) {
		t.Errorf("negative count: %v", r.Err())
	}
	r = frame(1, 2)
	if r.Int(); r.Err() != nil || !errors.Is(r.Done(), check.ErrCorrupt) {
		t.Errorf("bytes left over: %v", r.Done())
	}
	r = frame(1)
	r.Fail("breaks a rule")
	if !errors.Is(r.Done(), check.ErrCorrupt) {
		t.Errorf("Fail: %v", r.Done())
	}
}

// A header may promise 2⁶² bytes; memory follows what arrives.
func TestAllocationBomb(t *testing.T) {
	grew := func(fn func()) uint64 {
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		fn()
		runtime.ReadMemStats(&b)
		return b.TotalAlloc - a.TotalAlloc
	}
	head := append([]byte(magic), 1, 0, 1, 0)
	for _, n := range []uint64{1 << 24, 1 << 40, 1 << 62, math.MaxInt64 - 30, math.MaxInt64, math.MaxUint64} {
		data := binary.LittleEndian.AppendUint64(bytes.Clone(head), n)
		data = append(data, "few bytes"...)
		if got := grew(func() {
			if _, err := ReadFrame(bytes.NewReader(data)); !errors.Is(err, check.ErrCorrupt) {
				t.Errorf("promise of %d bytes: %v", n, err)
			}
		}); got > 8<<20 {
			t.Errorf("promise of %d bytes allocated %d", n, got)
		}
	}
	// The same inside a payload, with a right checksum.
	var w Writer
	w.Int64(1 << 40)
	w.Uint64(0)
	data := w.AppendFrame(nil, 1, 1)
	if got := grew(func() {
		r, err := Open(data, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		r.Strings()
		if r.Err() == nil {
			t.Error("accepted")
		}
	}); got > 1<<20 {
		t.Errorf("count of 2⁴⁰ allocated %d", got)
	}
}

func TestReadFrameError(t *testing.T) {
	broken := errors.New("disk on fire")
	data := (&record{}).frame(nil)
	_, err := ReadFrame(io.MultiReader(bytes.NewReader(data[:20]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || errors.Is(err, check.ErrCorrupt) {
		t.Errorf("error of the source: %v", err)
	}
	_, err = ReadFrame(bytes.NewReader(bytes.Repeat([]byte("x"), 64)))
	if !errors.Is(err, check.ErrCorrupt) {
		t.Errorf("no magic: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add((&record{I: 3, S: "tea", Fs: []float32{1, 2}, Ss: []string{"a", ""}}).frame(nil), false)
	f.Add([]byte(magic), false)
	f.Add([]byte("payload that is not a frame"), true)
	f.Fuzz(func(t *testing.T, data []byte, wrap bool) {
		if wrap { // reach the payload readers: give the bytes a true header and sum
			var w Writer
			copy(w.more(len(data)), data)
			data = w.AppendFrame(nil, 7, 2)
		}
		got, err := read(data)
		if err != nil {
			if !errors.Is(err, check.ErrCorrupt) && !errors.Is(err, check.ErrMismatch) && !errors.Is(err, check.ErrVersion) {
				t.Fatalf("unnamed error %v", err)
			}
			return
		}
		again := got.frame(nil)
		again[6], again[7] = data[6], data[7] // version 1 reads alike
		binary.LittleEndian.PutUint32(again[len(again)-footer:], crc32.Checksum(again[:len(again)-footer], table))
		if !bytes.Equal(again, data) {
			t.Fatalf("accepted %x, which encodes as %x", data, again)
		}
	})
}

func FuzzReadFrame(f *testing.F) {
	f.Add((&record{S: "tea"}).frame(nil))
	f.Add(append([]byte(magic), 1, 0, 1, 0, 255, 255, 255, 255, 255, 255, 255, 127))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ReadFrame(bytes.NewReader(data))
		if err == nil && !bytes.HasPrefix(data, got) {
			t.Fatal("bytes that were not in the stream")
		}
		if err != nil && err != io.EOF && !errors.Is(err, check.ErrCorrupt) {
			t.Fatalf("unnamed error %v", err)
		}
	})
}
