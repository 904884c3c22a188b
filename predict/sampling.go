package predict

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// CorrectSampling appends to dst the probabilities p of a model that was
// trained on all positive rows and a random share keep of the negative ones,
// put right for the full data (He et al. 2014, section 6.3):
//
//	q = p / (p + (1-p)/keep)
//
// Errors: ErrRange unless 0 < keep <= 1 and every p is in [0, 1]; dst is
// returned as given then.
func CorrectSampling(dst, p []float64, keep float64) ([]float64, error) {
	if !(keep > 0 && keep <= 1) {
		return dst, fmt.Errorf("predict: CorrectSampling: keep is %v, want > 0 and <= 1: %w", keep, ErrRange)
	}
	out := dst
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return dst, fmt.Errorf("predict: CorrectSampling: %w", check.Private("p", int64(i), nil, v, fmt.Errorf("want 0 … 1: %w", ErrRange)))
		}
		// keep·p / (keep·p + 1 - p), which cannot overflow.
		out = append(out, keep*v/(keep*v+(1-v)))
	}
	return out, nil
}
