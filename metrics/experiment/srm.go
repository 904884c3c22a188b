package experiment

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// SRM is the result of a test for sample ratio mismatch.
type SRM struct {
	ChiSquared float64           // Σ(users − expected)²/expected; +Inf where an expected count is next to 0
	DF         int               // arms of positive weight less 1
	PValue     float64           // of the planned split
	Alarm      bool              // p < 0.001: do not trust any effect of this experiment before the cause is known
	Expected   []float64         // users expected in each arm
	Warnings   []metrics.Warning // WarnUnplannedArm and metrics.WarnSmallExpected, if any
}

// WarnUnplannedArm is set when users were counted in an arm that was to have none.
const WarnUnplannedArm metrics.Warning = "users in an arm of planned weight 0"

// SampleRatio tests by Pearson's χ², asymptotic and without continuity correction, whether the users counted in each arm agree with the
// planned weights (any scale; nil means equal). Arms of weight 0 take no part
// and do not count in the degrees of freedom; users found in one are warned
// of and raise the alarm.
//
// Different lengths are ErrShape, negative counts or weights ErrRange, and
// fewer than two arms of positive weight or no users at all ErrUndefined.
func SampleRatio(counts []int64, weights []float64) (SRM, error) {
	if weights == nil {
		weights = make([]float64, len(counts))
		for i := range weights {
			weights[i] = 1
		}
	}
	if len(counts) == 0 {
		return SRM{}, fmt.Errorf("experiment: SampleRatio: no arms: %w", ErrEmpty)
	}
	if err := check.Weights("weights", weights, len(counts)); err != nil {
		return SRM{}, fmt.Errorf("experiment: SampleRatio: %w", err)
	}
	var n int64
	sum := 0.0
	arms := 0
	r := SRM{Expected: make([]float64, len(counts))}
	for i, c := range counts {
		if c < 0 {
			return SRM{}, fmt.Errorf("experiment: SampleRatio: counts[%d] is %d, want >= 0: %w", i, c, ErrRange)
		}
		if weights[i] == 0 {
			if c > 0 && len(r.Warnings) == 0 {
				r.Warnings = append(r.Warnings, WarnUnplannedArm)
			}
			continue
		}
		var err error
		if n, err = check.AddInt64(n, c); err != nil {
			return SRM{}, fmt.Errorf("experiment: SampleRatio: %w", err)
		}
		sum += weights[i]
		arms++
	}
	if arms < 2 || n == 0 {
		return SRM{}, undefined("SampleRatio: %d arms of positive weight, %d users", arms, n)
	}
	small := false
	for i, c := range counts {
		if weights[i] == 0 {
			continue
		}
		e := float64(n) * (weights[i] / sum)
		r.Expected[i] = e
		d := float64(c) - e
		r.ChiSquared += d * d / e
		small = small || e < 5
	}
	if small {
		r.Warnings = append(r.Warnings, metrics.WarnSmallExpected)
	}
	r.DF = arms - 1
	r.PValue = infer.ChiSquaredUpper(r.ChiSquared, float64(r.DF))
	r.Alarm = r.PValue < 0.001 || len(r.Warnings) > 0 && r.Warnings[0] == WarnUnplannedArm
	return r, nil
}
