package uplift

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// A Predict appends to dst one finite number for each row, as Ensemble.Predict of predict/tree and
// Logistic.Prob of predict do. Rows are the caller's own; they are not to be changed.
type Predict func(dst []float64, rows [][]float64) ([]float64, error)

// A Learner fits targets y on rows with weights, nil for 1 each, and returns what predicts them. The rows
// may be kept. Any model is one through a few lines:
//
//	func(ctx context.Context, rows [][]float64, y, weights []float64) (uplift.Predict, error) {
//		m, err := tree.FitBoost(ctx, rows, y, tree.BoostOptions{Weights: weights})
//		if err != nil {
//			return nil, err
//		}
//		return m.Predict, nil
//	}
//
// For effects to be the same for rows in any order, it has to give the same for the same rows in the same order.
type Learner func(ctx context.Context, rows [][]float64, y, weights []float64) (Predict, error)

// Progress is how far a fit is.
type Progress struct {
	Fits int // calls of learners that have ended
}

// Options configures FitS, FitT, FitX, FitR, FitDR and ScoresDR.
type Options struct {
	// Effect fits effects in the second stage of FitX, FitR and FitDR; nil means the learner of the outcome.
	Effect Learner
	// Propensity fits the probability of an arm, from labels 0 and 1; its answers are cut to [0, 1]. With
	// two arms it is asked for the treatment, with more for each arm, and the answers are scaled to sum up to 1. Nil: without
	// Data.Propensities the treatment is taken to be drawn by lot, with the same probability for everybody.
	Propensity Learner
	// MinPropensity cuts propensities that were fitted to [MinPropensity, 1−MinPropensity], at most 1/Arms; 0 means .01, or
	// half of an equal share where there are more than 50 arms.
	MinPropensity float64
	// Folds is in how many parts rows are cut so that nothing is judged by a model that has seen it; 0
	// means 5. Negative: one model for all, which is honest only where it cannot learn rows by heart. Data.Folds goes before a number.
	Folds int
	// MaxIter bounds how often FitR goes over the effects of several treatments until none moves by more than Tol times the
	// largest of them; 0 means 10.
	MaxIter int
	// Tol is when FitR with several treatments has converged; 0 means .001, negative: after MaxIter rounds only.
	Tol float64
	// Level of the intervals; 0 means .95.
	Level float64
	// Seed of the folds.
	Seed uint64
	// Progress, if not nil, is called after each fit on the caller's goroutine.
	Progress func(Progress)
}

func (o Options) withDefaults() Options {
	o.MinPropensity = check.Default(o.MinPropensity, .01)
	o.Folds = check.OrOff(o.Folds, 5)
	o.MaxIter = check.Default(o.MaxIter, 10)
	o.Tol = check.OrOff(o.Tol, .001)
	o.Level = check.Default(o.Level, .95)
	return o
}

func (o Options) validate(where string) error {
	var c check.Options
	c.Require(o.MinPropensity >= 0 && o.MinPropensity <= .5, "MinPropensity", o.MinPropensity, "0 … 0.5")
	c.Require(o.Folds <= maxFolds && o.Folds != 1, "Folds", o.Folds, "2 … 1000, or negative for none")
	c.Require(o.MaxIter >= 0 && o.MaxIter <= 1000, "MaxIter", o.MaxIter, "0 … 1000")
	c.Require(o.Tol < 1 && check.Finite(o.Tol), "Tol", o.Tol, "below 1")
	c.Require(o.Level == 0 || o.Level > 0 && o.Level < 1, "Level", o.Level, "between 0 and 1")
	return c.Err(where)
}

// fitter calls learners on the rows of a study.
type fitter struct {
	*study
	ctx     context.Context
	where   string
	outcome Learner
	opt     Options
	done    int
	parts   map[[3]int]part // fits without the rows of two folds
	share   []float64       // of the arms
	weighs  float64         // all rows together
	rounds  int             // of FitR, the most of its fits
	open    bool            // whether MaxIter ended some of them
}

// part is what was fitted without the rows of some folds.
type part struct {
	predict []Predict
}

// newFitter checks what a fit is given and puts it into order.
func newFitter(ctx context.Context, where string, d Data, outcome Learner, opt Options) (*fitter, error) {
	if outcome == nil {
		return nil, fmt.Errorf("%s: learner is nil: %w", where, ErrEmpty)
	}
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	own := opt.MinPropensity
	opt = opt.withDefaults()
	if opt.Folds == 0 {
		d.Folds = nil
	}
	s, err := newStudy(d, opt.Folds, opt.Seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if opt.Effect == nil {
		opt.Effect = outcome
	}
	if share := 1 / float64(s.arms); own > share {
		return nil, fmt.Errorf("%s: MinPropensity is %v, want at most %v with %d arms: %w", where, own, share, s.arms, ErrOption)
	} else if own == 0 {
		opt.MinPropensity = min(opt.MinPropensity, share/2)
	}
	f := newFitterOf(ctx, where, s)
	f.outcome, f.opt = outcome, opt
	if err := s.inArms(s.except(-1, -1)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return f, nil
}

// fit calls a learner for the rows idx with targets and weights on top of their own, nil for none. columns, if not nil, returns the row that
// is seen instead.
func (f *fitter) fit(learner Learner, what string, idx []int32, target, factor func(k int32) float64, columns func(k int32) []float64) (Predict, error) {
	if err := canceled(f.ctx); err != nil {
		return nil, err
	}
	if len(idx) == 0 {
		return nil, fmt.Errorf("%s: %s: no rows to fit on: %w", f.where, what, ErrUndefined)
	}
	rows, y := make([][]float64, len(idx)), make([]float64, len(idx))
	var w []float64
	if f.w != nil || factor != nil {
		w = make([]float64, len(idx))
	}
	for p, k := range idx {
		rows[p] = f.rows[k]
		if columns != nil {
			rows[p] = columns(k)
		}
		if y[p] = target(k); !check.Finite(y[p]) {
			return nil, fmt.Errorf("%s: %s: target of row %d is %v: %w", f.where, what, f.from[k], y[p], ErrOverflow)
		}
		if w != nil {
			w[p] = f.weight(k)
			if factor != nil {
				w[p] *= factor(k)
			}
		}
	}
	p, err := learner(f.ctx, rows, y, w)
	if err == nil && p == nil {
		err = fmt.Errorf("it returned no Predict: %w", ErrEmpty)
	}
	if err != nil {
		if cause := canceled(f.ctx); cause != nil {
			return nil, cause
		}
		return nil, fmt.Errorf("%s: learner of %s on %d rows: %w", f.where, what, len(idx), err)
	}
	f.done++
	if f.opt.Progress != nil {
		f.opt.Progress(Progress{Fits: f.done})
	}
	return p, nil
}

// block is how many rows are predicted between two looks at a context.
const block = 1024

// ask predicts rows and hands each answer to put.
func ask(ctx context.Context, where, what string, p Predict, n int, row func(i int) []float64, put func(i int, x float64)) error {
	rows := make([][]float64, 0, min(n, block))
	var out []float64
	for lo := 0; lo < n; lo += block {
		if err := canceled(ctx); err != nil {
			return err
		}
		rows = rows[:0]
		for i := lo; i < min(lo+block, n); i++ {
			rows = append(rows, row(i))
		}
		var err error
		if out, err = p(out[:0], rows); err != nil {
			return fmt.Errorf("%s: prediction of %s: %w", where, what, err)
		}
		if len(out) != len(rows) {
			return fmt.Errorf("%s: prediction of %s: %d numbers for %d rows: %w", where, what, len(out), len(rows), ErrShape)
		}
		for i, x := range out {
			if !check.Finite(x) {
				return fmt.Errorf("%s: prediction of %s: number %d is %v: %w", where, what, lo+i, x, ErrNotFinite)
			}
			if math.Abs(x) > maxSize*maxSize {
				return fmt.Errorf("%s: prediction of %s: number %d is %v: %w", where, what, lo+i, x, ErrOverflow)
			}
			put(lo+i, x)
		}
	}
	return nil
}

// askRows predicts rows of the study.
func (f *fitter) askRows(what string, p Predict, idx []int32, put func(k int32, x float64)) error {
	return ask(f.ctx, f.where, what, p, len(idx), func(i int) []float64 { return f.rows[idx[i]] }, func(i int, x float64) { put(idx[i], x) })
}

// Kinds of parts.
const (
	partMean       = iota // of the outcome
	partArms              // the outcome in each arm
	partPropensity        // of the arms; no Predict where they are known or drawn by lot
)

// part returns a fit of a kind without the rows of folds a and b, −1 for none, which is done once.
func (f *fitter) part(kind, a, b int) (part, error) {
	key := [3]int{kind, min(a, b), max(a, b)}
	if p, ok := f.parts[key]; ok {
		return p, nil
	}
	idx := f.except(a, b)
	var p part
	if err := f.inArms(idx); err != nil {
		return p, fmt.Errorf("%s: %w", f.where, err)
	}
	add := func(learner Learner, what string, idx []int32, target func(k int32) float64) error {
		m, err := f.fit(learner, what, idx, target, nil, nil)
		p.predict = append(p.predict, m)
		return err
	}
	outcome := func(k int32) float64 { return f.y[k] }
	switch {
	case kind == partMean:
		if err := add(f.outcome, "the outcome", idx, outcome); err != nil {
			return p, err
		}
	case kind == partArms:
		for arm := range f.arms {
			if err := add(f.outcome, fmt.Sprintf("the outcome in arm %d", arm), f.ofArm(idx, arm), outcome); err != nil {
				return p, err
			}
		}
	case f.e == nil && f.opt.Propensity != nil:
		first := 0
		if f.arms == 2 {
			first = 1
		}
		for arm := first; arm < f.arms; arm++ {
			err := add(f.opt.Propensity, fmt.Sprintf("the propensity of arm %d", arm), idx, func(k int32) float64 {
				if f.arm[k] == arm {
					return 1
				}
				return 0
			})
			if err != nil {
				return p, err
			}
		}
	}
	f.parts[key] = p
	return p, nil
}

// ofArm returns the rows of idx in an arm.
func (s *study) ofArm(idx []int32, arm int) []int32 {
	var out []int32
	for _, k := range idx {
		if s.arm[k] == arm {
			out = append(out, k)
		}
	}
	return out
}

// propensities appends those of n rows, arms numbers each, of a part that was fitted; share of each arm where none was.
func (p part) propensities(ctx context.Context, where string, n, arms int, row func(i int) []float64, share []float64, least float64) ([]float64, error) {
	e := make([]float64, n*arms)
	for i := range n {
		copy(e[i*arms:], share)
	}
	for q, predict := range p.predict {
		arm := q
		if arms == 2 {
			arm = 1
		}
		err := ask(ctx, where, "a propensity", predict, n, row, func(i int, x float64) { e[i*arms+arm] = min(max(x, 0), 1) })
		if err != nil {
			return nil, err
		}
	}
	if len(p.predict) == 0 {
		return e, nil
	}
	for i := range n {
		of := e[i*arms : (i+1)*arms]
		if arms == 2 {
			of[0] = 1 - of[1]
		} else if sum := total(of); sum > 0 {
			for a := range of {
				of[a] /= sum
			}
		}
		for a := range of {
			of[a] = min(max(of[a], least), 1-least)
		}
	}
	return e, nil
}

func total(xs []float64) (sum float64) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

// propensity writes those of the rows idx into e, by a fit without the rows of folds a and b.
func (f *fitter) propensity(e []float64, idx []int32, a, b int) error {
	if f.e != nil {
		for _, k := range idx {
			copy(e[int(k)*f.arms:][:f.arms], f.e[int(k)*f.arms:])
		}
		return nil
	}
	p, err := f.part(partPropensity, a, b)
	if err != nil {
		return err
	}
	got, err := p.propensities(f.ctx, f.where, len(idx), f.arms, func(i int) []float64 { return f.rows[idx[i]] }, f.share, f.opt.MinPropensity)
	if err != nil {
		return err
	}
	for i, k := range idx {
		copy(e[int(k)*f.arms:][:f.arms], got[i*f.arms:])
	}
	return nil
}

// held calls do for the rows of each fold, or, without folds, once for all of them with fold −1.
func (f *fitter) held(do func(fold int, idx []int32) error) error {
	if f.folds == 0 {
		return do(-1, f.except(-1, -1))
	}
	for fold := range f.folds {
		if idx := f.within(fold); len(idx) > 0 {
			if err := do(fold, idx); err != nil {
				return err
			}
		}
	}
	return nil
}

// newFitterOf is a fitter that calls no learner.
func newFitterOf(ctx context.Context, where string, s *study) *fitter {
	f := &fitter{study: s, ctx: ctx, where: where, opt: Options{}.withDefaults(), parts: map[[3]int]part{}, share: make([]float64, s.arms)}
	for k := range s.n {
		f.share[s.arm[k]] += s.weight(int32(k))
		f.weighs += s.weight(int32(k))
	}
	for a := range f.share {
		f.share[a] /= f.weighs
	}
	return f
}
