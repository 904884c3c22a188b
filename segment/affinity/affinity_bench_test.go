package affinity_test

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/segment/affinity"
)

func BenchmarkResult(b *testing.B) {
	for _, segments := range []int{10, 40} {
		r := rng.New(1, 0, 0)
		var l affinity.Lifts
		for range 20_000 {
			spent := map[string]int64{}
			for range 8 {
				spent[fmt.Sprint("c", r.Intn(100))] = 100
			}
			must(l.Add(fmt.Sprint("s", r.Intn(segments)), spent))
		}
		b.Run(fmt.Sprintf("cells=%d", segments*100), func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Result(bg, affinity.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
