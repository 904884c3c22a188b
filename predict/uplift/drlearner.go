package uplift

import (
	"context"
	"fmt"
)

// FitDR learns effects from doubly robust scores (Kennedy 2023): of a row with outcome y in arm t, the score of
// arm a is μ_a + 1{t=a}·(y − μ_a)/e_a, and the pseudo-outcome of a treatment is its score less that of control. The models of
// the outcome in each arm, μ, and the probabilities of the arms, e, have not seen the row's fold; if either is right,
// the mean of the scores is. Pseudo-outcomes are Scores.Effects.
//
// OutOfFold is by fits from which the fold was left out altogether, as in FitR. Cost: Arms·Folds·(Folds+1)/2
// fits of the outcome, those of propensities, and Arms−1 of effects for each fold and for all. Errors: those of FitS.
func FitDR(ctx context.Context, d Data, learner Learner, opt Options) (*Learned, error) {
	f, err := newFitter(ctx, "uplift: FitDR", d, learner, opt)
	if err != nil {
		return nil, err
	}
	return f.learn(func(skip int) (trained, error) {
		mu, e, err := f.nuisances(skip)
		if err != nil {
			return trained{}, err
		}
		gamma, err := f.gamma(mu, e, f.except(skip, -1))
		if err != nil {
			return trained{}, err
		}
		fits := make([]Predict, f.arms-1)
		for a := range fits {
			pseudo := func(k int32) float64 { return gamma[int(k)*f.arms+a+1] - gamma[int(k)*f.arms] }
			fits[a], err = f.fit(f.opt.Effect, fmt.Sprintf("the effect of treatment %d", a+1), f.except(skip, -1), pseudo, nil, nil)
			if err != nil {
				return trained{}, err
			}
		}
		t := predicted(fits)
		p, err := f.part(partArms, skip, -1)
		if err != nil || skip < 0 && f.folds > 0 {
			return t, err // the last fit is not asked for means
		}
		t.means = p.means(f.arms).means
		return t, nil
	}, nil)
}

// nuisances returns the outcomes in each arm and the propensities of all rows but those of fold skip, by fits without the
// folds of the rows.
func (f *fitter) nuisances(skip int) (mu, e []float64, err error) {
	mu, e = make([]float64, f.n*f.arms), make([]float64, f.n*f.arms)
	return mu, e, f.inner(skip, func(a, b int, idx []int32) error {
		if err := f.propensity(e, idx, a, b); err != nil {
			return err
		}
		p, err := f.part(partArms, a, b)
		if err != nil {
			return err
		}
		for arm, m := range p.predict {
			if err := f.askRows("the outcome", m, idx, func(k int32, x float64) { mu[int(k)*f.arms+arm] = x }); err != nil {
				return err
			}
		}
		return nil
	})
}
