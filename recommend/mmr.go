package recommend

import (
	"fmt"
	"math"
	"slices"
)

// MMR picks by maximal marginal relevance (Carbonell and Goldstein 1998): each
// time the candidate i with the largest
//
//	(1-lambda)·relevance(i) - lambda·max_{j chosen} similarity(i, j)
//
// the maximum being 0 for the first item. Cost: k·len(from) similarities. A
// similarity that is NaN is ErrNotFinite. See Reranker for the rest.
func (r *Reranker) MMR(dst, from []Scored, k int, lambda float64, like Likeness) ([]Scored, error) {
	if err := r.pickMMR(from, k, lambda, like); err != nil {
		return dst, err
	}
	return r.appendPicked(dst, from), nil
}

// pickMMR is MMR, with the choice left in r.
func (r *Reranker) pickMMR(from []Scored, k int, lambda float64, like Likeness) error {
	if err := r.start(from, k, lambda, "MMR"); err != nil {
		return err
	}
	if like == nil {
		return fmt.Errorf("recommend: Reranker.MMR: no Likeness: %w", ErrOption)
	}
	n := len(from)
	k = min(k, n)
	r.near = slices.Grow(r.near[:0], n)[:n]
	r.worst = slices.Grow(r.worst[:0], n)[:n]
	for i := range r.worst {
		r.worst[i] = math.Inf(-1)
	}
	for len(r.picked) < k {
		first := len(r.picked) == 0
		i := r.best(func(i int) float64 {
			if first {
				return r.rel[i]
			}
			return (1-lambda)*r.rel[i] - lambda*r.worst[i]
		})
		if i < 0 {
			break
		}
		r.take(i)
		if len(r.picked) == k {
			break
		}
		if err := r.likeness(like, i, "MMR"); err != nil {
			return err
		}
		for j, s := range r.near {
			r.worst[j] = max(r.worst[j], float64(s))
		}
	}
	return nil
}

// likeness fills near with the similarities to candidate i.
func (r *Reranker) likeness(like Likeness, i int, where string) error {
	if err := r.ask(like, i); err != nil {
		return fmt.Errorf("recommend: Reranker.%s: similarities of item %d: %w", where, r.items[i], err)
	}
	for j, s := range r.near {
		if s-s != 0 {
			return fmt.Errorf("recommend: Reranker.%s: similarity of items %d and %d is %v: %w", where, r.items[i], r.items[j], s, ErrNotFinite)
		}
	}
	return nil
}

// ask is like.Likeness over the candidates that it knows.
func (r *Reranker) ask(like Likeness, i int) error {
	r.some = r.some[:0]
	for _, it := range r.items {
		if !r.joined(it) {
			r.some = append(r.some, it)
		}
	}
	if len(r.some) == len(r.items) {
		return like.Likeness(r.near, r.items[i], r.items)
	}
	clear(r.near)
	if !r.joined(r.items[i]) {
		r.part = slices.Grow(r.part[:0], len(r.some))[:len(r.some)]
		if err := like.Likeness(r.part, r.items[i], r.some); err != nil {
			return err
		}
		k := 0
		for j, it := range r.items {
			if !r.joined(it) {
				r.near[j] = r.part[k]
				k++
			}
		}
	}
	r.near[i] = 1
	return nil
}
