package recommend

import "math"

// calibrationSmoothing is α of Steck 2018: the list's distribution is mixed with
// this share of the target, so that the divergence stays finite.
const calibrationSmoothing = 0.01

// Calibrate picks a list whose mix of categories is that of the person's taste
// (Steck 2018, "Calibrated recommendations"): greedily the list S with the
// largest
//
//	(1-lambda)·Σ_{i∈S} relevance(i) - lambda·KL(p ‖ q̃(S))
//
// where p is taste (Categories.Taste; scaled to sum 1 here), q(g) the mean share
// of category g in S, q̃ = 0.99·q + 0.01·p and KL = Σ p·ln(p/q̃). The sum of
// relevance grows with the list and the divergence does not: lambda is best
// searched near 1 (.9, .99, .999).
//
// Cost: O(k·(Σ categories of the candidates + Len())). ErrRange for a taste that
// is negative or not finite or of sum 0. See Reranker for the rest.
func (r *Reranker) Calibrate(dst, from []Scored, k int, lambda float64, c *Categories, taste []float64) ([]Scored, error) {
	if err := r.pickCalibrated(from, k, lambda, c, taste); err != nil {
		return dst, err
	}
	return r.appendPicked(dst, from), nil
}

// pickCalibrated is Calibrate, with the choice left in r.
func (r *Reranker) pickCalibrated(from []Scored, k int, lambda float64, c *Categories, taste []float64) error {
	if err := r.start(from, k, lambda, "Calibrate"); err != nil {
		return err
	}
	if err := r.taste(c, taste, "Calibrate"); err != nil {
		return err
	}
	const a = calibrationSmoothing
	clear(r.mass) // Σ share(i, g) over the list
	for k = min(k, len(from)); len(r.picked) < k; {
		// Only the categories of a candidate change against the list that grows
		// by an item of none: the rest of the divergence is the same for all and
		// left out.
		size := float64(len(r.picked) + 1)
		i := r.best(func(i int) float64 {
			own, gain := c.Of(r.items[i]), 0.0
			share := 1 / float64(len(own))
			for _, g := range own {
				if p := r.whole[g]; p > 0 {
					gain += p * math.Log(((1-a)*(r.mass[g]+share)/size+a*p)/((1-a)*r.mass[g]/size+a*p))
				}
			}
			return (1-lambda)*r.rel[i] + lambda*gain
		})
		if i < 0 {
			break
		}
		r.take(i)
		own := c.Of(r.items[i])
		for _, g := range own {
			r.mass[g] += 1 / float64(len(own))
		}
	}
	return nil
}
