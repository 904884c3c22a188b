package ranking_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/ranking"
)

func BenchmarkTallyAdd(b *testing.B) {
	r, err := ranking.New[int](ranking.Options{})
	if err != nil {
		b.Fatal(err)
	}
	list, truth := make([]int, 20), map[int]float64{}
	for i := range list {
		list[i] = 3 * i
		truth[2*i] = 1
	}
	b.Run("k=20/truth=20", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := r.Add(list, truth); err != nil {
				b.Fatal(err)
			}
		}
	})
}
