package uplift

import (
	"context"
	"fmt"
)

// FitR learns the outcome without regard to the arms, m, and the effect from what is left of the outcome over what
// is left of the treatment: with e the probability of the treatment among the two arms and t whether a row has had
// it, the target is (y − m)/(t − e) with weight (t − e)² (Nie and Wager 2021, the R-learner). m and e come from models that
// have not seen the row's fold. Each treatment is learnt from its own rows and the controls; m is over all arms, so that what other
// treatments do is noise to it, and FitDR is steadier where they do much.
//
// OutOfFold is by fits from which the fold was left out altogether, nuisances too, where there are three folds or
// more; with two, m knows of it. Learners of effects have to heed weights.
//
// Cost: Folds·(Folds+1)/2 fits of the outcome, as many of propensities, and Arms−1 of effects for each fold
// and for all. Errors: those of FitS.
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
	idx := f.except(skip, -1)
	fits := make([]Predict, f.arms-1)
	for a := range fits {
		arm := a + 1
		var pair []int32
		for _, k := range idx {
			if f.arm[k] == 0 || f.arm[k] == arm {
				pair = append(pair, k)
			}
		}
		left := func(k int32) float64 {
			of := e[int(k)*f.arms:]
			if f.arm[k] == 0 {
				return -of[arm] / (of[0] + of[arm])
			}
			return of[0] / (of[0] + of[arm])
		}
		target := func(k int32) float64 { return (f.y[k] - m[k]) / left(k) }
		factor := func(k int32) float64 { t := left(k); return t * t }
		if fits[a], err = f.fit(f.opt.Effect, fmt.Sprintf("the effect of treatment %d", arm), pair, target, factor, nil); err != nil {
			return trained{}, err
		}
	}
	return predicted(fits), nil
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
