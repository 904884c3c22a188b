package uplift

import (
	"context"
	"fmt"
)

// CrossFitOptions configures CrossFitPolicyTree.
type CrossFitOptions struct {
	Scores Options           // of the models behind the scores; Folds 3 at least, and those of the trees, too
	Tree   PolicyTreeOptions // of the trees
}

// PolicyTreeResult is a policy tree with what it takes to judge it on rows that it has not seen.
type PolicyTreeResult struct {
	// Tree is that of all rows, the one to use.
	Tree *PolicyTree
	// OutOfFold is the arm of each row by a tree that was fitted without the row's fold, and so were the scores it was
	// fitted to; of rows of weight 0 that of Tree.
	OutOfFold []int
	// Scores are the doubly robust scores of all rows: Scores.Gain(OutOfFold, …) is what such a tree is worth, with its
	// interval.
	Scores *Scores
}

// CrossFitPolicyTree fits a policy tree and policies for its value: for each fold a tree to the doubly robust scores of the
// other folds, whose models have not seen the fold either, says who of the fold gets what. So no row has a part in the policy that it is
// judged with, as it has where FitPolicyTree and Scores.Value take the same rows, which looks better than it is.
//
// Cost: the nuisances of FitDR, and FitPolicyTree for each fold and for all. Errors: those of FitDR and FitPolicyTree, ErrOption
// for fewer than three folds.
func CrossFitPolicyTree(ctx context.Context, d Data, learner Learner, opt CrossFitOptions) (*PolicyTreeResult, error) {
	const where = "uplift: CrossFitPolicyTree"
	f, err := newFitter(ctx, where, d, learner, opt.Scores)
	if err != nil {
		return nil, err
	}
	if f.folds < 3 {
		return nil, fmt.Errorf("%s: Folds: %d, want 3 at least: %w", where, f.folds, ErrOption)
	}
	mu, e, err := f.nuisances(-1)
	if err != nil {
		return nil, err
	}
	out := &PolicyTreeResult{}
	if out.Scores, err = f.score(mu, e); err != nil {
		return nil, err
	}
	if out.Tree, err = FitPolicyTree(ctx, out.Scores, opt.Tree); err != nil {
		return nil, placed(where, err)
	}
	if out.OutOfFold, err = out.Tree.Policy(nil, d.Rows); err != nil {
		return nil, placed(where, err)
	}
	for fold := range f.folds {
		if mu, e, err = f.nuisances(fold); err != nil {
			return nil, err
		}
		rest := f.except(fold, -1)
		gamma, err := f.gamma(mu, e, rest)
		if err != nil {
			return nil, err
		}
		scores := &Scores{Arms: f.arms, Values: f.scatter(gamma, f.arms), e: e, s: f.study}
		t, err := FitPolicyTree(ctx, scores.of(rest), opt.Tree)
		if err != nil {
			return nil, placed(where, err)
		}
		for _, k := range f.within(fold) {
			arm, err := t.Policy(nil, f.rows[k:k+1])
			if err != nil {
				return nil, placed(where, err)
			}
			out.OutOfFold[f.from[k]] = arm[0]
		}
	}
	return out, nil
}
