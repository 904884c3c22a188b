package predict_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

func BenchmarkReweighted(b *testing.B) {
	ctx := context.Background()
	rows, y, _, count := drawn(rng.New(1, 1, 0), 10_000, 20)
	b.Run("model=svm", func(b *testing.B) {
		for b.Loop() {
			if _, err := predict.FitSVM(ctx, rows, y, predict.SVMOptions{C: .1}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("model=svm/rows=200k/columns=50", func(b *testing.B) {
		rows, y := benchDense(b, 200_000, 50)
		start, value := testkit.ProcessorTime(), 0.0
		for b.Loop() {
			m, err := predict.FitSVM(ctx, rows, y, predict.SVMOptions{})
			if err != nil {
				b.Fatal(err)
			}
			value = m.Objective()
		}
		b.ReportMetric((testkit.ProcessorTime()-start).Seconds()/float64(b.N), "cpu-s/op")
		b.ReportMetric(value, "objective")
	})
	b.Run("model=poisson", func(b *testing.B) {
		for b.Loop() {
			if _, err := predict.FitPoisson(ctx, rows, count, predict.PoissonOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("model=lasso", func(b *testing.B) {
		for b.Loop() {
			if _, err := predict.FitLinear(ctx, rows, count, predict.LinearOptions{L1: 1000}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkConformal(b *testing.B) {
	s := rng.New(1, 1, 0)
	scores := make([]float64, 10_000)
	for i := range scores {
		scores[i] = s.Normal()
	}
	c := promised(predict.FitConformal(scores, nil))
	b.Run("do=fit", func(b *testing.B) {
		for b.Loop() {
			promised(predict.FitConformal(scores, nil))
		}
	})
	b.Run("do=interval", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := c.Interval(1, 1, .9, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkLearners(b *testing.B) {
	ctx := context.Background()
	rows, y, _, count := drawn(rng.New(1, 1, 0), 10_000, 20)
	label, scores := make([]int, len(y)), make([]float64, len(y))
	for i, v := range y {
		if v {
			label[i] = 1 + i%2
		}
		scores[i] = rows[i][0]
	}
	for _, c := range []struct {
		name string
		fit  func() error
	}{
		{"multinomial", func() error {
			_, err := predict.FitMultinomial(ctx, rows, label, predict.MultinomialOptions{})
			return err
		}},
		{"huber", func() error {
			_, err := predict.FitLinear(ctx, rows, count, predict.LinearOptions{Huber: 1.35})
			return err
		}},
		{"bayes", func() error {
			_, err := predict.FitNaiveBayes(ctx, rows, label, predict.NaiveBayesOptions{})
			return err
		}},
		{"neighbors", func() error { _, err := predict.FitNeighbors(ctx, rows, count, predict.NeighborsOptions{}); return err }},
		{"mlp", func() error { _, err := predict.FitMLP(ctx, rows, count, predict.MLPOptions{Epochs: 5}); return err }},
		{"vennabers", func() error { _, err := predict.FitVennAbers(scores, y, nil); return err }},
	} {
		b.Run("model="+c.name, func(b *testing.B) {
			for b.Loop() {
				if err := c.fit(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
