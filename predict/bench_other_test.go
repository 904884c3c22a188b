package predict_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
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

func BenchmarkFitLinear(b *testing.B) {
	const n, d = 20_000, 50
	rows, _ := planted(n, d, 1)
	y := make([]float64, n)
	for i := range y {
		y[i] = rows[i][0] + 0.5*rows[i][1]
	}
	measure(b, "rows=20k/columns=50", n, func() error {
		_, err := predict.FitLinear(context.Background(), rows, y, predict.LinearOptions{})
		return err
	})
}

func BenchmarkCalibration(b *testing.B) {
	const n = 200_000
	r := rng.New(1, 0, 0)
	s, y := make([]float64, n), make([]bool, n)
	for i := range s {
		s[i] = r.Normal()
		y[i] = r.Bool(predict.Sigmoid(2 * s[i]))
	}
	measure(b, "method=isotonic/n=200k", n, func() error { _, err := predict.FitIsotonic(s, y, nil); return err })
	measure(b, "method=sigmoid/n=200k", n, func() error { _, err := predict.FitSigmoid(s, y, nil); return err })
	measure(b, "method=buckets/n=200k", n, func() error {
		c, err := predict.NewIsotonicBuckets(-5, 5, 1000)
		if err != nil {
			return err
		}
		for i, v := range s {
			if err := c.Add(v, y[i]); err != nil {
				return err
			}
		}
		return nil
	})
	measure(b, "method=threshold/n=200k", n, func() error {
		_, err := predict.BestThreshold(s, y, nil, predict.Costs{FalsePositive: 1, FalseNegative: 5})
		return err
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

func BenchmarkScoreSparse(b *testing.B) {
	rows, y := planted(20_000, 20, 1)
	s := compress(rows)
	s.Cols = 10_000
	m, err := predict.FitLogisticSparse(context.Background(), s, y, predict.LogisticOptions{MaxIter: 2})
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, 0, len(rows))
	measure(b, "rows=20k/entries=20", len(rows), func() error { _, err := m.ProbSparse(dst, s); return err })
}
