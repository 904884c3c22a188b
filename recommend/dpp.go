package recommend

import (
	"fmt"
	"math"
	"slices"
)

// DPP picks greedily the list S with the largest
//
//	(1-lambda)·Σ_{i∈S} relevance(i) + lambda·ln det(similarity over S)
//
// which is the most probable list of the determinantal point process with the
// kernel qᵢ·similarity(i, j)·qⱼ, qᵢ = exp(relevance(i)·(1-lambda)/(2·lambda)),
// found by the fast greedy algorithm of Chen, Zhang and Zhou (NeurIPS 2018): the
// determinant is the squared volume that the items span, so unlike MMR it sees
// an item that is a mixture of several others.
//
// The similarity must be positive semidefinite, as VectorLikeness and Categories are.
// When no candidate adds volume any more (1e-6 of its own), because there are
// fewer dimensions than k, the rest of the list follows by relevance.
//
// Cost: O(k²·len(from)), and k·len(from) similarities. See Reranker for the rest.
func (r *Reranker) DPP(dst, from []Scored, k int, lambda float64, like Likeness) ([]Scored, error) {
	if err := r.pickDPP(from, k, lambda, like); err != nil {
		return dst, err
	}
	return r.appendPicked(dst, from), nil
}

// pickDPP is DPP, with the choice left in r.
func (r *Reranker) pickDPP(from []Scored, k int, lambda float64, like Likeness) error {
	if err := r.start(from, k, lambda, "DPP"); err != nil {
		return err
	}
	if like == nil {
		return fmt.Errorf("recommend: Reranker.DPP: no Likeness: %w", ErrOption)
	}
	n := len(from)
	k = min(k, n)
	r.near = slices.Grow(r.near[:0], n)[:n]
	// worst[i] is d²: what is left of item i once its projection on the chosen
	// ones is taken off; the determinant grows by that factor. rows[t·n+i] is
	// entry t of the Cholesky row of i.
	r.worst = slices.Grow(r.worst[:0], n)[:n]
	for i := range r.worst {
		r.worst[i] = 1
	}
	r.rows = slices.Grow(r.rows[:0], k*n)[:k*n]
	const flat = 1e-6
	for t := 0; t < k; t++ {
		i := r.best(func(i int) float64 {
			if lambda == 0 {
				return r.rel[i]
			}
			if r.worst[i] < flat {
				return math.Inf(-1)
			}
			return (1-lambda)*r.rel[i] + lambda*math.Log(r.worst[i])
		})
		if i < 0 || lambda > 0 && r.worst[i] < flat {
			break
		}
		r.take(i)
		if t == k-1 {
			break
		}
		if lambda == 0 {
			continue
		}
		if err := r.likeness(like, i, "DPP"); err != nil {
			return err
		}
		row := r.rows[t*n : t*n+n]
		for j, s := range r.near {
			row[j] = float64(s)
		}
		for p := range t {
			before := r.rows[p*n : p*n+n]
			c := before[i]
			for j, v := range before {
				row[j] -= float64(c * v)
			}
		}
		d := 1 / math.Sqrt(r.worst[i])
		for j := range row {
			row[j] *= d
			r.worst[j] -= float64(row[j] * row[j])
		}
	}
	for len(r.picked) < k {
		i := r.best(func(i int) float64 { return r.rel[i] })
		if i < 0 {
			break
		}
		r.take(i)
	}
	return nil
}
