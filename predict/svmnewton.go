package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/vec"
)

// squaredHinge is the SVM on dense rows. All slices are by position in the order of the sample.
type squaredHinge struct {
	*reweighted
	sign, weight, offset []float64
	target               []float64 // sign - offset, where a row has no loss
	active               []float64 // the weight of each row within the margin, 0 beyond
	c, bias              float64   // bias is 0 without intercept
	most                 int       // steps
}

// newSquaredHinge takes what was checked.
func newSquaredHinge(f *reweighted, y []bool, opt SVMOptions) *squaredHinge {
	n := len(f.order)
	s := &squaredHinge{reweighted: f, c: opt.C, bias: opt.Bias, most: opt.MaxIter}
	for _, v := range []*[]float64{&s.sign, &s.weight, &s.offset, &s.target, &s.active} {
		*v = make([]float64, n)
	}
	if opt.NoIntercept {
		s.bias = 0
	}
	for k, i := range f.order {
		s.sign[k] = 2*float64(class(y[i])) - 1
		s.weight[k] = f.weightOf(int(i)) * opt.ClassWeights[class(y[i])]
		s.offset[k] = f.offsetOf(int(i))
		s.target[k] = s.sign[k] - s.offset[k]
	}
	// The rows by position, one after the other: each step goes over all of them, and memory wants to be read in order.
	flat, rows, order := make([]float64, n*f.d), make([][]float64, n), make([]int32, n)
	for k, i := range f.order {
		rows[k], order[k] = flat[k*f.d:(k+1)*f.d:(k+1)*f.d], int32(k)
		copy(rows[k], f.rows[i])
	}
	f.rows, f.order = rows, order
	f.objective = s.loss
	return s
}

// first is the fit of the first n rows, C raised by as much as rows are missing. The order is one of hashes, so they are a sample.
func (s *squaredHinge) first(n int) *squaredHinge {
	f, sub := *s.reweighted, *s
	sub.c *= float64(len(f.order)) / float64(n)
	f.order, f.eta, f.trial = f.order[:n], f.eta[:n], f.trial[:n]
	sub.sign, sub.weight, sub.offset, sub.target, sub.active = s.sign[:n], s.weight[:n], s.offset[:n], s.target[:n], s.active[:n]
	sub.reweighted = &f
	f.objective = sub.loss
	return &sub
}

// miss is how far row k is within the margin, <= 0 beyond.
func (s *squaredHinge) miss(k int, eta []float64) float64 {
	return 1 - s.sign[k]*(eta[k]+s.offset[k])
}

// loss is what is minimised.
func (s *squaredHinge) loss(ctx context.Context, eta, coef []float64, intercept float64) (float64, error) {
	loss, err := s.sum(ctx, func(k int) float64 {
		e := math.Max(0, s.miss(k, eta))
		return s.weight[k] * e * e
	})
	for _, c := range coef {
		loss += c * c / 2 / s.c
	}
	if s.bias > 0 {
		loss += intercept / s.bias * intercept / s.bias / 2 / s.c
	}
	return s.c * loss, err
}

// start leaves in m the minimum over a sixteenth of the rows, found in the same way, where that is a sample worth it and better than 0.
// What goes wrong there is no error of the fit.
func (s *squaredHinge) start(ctx context.Context, m *iterated) error {
	const share, fewest, perColumn = 16, 4096, 8
	n := len(s.order)
	if n >= fewest && n/share >= perColumn*s.d {
		guess := iterated{terms: terms{coef: make([]float64, s.d)}}
		err := s.first(n/share).minimise(ctx, &guess, nil)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil && guess.finite() {
			if err := s.linear(ctx, s.eta, guess.coef, guess.intercept); err != nil {
				return err
			}
			after, err := s.loss(ctx, s.eta, guess.coef, guess.intercept)
			if err != nil {
				return err
			}
			if after < m.objective {
				copy(m.coef, guess.coef)
				m.intercept, m.objective = guess.intercept, after
				return nil
			}
		}
	}
	clear(s.eta)
	return nil
}

// minimise makes the steps from 0, or from where start finds a better place.
func (s *squaredHinge) minimise(ctx context.Context, m *iterated, progress func(Progress)) (err error) {
	clear(s.eta)
	if m.objective, err = s.loss(ctx, s.eta, m.coef, 0); err != nil {
		return err
	}
	if err := s.start(ctx, m); err != nil {
		return err
	}
	clear(s.active)
	share := 0.0 // of the last step that was taken
	for m.iterations < s.most && !m.converged {
		same := true
		for k := range s.active {
			now := 0.0
			if s.miss(k, s.eta) > 0 {
				now = s.weight[k]
			}
			same = same && now == s.active[k]
			s.active[k] = now
		}
		if same && share == 1 {
			m.converged = true
			break
		}
		g, err := s.moments(ctx)
		if err != nil {
			return err
		}
		next, intercept := make([]float64, s.d), 0.0
		if g.rows > 0 { // else nothing but the penalty is left
			step, _, err := g.solve(ctx, LinearOptions{L2: 1 / (2 * s.c), NoIntercept: true})
			if err != nil {
				return err
			}
			copy(next, step.coef[:s.d])
			if s.bias > 0 {
				intercept = s.bias * step.coef[s.d]
			}
		}
		m.iterations++
		if m.objective, share, err = s.search(ctx, &m.terms, next, intercept, m.objective); err != nil {
			return err
		}
		tell(progress, m.iterations, s.most, m.objective)
		m.converged = share == 0 // no step lowers what is the minimum but for rounding
	}
	return nil
}

// moments are sums around 0 of the active rows with their constant, as a Gram, whose Add would take one row at a time.
func (s *squaredHinge) moments(ctx context.Context) (*Gram, error) {
	columns := s.d
	if s.bias > 0 {
		columns++
	}
	size := columns + 1 // the target is the last
	stride := vec.Pad8(size)
	type part struct {
		cross  []float64
		rows   int64
		weight float64
	}
	sum, err := parallel.Reduce(ctx, len(s.order), max(rowBlock, (len(s.order)+15)/16), s.workers, func(lo, hi int) (part, error) {
		p := part{cross: make([]float64, stride*stride)}
		plain, weighted, n := make([]float64, group*stride), make([]float64, group*stride), 0
		for k := lo; k < hi; k++ {
			w := s.active[k]
			if w == 0 {
				continue
			}
			x, y := plain[n*stride:][:size], weighted[n*stride:][:size]
			copy(x, s.rows[s.order[k]])
			x[columns] = s.target[k]
			if s.bias > 0 {
				x[s.d] = s.bias
			}
			for j, v := range x {
				y[j] = w * v
			}
			p.rows++
			p.weight += w
			if n++; n == group {
				vec.Syrk64(p.cross, stride, stride, weighted, plain, stride, n)
				n = 0
			}
		}
		vec.Syrk64(p.cross, stride, stride, weighted, plain, stride, n)
		return p, nil
	}, func(a, b part) part {
		addTo(a.cross, b.cross)
		a.rows += b.rows
		a.weight += b.weight
		return a
	})
	if err != nil {
		return nil, err
	}
	var g Gram
	g.init(columns)
	g.rows, g.weight = sum.rows, sum.weight
	for i := range size {
		copy(g.cross[i*size+i:(i+1)*size], sum.cross[i*stride+i:i*stride+size])
		if !check.Finite(g.cross[i*size+i]) {
			return nil, fmt.Errorf("squares of column %d, constant and target being the last, times weights: %w", i, ErrOverflow)
		}
	}
	return &g, nil
}

// flatness is the share of the magnitudes a gradient is made of that may be left of it at a minimum, flatnessSparse that by conjugate
// gradients, which leave more of rare columns.
const flatness, flatnessSparse = 1e-4, 1e-2

// level reports whether a gradient is 0 but for a share of its scale, or for what cannot lower the objective by more than a 10⁻⁹ of it:
// with the penalty l2/2·w² that is at most gradient²/(2·l2), which a column beside no active row needs, as its scale is 0, too.
func level(gradient, scale, share, l2, objective float64) bool {
	return math.Abs(gradient) <= share*scale || gradient*gradient/2/l2 <= 1e-9*objective
}

// flat reports whether the gradient is 0 at a model but for such a share: what the last step found may be far from the minimum where
// rounding of a few large rows hides the slope of all others.
func (s *squaredHinge) flat(ctx context.Context, m *iterated) (bool, error) {
	size := s.d + 1
	sum, err := parallel.Reduce(ctx, len(s.order), max(rowBlock, (len(s.order)+15)/16), s.workers, func(lo, hi int) ([]float64, error) {
		sum := make([]float64, 2*size)
		slope, scale := sum[:size], sum[size:]
		for k := lo; k < hi; k++ {
			e := s.miss(k, s.eta)
			if e <= 0 || s.weight[k] == 0 {
				continue
			}
			e *= 2 * s.weight[k]
			by := -s.sign[k] * e
			for j, v := range s.rows[s.order[k]] {
				v *= by
				slope[j] += v
				scale[j] += math.Abs(v)
			}
			slope[s.d] += by * s.bias
			scale[s.d] += e * s.bias
		}
		return sum, nil
	}, addTo)
	if err != nil {
		return false, err
	}
	for j := range size {
		w := 0.0
		if j < s.d {
			w = m.coef[j]
		} else if s.bias > 0 {
			w = m.intercept / s.bias
		}
		w /= s.c
		if !level(sum[j]+w, sum[size+j]+math.Abs(w), flatness, 1/s.c, m.objective/s.c) {
			return false, nil
		}
	}
	return true, nil
}
