package experiment

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// resolve checks the options of a comparison of models, which has the absolute scale only.
func resolve(where string, opt metrics.CompareOptions) (metrics.CompareOptions, error) {
	opt, err := opt.Resolve("experiment: " + where)
	if err == nil && opt.Scale != metrics.ScaleAbsolute {
		err = fmt.Errorf("experiment: %s: Scale is %v, want %v: %w", where, opt.Scale, metrics.ScaleAbsolute, ErrOption)
	}
	return opt, err
}

// CompareAUC compares two models by their areas under the ROC curve on the same rows: a are
// the scores of the model to beat, b of the other, y the labels. Estimate is AUC b minus AUC
// a, its error that of DeLong, DeLong and Clarke-Pearson (1988), which takes into account that
// both saw the same rows; the rows are independent, so of one user each. The order of rows does not matter but for rounding.
// Cost n·log n. ErrShape, ErrNotFinite, ErrOption, and ErrUndefined below two rows of each class or where the difference has no
// variance, as of scores that order all rows alike.
func CompareAUC(y []bool, a, b []float64, opt metrics.CompareOptions) (metrics.Effect, error) {
	const where = "CompareAUC"
	opt, err := resolve(where, opt)
	if err != nil {
		return metrics.Effect{}, err
	}
	for _, err := range []error{check.Len("a", len(a), len(y)), check.Len("b", len(b), len(y)), check.Slice("a", a), check.Slice("b", b)} {
		if err != nil {
			return metrics.Effect{}, fmt.Errorf("experiment: %s: %w", where, err)
		}
	}
	positive := 0
	for _, v := range y {
		if v {
			positive++
		}
	}
	if positive < 2 || len(y)-positive < 2 {
		return metrics.Effect{}, undefined("%s: %d rows are true and %d false, want at least 2 each", where, positive, len(y)-positive)
	}
	auc, cov := infer.DeLong(y, a, b)
	variance := cov[0] + cov[3] - 2*cov[1]
	if !(variance > 1e-15*(cov[0]+cov[3])) {
		return metrics.Effect{}, undefined("%s: the difference of the areas has no variance", where)
	}
	n := int64(len(y))
	e := metrics.Effect{Estimate: auc[1] - auc[0], SE: math.Sqrt(variance), MeanA: auc[0], MeanB: auc[1], N: n, NA: n, NB: n, Method: "DeLong's test of paired areas"}
	e.Infer(opt.Level, math.Inf(1))
	return e, nil
}

// CompareCorrect compares two models by which rows each gets right: a of the model to beat,
// b of the other. Estimate is the accuracy of b minus that of a. The p-value is McNemar's (1947), exact by
// the binomial law of the rows that one alone gets right; the interval is Wald's of paired proportions. Rows are
// independent. ErrShape, ErrEmpty, ErrOption, and ErrUndefined where both are right in the same rows.
func CompareCorrect(a, b []bool, opt metrics.CompareOptions) (metrics.Effect, error) {
	const where = "CompareCorrect"
	opt, err := resolve(where, opt)
	if err != nil {
		return metrics.Effect{}, err
	}
	if err := check.Len("b", len(b), len(a)); err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	if len(a) == 0 {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: a: %w", where, ErrEmpty)
	}
	var right, only [2]float64
	for i := range a {
		for k, ok := range [2]bool{a[i], b[i]} {
			if ok {
				right[k]++
				if a[i] != b[i] {
					only[k]++
				}
			}
		}
	}
	differ := only[0] + only[1]
	if differ == 0 {
		return metrics.Effect{}, undefined("%s: both are right in the same rows", where)
	}
	n := float64(len(a))
	d := (only[1] - only[0]) / n
	e := metrics.Effect{
		Estimate: d, SE: math.Sqrt((differ/n - d*d) / n), MeanA: right[0] / n, MeanB: right[1] / n,
		N: int64(len(a)), NA: int64(len(a)), NB: int64(len(a)), Method: "McNemar's exact test, Wald interval of paired proportions",
	}
	e.Infer(opt.Level, math.Inf(1))
	few := math.Min(only[0], only[1])
	e.Statistic = (only[1] - only[0]) / math.Sqrt(differ)
	// P(X <= few) of the binomial law of differ rows and one half.
	e.PValue = math.Min(1, 2*infer.BetaCDF(differ-few, few+1, .5))
	return e, nil
}

// CompareFolds compares two models by their scores on the same folds of cross-validation, a
// of the model to beat. Folds share training rows, so that the plain paired t test finds differences that are not there: the variance
// is that of Nadeau and Bengio (Machine Learning 52, 2003), (1/J + ratio)·s² of J folds, where ratio is rows tested over rows trained on, 1/(k-1) in
// k-fold cross-validation, repeated or not. ErrShape, ErrNotFinite, ErrOption for a ratio that is not positive and finite,
// ErrUndefined below two folds or where the differences do not vary.
func CompareFolds(a, b []float64, ratio float64, opt metrics.CompareOptions) (metrics.Effect, error) {
	const where = "CompareFolds"
	opt, err := resolve(where, opt)
	if err != nil {
		return metrics.Effect{}, err
	}
	if !(ratio > 0 && check.Finite(ratio)) {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: ratio is %v, want > 0: %w", where, ratio, ErrOption)
	}
	d, m, err := differences(where, a, b)
	if err != nil {
		return metrics.Effect{}, err
	}
	variance, err := m.Variance()
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	j := float64(len(d))
	n := int64(len(d))
	e := metrics.Effect{Estimate: m.Mean(), SE: math.Sqrt((1/j + ratio) * variance), N: n, NA: n, NB: n, Method: "corrected resampled t test"}
	for i := range a {
		e.MeanA += a[i] / j
	}
	e.MeanB = e.MeanA + e.Estimate
	if !check.Finite(e.SE) || !check.Finite(e.MeanA) {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: the scores are too large: %w", where, ErrOverflow)
	}
	e.Infer(opt.Level, j-1)
	return e, nil
}
