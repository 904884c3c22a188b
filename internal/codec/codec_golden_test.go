package codec

import (
	"bytes"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// filled is a record in which no field is zero and the ends of the types are used.
var filled = &record{
	I: math.MaxInt32, I64: math.MinInt64, U: math.MaxUint64, F: math.Pi, F32: -1.5, B: true, S: "tea ☕", P: []byte{0, 255},
	Fs: []float32{math.SmallestNonzeroFloat32, math.MaxFloat32}, Ds: []float64{math.SmallestNonzeroFloat64, -math.MaxFloat64},
	Is: []int32{math.MinInt32, 1}, Ls: []int64{math.MaxInt64, -1}, Us: []uint64{1 << 63}, Ss: []string{"", "a", "longer than eight"},
}

// Frames as hexadecimal text, a file for each version: the bytes of every primitive
// are read for ever and never written otherwise. A file that is missing is written
// with AISLE_WRITE_FRAMES=1, one that stands never.
func TestFrameGolden(t *testing.T) {
	for version, name := range map[uint16]string{1: "record.v1.hex", 2: "record.v2.hex"} {
		path := filepath.Join("testdata", "frames", name)
		w := filled.payload()
		now := w.AppendFrame(nil, 7, version)
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) && os.Getenv("AISLE_WRITE_FRAMES") != "" {
			text = []byte(lines(now))
			if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
				err = os.WriteFile(path, text, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		golden, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(golden)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, filled) {
			t.Errorf("%s holds %+v, want %+v", name, got, filled)
		}
		if !bytes.Equal(now, golden) {
			t.Errorf("%s: the same record is now written as\n%s", name, lines(now))
		}
	}
}

// lines writes 32 bytes a line.
func lines(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		n := min(len(data), 32)
		b.WriteString(hex.EncodeToString(data[:n]) + "\n")
		data = data[n:]
	}
	return b.String()
}
