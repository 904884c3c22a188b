package infer

import (
	"cmp"
	"slices"
)

// DeLong returns the areas under the ROC curves of several scores of the same rows, and
// their covariance, row by row (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988, by
// the midranks of Sun and Xu, IEEE Signal Processing Letters 21, 2014). Both classes need two
// rows, and the scores must be finite.
func DeLong(y []bool, scores ...[]float64) (auc, cov []float64) {
	k, n := len(scores), len(y)
	order := make([]int, n)
	// parts are, by score, the share of the other class that each row beats, ties half.
	parts := make([][]float64, k)
	auc = make([]float64, k)
	total := [2]float64{}
	for _, v := range y {
		total[label(v)]++
	}
	for s, x := range scores {
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[b], x[a]) })
		parts[s] = make([]float64, n)
		var area Area
		for lo := 0; lo < n; {
			var here [2]float64
			hi := lo
			for ; hi < n && x[order[hi]] == x[order[lo]]; hi++ {
				here[label(y[order[hi]])]++
			}
			positive, negative := area.Classes() // of higher scores
			for _, i := range order[lo:hi] {
				if y[i] {
					parts[s][i] = 1 - (negative+here[0]/2)/total[0]
				} else {
					parts[s][i] = (positive + here[1]/2) / total[1]
				}
			}
			area.Add(here[1], here[0])
			lo = hi
		}
		auc[s] = area.Value()
	}
	cov = make([]float64, k*k)
	for a := range k {
		for b := range k {
			var sum [2]float64
			for i, v := range y {
				sum[label(v)] += (parts[a][i] - auc[a]) * (parts[b][i] - auc[b])
			}
			cov[a*k+b] = sum[0]/(total[0]-1)/total[0] + sum[1]/(total[1]-1)/total[1]
		}
	}
	return auc, cov
}

func label(v bool) int {
	if v {
		return 1
	}
	return 0
}
