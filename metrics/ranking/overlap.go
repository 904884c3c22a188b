package ranking

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// Overlap says how much two lists have in common.
type Overlap struct {
	Shared  int     // items in both
	Share   float64 // Shared over the length of the reference
	Jaccard float64 // Shared over the items in either
}

// ListOverlap compares the first k items of a list with the first k of a
// reference: another model's list for the same user, yesterday's, or another
// user's. Order within the first k does not matter. For the mean over all pairs
// of users at once see Beyond's Personalization. ErrOption unless k > 0,
// ErrDuplicate for an item listed twice, ErrUndefined if the reference is
// empty.
func ListOverlap[I comparable](list, reference []I, k int) (Overlap, error) {
	bad := Overlap{Share: math.NaN(), Jaccard: math.NaN()}
	if k < 1 {
		return bad, fmt.Errorf("ranking: ListOverlap: k is %d, want > 0: %w", k, ErrOption)
	}
	list, reference = list[:min(k, len(list))], reference[:min(k, len(reference))]
	for _, l := range [2][]I{list, reference} {
		if err := noDuplicates(l); err != nil {
			return bad, fmt.Errorf("ranking: ListOverlap: %w", err)
		}
	}
	if len(reference) == 0 {
		return bad, undefined("ListOverlap: the reference is empty")
	}
	in := make(map[I]struct{}, len(reference))
	for _, i := range reference {
		in[i] = struct{}{}
	}
	var o Overlap
	for _, i := range list {
		if _, ok := in[i]; ok {
			o.Shared++
		}
	}
	o.Share = float64(o.Shared) / float64(len(reference))
	o.Jaccard = float64(o.Shared) / float64(len(list)+len(reference)-o.Shared)
	return o, nil
}

// EPCAt returns the expected popularity complement of the first k of a list
// (Vargas and Castells 2011): how unlikely the user was to know the items, the
// mean of 1 − popularity/users with weights 1/log₂(rank+1). popularity counts
// the training users of an item, 0 for those not in it. With a relevance only
// hits (relevance > 0) count, over the weights of all places; nil takes every
// item for relevant.
//
// ErrOption unless k > 0, ErrDuplicate, ErrRange for a popularity outside
// [0, users], ErrUndefined for an empty list.
func EPCAt[I comparable](recommended []I, relevance map[I]float64, popularity map[I]int64, users int64, k int) (float64, error) {
	if k < 1 || users < 1 {
		return math.NaN(), fmt.Errorf("ranking: EPCAt: k is %d, users %d, want > 0: %w", k, users, ErrOption)
	}
	list := recommended[:min(k, len(recommended))]
	if err := noDuplicates(list); err != nil {
		return math.NaN(), fmt.Errorf("ranking: EPCAt: %w", err)
	}
	if len(list) == 0 {
		return math.NaN(), undefined("EPCAt: the list is empty")
	}
	var sum, weights float64
	for r, i := range list {
		w := 1 / math.Log2(float64(r+2))
		weights += w
		p := popularity[i]
		if p < 0 || p > users {
			return math.NaN(), fmt.Errorf("ranking: EPCAt: item %v has popularity %d of %d users: %w", i, p, users, ErrRange)
		}
		if relevance != nil {
			g := relevance[i]
			if !check.Finite(g) {
				return math.NaN(), fmt.Errorf("ranking: EPCAt: item %v has relevance %v: %w", i, g, ErrNotFinite)
			}
			if g <= 0 {
				continue
			}
		}
		sum += w * (1 - float64(p)/float64(users))
	}
	return sum / weights, nil
}
