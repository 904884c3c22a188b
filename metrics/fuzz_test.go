package metrics

import (
	"encoding"
	"runtime"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
)

type binaryForm interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
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
