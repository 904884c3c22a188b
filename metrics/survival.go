package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Concordance returns Harrell's C-index of censored durations: of the pairs of which it is
// known who went first, the share in which that one had the higher risk, equal risks half. ended says
// of which rows the end was seen; the others are censored at their time, and count as staying longer than those that
// end at the same moment. Pairs that end together say nothing. It is the AUC where every row ends at one of two times. Cost n·log n.
// ErrShape, ErrNotFinite, ErrRange for a negative time, ErrUndefined where no pair can be compared.
func Concordance(times []float64, ended []bool, risk []float64) (float64, error) {
	const where = "metrics: Concordance"
	for _, err := range []error{check.Len("ended", len(ended), len(times)), check.Len("risk", len(risk), len(times)), check.Slice("times", times), check.Slice("risk", risk)} {
		if err != nil {
			return math.NaN(), fmt.Errorf("%s: %w", where, err)
		}
	}
	for i, t := range times {
		if t < 0 {
			return math.NaN(), fmt.Errorf("%s: times[%d] is negative: %w", where, i, ErrRange)
		}
	}
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
		return math.NaN(), undefined("Concordance: no pair of rows can be compared")
	}
	return (good + tied/2) / pairs, nil
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
