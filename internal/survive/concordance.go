package survive

import (
	"cmp"
	"math"
	"slices"
)

// Concordance is Harrell's C-index: of the pairs of cases of which it is known who ended first, the
// share in which that one had the higher risk, equal risks half (Harrell et al., JAMA 247, 1982). A
// case that is open at a time outlasts those that end at it; two that end together say nothing. NaN
// where no pair can be compared. The slices are as long, times and risks finite. Cost n·log n.
func Concordance(times []float64, ended []bool, risk []float64) float64 {
	sorted := slices.Clone(risk)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	order := make([]int, len(times))
	place := make([]int, len(times))
	for i := range order {
		order[i] = i
		place[i], _ = slices.BinarySearch(sorted, risk[i])
	}
	// Latest first; of one time the censored before those that end.
	late := func(i int) int {
		if ended[i] {
			return 1
		}
		return 0
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(times[b], times[a]), late(a)-late(b)) })
	stay := make(fenwick, len(sorted)+1) // rows that stay longer, by risk
	var good, tied, pairs float64
	n := 0
	for lo := 0; lo < len(order); {
		hi := lo
		for ; hi < len(order) && times[order[hi]] == times[order[lo]] && ended[order[hi]] == ended[order[lo]]; hi++ {
		}
		if ended[order[lo]] {
			for _, i := range order[lo:hi] {
				lower := stay.below(place[i])
				good += float64(lower)
				tied += float64(stay.below(place[i]+1) - lower)
				pairs += float64(n)
			}
		}
		for _, i := range order[lo:hi] {
			stay.add(place[i])
			n++
		}
		lo = hi
	}
	if pairs == 0 {
		return math.NaN()
	}
	return (good + tied/2) / pairs
}

// fenwick counts entries by position.
type fenwick []int

func (f fenwick) add(i int) {
	for i++; i < len(f); i += i & -i {
		f[i]++
	}
}

// below counts the entries at positions before i.
func (f fenwick) below(i int) (n int) {
	for ; i > 0; i -= i & -i {
		n += f[i]
	}
	return n
}
