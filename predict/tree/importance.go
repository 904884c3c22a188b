package tree

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// ImportanceKind is what the splits of a column are counted by.
type ImportanceKind uint8

// The kinds.
const (
	ImportanceGain   ImportanceKind = iota // Σ Gain of its splits
	ImportanceCover                        // Σ Cover of the nodes that it splits, or Σ Count where they know no Cover
	ImportanceSplits                       // how many there are
	importanceKinds                        // how many kinds there are
)

// String returns the name of the kind.
func (k ImportanceKind) String() string {
	if k < importanceKinds {
		return [...]string{"gain", "cover", "splits"}[k]
	}
	return fmt.Sprintf("ImportanceKind(%d)", uint8(k))
}

// Importance returns one number a column, the sum over all splits by it, as LightGBM's gain and
// split and XGBoost's total_gain, total_cover and weight; divide by their sum for
// scikit-learn's of a single tree. It is cheap and flatters columns of many values, noise included: the
// permutation importance of ForestResult and the mean magnitude of SHAP.Values do not, or less.
// Errors: ErrEmpty for a model that was not fitted, ErrOption for a kind that is none.
func (e *Ensemble) Importance(kind ImportanceKind) ([]float64, error) {
	const where = "tree: Ensemble.Importance"
	if err := e.fitted(where); err != nil {
		return nil, err
	}
	var c check.Options
	c.Require(kind < importanceKinds, "kind", kind, "an importance")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	out := make([]float64, e.columns)
	for p := range e.nodes {
		n := &e.nodes[p]
		if n.child == int32(p) {
			continue
		}
		var column int32
		if n.view < 0 {
			column = e.tests[^n.view].column
		} else {
			column = e.views[n.view].column
		}
		switch kind {
		case ImportanceGain:
			out[column] += e.gain[p]
		case ImportanceSplits:
			out[column]++
		default:
			if e.cover[p] > 0 {
				out[column] += e.cover[p]
			} else {
				out[column] += e.count[p]
			}
		}
	}
	return out, nil
}
