package sketch

import (
	"bytes"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
)

func encHLL(h *HLL) []byte {
	var w codec.Writer
	h.Encode(&w)
	return w.AppendFrame(nil, 1, 1)
}

func encDD(d *DD) []byte {
	var w codec.Writer
	d.Encode(&w)
	return w.AppendFrame(nil, 2, 1)
}

func FuzzDecode(f *testing.F) {
	var h HLL
	var d DD
	for i := range 300 {
		h.Add(rng.Mix(uint64(i)))
		d.Add(float64(i - 50))
	}
	f.Add(encHLL(&h))
	f.Add(encDD(&d))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := codec.Open(data, 1, 1); err == nil {
			x := DecodeHLL(r)
			if r.Done() == nil && !bytes.Equal(encHLL(&x), data) {
				t.Fatal("not canonical")
			}
		}
		if r, err := codec.Open(data, 2, 1); err == nil {
			x := DecodeDD(r)
			if r.Done() == nil && !bytes.Equal(encDD(&x), data) {
				t.Fatal("not canonical")
			}
			x.Quantile(.5)
		}
	})
}
