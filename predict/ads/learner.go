package ads

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Learner fits the probability of a label to rows of numbers, as a logistic regression or boosted
// trees do, and returns it as a function of a row. A row may come twice, once with each label, by
// its weights >= 0. Rows must not be kept or changed. The function must give the same for the same row.
//
//	func(ctx context.Context, rows [][]float64, y []bool, weights []float64) (func([]float64) float64, error) {
//		m, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{Weights: weights})
//		if err != nil {
//			return nil, err
//		}
//		return func(row []float64) float64 {
//			p, err := m.Prob(nil, [][]float64{row})
//			if err != nil {
//				return math.NaN() // which is refused
//			}
//			return p[0]
//		}, nil
//	}
type Learner func(ctx context.Context, rows [][]float64, y []bool, weights []float64) (func(row []float64) float64, error)

// featured are the features of keys, and what learns from them.
type featured struct {
	learn Learner
	rows  [][]float64
	twice [][]float64 // rows, and rows again
	y     []bool
	w     []float64
}

// newFeatured asks for the features of each of n keys, which must be as many finite numbers for
// each. Without a learner it is nil.
func newFeatured(learn Learner, n int, row func(i int) []float64) (*featured, error) {
	if learn == nil {
		return nil, nil
	}
	f := &featured{learn: learn, w: make([]float64, 2*n)}
	for i := range n {
		f.rows = append(f.rows, slices.Clone(row(i))) // the caller may fill the same one again
	}
	if _, _, err := check.Matrix("Features", f.rows); err != nil {
		return nil, err
	}
	f.twice = append(append(f.twice, f.rows...), f.rows...)
	for i := range 2 * n {
		f.y = append(f.y, i < n)
	}
	return f, nil
}

// fit writes to rates what the learner makes of each key, of which yes[i] of all[i] have the label.
func (f *featured) fit(ctx context.Context, rates, yes, all []float64) error {
	n := len(f.rows)
	for i := range n {
		f.w[i], f.w[n+i] = max(yes[i], 0), max(all[i]-yes[i], 0)
	}
	p, err := f.learn(ctx, f.twice, f.y, f.w)
	if err != nil {
		return fmt.Errorf("Learner: %w", err)
	}
	if p == nil {
		return fmt.Errorf("Learner returns no function: %w", ErrEmpty)
	}
	for i, row := range f.rows {
		r := p(row)
		if !(r >= 0 && r <= 1) {
			return fmt.Errorf("Learner answers %v, want in [0, 1]: %w", r, ErrDiverged)
		}
		rates[i] = r
	}
	return nil
}

// fixpoint iterates an EM step until no logarithm of a parameter moves by more than tol,
// extrapolating each pair of steps (SQUAREM of Varadhan and Roland, Scandinavian J. of
// Statistics 35, 2008, scheme S3): EM alone takes thousands of steps where few impressions are
// clicked. All parameters are in [0, 1], but for those from unbounded on, which are >= 0. step writes the
// next parameters and returns the log-likelihood of those it was given. An extrapolation that
// lowers the likelihood is given up.
func fixpoint(ctx context.Context, x []float64, unbounded, maxIter int, tol float64, step func(dst, x []float64) (float64, error)) (loglik float64, iterations int, converged bool, err error) {
	n := len(x)
	x1, x2, far := make([]float64, n), make([]float64, n), make([]float64, n)
	for iterations < maxIter {
		if ctx.Err() != nil {
			return 0, 0, false, context.Cause(ctx)
		}
		if loglik, err = step(x1, x); err != nil {
			return 0, 0, false, err
		}
		if _, err = step(x2, x1); err != nil {
			return 0, 0, false, err
		}
		iterations += 2
		var rr, vv, moved float64
		for i := range x {
			if x2[i] > 0 && x1[i] > 0 && x[i] > 0 {
				r, s := math.Log(x1[i]/x[i]), math.Log(x2[i]/x1[i])
				rr, vv, moved = rr+r*r, vv+(s-r)*(s-r), max(moved, math.Abs(r), math.Abs(s))
			}
		}
		length := math.Sqrt(rr / vv)
		if moved <= tol || !(length > 1) || math.IsInf(length, 1) {
			copy(x, x2)
			if moved <= tol {
				return loglik, iterations, true, nil
			}
			continue
		}
		for i := range x {
			far[i] = x2[i]
			if x2[i] > 0 && x1[i] > 0 && x[i] > 0 {
				r, s := math.Log(x1[i]/x[i]), math.Log(x2[i]/x1[i])
				far[i] = x[i] * math.Exp(2*length*r+length*length*(s-r))
				if i < unbounded {
					far[i] = min(far[i], 1)
				}
			}
		}
		// A step more from there, which mends what went too far.
		l, err := step(x1, far)
		if err != nil {
			return 0, 0, false, err
		}
		iterations++
		if l >= loglik {
			copy(x, x1)
		} else {
			copy(x, x2)
		}
	}
	return loglik, iterations, false, nil
}
