package experiment

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// Heterogeneity says whether an effect differs between segments.
type Heterogeneity struct {
	Effects  []metrics.Effect // as given
	Adjusted []float64        // p-values corrected for the number of segments
	Pooled   metrics.Effect   // inverse-variance weighted mean effect
	Q        float64          // Cochran's Q: Σ (effect − pooled)²/SE²
	DF       int              // degrees of freedom of Q: segments less 1
	PValue   float64          // of equal effects in all segments: look here before picking a winner
	I2       float64          // share of the variation between segments beyond chance, in [0, 1]
}

// CompareSegments tests whether the effects of disjoint segments are equal
// (interaction test, Cochran's Q against χ² with k−1 degrees of freedom) and
// corrects their own p-values. "Significant in one segment and not in the
// other" is no evidence of a difference; PValue is. Segments must be known
// before the experiment.
//
// All effects must be on one scale, else ErrMismatch, and have a positive SE,
// else ErrRange. ErrEmpty below two segments.
func CompareSegments(effects []metrics.Effect, c Correction) (Heterogeneity, error) {
	const where = "CompareSegments"
	if len(effects) < 2 {
		return Heterogeneity{}, fmt.Errorf("experiment: %s: %d segments, want at least 2: %w", where, len(effects), ErrEmpty)
	}
	h := Heterogeneity{DF: len(effects) - 1}
	h.Effects = append(h.Effects, effects...)
	best := math.Inf(1)
	p := make([]float64, len(effects))
	for i, e := range effects {
		if e.Scale != effects[0].Scale {
			return Heterogeneity{}, fmt.Errorf("experiment: %s: effect %d is %v, the first %v: %w", where, i, e.Scale, effects[0].Scale, ErrMismatch)
		}
		if !(e.SE > 0) || !check.Finite(e.SE) || !check.Finite(e.Estimate) {
			return Heterogeneity{}, fmt.Errorf("experiment: %s: effect %d is %v with SE %v: %w", where, i, e.Estimate, e.SE, ErrRange)
		}
		best = math.Min(best, e.SE)
		p[i] = e.PValue
	}
	var err error
	if h.Adjusted, err = AdjustPValues(p, c); err != nil {
		return Heterogeneity{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	// Weights relative to the best SE neither overflow nor underflow.
	var sum, mean float64
	e := metrics.Effect{Scale: effects[0].Scale, Method: "inverse-variance mean of segments"}
	for _, x := range effects {
		w := best / x.SE * (best / x.SE)
		sum += w
		mean += w * (x.Estimate - effects[0].Estimate)
		e.N, e.NA, e.NB = e.N+x.N, e.NA+x.NA, e.NB+x.NB
		e.MeanA += w * x.MeanA
		e.MeanB += w * x.MeanB
	}
	e.Estimate = effects[0].Estimate + mean/sum
	e.MeanA /= sum
	e.MeanB /= sum
	e.SE = best / math.Sqrt(sum)
	level := check.Default(effects[0].Level, 0.95)
	if !(level > 0 && level < 1) {
		return Heterogeneity{}, fmt.Errorf("experiment: %s: Level of effect 0 is %v, want in (0, 1): %w", where, level, ErrRange)
	}
	e.Infer(level, math.Inf(1))
	h.Pooled = e
	for _, x := range effects {
		d := (x.Estimate - e.Estimate) / x.SE
		h.Q += d * d
	}
	if !check.Finite(e.Low) || !check.Finite(e.High) || !check.Finite(e.Statistic) || !check.Finite(h.Q) {
		return Heterogeneity{}, fmt.Errorf("experiment: %s: effects or standard errors are too far apart: %w", where, ErrOverflow)
	}
	h.PValue = infer.ChiSquaredUpper(h.Q, float64(h.DF))
	if h.Q > 0 {
		h.I2 = math.Max(0, 1-float64(h.DF)/h.Q)
	}
	return h, nil
}
