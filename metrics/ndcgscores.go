package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// NDCGOfScores returns the NDCG of the first k of one list given by scores
// instead of ranks: scores[i] is what a model says of candidate i, relevance[i]
// what it was worth. Equal scores have no order, so the expected gain over all
// orders of them is taken (McSherry and Najork 2008), as scikit-learn's
// ndcg_score does; a model that scores all alike gets no luck. k 0 means all.
// Discount log2(rank+1); a relevance of 0 or below has no gain.
//
// ErrEmpty, ErrShape, ErrNotFinite; ErrOption for a negative k, ErrUndefined
// without a relevant candidate, ErrOverflow where gains exceed float64. Cost:
// O(n·log(relevant)) and a sort of the relevant. See Ranking for
// lists in order and means over users.
func NDCGOfScores(relevance, scores []float64, k int, g Gain) (float64, error) {
	n := len(relevance)
	if n == 0 {
		return math.NaN(), fmt.Errorf("metrics: NDCGOfScores: no candidates: %w", ErrEmpty)
	}
	if err := check.Len("scores", len(scores), n); err != nil {
		return math.NaN(), fmt.Errorf("metrics: NDCGOfScores: %w", err)
	}
	if k < 0 || g > GainExponential {
		return math.NaN(), fmt.Errorf("metrics: NDCGOfScores: k is %d, gain %d, want k >= 0 and a gain: %w", k, g, ErrOption)
	}
	if k == 0 || k > n {
		k = n
	}
	for i, s := range scores {
		if !check.Finite(s) || !check.Finite(relevance[i]) {
			return math.NaN(), fmt.Errorf("metrics: NDCGOfScores: candidate %d: score %v, relevance %v: %w", i, s, relevance[i], ErrNotFinite)
		}
	}
	core := rankCore{opt: RankingOptions{Gain: g}}
	gain := func(r float64) float64 {
		if r <= 0 {
			return 0
		}
		return core.gain(r)
	}

	var dcg, ideal float64
	if k > minSortedNDCG && k > n/16 {
		var err error
		if dcg, ideal, err = ndcgSorted(relevance, scores, k, g); err != nil {
			return math.NaN(), err
		}
		return ndcgRatio(dcg, ideal)
	}
	// Only the ranks of relevant candidates that may be among the first k matter.
	type scored struct {
		score, gain float64
		n, above    int // candidates of this score, and of higher ones not counted with the row before
	}
	last := math.Inf(-1)
	if k < n {
		last = kthLargest(scores, k)
	}
	var rows []scored
	var best []float64
	for i, r := range relevance {
		if r > 0 {
			best = append(best, r)
			if scores[i] >= last {
				rows = append(rows, scored{score: scores[i], gain: gain(r)})
			}
		}
	}
	if len(best) == 0 {
		return math.NaN(), undefined("NDCGOfScores: no relevant candidate")
	}
	slices.SortFunc(rows, func(a, b scored) int { return three(a.score > b.score, a.score < b.score) })
	m := 0
	for i, row := range rows { // one row per score
		if i > 0 && row.score == rows[m-1].score {
			rows[m-1].gain += row.gain
			continue
		}
		rows[m] = row
		m++
	}
	rows = rows[:m]
	if m > 0 {
		worst := rows[m-1].score
		for _, s := range scores {
			if s < worst {
				continue
			}
			lo, hi := 0, m-1 // the first row whose score is not above s
			for lo < hi {
				mid := int(uint(lo+hi) >> 1)
				if rows[mid].score > s {
					lo = mid + 1
				} else {
					hi = mid
				}
			}
			if rows[lo].score == s {
				rows[lo].n++
			} else {
				rows[lo].above++
			}
		}
	}
	rank := 0
	for _, row := range rows {
		rank += row.above
		var discounts float64
		for r := rank; r < min(rank+row.n, k); r++ {
			discounts += 1 / math.Log2(float64(r+2))
		}
		dcg += row.gain / float64(row.n) * discounts
		rank += row.n
	}
	slices.Sort(best)
	for r := range min(k, len(best)) {
		ideal += gain(best[len(best)-1-r]) / math.Log2(float64(r+2))
	}
	return ndcgRatio(dcg, ideal)
}

func ndcgRatio(dcg, ideal float64) (float64, error) {
	if !check.Finite(ideal) || !check.Finite(dcg) {
		return math.NaN(), fmt.Errorf("metrics: NDCGOfScores: gains: %w", ErrOverflow)
	}
	return min(dcg/ideal, 1), nil
}

// minSortedNDCG is the number of ranks above which sorting all candidates pays.
const minSortedNDCG = 32

// ndcgSorted sums the gains over all candidates in order. Scores are sorted by
// the upper half of their bits, which parts nearly all of them, and the index in
// the lower half: four passes at most. Runs that agree there are sorted in full.
func ndcgSorted(relevance, scores []float64, k int, g Gain) (dcg, ideal float64, err error) {
	core := rankCore{opt: RankingOptions{Gain: g}}
	n := len(scores)
	room := make([]uint64, 2*n)
	a, tmp := room[:n], room[n:]
	var count [4][256]int32
	for i, s := range scores {
		key, _ := descending(s)
		hi := uint32(key >> 32)
		a[i] = uint64(hi)<<32 | uint64(uint32(i))
		count[0][hi&255]++
		count[1][hi>>8&255]++
		count[2][hi>>16&255]++
		count[3][hi>>24]++
	}
	for d := range count {
		c, shift := &count[d], 32+8*d
		if c[a[0]>>shift&255] == int32(n) {
			continue
		}
		at := int32(0)
		for i, x := range c {
			c[i] = at
			at += x
		}
		for _, x := range a {
			b := x >> shift & 255
			tmp[c[b]] = x
			c[b]++
		}
		a, tmp = tmp, a
	}
	var best []float64
	for _, r := range relevance {
		if r > 0 {
			best = append(best, r)
		}
	}
	if len(best) == 0 {
		return 0, 0, undefined("NDCGOfScores: no relevant candidate")
	}
	discount := func(r int) float64 { return 1 / math.Log2(float64(r+2)) }
	if 4*len(best) > n { // each is needed several times
		table := make([]float64, n)
		for r := range table {
			table[r] = discount(r)
		}
		discount = func(r int) float64 { return table[r] }
	}
	for from := 0; from < k; {
		to := from + 1
		for to < n && a[to]>>32 == a[from]>>32 {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(a[from:to], func(x, y uint64) int { return cmp.Compare(scores[uint32(y)], scores[uint32(x)]) })
		}
		for from < to { // a group of equal scores at a time
			score := scores[uint32(a[from])]
			sum := 0.0
			end := from
			for ; end < to && scores[uint32(a[end])] == score; end++ {
				if r := relevance[uint32(a[end])]; r > 0 {
					sum += core.gain(r)
				}
			}
			if sum > 0 {
				var discounts float64
				for r := from; r < min(end, k); r++ {
					discounts += discount(r)
				}
				dcg += sum / float64(end-from) * discounts
			}
			from = end
		}
	}
	slices.Sort(best)
	for r := range min(k, len(best)) {
		ideal += core.gain(best[len(best)-1-r]) * discount(r)
	}
	return dcg, ideal, nil
}

// kthLargest returns the k-th largest of xs, 1 <= k <= len(xs).
func kthLargest(xs []float64, k int) float64 {
	// A heap of the k largest, least on top. Once it has filled up, few values
	// get past the comparison with the top.
	h := slices.Clone(xs[:k])
	sink := func(i int) {
		x := h[i]
		for {
			c := 2*i + 1
			if c >= k {
				break
			}
			if c+1 < k && h[c+1] < h[c] {
				c++
			}
			if h[c] >= x {
				break
			}
			h[i] = h[c]
			i = c
		}
		h[i] = x
	}
	for i := k/2 - 1; i >= 0; i-- {
		sink(i)
	}
	for _, x := range xs[k:] {
		if x > h[0] {
			h[0] = x
			sink(0)
		}
	}
	return h[0]
}
