package recommend

import "fmt"

// XQuAD picks by explicit query aspect diversification (Santos, Macdonald and
// Ounis 2010) with the categories as aspects: each time the candidate i with the
// largest
//
//	(1-lambda)·relevance(i) + lambda·Σ_g taste(g)·share(i, g)·Π_{j chosen} (1 - cover·share(j, g))
//
// taste is the person's interest in each category (Categories.Taste; scaled to
// sum 1 here), share(i, g) = 1/(categories of i). cover in (0, 1] says how far one
// item wholly of a category satisfies the interest in it: with 1 a category
// counts only until it is on the list (Abdollahpouri, Burke and Mobasher 2019),
// with less it keeps a weaker claim, and large tastes get more places.
//
// Cost: O(k·Σ categories of the candidates). ErrOption for cover, ErrRange for a
// taste that is negative or not finite or of sum 0. See Reranker for the rest.
func (r *Reranker) XQuAD(dst, from []Scored, k int, lambda float64, c *Categories, taste []float64, cover float64) ([]Scored, error) {
	if err := r.pickXQuAD(from, k, lambda, c, taste, cover); err != nil {
		return dst, err
	}
	return r.appendPicked(dst, from), nil
}

// pickXQuAD is XQuAD, with the choice left in r.
func (r *Reranker) pickXQuAD(from []Scored, k int, lambda float64, c *Categories, taste []float64, cover float64) error {
	if err := r.start(from, k, lambda, "XQuAD"); err != nil {
		return err
	}
	if !(cover > 0 && cover <= 1) {
		return fmt.Errorf("recommend: Reranker.XQuAD: cover is %v, want in (0, 1]: %w", cover, ErrOption)
	}
	if err := r.taste(c, taste, "XQuAD"); err != nil {
		return err
	}
	copy(r.mass, r.whole) // taste(g)·Π(1 - cover·share)
	for k = min(k, len(from)); len(r.picked) < k; {
		i := r.best(func(i int) float64 {
			own, gain := c.Of(r.items[i]), 0.0
			for _, g := range own {
				gain += r.mass[g]
			}
			if len(own) > 1 {
				gain /= float64(len(own))
			}
			return (1-lambda)*r.rel[i] + lambda*gain
		})
		if i < 0 {
			break
		}
		r.take(i)
		own := c.Of(r.items[i])
		for _, g := range own {
			r.mass[g] *= 1 - cover/float64(len(own))
		}
	}
	return nil
}
