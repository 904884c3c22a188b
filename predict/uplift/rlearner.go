package uplift

import (
	"context"
	"fmt"
	"math"
)

// FitR learns the outcome without regard to the arms, m, and effects from what is left of the outcome over what is left of the
// treatments: with e_a the probability of treatment a and t_a whether a row has had it, the effects τ together minimise
//
//	Σ (y − m − Σ_a (t_a − e_a)·τ_a)²
//
// (Nie and Wager 2021, the R-learner, and its section on several treatments): errors of m and e have no part in τ but for
// their products. m and e come from models that have not seen the row's fold. Each effect is learnt from all rows, as the target
// (y − m − Σ_b (t_b − e_b)·τ_b)/(t_a − e_a) with weight (t_a − e_a)², b the other treatments; with several, rounds over
// them go on until they agree, which for what is linear is the joint minimum; of trees, which need not, Learned.Converged tells. With
// one treatment there is one round.
//
// OutOfFold is by fits from which the fold was left out altogether, nuisances too, where there are three folds or
// more; with two, m knows of it. Learners of effects have to heed weights.
//
// Cost: Folds·(Folds+1)/2 fits of the outcome, as many of propensities, and of effects Arms−1 a round for each fold
// and for all; Options.MaxIter bounds the rounds. Errors: those of FitS.
func FitR(ctx context.Context, d Data, learner Learner, opt Options) (*Learned, error) {
	f, err := newFitter(ctx, "uplift: FitR", d, learner, opt)
	if err != nil {
		return nil, err
	}
	return f.learn(f.trainR, func(dst []float64, fold int, idx []int32) error { return f.mean(dst, idx, fold, -1) })
}

// mean writes the mean outcome of the rows idx, by a fit without two folds.
func (f *fitter) mean(dst []float64, idx []int32, a, b int) error {
	p, err := f.part(partMean, a, b)
	if err != nil {
		return err
	}
	return f.askRows("the outcome", p.predict[0], idx, func(k int32, x float64) { dst[k] = x })
}

// inner calls do for the rows of each fold but skip, with the folds that nuisances of these rows may not see.
func (f *fitter) inner(skip int, do func(a, b int, idx []int32) error) error {
	return f.held(func(fold int, idx []int32) error {
		switch {
		case fold < 0:
			return do(-1, -1, idx)
		case fold == skip:
			return nil
		case f.folds == 2:
			return do(fold, -1, idx)
		}
		return do(fold, skip, idx)
	})
}

// trainR trains effects without fold skip, each row by nuisances that have not seen its fold either.
func (f *fitter) trainR(skip int) (trained, error) {
	m, e := make([]float64, f.n), make([]float64, f.n*f.arms)
	err := f.inner(skip, func(a, b int, idx []int32) error {
		if err := f.propensity(e, idx, a, b); err != nil {
			return err
		}
		return f.mean(m, idx, a, b)
	})
	if err != nil {
		return trained{}, err
	}
	fits, err := f.effectsR(f.except(skip, -1), m, e)
	if err != nil {
		return trained{}, err
	}
	return predicted(fits), nil
}

// effectsR minimises the loss over the effects of all treatments, one after the other (Gauss–Seidel), on the rows idx with
// their mean outcomes m and propensities e. What tells that they agree is by how much they have moved beside their size.
func (f *fitter) effectsR(idx []int32, m, e []float64) ([]Predict, error) {
	k := f.arms - 1
	fits, tau := make([]Predict, k), make([]float64, f.n*k)
	left := func(row int32, a int) float64 {
		if f.arm[row] == a+1 {
			return 1 - e[int(row)*f.arms+a+1]
		}
		return -e[int(row)*f.arms+a+1]
	}
	for round := range f.opt.MaxIter {
		f.rounds = max(f.rounds, round+1)
		moved, size := 0.0, 0.0
		for a := range fits {
			target := func(row int32) float64 {
				rest := f.y[row] - m[row]
				for b := range k {
					if b != a {
						rest -= left(row, b) * tau[int(row)*k+b]
					}
				}
				return rest / left(row, a)
			}
			factor := func(row int32) float64 { t := left(row, a); return t * t }
			var err error
			if fits[a], err = f.fit(f.opt.Effect, fmt.Sprintf("the effect of treatment %d", a+1), idx, target, factor, nil); err != nil {
				return nil, err
			}
			if k == 1 {
				return fits, nil
			}
			err = f.askRows("an effect", fits[a], idx, func(row int32, x float64) {
				was := &tau[int(row)*k+a]
				moved, size = max(moved, math.Abs(x-*was)), max(size, math.Abs(x))
				*was = x
			})
			if err != nil {
				return nil, err
			}
		}
		if moved <= f.opt.Tol*size {
			return fits, nil
		}
	}
	f.open = true
	return fits, nil
}

// predicted is a fit of which each treatment has a model of its effect.
func predicted(fits []Predict) trained {
	return trained{effects: func(ctx context.Context, where string, dst []float64, n int, row func(i int) []float64, _ []float64) error {
		for a, p := range fits {
			if err := ask(ctx, where, "an effect", p, n, row, func(i int, x float64) { dst[i*len(fits)+a] = x }); err != nil {
				return err
			}
		}
		return nil
	}}
}
