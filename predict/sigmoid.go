package predict

import (
	"context"
	"fmt"
	"io"
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
// single class have a finite answer. The minimum of the cross-entropy is found
// by Newton's method on centred and scaled scores (Lin, Lin and Weng 2007 on
// its numerics). The order of rows does not matter.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange.
func FitSigmoid(scores []float64, y []bool, weights []float64) (*SigmoidCalibrator, error) {
	const where = "predict: FitSigmoid"
	pts, err := scoredPoints(where, scores, len(y), func(i int) float64 { return float64(class(y[i])) }, weights)
	if err != nil {
		return nil, err
	}
	var wPos, wNeg, mean, scale float64
	for _, p := range pts {
		wPos += p.w * p.y
		wNeg += p.w * (1 - p.y)
		mean += p.w * p.x
	}
	total := wPos + wNeg
	if total > limit {
		return nil, fmt.Errorf("%s: the weights add up to %g: %w", where, total, ErrRange)
	}
	mean /= total
	for _, p := range pts {
		scale += p.w / total * (p.x - mean) * (p.x - mean)
	}
	scale = math.Sqrt(scale)
	if pts[0].x == pts[len(pts)-1].x || scale == 0 {
		scale = 1
		mean = pts[0].x
	}
	hi, lo := (wPos+1)/(wPos+2), 1/(wNeg+2)
	target := func(p point) float64 { return lo + (hi-lo)*p.y }
	var pos, neg losses // of the same scores as true and as false
	var ones, minus [group]float64
	for i := range ones {
		ones[i], minus[i] = 1, -1
	}
	// each hands out a group of points with u, the scaled score, and η = a·u + b.
	each := func(x []float64, do func(p point, u float64, i int)) {
		for k := 0; k < len(pts); k += group {
			part := pts[k:min(k+group, len(pts))]
			n := len(part)
			for i, p := range part {
				pos.eta[i] = x[0]*((p.x-mean)/scale) + x[1]
			}
			vec.Logistic64(pos.loss[:n], pos.grad[:n], pos.curve[:n], pos.eta[:n], ones[:n])
			vec.Logistic64(neg.loss[:n], neg.grad[:n], neg.curve[:n], pos.eta[:n], minus[:n])
			for i, p := range part {
				do(p, (p.x-mean)/scale, i)
			}
		}
	}
	// f(a, b) = Σ w·(log(1+exp(η)) - t·η), η = a·u + b, so A = -a/scale.
	eval := func(g, x []float64) (float64, error) {
		f := 0.0
		g[0], g[1] = 0, 0
		each(x, func(p point, u float64, i int) {
			t := target(p)
			f += p.w * (t*pos.loss[i] + (1-t)*neg.loss[i])
			d := p.w * (t*pos.grad[i] + (1-t)*neg.grad[i])
			g[0] += d * u
			g[1] += d
		})
		return f, nil
	}
	var haa, hab, hbb float64
	track := &progress{tol: 1e-10}
	base := lo*wNeg/total + hi*wPos/total
	r, err := solve.LBFGS(context.Background(), []float64{0, math.Log(base) - math.Log1p(-base)}, eval, solve.LBFGSOptions{
		Memory: -1,
		Precond: func(dst, g []float64) {
			det := haa*hbb - hab*hab
			if haa == 0 || det <= 1e-14*haa*hbb {
				dst[0], dst[1] = 0, g[1]/hbb
				return
			}
			dst[0] = (hbb*g[0] - hab*g[1]) / det
			dst[1] = (haa*g[1] - hab*g[0]) / det
		},
		Stop: func(_ int, x []float64, _ float64, g []float64) (bool, error) {
			haa, hab, hbb = 0, 0, 0
			each(x, func(p point, u float64, i int) {
				q := pos.curve[i] * p.w
				haa, hab, hbb = haa+q*u*u, hab+q*u, hbb+q
			})
			return track.done(x, g, []float64{haa, hbb}), nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	c := &SigmoidCalibrator{A: -r.X[0]/scale + 0, B: -r.X[1] + r.X[0]/scale*mean, Converged: r.Converged || r.Stalled}
	if !check.Finite(c.A) || !check.Finite(c.B) {
		return nil, fmt.Errorf("%s: A %v, B %v: %w", where, c.A, c.B, ErrDiverged)
	}
	return c, nil
}

// Prob appends the probability of each score to dst. ±Inf gives the limit; a
// NaN gives NaN.
func (c *SigmoidCalibrator) Prob(dst, scores []float64) []float64 {
	for _, s := range scores {
		e := c.B
		if c.A != 0 {
			e += c.A * s
		}
		dst = append(dst, Sigmoid(-e))
	}
	return dst
}

// AppendBinary appends the calibrator as one frame.
func (c *SigmoidCalibrator) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Float64(c.A)
	w.Float64(c.B)
	w.Bool(c.Converged)
	return w.AppendFrame(dst, codec.KindSigmoid, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *SigmoidCalibrator) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c; on an error (ErrCorrupt, ErrVersion) c is
// unchanged.
func (c *SigmoidCalibrator) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindSigmoid, 1)
	if err != nil {
		return fmt.Errorf("predict: SigmoidCalibrator: %w", err)
	}
	n := SigmoidCalibrator{A: r.Float64(), B: r.Float64(), Converged: r.Bool()}
	if r.Err() == nil && (!check.Finite(n.A) || !check.Finite(n.B)) {
		r.Fail("a coefficient is not finite")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("predict: SigmoidCalibrator: %w", err)
	}
	*c = n
	return nil
}

// WriteTo writes the frame of AppendBinary.
func (c *SigmoidCalibrator) WriteTo(w io.Writer) (int64, error) { return writeFrame(w, c) }

// ReadFrom reads one frame and not a byte beyond it.
func (c *SigmoidCalibrator) ReadFrom(r io.Reader) (int64, error) { return readFrame(r, c) }
