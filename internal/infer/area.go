package infer

// Area adds up the area under the ROC curve, the share of pairs of a positive and a negative row in which the positive one has the
// higher score, ties half (Mann and Whitney, Ann. Math. Stat. 18, 1947).
type Area struct{ sum, positive, negative float64 }

// Add adds the rows of one score by their weights. Scores come from the highest to the lowest.
func (a *Area) Add(positive, negative float64) {
	a.sum += negative * (a.positive + positive/2) // those before beat them, these draw
	a.positive += positive
	a.negative += negative
}

// Classes returns the weights of both.
func (a *Area) Classes() (positive, negative float64) { return a.positive, a.negative }

// Value returns the area, NaN where there is one class only.
func (a *Area) Value() float64 { return a.sum / a.positive / a.negative }
