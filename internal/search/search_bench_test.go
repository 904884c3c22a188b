package search

import (
	"context"
	"testing"
)

func BenchmarkBayesian(b *testing.B) {
	for b.Loop() {
		_, err := Run(context.Background(), where, point{}, plane(), func(_ context.Context, p point, _ float64) (float64, error) { return hill(p), nil },
			Options{Method: Bayesian, Trials: 30})
		if err != nil {
			b.Fatal(err)
		}
	}
}
