package ranking

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/topk"
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
// O(n·log(relevant)) and a sort of the relevant. See Tally for
// lists in order and means over users.
func NDCGOfScores(relevance, scores []float64, k int, g Gain) (float64, error) {
	n := len(relevance)
	if n == 0 {
		return math.NaN(), fmt.Errorf("ranking: NDCGOfScores: no candidates: %w", ErrEmpty)
	}
	if err := check.Len("scores", len(scores), n); err != nil {
		return math.NaN(), fmt.Errorf("ranking: NDCGOfScores: %w", err)
	}
	if k < 0 || g > GainExponential {
		return math.NaN(), fmt.Errorf("ranking: NDCGOfScores: k is %d, gain %d, want k >= 0 and a gain: %w", k, g, ErrOption)
	}
	if k == 0 || k > n {
		k = n
	}
	for i, s := range scores {
		if !check.Finite(s) || !check.Finite(relevance[i]) {
			return math.NaN(), fmt.Errorf("ranking: NDCGOfScores: candidate %d: score %v, relevance %v: %w", i, s, relevance[i], ErrNotFinite)
		}
	}
	gain := (&rankCore{opt: Options{Gain: g}}).gain
	discounted := discountedSelected
	if k > minSorted && k > n/16 {
		discounted = discountedSorted
	}
	dcg, ideal, ok := discounted(relevance, scores, k, gain)
	if !ok {
		return math.NaN(), undefined("NDCGOfScores: no relevant candidate")
	}
	if !check.Finite(ideal) || !check.Finite(dcg) {
		return math.NaN(), fmt.Errorf("ranking: NDCGOfScores: gains: %w", ErrOverflow)
	}
	return min(dcg/ideal, 1), nil
}

// tied is the relevant candidates of one score.
type tied struct {
	score, gain float64
	n, above    int // candidates of this score, and of higher ones not counted with the row before
}

// discountedSelected sums the gains where k is small: only the ranks of relevant
// candidates that may be among the first k matter. ok is false without a relevant
// candidate.
func discountedSelected(relevance, scores []float64, k int, gain func(float64) float64) (dcg, ideal float64, ok bool) {
	last := math.Inf(-1)
	if k < len(scores) {
		last = kthLargest(scores, k)
	}
	var rows []tied
	var best []float64
	for i, r := range relevance {
		if r > 0 {
			best = append(best, r)
			if scores[i] >= last {
				rows = append(rows, tied{score: scores[i], gain: gain(r)})
			}
		}
	}
	rank := 0
	for _, row := range place(rows, scores) {
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
	return dcg, ideal, len(best) > 0
}

// place joins rows of one score, best first, and counts the candidates of each score
// and between them.
func place(rows []tied, scores []float64) []tied {
	slices.SortFunc(rows, func(a, b tied) int { return cmp.Compare(b.score, a.score) })
	m := 0
	for i, row := range rows {
		if i > 0 && row.score == rows[m-1].score {
			rows[m-1].gain += row.gain
			continue
		}
		rows[m] = row
		m++
	}
	if rows = rows[:m]; m == 0 {
		return nil
	}
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
	return rows
}

// minSorted is the number of ranks above which sorting all candidates pays.
const minSorted = 32

// descend returns the candidates in order of falling score, as the upper half of the
// score's bits, which parts nearly all of them, above the index: four passes at most.
// Those that agree in the upper half are in no order.
func descend(scores []float64) []uint64 {
	n := len(scores)
	room := make([]uint64, 2*n)
	a, tmp := room[:n], room[n:]
	var count [4][256]int32
	for i, s := range scores {
		key, _ := topk.Key64(s)
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
	return a
}

// discountedSorted sums the gains over all candidates in order; runs that descend
// leaves in no order are sorted in full.
func discountedSorted(relevance, scores []float64, k int, gain func(float64) float64) (dcg, ideal float64, ok bool) {
	n := len(scores)
	a := descend(scores)
	var best []float64
	for _, r := range relevance {
		if r > 0 {
			best = append(best, r)
		}
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
					sum += gain(r)
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
		ideal += gain(best[len(best)-1-r]) * discount(r)
	}
	return dcg, ideal, len(best) > 0
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
