package uplift

import "context"

// FitS learns one model of the outcome from the rows with Arms−1 more columns at their end, 1 in that of the
// treatment and 0 elsewhere; an effect is by how much its answer changes with them (Künzel et al. 2019, the
// S-learner). What is regularised pulls effects towards 0; what is linear finds one effect for everybody.
//
// Cost: one fit and one for each fold. Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrOption,
// ErrUndefined for an arm that nobody is in, outside of a fold too, ErrOverflow, what the learner returns, or context.Cause(ctx).
func FitS(ctx context.Context, d Data, learner Learner, opt Options) (*Learned, error) {
	f, err := newFitter(ctx, "uplift: FitS", d, learner, opt)
	if err != nil {
		return nil, err
	}
	with := func(row []float64, arm int) []float64 {
		out := make([]float64, f.d+f.arms-1)
		copy(out, row)
		if arm > 0 {
			out[f.d+arm-1] = 1
		}
		return out
	}
	return f.learn(func(skip int) (trained, error) {
		idx := f.except(skip, -1)
		if err := f.inArms(idx); err != nil {
			return trained{}, placed(f.where, err)
		}
		p, err := f.fit(learner, "the outcome", idx, f.outcomeOf, nil, func(k int32) []float64 { return with(f.rows[k], f.arm[k]) })
		if err != nil {
			return trained{}, err
		}
		t := trained{means: func(ctx context.Context, where string, dst []float64, n int, row func(i int) []float64) error {
			for a := range f.arms {
				err := ask(ctx, where, "the outcome", p, n, func(i int) []float64 { return with(row(i), a) }, func(i int, x float64) { dst[i*f.arms+a] = x })
				if err != nil {
					return err
				}
			}
			return nil
		}}
		t.contrast(f.arms)
		return t, nil
	}, nil)
}

// outcomeOf returns the outcome of row k.
func (s *study) outcomeOf(k int32) float64 { return s.y[k] }
