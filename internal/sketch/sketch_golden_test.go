package sketch

import (
	"bytes"
	"encoding/hex"
	"hash/crc32"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
)

// The bytes of both sketches are part of frames that are read for ever.
func TestEncoded(t *testing.T) {
	var d DD
	for _, x := range []float64{-3, 0, 1, 1, 250, 1e9} {
		if !d.Add(x) {
			t.Fatal(x)
		}
	}
	var w codec.Writer
	d.Encode(&w)
	data := w.AppendFrame(nil, 2, 1)
	head := hex.EncodeToString(data[16 : 16+5*8])
	if want := "7b14ae47e17a843f" + "0100000000000000" + "00000000000008c0" + "0000000065cdcd41" + "0000000000000000"; head != want {
		t.Errorf("DD begins with %s", head)
	}
	if got, want := crc32.ChecksumIEEE(data), uint32(0xa5bbfe64); got != want {
		t.Errorf("DD has the sum %#x, want %#x", got, want)
	}
	r, err := codec.Open(data, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if back := DecodeDD(r); r.Done() != nil || back.N() != 6 || back.Quantile(0) != -3 || back.Quantile(1) != 1e9 || math.Abs(back.Quantile(.5)-1) > .0101 {
		t.Errorf("decoded %+v, %v", back, r.Done())
	}

	var h HLL
	for i := range uint64(1000) {
		h.Add(rng.Mix(i))
	}
	var v codec.Writer
	h.Encode(&v)
	data = v.AppendFrame(nil, 1, 1)
	if got, want := crc32.ChecksumIEEE(data), uint32(0xdf05652a); got != want {
		t.Errorf("HLL has the sum %#x, want %#x", got, want)
	}
	if r, err = codec.Open(data, 1, 1); err != nil {
		t.Fatal(err)
	}
	if back := DecodeHLL(r); r.Done() != nil || back.Estimate() != h.Estimate() || !bytes.Equal(encHLL(&back), data) {
		t.Errorf("decoded an estimate of %v, want %v", back.Estimate(), h.Estimate())
	}
}
