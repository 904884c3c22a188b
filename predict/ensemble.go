package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// BagOptions configures Bag.
type BagOptions struct {
	Models int     // how many are fitted, > 0; default 20
	Share  float64 // of the rows drawn for each, with replacement, in (0, 1]; default 1
	Seed   uint64  // of the draws; 0 is a seed
}

// Bag fits models on bootstrap samples of n rows (Breiman 1996): each draws Share·n rows with
// replacement, and fit gets their indices, ascending, a row drawn twice being there twice. Average of what the models
// predict varies less than one of them; out[k] are the rows that model k has not seen, ascending, for an honest
// estimate. Draws depend on the seed, the model and positions of rows. Models are fitted one
// after another. Errors: ErrOption, ErrEmpty for n of 0, the first error of fit, or
// context.Cause(ctx).
func Bag[M any](ctx context.Context, n int, opt BagOptions, fit func(ctx context.Context, rows []int) (M, error)) (models []M, out [][]int, err error) {
	const where = "predict: Bag"
	opt.Models = check.Default(opt.Models, 20)
	opt.Share = check.Default(opt.Share, 1)
	var c check.Options
	c.Require(opt.Models > 0 && opt.Models <= 1<<20, "Models", opt.Models, "1 … 2²⁰")
	c.Require(opt.Share > 0 && opt.Share <= 1, "Share", opt.Share, "in (0, 1]")
	c.Require(fit != nil, "fit", "nil", "a function")
	c.Require(n <= math.MaxInt32, "n", n, "at most 2³¹-1")
	if err := c.Err(where); err != nil {
		return nil, nil, err
	}
	if n <= 0 {
		return nil, nil, fmt.Errorf("%s: n is %d: %w", where, n, ErrEmpty)
	}
	draws := shareOf(opt.Share, n)
	for k := range opt.Models {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		s := rng.New(opt.Seed, 0xba6, uint64(k))
		rows, seen := make([]int, draws), make([]bool, n)
		for i := range rows {
			rows[i] = s.Intn(n)
			seen[rows[i]] = true
		}
		slices.Sort(rows)
		var left []int
		for i, ok := range seen {
			if !ok {
				left = append(left, i)
			}
		}
		m, err := fit(ctx, rows)
		if err != nil {
			if ctx.Err() != nil {
				return nil, nil, context.Cause(ctx)
			}
			return nil, nil, fmt.Errorf("%s: model %d: %w", where, k, err)
		}
		models, out = append(models, m), append(out, left)
	}
	return models, out, nil
}

// blend checks predictions of several models, one slice a model, and appends their weighted
// mean a row, after a transformation and before its inverse.
func blend(where string, dst []float64, predictions [][]float64, weights []float64, into, back func(float64) float64) ([]float64, error) {
	if len(predictions) == 0 || len(predictions[0]) == 0 {
		return dst, fmt.Errorf("%s: predictions: %w", where, ErrEmpty)
	}
	if err := check.Weights("weights", weights, len(predictions)); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	total := float64(len(predictions))
	if weights != nil {
		total = 0
		for _, w := range weights {
			total += w
		}
		if !check.Finite(total) {
			return dst, fmt.Errorf("%s: weights add up beyond float64: %w", where, ErrOverflow)
		}
	}
	n := len(predictions[0])
	for m, p := range predictions {
		if len(p) != n {
			return dst, fmt.Errorf("%s: model %d has %d predictions, others %d: %w", where, m, len(p), n, ErrShape)
		}
	}
	out := dst
	for i := range n {
		sum := 0.0
		for m, p := range predictions {
			if !check.Finite(p[i]) {
				return dst, fmt.Errorf("%s: model %d: %w", where, m, badValue("prediction", i, p[i]))
			}
			w := 1 / total
			if weights != nil {
				w = weights[m] / total
			}
			if w > 0 {
				sum += w * into(p[i])
			}
		}
		out = append(out, back(sum))
	}
	return out, nil
}

func same(x float64) float64 { return x }

// Average appends to dst the weighted mean, row by row, of what several models predict, one
// slice a model. weights, one a model, >= 0 and not all 0, may be nil. Errors: ErrEmpty, ErrShape, ErrNotFinite,
// ErrRange, ErrOverflow; dst is returned as given then.
func Average(dst []float64, predictions [][]float64, weights []float64) ([]float64, error) {
	return blend("predict: Average", dst, predictions, weights, same, same)
}

// AverageLogits is Average of the log-odds of probabilities, given back as a probability:
// right where models have the same evidence in different words. A probability of 0 or 1 is
// taken as 2⁻⁵² from it. Errors: as Average, ErrRange for a probability outside [0, 1].
func AverageLogits(dst []float64, p [][]float64, weights []float64) ([]float64, error) {
	const where = "predict: AverageLogits"
	for m, row := range p {
		if err := checkProbabilities(fmt.Sprintf("%s: model %d", where, m), row); err != nil {
			return dst, err
		}
	}
	return blend(where, dst, p, weights, logit, Sigmoid)
}

// logit is the log-odds of a probability, kept finite.
func logit(p float64) float64 {
	a, b := betaRow(p)
	return a + b
}

// AverageRanks is Average of the ranks of each model's scores among the rows given, divided
// by their number, ties sharing the mean of theirs: in (0, 1), for models whose scores are of different scales. It ranks the rows given,
// so a row's value depends on the others. Errors: as Average.
func AverageRanks(dst []float64, scores [][]float64, weights []float64) ([]float64, error) {
	const where = "predict: AverageRanks"
	ranks := make([][]float64, len(scores))
	for m, row := range scores {
		for i, v := range row {
			if !check.Finite(v) {
				return dst, fmt.Errorf("%s: model %d: %w", where, m, badValue("score", i, v))
			}
		}
		order := make([]int, len(row))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(row[a], row[b]) })
		ranks[m] = make([]float64, len(row))
		for lo := 0; lo < len(order); {
			hi := lo
			for ; hi < len(order) && row[order[hi]] == row[order[lo]]; hi++ {
			}
			for _, i := range order[lo:hi] {
				ranks[m][i] = (float64(lo+hi) / 2) / float64(len(row))
			}
			lo = hi
		}
	}
	return blend(where, dst, ranks, weights, same, same)
}

// FitStack finds the weights, >= 0 and adding up to 1, with which Average of the predictions of
// several models, one slice a model, comes nearest to y by squares (stacking: Wolpert 1992; Breiman, Stacked Regressions, 1996); y
// is 0 or 1 for probabilities, and whatever Average is to combine, such as ranks, may stand for predictions. They must be out of fold, those of
// CrossPredict, or of rows that took no part: models look as good as they are only there. Models that add nothing get
// 0. By Lawson and Hanson's active sets. The order of rows does not matter. Errors: ErrEmpty, ErrShape, ErrNotFinite,
// ErrRange for magnitudes above 1e150, ErrOverflow.
func FitStack(predictions [][]float64, y []float64) ([]float64, error) {
	const where = "predict: FitStack"
	if len(predictions) == 0 || len(y) == 0 {
		return nil, fmt.Errorf("%s: predictions: %w", where, ErrEmpty)
	}
	for a, p := range predictions {
		if err := check.Len(fmt.Sprintf("predictions[%d]", a), len(p), len(y)); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	order := make([]int, len(y))
	for i, v := range y {
		if err := checkValue(v); err != nil {
			return nil, fmt.Errorf("%s: %w", where, badValue("y", i, v))
		}
		for a, p := range predictions {
			if err := checkValue(p[i]); err != nil {
				return nil, fmt.Errorf("%s: model %d: %w", where, a, badValue("prediction", i, p[i]))
			}
		}
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { // so that sums do not depend on the order of rows
		c := cmp.Compare(y[a], y[b])
		for m := 0; c == 0 && m < len(predictions); m++ {
			c = cmp.Compare(predictions[m][a], predictions[m][b])
		}
		return c
	})
	// Of weights that add up to 1 the error is that of Σ w·(prediction-y). Its smallest value
	// over them is where |Σ w·(prediction-y)|² + s·(Σ w - 1)² is smallest over all w >= 0, but for the
	// length of w: along each direction the sum has its minimum at |…|²/(1 + |…|²/s).
	k := len(predictions)
	gram, right := make([]float64, k*k), make([]float64, k)
	unit := 0.0
	for a := range k {
		for b := range a + 1 {
			for _, i := range order {
				gram[a*k+b] += (predictions[a][i] - y[i]) * (predictions[b][i] - y[i])
			}
			gram[b*k+a] = gram[a*k+b]
		}
		unit = math.Max(unit, gram[a*k+a])
	}
	if !check.Finite(unit * float64(k)) {
		return nil, fmt.Errorf("%s: squares leave float64: %w", where, ErrOverflow)
	}
	if unit == 0 { // all are right
		unit = 1
	}
	for a := range k {
		right[a] = 1
		for b := range k {
			gram[a*k+b] = gram[a*k+b]/unit + 1
		}
	}
	w := nonNegative(gram, right, k)
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	for a := range w {
		w[a] /= sum
	}
	return w, nil
}
