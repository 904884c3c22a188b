package federated_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/federated"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	ctx := context.Background()
	rows := drawn(30, 3, 1)
	options := federated.Options{L2: 1, MaxIter: 20, Progress: func(predict.Progress) {}}
	secrets := func() map[string][]byte {
		return map[string][]byte{"south": []byte("0123456789abcdef"), "west": []byte("fedcba9876543210")}
	}
	fit := func(law federated.Law) func() []any {
		return func() []any { return []any{ctx, names, asking(law, [][]row{rows}), options} }
	}
	testkit.Promises{
		Funcs: map[string]any{
			"NewRound": federated.NewRound, "FitLogistic": federated.FitLogistic, "FitPoisson": federated.FitPoisson, "FitLinear": federated.FitLinear,
			"NewMasks": federated.NewMasks, "SumWords": federated.SumWords, "Negate": federated.Negate, "Average": federated.Average, "NewBayes": federated.NewBayes,
		},
		Types: []func() any{
			func() any { return answered() },
			func() any { return get(federated.NewMasks("north", secrets())) },
			func() any { return counted(drawn(20, 2, 1)) },
		},
		Args: map[string]func() []any{
			"NewRound":    func() []any { return []any{federated.Logistic, []float64{1, 2}, .5} },
			"FitLogistic": fit(federated.Logistic),
			"FitPoisson":  fit(federated.Poisson),
			"FitLinear":   fit(federated.Linear),
			"NewMasks":    func() []any { return []any{"north", secrets()} },
			"SumWords":    func() []any { return []any{[]uint64{9}, [][]uint64{{1, 2}, {3, 4}}} },
			"Negate":      func() []any { return []any{[]uint64{1, 2}} },
			"Average": func() []any {
				return []any{[]federated.Update{{Coef: []float64{1, 2}, Rows: 3}, {Coef: []float64{2, 3}, Rows: 1}}}
			},
			"NewBayes":       func() []any { return []any{bayesOptions()} },
			"Round.Add":      func() []any { return []any{[]float64{1, 2}, 1., 2., .5} },
			"Round.SetWords": func() []any { return []any{answered().Words(nil)} },
			"Round.Words":    func() []any { return []any{[]uint64{9}} },
			"Masks.Hide":     func() []any { return []any{[]uint64{9}, []uint64{1, 2}, uint64(3)} },
			"Masks.Pair":     func() []any { return []any{[]uint64{9}, "west", 4, uint64(3)} },
			"Bayes.Add":      func() []any { return []any{[]float64{1, 2, 0, 1}, 1, 2.} },
			"Bayes.SetWords": func() []any { return []any{counted(drawn(20, 2, 1)).Words(nil)} },
			"Bayes.Words":    func() []any { return []any{[]uint64{9}} },
		},
		Settles: map[string]string{"Round.Words": "nothing is appended: there are no sums", "Bayes.Words": "nothing is appended: there are no sums"},
		NaN:     map[string]string{"Round.Objective": "+Inf where a row has no place in the sums"},
	}.Check(t)
}
