package experiment

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/metrics"
)

// Correction is a way to correct p-values for having asked many questions.
type Correction uint8

// Corrections. The first three bound the chance of any false alarm, the last
// two the share of false alarms among the alarms.
const (
	Holm               Correction = iota // step-down, valid always, never worse than Bonferroni
	Bonferroni                           // p·m
	Hochberg                             // step-up; needs independent or positively dependent tests
	BenjaminiHochberg                    // false discovery rate; independent or positively dependent tests
	BenjaminiYekutieli                   // false discovery rate under any dependence
)

// String returns the name.
func (c Correction) String() string {
	names := [...]string{"Holm", "Bonferroni", "Hochberg", "Benjamini-Hochberg", "Benjamini-Yekutieli"}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("Correction(%d)", uint8(c))
}

// AdjustPValues returns the adjusted p-values in the order of p: reject where
// one is below your level. Give it every test that was looked at, not only
// those that came out well. ErrEmpty for none, ErrRange for a p-value that is
// NaN or outside [0, 1], ErrOption for an unknown correction.
func AdjustPValues(p []float64, c Correction) ([]float64, error) {
	if len(p) == 0 {
		return nil, fmt.Errorf("experiment: AdjustPValues: no p-values: %w", ErrEmpty)
	}
	for i, x := range p {
		if !(x >= 0 && x <= 1) {
			return nil, fmt.Errorf("experiment: AdjustPValues: p[%d] is %v, want in [0, 1]: %w", i, x, ErrRange)
		}
	}
	m := len(p)
	order := make([]int, m)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	var factor func(rank int) float64 // rank from 1, smallest p first
	stepUp := true
	switch c {
	case Holm:
		stepUp = false
		factor = func(r int) float64 { return float64(m - r + 1) }
	case Hochberg:
		factor = func(r int) float64 { return float64(m - r + 1) }
	case Bonferroni:
		factor = func(int) float64 { return float64(m) }
	case BenjaminiHochberg:
		factor = func(r int) float64 { return float64(m) / float64(r) }
	case BenjaminiYekutieli:
		h := 0.0
		for i := 1; i <= m; i++ {
			h += 1 / float64(i)
		}
		factor = func(r int) float64 { return h * float64(m) / float64(r) }
	default:
		return nil, fmt.Errorf("experiment: AdjustPValues: correction is %v: %w", c, ErrOption)
	}
	out := make([]float64, m)
	if stepUp {
		least := 1.0
		for r := m; r >= 1; r-- {
			least = math.Min(least, p[order[r-1]]*factor(r))
			out[order[r-1]] = least
		}
		return out, nil
	}
	most := 0.0
	for r := 1; r <= m; r++ {
		most = math.Min(1, math.Max(most, p[order[r-1]]*factor(r)))
		out[order[r-1]] = most
	}
	return out, nil
}

// AdjustEffects returns copies of effects with adjusted p-values; Method names
// the correction. Intervals are not changed: each still covers at its own
// level only. Effects without a p-value are ErrRange.
func AdjustEffects(effects []metrics.Effect, c Correction) ([]metrics.Effect, error) {
	p := make([]float64, len(effects))
	for i, e := range effects {
		p[i] = e.PValue
	}
	q, err := AdjustPValues(p, c)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(effects)
	for i := range out {
		out[i].PValue = q[i]
		out[i].Method += ", p " + c.String()
	}
	return out, nil
}
