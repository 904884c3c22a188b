package uplift

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Learned is what a learner of effects has found. It is built of the caller's functions and has no
// binary form; Tree and Forest have one. Its fields are not to be changed.
type Learned struct {
	// Arms is the number of arms, control included.
	Arms int
	// OutOfFold holds, for each row of Data, the effect of each treatment against control, Arms−1 numbers a
	// row, by models that have seen nothing of the row's fold (of FitR and FitDR with three folds or more); NaN for rows of
	// weight 0. Without folds it is what Effects says of them. A policy made of it may be judged by Scores on the same rows.
	OutOfFold []float64
	// Propensities holds the probabilities of the arms that were used, Arms numbers a row: as known, or
	// fitted without the row's fold; NaN for rows of weight 0.
	Propensities []float64
	// Averages holds the average effect of each treatment over all rows, Arms−1 of them, by Scores.
	Averages []Estimate
	// Scores are the doubly robust scores of the rows, of which averages and values of policies are means;
	// Scores.Effects has the pseudo-outcomes of FitDR.
	Scores *Scores
	// Iterations is how many rounds over the treatments FitR went, the most of its fits, and Converged whether effects agreed within
	// Options.Tol at the end of all of them; 0 and true of the other learners, which have no rounds.
	Iterations int
	Converged  bool

	arms, columns int
	final         trained
}

// trained is one fit of a learner: what it says of n rows, to which effects writes Arms−1 numbers each and
// means, where there are any, Arms. e holds the propensities of the rows, nil for those that were fitted.
type trained struct {
	effects func(ctx context.Context, where string, dst []float64, n int, row func(i int) []float64, e []float64) error
	means   func(ctx context.Context, where string, dst []float64, n int, row func(i int) []float64) error
}

// contrast makes effects out of means.
func (t *trained) contrast(arms int) {
	t.effects = func(ctx context.Context, where string, dst []float64, n int, row func(i int) []float64, _ []float64) error {
		mu := make([]float64, n*arms)
		if err := t.means(ctx, where, mu, n, row); err != nil {
			return err
		}
		for i := range n {
			for a := 1; a < arms; a++ {
				dst[i*(arms-1)+a-1] = mu[i*arms+a] - mu[i*arms]
			}
		}
		return nil
	}
}

// learn trains without each fold in turn for what is said of its rows, and on all rows in the end. mean, if not nil, writes
// the mean outcome of rows over the arms as they were assigned: what a learner without means of its own takes for the scores.
func (f *fitter) learn(train func(skip int) (trained, error), mean func(dst []float64, fold int, idx []int32) error) (*Learned, error) {
	arms, k := f.arms, f.arms-1
	e, tau, mu := make([]float64, f.n*arms), make([]float64, f.n*k), make([]float64, f.n*arms)
	out := &Learned{Arms: arms, arms: arms, columns: f.d}
	err := f.held(func(fold int, idx []int32) error {
		if err := f.propensity(e, idx, fold, -1); err != nil {
			return err
		}
		t, err := train(fold)
		if err != nil {
			return err
		}
		if fold < 0 {
			out.final = t
		}
		row := func(i int) []float64 { return f.rows[idx[i]] }
		if t.means != nil {
			some := make([]float64, len(idx)*arms)
			if err := t.means(f.ctx, f.where, some, len(idx), row); err != nil {
				return err
			}
			for i, r := range idx {
				copy(mu[int(r)*arms:], some[i*arms:(i+1)*arms])
			}
		}
		some, of := make([]float64, len(idx)*k), make([]float64, 0, len(idx)*arms)
		for _, r := range idx {
			of = append(of, e[int(r)*arms:][:arms]...)
		}
		if err := t.effects(f.ctx, f.where, some, len(idx), row, of); err != nil {
			return err
		}
		for i, r := range idx {
			copy(tau[int(r)*k:], some[i*k:(i+1)*k])
		}
		if mean == nil {
			return nil
		}
		m := make([]float64, f.n)
		if err := mean(m, fold, idx); err != nil {
			return err
		}
		for _, r := range idx {
			// The mean over the arms is that of control and what the treatments add to it.
			for a := range k {
				m[r] -= e[int(r)*arms+a+1] * tau[int(r)*k+a]
			}
			for a := range arms {
				mu[int(r)*arms+a] = m[r]
				if a > 0 {
					mu[int(r)*arms+a] += tau[int(r)*k+a-1]
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if f.folds > 0 {
		if out.final, err = train(-1); err != nil {
			return nil, err
		}
	}
	if out.Scores, err = f.score(mu, e); err != nil {
		return nil, err
	}
	for a := 1; a < arms; a++ {
		got, err := out.Scores.Average(a, f.opt.Level)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.where, err)
		}
		out.Averages = append(out.Averages, got)
	}
	out.Iterations, out.Converged = f.rounds, !f.open
	out.OutOfFold, out.Propensities = f.scatter(tau, k), f.scatter(e, arms)
	return out, nil
}

// Effects appends to dst the effect of each treatment against control on each row, Arms−1 numbers a row, by
// the fit on all rows. FitX weighs its two halves by the propensities of the rows: those of Options.Propensity,
// or else the mean over the rows fitted; EffectsGiven takes others.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite for an infinity or what a Predict answers, or its own.
func (m *Learned) Effects(ctx context.Context, dst []float64, rows [][]float64) ([]float64, error) {
	return m.effects(ctx, "uplift: Learned.Effects", dst, rows, nil)
}

// EffectsGiven is Effects with the propensities of the rows, as in Data.Propensities; only FitX asks for them.
//
// Errors: those of Effects, ErrShape and ErrRange for propensities that are none.
func (m *Learned) EffectsGiven(ctx context.Context, dst []float64, rows [][]float64, propensities []float64) ([]float64, error) {
	const where = "uplift: Learned.EffectsGiven"
	if propensities == nil {
		propensities = []float64{}
	}
	return m.effects(ctx, where, dst, rows, propensities)
}

// effects checks rows and asks the last fit; e nil takes the propensities that were fitted.
func (m *Learned) effects(ctx context.Context, where string, dst []float64, rows [][]float64, e []float64) ([]float64, error) {
	if err := check.Receiver(where, m); err != nil {
		return dst, err
	}
	if m.final.effects == nil {
		return dst, fmt.Errorf("%s: not fitted: %w", where, ErrEmpty)
	}
	if err := canceled(ctx); err != nil {
		return dst, err
	}
	if len(rows) == 0 {
		return dst, nil
	}
	if err := table("rows", rows, m.columns); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	if e != nil {
		if err := probabilities(e, len(rows), m.arms); err != nil {
			return dst, fmt.Errorf("%s: %w", where, err)
		}
		if len(e) == m.arms {
			one := e
			e = nil
			for range rows {
				e = append(e, one...)
			}
		}
	}
	out := make([]float64, len(rows)*(m.arms-1))
	if err := m.final.effects(ctx, where, out, len(rows), func(i int) []float64 { return rows[i] }, e); err != nil {
		return dst, err
	}
	return append(dst, out...), nil
}
