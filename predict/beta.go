package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// BetaCalibrator turns probabilities of a model into better ones by
// 1/(1+exp(-(A·ln s - B·ln(1-s) + C))), A and B >= 0 (Kull, Silva Filho and Flach, AISTATS
// 2017): unlike a sigmoid it can leave probabilities that are right as they are (A = B = 1,
// C = 0) and mend both over- and underconfidence. It is immutable and safe for concurrent use; the zero
// value answers 1/2.
type BetaCalibrator struct {
	A, B, C float64 // of ln s, of -ln(1-s), and the constant
	// Converged is false if the fit ran out of iterations, as where the scores separate the
	// labels.
	Converged bool
}

// betaClip keeps the logarithms of probabilities 0 and 1 finite, as betacal does.
const betaClip = 0x1p-52

// betaRow returns ln s and -ln(1-s).
func betaRow(s float64) (a, b float64) {
	s = math.Min(math.Max(s, betaClip), 1-betaClip)
	return math.Log(s), -math.Log1p(-s)
}

// FitBeta fits a BetaCalibrator to the probabilities of rows and their labels, which must not be those
// the model was fitted on. weights may be nil. The likelihood has its maximum under A, B >= 0 here; the Python
// package betacal, whose numbers these are, drops the first coefficient that is negative and keeps the other
// as it comes. Scores within 2⁻⁵² of 0 and 1 are moved there. The order of rows does not matter. Errors: ErrEmpty,
// ErrShape, ErrRange for a probability outside [0, 1], ErrNotFinite, ErrUndefined for labels of one class.
func FitBeta(p []float64, y []bool, weights []float64) (*BetaCalibrator, error) {
	const where = "predict: FitBeta"
	if len(p) == 0 {
		return nil, fmt.Errorf("%s: p: %w", where, ErrEmpty)
	}
	if err := checkProbabilities(where, p); err != nil {
		return nil, err
	}
	both, first, second := make([][]float64, len(p)), make([][]float64, len(p)), make([][]float64, len(p))
	for i, s := range p {
		a, b := betaRow(s)
		both[i] = []float64{a, b}
		first[i], second[i] = both[i][:1:1], both[i][1:]
	}
	fit := func(rows [][]float64) (*Logistic, error) {
		m, err := FitLogistic(context.Background(), rows, y, LogisticOptions{L2: 1e-11, Weights: weights, Tol: 1e-10})
		if err != nil {
			return nil, wrap(where, err)
		}
		return m, nil
	}
	m, err := fit(both)
	if err != nil {
		return nil, err
	}
	if m.coef[0] >= 0 && m.coef[1] >= 0 {
		return &BetaCalibrator{A: m.coef[0] + 0, B: m.coef[1] + 0, C: m.intercept, Converged: m.converged}, nil
	}
	// The optimum lies on an edge, A = 0 or B = 0, or in the corner, where only the share of
	// true rows counts.
	if m, err = fit(first); err != nil {
		return nil, err
	}
	best, lowest := (*BetaCalibrator)(nil), math.Inf(1)
	if m.coef[0] > 0 {
		best, lowest = &BetaCalibrator{A: m.coef[0], C: m.intercept, Converged: m.converged}, m.objective
	}
	if m, err = fit(second); err != nil {
		return nil, err
	}
	if m.coef[0] > 0 && m.objective < lowest {
		best = &BetaCalibrator{B: m.coef[0], C: m.intercept, Converged: m.converged}
	}
	if best == nil {
		points, err := scoredPoints(where, p, len(y), func(i int) float64 { return float64(class(y[i])) }, weights)
		if err != nil {
			return nil, err
		}
		var sum [2]float64
		for _, x := range points {
			sum[int(x.y)] += x.w
		}
		best = &BetaCalibrator{C: math.Log(sum[1]) - math.Log(sum[0]), Converged: true}
	}
	return best, nil
}

// checkProbabilities reports the first value outside [0, 1].
func checkProbabilities(where string, p []float64) error {
	for i, v := range p {
		if math.IsNaN(v) {
			return fmt.Errorf("%s: %w", where, check.Private("p", int64(i), nil, v, ErrNotFinite))
		}
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("%s: %w", where, check.Private("p", int64(i), nil, v, fmt.Errorf("want 0 … 1: %w", ErrRange)))
		}
	}
	return nil
}

// Prob appends the calibrated probability of each of p to dst. Values outside [0, 1] are
// taken as the nearer end; a NaN gives NaN, and so does a nil calibrator.
func (c *BetaCalibrator) Prob(dst, p []float64) []float64 {
	for _, s := range p {
		if c == nil || math.IsNaN(s) {
			dst = append(dst, math.NaN())
			continue
		}
		a, b := betaRow(s)
		dst = append(dst, Sigmoid(c.A*a+c.B*b+c.C))
	}
	return dst
}

// AppendBinary appends the calibrator as one frame. Errors: ErrEmpty for a nil receiver,
// ErrNotFinite or ErrRange for coefficients that UnmarshalBinary would refuse.
func (c *BetaCalibrator) AppendBinary(dst []byte) ([]byte, error) {
	const where = "predict: BetaCalibrator.AppendBinary"
	if err := check.Receiver(where, c); err != nil {
		return dst, err
	}
	if err := check.Slice("A, B, C", []float64{c.A, c.B, c.C}); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	if c.A < 0 || c.B < 0 {
		return dst, fmt.Errorf("%s: A is %v, B is %v, want >= 0: %w", where, c.A, c.B, ErrRange)
	}
	var w codec.Writer
	w.Float64(c.A)
	w.Float64(c.B)
	w.Float64(c.C)
	w.Bool(c.Converged)
	return w.AppendFrame(dst, codec.KindBeta, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *BetaCalibrator) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 1, little-endian:
//
//	f64, f64, f64  A and B, >= 0, and C, finite
//	bool           Converged
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; c is then unchanged.
func (c *BetaCalibrator) UnmarshalBinary(data []byte) error {
	const where = "predict: BetaCalibrator.UnmarshalBinary"
	if err := check.Receiver(where, c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindBeta, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next := BetaCalibrator{A: r.Float64(), B: r.Float64(), C: r.Float64(), Converged: r.Bool()}
	if r.Err() == nil && (check.Slice("", []float64{next.A, next.B, next.C}) != nil || next.A < 0 || next.B < 0) {
		r.Fail("coefficients")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*c = next
	return nil
}
