package uplift

import (
	"context"
	"fmt"
)

// FitX learns the outcome in each arm, takes from it what each row would have had in the other arm, and learns
// effects from the differences, once on the treated and once on the controls. Both are weighed
// by the probability to be the other (Künzel et al. 2019, the X-learner): with e the probability of
// the treatment among the two arms, τ = e·τ₀ + (1−e)·τ₁, so that what many controls know helps few treated.
//
// What is linear makes it the same as FitT. Cost: 1 + 3·(Arms−1) fits and as many for each fold, and those of
// propensities. Errors: those of FitS.
func FitX(ctx context.Context, d Data, learner Learner, opt Options) (*Learned, error) {
	f, err := newFitter(ctx, "uplift: FitX", d, learner, opt)
	if err != nil {
		return nil, err
	}
	if f.e != nil {
		clear(f.share)
		for i, e := range f.e {
			f.share[i%f.arms] += e * f.weight(int32(i/f.arms)) / f.weighs
		}
	}
	return f.learn(f.trainX, nil)
}

// trainX trains both stages without a fold.
func (f *fitter) trainX(skip int) (trained, error) {
	p, err := f.part(partArms, skip, -1)
	if err != nil {
		return trained{}, err
	}
	score, err := part{}, error(nil)
	if f.e == nil {
		if score, err = f.part(partPropensity, skip, -1); err != nil {
			return trained{}, err
		}
	}
	idx, arms, k := f.except(skip, -1), f.arms, f.arms-1
	control := f.ofArm(idx, 0)
	halves := make([][2]Predict, k)
	imputed := make([]float64, f.n)
	for a := range k {
		treated := f.ofArm(idx, a+1)
		if err := f.askRows("the outcome", p.predict[a+1], control, func(r int32, x float64) { imputed[r] = x - f.y[r] }); err != nil {
			return trained{}, err
		}
		if err := f.askRows("the outcome", p.predict[0], treated, func(r int32, x float64) { imputed[r] = f.y[r] - x }); err != nil {
			return trained{}, err
		}
		for side, rows := range [2][]int32{control, treated} {
			what := fmt.Sprintf("the effect of treatment %d by the %s", a+1, [2]string{"controls", "treated"}[side])
			halves[a][side], err = f.fit(f.opt.Effect, what, rows, func(r int32) float64 { return imputed[r] }, nil, nil)
			if err != nil {
				return trained{}, err
			}
		}
	}
	t := p.means(arms)
	share, least := f.share, f.opt.MinPropensity
	t.effects = func(ctx context.Context, where string, dst []float64, n int, row func(i int) []float64, e []float64) error {
		if e == nil {
			var err error
			if e, err = score.propensities(ctx, where, n, arms, row, share, least); err != nil {
				return err
			}
		}
		for a := range k {
			for side, m := range halves[a] {
				err := ask(ctx, where, "an effect", m, n, row, func(i int, x float64) {
					of := e[i*arms:]
					treated := of[a+1] / (of[0] + of[a+1])
					if side == 0 {
						dst[i*k+a] = treated * x
					} else {
						dst[i*k+a] += (1 - treated) * x
					}
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	}
	return t, nil
}
