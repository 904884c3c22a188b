package recommend

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

// A list that stops early is that of a full sort of the scores.
func TestByNormProp(t *testing.T) {
	x := groups(20, normItems+normChunk+7, 30, 5)
	scores := make([]float32, x.Items())
	early := 0
	testkit.Until(t, "a list that stops early", func() bool { return early > 0 }, func(t *rapid.T) {
		m := drawVectors(t, x)
		f := drawFilter(t, x.Items())
		k := rapid.SampledFrom([]int{1, 10, 100}).Draw(t, "k")
		r := NewRanker(m)
		for u := range 5 {
			q := x.Query(u)
			got, err := r.AppendTop(nil, q, k, f)
			if err2 := m.Score(scores, q); err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			checkTop(t, got, scores, k, f, fromAll)
			r.heap.Reset(k)
			if r.scan.topByNorm(&r.heap, r.free, x.Items(), fromAll) {
				early++
			}
		}
	})
}
