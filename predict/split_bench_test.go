package predict_test

import (
	"testing"

	"github.com/aislekit/aisle/predict"
)

func measure(b *testing.B, name string, n int, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/row")
	})
}

func BenchmarkSplit(b *testing.B) {
	const n = 100_000
	ids, groups, y := make([]int, n), make([]int, n), make([]bool, n)
	for i := range ids {
		ids[i], groups[i], y[i] = i, i/7, i%9 == 0
	}
	measure(b, "folds=k/n=100k", n, func() error { _, err := predict.KFold(ids, 5, 1); return err })
	measure(b, "folds=stratified/n=100k", n, func() error { _, err := predict.StratifiedKFold(ids, y, 5, 1); return err })
	measure(b, "folds=group/n=100k", n, func() error { _, err := predict.GroupKFold(groups, 5, 1); return err })
}
