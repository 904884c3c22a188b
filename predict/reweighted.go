package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/vec"
)

// reweighted is a fit whose Newton step is a weighted least-squares problem on the same
// rows: the squared hinge of the SVM, the Poisson regression. All slices but rows are by position in the order of
// the sample.
type reweighted struct {
	sample
	rows    [][]float64
	d       int
	block   int // rows of one unit of work
	workers int

	eta, trial []float64 // b + w·x of each row, where the fit stands and where search looks
	// objective is what is minimised, at eta and the coefficients it comes from.
	objective func(ctx context.Context, eta, coef []float64, intercept float64) (float64, error)
}

// newReweighted puts checked rows in an order that depends on their content only; y is
// the outcome as a number.
func newReweighted(ctx context.Context, rows [][]float64, y func(i int) float64, s sample, workers int) (*reweighted, error) {
	f := &reweighted{sample: s, rows: rows, d: len(rows[0]), workers: workers}
	err := f.sort(ctx, len(rows), workers, func(i int) uint64 {
		return hashRow(hashFloat(hashFloat(hashFloat(0, y(i)), f.weightOf(i)), f.offsetOf(i)), rows[i])
	}, func(i, j int) int {
		return cmp.Or(cmp.Compare(y(i)+0, y(j)+0), cmp.Compare(f.weightOf(i), f.weightOf(j)), cmp.Compare(f.offsetOf(i), f.offsetOf(j)), compareRows(rows[i], rows[j]))
	})
	n := len(f.order)
	f.block, f.eta, f.trial = max(rowBlock, (n+15)/16), make([]float64, n), make([]float64, n)
	return f, err
}

// linear sets eta to b + w·x of each row, offsets apart.
func (f *reweighted) linear(ctx context.Context, eta, coef []float64, intercept float64) error {
	return parallel.For(ctx, len(f.order), rowBlock, f.workers, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			eta[k] = intercept + vec.Dot64(f.rows[f.order[k]], coef)
		}
		return nil
	})
}

// sum adds up value(k) over the rows, in blocks that do not depend on the processors.
func (f *reweighted) sum(ctx context.Context, value func(k int) float64) (float64, error) {
	return parallel.Reduce(ctx, len(f.order), rowBlock, f.workers, func(lo, hi int) (float64, error) {
		s := 0.0
		for k := lo; k < hi; k++ {
			s += value(k)
		}
		return s, nil
	}, func(a, b float64) float64 { return a + b })
}

// step minimises Σ weight·(target - b - w·x)² + L2·Σ w². Nil where no row has a positive weight.
func (f *reweighted) step(ctx context.Context, target, weight []float64, opt LinearOptions) (*Linear, *system, error) {
	var overflow error
	g, err := parallel.Reduce(ctx, len(f.order), f.block, f.workers, func(lo, hi int) (*Gram, error) {
		var g Gram
		for k := lo; k < hi; k++ {
			if err := g.Add(f.rows[f.order[k]], target[k], weight[k]); err != nil {
				return nil, err
			}
		}
		return &g, nil
	}, func(a, b *Gram) *Gram {
		if b.columns == 0 { // no row of positive weight
			return a
		}
		if a.columns == 0 {
			return b
		}
		if overflow == nil {
			overflow = a.Merge(b)
		}
		return a
	})
	if err == nil {
		err = overflow
	}
	if err != nil {
		return nil, nil, err
	}
	if g.columns == 0 {
		return nil, nil, nil
	}
	return g.solve(ctx, opt)
}

// farthest is the largest change of b + w·x in the step to the solution of a least-squares problem.
func (f *reweighted) farthest(ctx context.Context, to *Linear) (most float64, err error) {
	if err := f.linear(ctx, f.trial, to.coef, to.intercept); err != nil {
		return 0, err
	}
	for k, v := range f.trial {
		most = math.Max(most, math.Abs(v-f.eta[k]))
	}
	return most, nil
}

// search takes the step from (coef, intercept) towards the solution next, halving it until
// the objective falls, and returns the objective there and the share t of the step, 0 where none lowers it.
func (f *reweighted) search(ctx context.Context, m *terms, next []float64, nextIntercept, before float64) (after, t float64, err error) {
	coef := make([]float64, len(m.coef))
	for t = 1; t > 1e-10; t /= 2 {
		for j, v := range m.coef {
			coef[j] = v + t*(next[j]-v)
		}
		intercept := m.intercept + t*(nextIntercept-m.intercept)
		if err := f.linear(ctx, f.trial, coef, intercept); err != nil {
			return 0, 0, err
		}
		after, err = f.objective(ctx, f.trial, coef, intercept)
		if err != nil {
			return 0, 0, err
		}
		if after < before {
			copy(f.eta, f.trial)
			copy(m.coef, coef)
			m.intercept = intercept
			return after, t, nil
		}
	}
	return before, 0, nil
}

// tell calls progress, if there is one.
func tell(progress func(Progress), iteration, maxIter int, objective float64) {
	if progress != nil {
		progress(Progress{Iteration: iteration, MaxIter: maxIter, Objective: objective})
	}
}

// iterated is what the frames of the models by reweighting hold.
type iterated struct {
	terms
	objective  float64
	iterations int
	converged  bool
}

func (m *iterated) fitted() bool { return m != nil && len(m.coef) > 0 }

// put writes the model.
func (m *iterated) put(w *codec.Writer) {
	putSchema(w, &m.schema)
	w.Float64s(m.coef)
	w.Float64(m.intercept)
	w.Float64s(m.stdErr)
	w.Float64(m.objective)
	w.Int(m.iterations)
	w.Bool(m.converged)
	w.Strings(m.warnings)
}

// getIterated reads what put has written.
func getIterated(r *codec.Reader) (m iterated) {
	frame := r.Bytes()
	m.coef = r.Float64s()
	m.intercept = r.Float64()
	m.stdErr = optional(r.Float64s())
	m.objective = r.Float64()
	m.iterations = r.Int()
	m.converged = r.Bool()
	m.warnings = optional(r.Strings())
	d := len(m.coef)
	switch {
	case r.Err() != nil:
	case d == 0 || !m.finite() || !(m.objective-m.objective == 0):
		r.Fail("coefficients")
	case m.stdErr != nil && len(m.stdErr) != d+1:
		r.Fail("standard errors")
	case m.schema.UnmarshalBinary(frame) != nil || m.schema.n != d || m.schema.kinds != nil:
		r.Fail("schema")
	}
	return m
}

// predictRows appends f(b + w·x) of each row.
func (t *terms) predictRows(where string, dst []float64, rows [][]float64, f func(float64) float64) ([]float64, error) {
	if len(t.coef) == 0 {
		return dst, notFitted(where)
	}
	out := dst
	for i, row := range rows {
		s, err := t.score(row)
		if err != nil {
			return dst, fmt.Errorf("%s: rows[%d]: %w", where, i, err)
		}
		out = append(out, f(s))
	}
	return out, nil
}
