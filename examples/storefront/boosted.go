package main

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/tree"
)

// boosted are trees whose margins were calibrated on time that they had not seen.
type boosted struct {
	trees *tree.Ensemble
	to    *predict.SigmoidCalibrator
}

// boostOptions suit a few thousand customers: small trees, many to a leaf.
var boostOptions = tree.BoostOptions{Loss: tree.LossLogistic, Iterations: 80, LearningRate: .06, Leaves: 6, MinRows: 40, L2: 5}

// boosted returns trees where they foretell the latest cut better than the logistic model, by more than
// chance, both fitted to the cuts before; nil where they do not, or there is but one cut.
func (f *propensity) boosted(ctx context.Context, rows [][]float64, y []bool, names []string, latest int) (*boosted, error) {
	if old := y[latest:]; !slices.Contains(old, true) || !slices.Contains(old, false) || !slices.Contains(y[:latest], true) || !slices.Contains(y[:latest], false) {
		return nil, nil
	}
	linear, err := predict.FitLogistic(ctx, rows[latest:], y[latest:], predict.LogisticOptions{L2: 10, Names: names})
	if err != nil {
		return nil, err
	}
	prob, err := linear.Prob(nil, rows[:latest])
	if err != nil {
		return nil, err
	}
	trees, err := tree.FitBoost(ctx, rows[latest:], ones(y[latest:]), boostOptions)
	if err != nil {
		return nil, err
	}
	by, err := trees.Predict(nil, rows[:latest])
	if err != nil {
		return nil, err
	}
	if f.Held, f.Boosted, err = better(y[:latest], prob, by); err != nil || !f.Boosted {
		return nil, err
	}
	margins, err := trees.Margins(nil, rows[:latest])
	if err != nil {
		return nil, err
	}
	out := &boosted{}
	if out.to, err = predict.FitSigmoid(margins, y[:latest], nil); err != nil {
		return nil, err
	}
	out.trees, err = tree.FitBoost(ctx, rows, ones(y), boostOptions)
	return out, err
}

// better returns the log-losses of two models on the same customers, and whether the second is below the
// first by more than chance makes one in twenty times.
func better(y []bool, first, second []float64) (losses [2]float64, ok bool, err error) {
	var gain metrics.Moments
	for i, label := range y {
		var one [2]float64
		for k, p := range []float64{first[i], second[i]} {
			if one[k], _, err = metrics.LogLoss([]bool{label}, []float64{p}, nil); err != nil {
				return losses, false, err
			}
			losses[k] += one[k] / float64(len(y))
		}
		if err := gain.Add(one[0] - one[1]); err != nil {
			return losses, false, err
		}
	}
	mean, err := gain.Mean()
	if err != nil {
		return losses, false, err
	}
	v, err := gain.Variance()
	if err != nil {
		return losses, false, err
	}
	return losses, mean > 1.645*math.Sqrt(v/float64(len(y))), nil
}

// by names what answers.
func (f *propensity) by() string {
	if f.Boosted {
		return "boosted trees"
	}
	return "logistic model"
}

func ones(y []bool) []float64 {
	out := make([]float64, len(y))
	for i, b := range y {
		if b {
			out[i] = 1
		}
	}
	return out
}

// prob are calibrated probabilities.
func (b *boosted) prob(rows [][]float64) ([]float64, error) {
	margins, err := b.trees.Margins(nil, rows)
	if err != nil {
		return nil, err
	}
	return b.to.Prob(nil, margins), nil
}

// slope is how much an odd of the trees counts after calibration.
func (b *boosted) slope() float64 { return math.Abs(b.to.A) }

// reasons are the k columns that move the odds of one customer most, by exact Shapley values.
func (b *boosted) reasons(ctx context.Context, row []float64, names []string, k int) ([]predict.Reason, error) {
	x, err := tree.NewSHAP(ctx, b.trees, tree.SHAPOptions{})
	if err != nil {
		return nil, err
	}
	values, err := x.Values(ctx, nil, [][]float64{row})
	if err != nil {
		return nil, err
	}
	var out []predict.Reason
	for c, name := range names {
		out = append(out, predict.Reason{Column: c, Name: name, Value: row[c], Contribution: b.slope() * values[c]})
	}
	slices.SortStableFunc(out, func(a, b predict.Reason) int { return cmp.Compare(math.Abs(b.Contribution), math.Abs(a.Contribution)) })
	return out[:min(k, len(out))], nil
}

// drivers are the k columns that move the odds most on average, of some customers.
func (b *boosted) drivers(ctx context.Context, rows [][]float64, names []string, k int) ([]predict.Coefficient, error) {
	x, err := tree.NewSHAP(ctx, b.trees, tree.SHAPOptions{})
	if err != nil {
		return nil, err
	}
	rows = rows[:min(len(rows), 200)]
	// Each row has a number more, the base.
	values, err := x.Values(ctx, nil, rows)
	if err != nil {
		return nil, err
	}
	all := make([]predict.Coefficient, len(names))
	for c, name := range names {
		all[c].Name = name
		for i := range rows {
			all[c].Value += b.slope() * math.Abs(values[i*(len(names)+1)+c]) / float64(len(rows))
		}
	}
	return strongest(all, k), nil
}
