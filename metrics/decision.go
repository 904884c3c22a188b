package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// The functions of this file weigh alternatives (rows of x: campaigns, channels,
// suppliers) by several criteria (columns). lowerIsBetter says which criteria are
// costs; nil means none. Weights may have any scale; nil means equal. Errors:
// ErrEmpty, ErrShape for ragged rows or other lengths, ErrNotFinite, ErrRange for
// negative weights, ErrUndefined where stated.

func decisionInput(what string, x [][]float64, weights []float64, lowerIsBetter []bool) (n, d int, w []float64, err error) {
	n, d, err = check.Matrix("x", x)
	if err == nil && lowerIsBetter != nil {
		err = check.Len("lowerIsBetter", len(lowerIsBetter), d)
	}
	if err == nil {
		err = check.Weights("weights", weights, d)
	}
	if err != nil {
		return 0, 0, nil, fmt.Errorf("metrics: %s: %w", what, err)
	}
	w = make([]float64, d)
	for j := range w {
		w[j] = 1
		if weights != nil {
			w[j] = weights[j]
		}
	}
	if err := scaleToOne(what, w); err != nil {
		return 0, 0, nil, err
	}
	return n, d, w, nil
}

// scaleToOne divides w by its sum.
func scaleToOne(what string, w []float64) error {
	top := slices.Max(w)
	var sum float64
	for _, x := range w {
		sum += x / top
	}
	for j := range w {
		w[j] = w[j] / top / sum
	}
	if !check.Finite(sum) || sum == 0 {
		return undefined("%s: no weight", what)
	}
	return nil
}

// minMax returns the columns of x scaled to [0, 1], 1 best; a constant column is
// all best, as no alternative is worse.
func minMax(x [][]float64, lowerIsBetter []bool) (columns [][]float64, constant []bool) {
	d := len(x[0])
	columns, constant = make([][]float64, d), make([]bool, d)
	for j := range d {
		low, high := x[0][j], x[0][j]
		for _, row := range x {
			low, high = min(low, row[j]), max(high, row[j])
		}
		c := make([]float64, len(x))
		constant[j] = low == high
		span := high/2 - low/2 // halves, lest it overflow
		for i, row := range x {
			switch {
			case constant[j]:
				c[i] = 1
			case lowerIsBetter != nil && lowerIsBetter[j]:
				c[i] = (high/2 - row[j]/2) / span
			default:
				c[i] = (row[j]/2 - low/2) / span
			}
		}
		columns[j] = c
	}
	return columns, constant
}

// EntropyNormalization says how values become shares in EntropyWeights. It
// changes the weights.
type EntropyNormalization uint8

const (
	EntropyMinMax EntropyNormalization = iota // scaled to [0, 1] within the column first, costs reversed; any sign
	EntropyShare                              // x/Σx as it is; values must be >= 0 and direction does not matter
)

// EntropyWeights returns objective weights by the entropy method (Shannon; Zeleny
// 1982): the more the alternatives differ in a criterion the more it weighs.
// p = x/Σx per column, e = −Σp·ln p/ln n, weight ∝ 1−e. A constant column gets 0.
// ErrUndefined for a single alternative and if every column is constant;
// ErrRange for negative values or a column of zeros with EntropyShare.
func EntropyWeights(x [][]float64, lowerIsBetter []bool, norm EntropyNormalization) ([]float64, error) {
	n, d, _, err := decisionInput("EntropyWeights", x, nil, lowerIsBetter)
	if err != nil {
		return nil, err
	}
	if norm > EntropyShare {
		return nil, fmt.Errorf("metrics: EntropyWeights: normalization %d is none: %w", norm, ErrOption)
	}
	if n == 1 {
		return nil, undefined("EntropyWeights: a single alternative")
	}
	cols, constant := minMax(x, lowerIsBetter)
	w := make([]float64, d)
	for j := range d {
		if norm == EntropyShare {
			for i, row := range x {
				if row[j] < 0 {
					return nil, fmt.Errorf("metrics: EntropyWeights: x[%d][%d] is %v, want >= 0 for shares: %w", i, j, row[j], ErrRange)
				}
				cols[j][i] = row[j]
			}
			top := slices.Max(cols[j])
			if top == 0 {
				return nil, fmt.Errorf("metrics: EntropyWeights: column %d is all 0: %w", j, ErrRange)
			}
			for i := range cols[j] {
				cols[j][i] /= top
			}
		}
		if constant[j] {
			continue
		}
		var sum, e float64
		for _, v := range cols[j] {
			sum += v
		}
		for _, v := range cols[j] {
			if p := v / sum; p > 0 {
				e -= p * math.Log(p)
			}
		}
		w[j] = max(1-e/math.Log(float64(n)), 0)
	}
	if slices.Max(w) == 0 {
		return nil, undefined("EntropyWeights: no criterion tells the alternatives apart")
	}
	return w, scaleToOne("EntropyWeights", w)
}

// CRITIC returns objective weights by criteria importance through intercriteria
// correlation (Diakoulaki, Mavrotas and Papayannakis 1995): a criterion weighs as
// much as it varies (standard deviation after min-max scaling) and as it
// disagrees with the others (Σ 1−r). A constant column gets 0 and takes no part.
// ErrUndefined for a single alternative and if all weights are 0.
func CRITIC(x [][]float64, lowerIsBetter []bool) ([]float64, error) {
	n, d, _, err := decisionInput("CRITIC", x, nil, lowerIsBetter)
	if err != nil {
		return nil, err
	}
	if n == 1 {
		return nil, undefined("CRITIC: a single alternative")
	}
	cols, constant := minMax(x, lowerIsBetter)
	sd := make([]float64, d)
	for j, c := range cols {
		var mean float64
		for _, v := range c {
			mean += v / float64(n)
		}
		for i := range c {
			c[i] -= mean
			sd[j] += c[i] * c[i]
		}
		sd[j] = math.Sqrt(sd[j])
	}
	w := make([]float64, d)
	for j := range d {
		if constant[j] {
			continue
		}
		conflict := 0.0
		for k := range d {
			if k == j || constant[k] {
				continue
			}
			var dot float64
			for i := range n {
				dot += cols[j][i] * cols[k][i]
			}
			conflict += 1 - min(max(dot/sd[j]/sd[k], -1), 1)
		}
		w[j] = sd[j] * conflict
	}
	if slices.Max(w) < 1e-12 {
		return nil, undefined("CRITIC: all criteria agree or none tells the alternatives apart")
	}
	return w, scaleToOne("CRITIC", w)
}

// CombineWeights joins subjective weights (AnalyticHierarchy) and objective ones
// (EntropyWeights, CRITIC): share·a + (1−share)·b of the weights scaled to sum 1,
// share in [0, 1].
func CombineWeights(a, b []float64, share float64) ([]float64, error) {
	if !(share >= 0 && share <= 1) {
		return nil, fmt.Errorf("metrics: CombineWeights: share is %v, want in [0, 1]: %w", share, ErrRange)
	}
	return combine("CombineWeights", a, b, func(x, y float64) float64 { return share*x + (1-share)*y })
}

// MultiplyWeights joins two sets of weights to a·b scaled to sum 1, which favours
// criteria that both hold important. ErrUndefined if every product is 0.
func MultiplyWeights(a, b []float64) ([]float64, error) {
	return combine("MultiplyWeights", a, b, func(x, y float64) float64 { return x * y })
}

func combine(what string, a, b []float64, f func(x, y float64) float64) ([]float64, error) {
	if len(a) == 0 {
		return nil, fmt.Errorf("metrics: %s: no weights: %w", what, ErrEmpty)
	}
	err := check.Weights("a", a, len(a))
	if err == nil && b == nil {
		err = check.Len("b", 0, len(a))
	}
	if err == nil {
		err = check.Weights("b", b, len(a))
	}
	if err != nil {
		return nil, fmt.Errorf("metrics: %s: %w", what, err)
	}
	x, y := slices.Clone(a), slices.Clone(b)
	if err := scaleToOne(what, x); err != nil {
		return nil, err
	}
	if err := scaleToOne(what, y); err != nil {
		return nil, err
	}
	for j := range x {
		x[j] = f(x[j], y[j])
	}
	if slices.Max(x) == 0 {
		return nil, undefined("%s: every product is 0", what)
	}
	return x, scaleToOne(what, x)
}

// TOPSIS returns the closeness of each alternative to the ideal one, in [0, 1],
// 1 best (Hwang and Yoon 1981): columns are divided by their Euclidean norm and
// weighted; closeness is d⁻/(d⁺+d⁻) of the distances to the worst and to the best
// value of every column. ErrRange for a column of zeros; ErrUndefined if the
// alternatives are all equal, a single one included.
func TOPSIS(x [][]float64, weights []float64, lowerIsBetter []bool) ([]float64, error) {
	n, d, w, err := decisionInput("TOPSIS", x, weights, lowerIsBetter)
	if err != nil {
		return nil, err
	}
	best, worst := make([]float64, n), make([]float64, n)
	for j := range d {
		top := 0.0
		for _, row := range x {
			top = max(top, math.Abs(row[j]))
		}
		if top == 0 {
			return nil, fmt.Errorf("metrics: TOPSIS: column %d is all 0: %w", j, ErrRange)
		}
		var norm float64
		low, high := math.Inf(1), math.Inf(-1)
		for _, row := range x {
			v := row[j] / top
			norm += v * v
			low, high = min(low, v), max(high, v)
		}
		if lowerIsBetter != nil && lowerIsBetter[j] {
			low, high = high, low
		}
		f := w[j] / math.Sqrt(norm)
		for i, row := range x {
			v := row[j] / top
			best[i] += (v - high) * f * (v - high) * f
			worst[i] += (v - low) * f * (v - low) * f
		}
	}
	out := make([]float64, n)
	for i := range out {
		p, m := math.Sqrt(best[i]), math.Sqrt(worst[i])
		if p+m == 0 {
			return nil, undefined("TOPSIS: alternative %d is best and worst at once: nothing to compare it with", i)
		}
		out[i] = m / (p + m)
	}
	return out, nil
}
