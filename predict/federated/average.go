package federated

import (
	"fmt"
	"math"
	"math/big"

	"github.com/aislekit/aisle/internal/check"
)

// Update is what one party made of a model on its own rows, from the same start as the others.
type Update struct {
	Coef []float64 // magnitudes below 2⁶⁰
	Rows float64   // its weight: the number of its rows, > 0
}

// Average returns the mean of the coefficients, weighed by rows: the step of the server in FedAvg (McMahan et al. 2017). Parties train from the mean
// for some passes over their own rows and send what they have; one that misses a round is left out of it. The sums are exact, so that the order of
// updates does not matter, to the bit. The result is near the model of all rows, not equal to it: where the parties differ, the
// more passes between rounds, the further off. Use rounds of sums where there are some.
//
// Errors: ErrEmpty without updates or coefficients, ErrShape for lengths that differ, ErrNotFinite, ErrRange.
func Average(updates []Update) ([]float64, error) {
	const where = "federated: Average"
	if len(updates) == 0 || len(updates[0].Coef) == 0 {
		return nil, fmt.Errorf("%s: no updates: %w", where, ErrEmpty)
	}
	exact := func() *big.Float { return new(big.Float).SetPrec(4300) } // holds any sum of products of float64
	total, sum := exact(), make([]*big.Float, len(updates[0].Coef))
	for j := range sum {
		sum[j] = exact()
	}
	for k, u := range updates {
		if err := check.Len("Coef", len(u.Coef), len(sum)); err != nil {
			return nil, fmt.Errorf("%s: updates[%d]: %w", where, k, err)
		}
		if err := checkValue(u.Rows); err != nil || !(u.Rows > 0) {
			return nil, fmt.Errorf("%s: %w", where, check.Private("Rows", int64(k), nil, u.Rows, fmt.Errorf("want > 0: %w", ErrRange)))
		}
		rows := exact().SetFloat64(u.Rows)
		total.Add(total, rows)
		for j, v := range u.Coef {
			if !check.Finite(v) {
				return nil, fmt.Errorf("%s: %w", where, check.Private(fmt.Sprintf("Coef[%d]", j), int64(k), nil, v, ErrNotFinite))
			}
			if !(math.Abs(v) < 0x1p60) {
				return nil, fmt.Errorf("%s: %w", where, check.Private(fmt.Sprintf("Coef[%d]", j), int64(k), nil, v, ErrRange))
			}
			sum[j].Add(sum[j], exact().Mul(rows, exact().SetFloat64(v)))
		}
	}
	out := make([]float64, len(sum))
	for j := range sum {
		out[j], _ = exact().Quo(sum[j], total).Float64()
	}
	return out, nil
}
