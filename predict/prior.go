package predict

import (
	"fmt"
	"math"
	"slices"
)

// odds appends p with its odds multiplied by up/down, both > 0.
func odds(where string, dst, p []float64, up, down float64) ([]float64, error) {
	if err := checkProbabilities(where, p); err != nil {
		return dst, err
	}
	m := math.Max(up, down)
	up, down = up/m, down/m
	for _, v := range p {
		if v > 0 && v < 1 { // what is certain stays so
			v = up * v / (up*v + down*(1-v))
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// CorrectClassSampling appends to dst the probabilities p of a model that was trained on
// the shares keep[0] of the false rows and keep[1] of the true ones, put right for the full data:
// the odds times keep[0]/keep[1]. CorrectSampling is the case of all true rows. Errors:
// ErrRange unless both shares are in (0, 1] and every p is in [0, 1], ErrNotFinite; dst is returned as given then.
func CorrectClassSampling(dst, p []float64, keep [2]float64) ([]float64, error) {
	const where = "predict: CorrectClassSampling"
	for k, v := range keep {
		if !(v > 0 && v <= 1) {
			return dst, fmt.Errorf("%s: keep[%d] is %v, want > 0 and <= 1: %w", where, k, v, ErrRange)
		}
	}
	return odds(where, dst, p, keep[0], keep[1])
}

// CorrectPrior appends to dst the probabilities p of a model trained where the share of
// true rows was trained, put right for where it is actual (Saerens, Latinne and Decaestecker,
// Neural Computation 14, 2002, equation 2.4; Elkan 2001): right if the rows of each class are drawn as before and only
// their shares have changed, such as after balancing, or in another season. EstimatePrior estimates actual. Errors: ErrRange unless both are in (0, 1)
// and every p is in [0, 1], ErrNotFinite; dst is returned as given then.
func CorrectPrior(dst, p []float64, trained, actual float64) ([]float64, error) {
	const where = "predict: CorrectPrior"
	if !(trained > 0 && trained < 1) || !(actual > 0 && actual < 1) {
		return dst, fmt.Errorf("%s: trained is %v, actual %v, want in (0, 1): %w", where, trained, actual, ErrRange)
	}
	return odds(where, dst, p, actual*(1-trained), (1-actual)*trained)
}

// EstimatePrior estimates the share of true rows among those whose probabilities are p, without
// labels, for a calibrated model trained where it was trained: the maximum of the likelihood
// that the EM algorithm of Saerens et al. (2002) climbs to, found by bisection. It may be 0 or 1. The order of p does not
// matter. Errors: ErrEmpty, ErrRange unless trained is in (0, 1) and every p in [0, 1], ErrNotFinite, ErrUndefined where every p is trained,
// so that any share is as likely.
func EstimatePrior(p []float64, trained float64) (float64, error) {
	const where = "predict: EstimatePrior"
	if len(p) == 0 {
		return 0, fmt.Errorf("%s: p: %w", where, ErrEmpty)
	}
	if !(trained > 0 && trained < 1) {
		return 0, fmt.Errorf("%s: trained is %v, want in (0, 1): %w", where, trained, ErrRange)
	}
	if err := checkProbabilities(where, p); err != nil {
		return 0, err
	}
	sorted := slices.Clone(p)
	slices.Sort(sorted)
	if sorted[0] == trained && sorted[len(p)-1] == trained {
		return 0, fmt.Errorf("%s: all probabilities are the rate trained on: %w", where, ErrUndefined)
	}
	// The derivative of Σ log(π·a + (1-π)·b), a and b the likelihoods of true and false but for a
	// factor, falls as π grows.
	slope := func(prior float64) float64 {
		sum := 0.0
		for _, v := range sorted {
			a, b := v/trained, (1-v)/(1-trained)
			sum += (a - b) / (prior*a + (1-prior)*b)
		}
		return sum
	}
	switch { // the sums at the ends are finite or of one sign
	case slope(0) <= 0:
		return 0, nil
	case slope(1) >= 0:
		return 1, nil
	}
	lo, hi := 0.0, 1.0
	for range 1100 { // down to the smallest numbers, if need be
		mid := lo + (hi-lo)/2
		if mid == lo || mid == hi {
			break
		}
		if slope(mid) > 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	switch {
	case hi <= math.SmallestNonzeroFloat64:
		return 0, nil
	case lo >= 1-0x1p-53:
		return 1, nil
	}
	return lo + (hi-lo)/2, nil
}
