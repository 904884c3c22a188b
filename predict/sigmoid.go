package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// SigmoidCalibrator turns scores into probabilities by 1/(1+exp(A·score+B))
// (Platt scaling). It is immutable and safe for concurrent use; the zero value
// answers 1/2.
type SigmoidCalibrator struct {
	// A is negative where higher scores mean true more often.
	A, B float64
	// Converged is false if the fit ran out of iterations.
	Converged bool
}

// FitSigmoid fits Platt's sigmoid to the scores of rows and their labels. The
// rows must not be those the scores were fitted on: use a hold-out, or the
// out-of-fold scores of CrossPredict. weights may be nil.
//
// As in Platt (1999), equation 12, the targets are (N₊+1)/(N₊+2) for true and
// 1/(N₋+2) for false, N± the class weights, so that separable scores and even a
// single class have a finite answer. Weights count rows here: weights that add up to far less
// than 1 leave hardly more than the prior, one half. scikit-learn's _SigmoidCalibration has the
// same targets; weights of another mean than 1 enter both. The minimum of the cross-entropy is found
// by Newton's method on centred and scaled scores (Lin, Lin and Weng 2007 on
// its numerics). The order of rows does not matter.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange.
func FitSigmoid(scores []float64, y []bool, weights []float64) (*SigmoidCalibrator, error) {
	const where = "predict: FitSigmoid"
	points, err := scoredPoints(where, scores, len(y), func(i int) float64 { return float64(class(y[i])) }, weights)
	if err != nil {
		return nil, err
	}
	f, err := newPlatt(where, points)
	if err != nil {
		return nil, err
	}
	end := &convergence{tol: 1e-10}
	base := f.low*f.negative/f.total() + f.high*f.positive/f.total()
	r, err := solve.LBFGS(context.Background(), []float64{0, math.Log(base) - math.Log1p(-base)}, f.eval, solve.LBFGSOptions{
		Memory:  -1,
		Precond: f.precondition,
		Stop: func(_ int, x []float64, _ float64, g []float64) (bool, error) {
			f.curvature(x)
			return end.done(x, g, []float64{f.haa, f.hbb}), nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	c := &SigmoidCalibrator{A: -r.X[0]/f.scale + 0, B: -r.X[1] + r.X[0]/f.scale*f.mean, Converged: r.Converged || r.Stalled}
	if !check.Finite(c.A) || !check.Finite(c.B) {
		return nil, fmt.Errorf("%s: A %v, B %v: %w", where, c.A, c.B, ErrDiverged)
	}
	return c, nil
}

// platt is the problem of FitSigmoid:
//
//	f(a, b) = Σ w·(log(1+exp(η)) - t·η), η = a·u + b, u the scaled score
//
// so A = -a/scale.
type platt struct {
	points             []point
	positive, negative float64 // Σ weights by class
	mean, scale        float64 // of the scores
	high, low          float64 // targets of true and of false
	yes, no            losses  // of a group of points, as true and as false
	haa, hab, hbb      float64 // the Hessian
}

// newPlatt finds classes, targets and scale.
func newPlatt(where string, points []point) (*platt, error) {
	f := &platt{points: points}
	for _, p := range points {
		f.positive += p.w * p.y
		f.negative += p.w * (1 - p.y)
		f.mean += p.w * p.x
	}
	total := f.total()
	if total > limit {
		return nil, fmt.Errorf("%s: the weights add up to %g: %w", where, total, ErrRange)
	}
	f.mean /= total
	for _, p := range points {
		f.scale += p.w / total * (p.x - f.mean) * (p.x - f.mean)
	}
	f.scale = math.Sqrt(f.scale)
	if points[0].x == points[len(points)-1].x || f.scale == 0 {
		f.scale = 1
		f.mean = points[0].x
	}
	f.high, f.low = (f.positive+1)/(f.positive+2), 1/(f.negative+2)
	return f, nil
}

func (f *platt) total() float64 { return f.positive + f.negative }

// each hands out the points one by one with the scaled score; yes and no hold the
// losses of point i of its group.
func (f *platt) each(x []float64, do func(p point, u float64, i int)) {
	ones, minus := signs(1), signs(-1)
	for k := 0; k < len(f.points); k += group {
		part := f.points[k:min(k+group, len(f.points))]
		n := len(part)
		for i, p := range part {
			f.yes.eta[i] = x[0]*((p.x-f.mean)/f.scale) + x[1]
		}
		vec.Logistic64(f.yes.loss[:n], f.yes.grad[:n], f.yes.curve[:n], f.yes.eta[:n], ones[:n])
		vec.Logistic64(f.no.loss[:n], f.no.grad[:n], f.no.curve[:n], f.yes.eta[:n], minus[:n])
		for i, p := range part {
			do(p, (p.x-f.mean)/f.scale, i)
		}
	}
}

func signs(sign float64) (out [group]float64) {
	for i := range out {
		out[i] = sign
	}
	return out
}

// eval returns f at x = (a, b) and its gradient.
func (f *platt) eval(grad, x []float64) (float64, error) {
	value := 0.0
	clear(grad)
	f.each(x, func(p point, u float64, i int) {
		t := f.low + (f.high-f.low)*p.y
		value += p.w * (t*f.yes.loss[i] + (1-t)*f.no.loss[i])
		d := p.w * (t*f.yes.grad[i] + (1-t)*f.no.grad[i])
		grad[0] += d * u
		grad[1] += d
	})
	return value, nil
}

// curvature sets the Hessian at x.
func (f *platt) curvature(x []float64) {
	f.haa, f.hab, f.hbb = 0, 0, 0
	f.each(x, func(p point, u float64, i int) {
		q := f.yes.curve[i] * p.w
		f.haa, f.hab, f.hbb = f.haa+q*u*u, f.hab+q*u, f.hbb+q
	})
}

// precondition solves with the Hessian; where it is singular, as for one distinct
// score, only b moves.
func (f *platt) precondition(dst, g []float64) {
	det := f.haa*f.hbb - f.hab*f.hab
	if f.haa == 0 || det <= 1e-14*f.haa*f.hbb {
		dst[0], dst[1] = 0, g[1]/f.hbb
		return
	}
	dst[0] = (f.hbb*g[0] - f.hab*g[1]) / det
	dst[1] = (f.haa*g[1] - f.hab*g[0]) / det
}

// Prob appends the probability of each score to dst. ±Inf gives the limit; a
// NaN gives NaN, and so does a nil calibrator.
func (c *SigmoidCalibrator) Prob(dst, scores []float64) []float64 {
	for _, s := range scores {
		if c == nil {
			dst = append(dst, math.NaN())
			continue
		}
		e := c.B
		if c.A != 0 {
			e += c.A * s
		}
		dst = append(dst, Sigmoid(-e))
	}
	return dst
}

// AppendBinary appends the calibrator as one frame. Errors: ErrEmpty for a nil receiver,
// ErrNotFinite for an A or B that is not finite, which UnmarshalBinary would refuse.
func (c *SigmoidCalibrator) AppendBinary(dst []byte) ([]byte, error) {
	const where = "predict: SigmoidCalibrator.AppendBinary"
	if err := check.Receiver(where, c); err != nil {
		return dst, err
	}
	if !check.Finite(c.A) || !check.Finite(c.B) {
		return dst, fmt.Errorf("%s: A is %v, B is %v: %w", where, c.A, c.B, ErrNotFinite)
	}
	var w codec.Writer
	w.Float64(c.A)
	w.Float64(c.B)
	w.Bool(c.Converged)
	return w.AppendFrame(dst, codec.KindSigmoid, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *SigmoidCalibrator) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 1, little-endian:
//
//	f64, f64  A and B, finite
//	bool      Converged
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; c is then unchanged.
func (c *SigmoidCalibrator) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("predict: SigmoidCalibrator.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSigmoid, 1)
	if err != nil {
		return fmt.Errorf("predict: SigmoidCalibrator.UnmarshalBinary: %w", err)
	}
	next := SigmoidCalibrator{A: r.Float64(), B: r.Float64(), Converged: r.Bool()}
	if r.Err() == nil && (!check.Finite(next.A) || !check.Finite(next.B)) {
		r.Fail("a coefficient is not finite")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("predict: SigmoidCalibrator.UnmarshalBinary: %w", err)
	}
	*c = next
	return nil
}
