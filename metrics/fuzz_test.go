package metrics

import (
	"bytes"
	"encoding"
	"runtime"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
)

type binaryForm interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// states returns a filled state of every type that has a binary form.
func states(t testing.TB) []binaryForm {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	m, err := MomentsOf([]float64{1, 2, 4})
	must(err)
	p := Proportion{3, 9}
	r := NewRatio(5, 7)
	c := Counts{Clicks: 3, GrossMargin: -5}
	f := Confusion{1, 2, 3, 4}
	h, err := NewScoreHistogram(0, 1, 3)
	must(err)
	must(h.Add(true, .5))
	b, err := NewBinaryLoss(BinaryLossOptions{Bins: 3})
	must(err)
	must(b.Add(true, .7))
	var g Regression
	must(g.Add(3, 4))
	k, err := NewRanking[int](RankingOptions{K: []int{1, 3}, KeepUsers: true})
	must(err)
	must(k.AddSet([]int{1, 2}, []int{2}))
	d, err := NewDenseRanking(5, RankingOptions{})
	must(err)
	must(d.Add([]int32{1, 2}, []int32{2}))
	return append([]binaryForm{&m, &p, &r, &c, &f, h, b, &g, k, d}, kpiStates(t)...)
}

// FuzzUnmarshal feeds every decoder: it must not panic, must not change the
// state when it fails, and what it accepts it must write back byte for byte.
// The bytes are tried as they are and as the payload of a valid frame.
func FuzzUnmarshal(f *testing.F) {
	for i, s := range states(f) {
		data, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), data)
		f.Add(uint8(i), data[16:len(data)-4])
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		all := states(t)
		s := all[int(which)%len(all)]
		before, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		kind := uint16(before[4]) | uint16(before[5])<<8
		for _, in := range [][]byte{data, frame(data, kind)} {
			now, _ := s.MarshalBinary()
			err := s.UnmarshalBinary(in)
			after, merr := s.MarshalBinary()
			if merr != nil {
				t.Fatal(merr)
			}
			if err != nil && !bytes.Equal(after, now) {
				t.Fatal("a failed decode changed the state")
			}
			if err == nil && !bytes.Equal(after, in) {
				t.Fatalf("decoded %x, encodes as %x", in, after)
			}
		}
	})
}

// frame wraps payload bytes as they are.
func frame(payload []byte, kind uint16) []byte {
	var w codec.Writer
	for len(payload) >= 8 {
		var x uint64
		for i := range 8 {
			x |= uint64(payload[i]) << (8 * i)
		}
		w.Uint64(x)
		payload = payload[8:]
	}
	for _, b := range payload {
		w.Bool(b&1 == 1)
	}
	return w.AppendFrame(nil, kind, 1)
}

// A few bytes must not make a decoder reserve what they promise.
func TestUnmarshalBomb(t *testing.T) {
	bombs := map[string]func() ([]byte, binaryForm){
		"cut-offs": func() ([]byte, binaryForm) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindRanking, 1), &Ranking[int]{}
		},
		"large cut-off": func() ([]byte, binaryForm) {
			r, _ := NewRanking[int](RankingOptions{K: []int{maxCutoff}})
			b, _ := r.MarshalBinary()
			return b, &Ranking[int]{}
		},
		"bins": func() ([]byte, binaryForm) {
			var w codec.Writer
			w.Float64(0)
			w.Float64(1)
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindScoreHistogram, 1), &ScoreHistogram{}
		},
	}
	for name, bomb := range bombs {
		data, s := bomb()
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		_ = s.UnmarshalBinary(data)
		runtime.ReadMemStats(&b)
		if got := b.TotalAlloc - a.TotalAlloc; got > 1<<20 {
			t.Errorf("%s: %d bytes of input made it allocate %d", name, len(data), got)
		}
	}
}
