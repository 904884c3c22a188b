package tree

import (
	"fmt"
	"slices"
)

// First returns the model of the first trees, 1 … Trees, which shares nothing with e; a mean is taken over
// those that are left. XGBoost saves the trees behind best_iteration, too, while its scikit-learn classes
// predict without them: First((best_iteration+1)·n) does the same, where n, the trees of a round, is num_parallel_tree times the outputs,
// or num_parallel_tree alone where a leaf has a value for each. LightGBM saves up to the best by itself. Errors: ErrEmpty for a
// model that was not fitted, ErrRange for another number. Cost: one pass over the trees.
func (e *Ensemble) First(trees int) (*Ensemble, error) {
	const where = "tree: Ensemble.First"
	if err := e.fitted(where); err != nil {
		return nil, err
	}
	if trees < 1 || trees > e.Trees() {
		return nil, fmt.Errorf("%s: trees is %d, want 1 … %d: %w", where, trees, e.Trees(), ErrRange)
	}
	d := e.described()
	a := newModel(AssembleOptions{
		Names: d.names, Categorical: d.categorical, Levels: d.levels, Columns: e.columns, Base: slices.Clone(e.base), Link: e.link, Slope: e.slope, Average: e.average, Single: e.single,
	}, e.width)
	for t := range trees {
		nodes := make([]Node, e.roots[t+1]-1-e.roots[t])
		for i := range nodes {
			nodes[i] = e.at(t, int32(i))
		}
		if err := a.add(nodes, int(e.target[t])); err != nil {
			return nil, fmt.Errorf("%s: trees[%d]: %w", where, t, err)
		}
	}
	out, err := a.finish()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return out, nil
}
