package federated_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/federated"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "predict/federated", frames()) }

// FuzzUnmarshal has the decoders of the package.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// answered is what three rows say, one of which has no place in the sums.
func answered() *federated.Round {
	r := get(federated.NewRound(federated.Poisson, []float64{.5, -.25}, .125))
	for i, x := range [][]float64{{1, 2}, {2, -1}, {200, 1}} {
		must(r.Add(x, float64(i), 1.5, .1))
	}
	return r
}

// frames are one state of each kind.
func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindFederatedRound,
			Fill: func(testing.TB) encoding.BinaryMarshaler { return answered() },
			Values: func(_ testing.TB, state any) any {
				r := state.(*federated.Round)
				law, coef, intercept := r.Coefficients()
				return map[string]any{"law": law, "coef": coef, "intercept": intercept, "rows": r.Rows(), "words": r.Words(nil)}
			},
			Zero: []string{".term: scratch of Add", ".sums[].High: small sums"},
		},
		{
			Kind: codec.KindFederatedBayes,
			Fill: func(testing.TB) encoding.BinaryMarshaler { return counted(drawn(20, 2, 1)) },
			Values: func(_ testing.TB, state any) any {
				b := state.(*federated.Bayes)
				return map[string]any{"rows": b.Rows(), "words": b.Words(nil)}
			},
			Zero: []string{
				".like: empty, to check rows by", ".opt.Weights: not used", ".opt.ClassWeights: not used", ".opt.Workers: not used", ".laws[]: 0 is normal", ".levels[]: numeric columns have none",
				".sums[].High: small sums",
			},
		},
	}
}
