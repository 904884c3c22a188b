package hybrid

import (
	"slices"

	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/recommend"
)

// meaningOf is what m says of its scores.
func meaningOf(m recommend.Model) string {
	if s, ok := m.(recommend.Meaner); ok {
		return s.Meaning()
	}
	return "higher is better; see the type of the model"
}

// sparseScores reports whether a score of 0 or below of m means nothing.
func sparseScores(m recommend.Model) bool {
	s, ok := m.(recommend.SparseScorer)
	return ok && s.SparseScores()
}

// readsOrder reports whether m reads the history as a sequence.
func readsOrder(m recommend.Model) bool {
	s, ok := m.(recommend.OrderReader)
	return ok && s.ReadsOrder()
}

// checkQuery refuses what Model.Score has to refuse, for a model of n items.
func checkQuery(dst []float32, q *recommend.Query, n int) error {
	if len(dst) != n {
		return ErrShape
	}
	return q.Check(n)
}

// topReasons appends the k history items with the largest contribution that is not
// 0, largest first, ties by index.
func topReasons(dst []recommend.Reason, q *recommend.Query, k int, contribution func(item int32) float32) []recommend.Reason {
	start := len(dst)
	for _, i := range q.Items {
		if c := contribution(i); c != 0 {
			dst = append(dst, recommend.Reason{Item: i, Contribution: c})
		}
	}
	slices.SortFunc(dst[start:], func(a, b recommend.Reason) int {
		return topk.Compare(topk.Item{ID: a.Item, Score: a.Contribution}, topk.Item{ID: b.Item, Score: b.Contribution})
	})
	return dst[:start+min(len(dst)-start, max(k, 0))]
}
