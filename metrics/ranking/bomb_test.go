package ranking

import (
	"encoding"
	"runtime"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
)

// Promised sizes must not make a decoder reserve memory.
func TestUnmarshalBomb(t *testing.T) {
	testkit.Bombs(t, map[string]func() ([]byte, encoding.BinaryUnmarshaler){
		"cut-offs": func() ([]byte, encoding.BinaryUnmarshaler) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindRanking, 1), &Tally[int]{}
		},
	})
}

// The largest cut-off costs what the data need, not what it allows.
func TestUnmarshalLargeCutoff(t *testing.T) {
	r := ok[*Tally[int]](t)(New[int](Options{K: []int{maxCutoff}}))
	data := ok[[]byte](t)(r.MarshalBinary())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	must(t, new(Tally[int]).UnmarshalBinary(data))
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("%d bytes of input made it allocate %d", len(data), took)
	}
}
