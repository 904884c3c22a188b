package federated_test

import (
	"testing"

	"github.com/aislekit/aisle/predict/federated"
)

func BenchmarkRound(b *testing.B) {
	rows := drawn(1000, 20, 1)
	b.Run("do=add", func(b *testing.B) {
		r := get(federated.NewRound(federated.Logistic, make([]float64, 20), 0))
		for b.Loop() {
			for _, x := range rows {
				must(r.Add(x.x, x.label, x.weight, x.offset))
			}
		}
	})
	words := get(federated.NewRound(federated.Logistic, make([]float64, 20), 0)).Words(nil)
	masks := ring("north", "south", "east", "west")["east"]
	b.Run("do=hide", func(b *testing.B) {
		for b.Loop() {
			get(masks.Hide(nil, words, 1))
		}
	})
}

func BenchmarkBayes(b *testing.B) {
	rows := drawn(1000, 2, 1)
	for b.Loop() {
		counted(rows)
	}
}

func BenchmarkAverage(b *testing.B) {
	updates := make([]federated.Update, 10)
	for k := range updates {
		updates[k] = federated.Update{Coef: make([]float64, 100), Rows: 10}
	}
	for b.Loop() {
		get(federated.Average(updates))
	}
}
