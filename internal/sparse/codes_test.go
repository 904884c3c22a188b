package sparse

import (
	"math"
	"slices"
	"testing"
)

func TestCodes(t *testing.T) {
	var val []float32
	for v := range 254 {
		val = append(val, float32(v)/7-11)
	}
	val = append(val, float32(math.NaN()), float32(math.Copysign(0, -1))) // 0 is 77/7-11
	for _, v := range val {
		if v == 0 && !math.Signbit(float64(v)) {
			val = slices.Concat(val, val) // every value twice
			break
		}
	}
	if len(val) != 512 {
		t.Fatalf("%d values, want 512 with 0 among them", len(val))
	}
	codes := codesOf(val, 1<<24)
	if codes == nil {
		t.Fatal("256 values: no codes")
	}
	for _, c := range []int32{0, 1, 12345, 1<<24 - 1} {
		for _, v := range val {
			e := codes.code(c, v)
			if got := codes.values[e&255]; column(e) != c || math.Float32bits(got) != math.Float32bits(v) {
				t.Errorf("(%d, %v) became (%d, %v)", c, v, column(e), got)
			}
		}
	}
	if codesOf(append(val, 1000), 10) != nil {
		t.Error("257 values: codes")
	}
	if codesOf(val, 1<<24+1) != nil {
		t.Error("too many columns: codes")
	}
	if codesOf(nil, 0) == nil {
		t.Error("no values: no codes")
	}
}
