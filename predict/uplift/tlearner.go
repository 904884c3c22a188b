package uplift

import (
	"context"
	"fmt"
)

// FitT learns a model of the outcome in each arm; an effect is the difference of two (Künzel et al. 2019, the
// T-learner). Small arms have noisy models, whose noise looks like effects.
//
// Cost: one fit an arm, and one an arm for each fold. Errors: those of FitS.
func FitT(ctx context.Context, d Data, learner Learner, opt Options) (*Learned, error) {
	f, err := newFitter(ctx, "uplift: FitT", d, learner, opt)
	if err != nil {
		return nil, err
	}
	return f.learn(func(skip int) (trained, error) {
		p, err := f.part(partArms, skip, -1)
		if err != nil {
			return trained{}, err
		}
		t := p.means(f.arms)
		t.contrast(f.arms)
		return t, nil
	}, nil)
}

// means is what models of the outcome in each arm say.
func (p part) means(arms int) trained {
	return trained{means: func(ctx context.Context, where string, dst []float64, n int, row func(i int) []float64) error {
		for a, m := range p.predict {
			if err := ask(ctx, where, "the outcome", m, n, row, func(i int, x float64) { dst[i*arms+a] = x }); err != nil {
				return err
			}
		}
		return nil
	}}
}

// placed puts where in front of an error.
func placed(where string, err error) error { return fmt.Errorf("%s: %w", where, err) }
