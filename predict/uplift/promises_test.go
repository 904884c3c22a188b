package uplift_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// few are customers of whom the arms differ in size, with two treatments.
func few(n int) uplift.Data {
	var d uplift.Data
	for i := range n {
		arm := []int{0, 1, 0, 2, 0, 1}[i*i%13%6]
		d.Rows = append(d.Rows, []float64{float64(i % 4), float64(i*7%11) / 2})
		d.Treatment = append(d.Treatment, arm)
		d.Outcome = append(d.Outcome, float64(i*i*i%5)+float64(arm*(i%4)))
		d.IDs = append(d.IDs, uint64(i/2))
	}
	return d
}

func TestPromises(t *testing.T) {
	d := few(60)
	full := d
	full.Arms, full.Propensities = 3, []float64{.5, .3, .2}
	for i := range d.Rows {
		full.Weights, full.Folds = append(full.Weights, float64(1+i%2)), append(full.Folds, i%4)
	}
	opt := uplift.Options{Effect: mean, Propensity: mean, MinPropensity: .05, Folds: 3, MaxIter: 4, Tol: .01, Level: .9, Seed: 1, Progress: func(uplift.Progress) {}}
	fit := func() []any { return []any{bg, full, uplift.Learner(mean), opt} }
	policy := make([]int, 60)
	for i := range policy {
		policy[i] = i % 3
	}
	effects := make([]float64, 60)
	for i := range effects {
		effects[i] = float64(i%7) - 3
	}
	value := uplift.ValueOptions{Worth: 2, Costs: []float64{0, .5, .75}, Level: .9}
	wood := uplift.TreeOptions{
		Criterion: uplift.CTS, MaxDepth: 3, MinLeaf: 5, MinArm: 1, MinGain: 1e-9, Shrink: 2, Plain: true, Honest: .3, Bins: 20, Categorical: []int{0},
		Names: []string{"a", "b"}, Seed: 1, Workers: 1,
	}
	questions := uplift.PolicyTreeOptions{
		Depth: 2, Bins: 4, MinLeaf: 3, Columns: []int{0, 1}, Categorical: []int{0}, Names: []string{"a", "b"}, Worth: 2, Costs: []float64{0, .1, .2}, Workers: 1,
	}
	stored := get(get(uplift.FitTree(bg, d, wood)).MarshalBinary())
	testkit.Promises{
		Funcs: map[string]any{
			"FitS": uplift.FitS, "FitT": uplift.FitT, "FitX": uplift.FitX, "FitR": uplift.FitR, "FitDR": uplift.FitDR,
			"ScoresDR": uplift.ScoresDR, "ScoresIPW": uplift.ScoresIPW, "Assign": uplift.Assign,
			"FitTree": uplift.FitTree, "FitForest": uplift.FitForest, "FitPolicyTree": uplift.FitPolicyTree,
			"CrossFitPolicyTree": uplift.CrossFitPolicyTree,
		},
		Types: []func() any{
			func() any { return get(uplift.FitX(bg, d, mean, uplift.Options{})) },
			func() any { return get(uplift.ScoresIPW(d)) },
			func() any { var f uplift.Forest; must(f.UnmarshalBinary(stored)); return &f },
			func() any { c := uplift.KL; return &c },
			func() any { return asks() },
		},
		Zero: []string{"Criterion"},
		Args: map[string]func() []any{
			"FitS": fit, "FitT": fit, "FitX": fit, "FitR": fit, "FitDR": fit, "ScoresDR": fit,
			"ScoresIPW": func() []any { return []any{full} },
			"Assign": func() []any {
				return []any{effects, 3, uplift.AssignOptions{Worth: 2, Costs: []float64{0, 1, 2}, Budget: 10}}
			},
			"FitTree": func() []any { return []any{bg, full, wood} },
			"FitForest": func() []any {
				return []any{bg, full, uplift.ForestOptions{Tree: wood, Trees: 3, Try: 1, Sample: .8, Level: .9, Progress: func(uplift.Progress) {}}}
			},
			"FitPolicyTree": func() []any {
				return []any{bg, get(uplift.ScoresIPW(d)), questions}
			},
			"CrossFitPolicyTree": func() []any {
				return []any{bg, full, uplift.Learner(mean), uplift.CrossFitOptions{Scores: opt, Tree: questions}}
			},
			"PolicyTree.Policy":    func() []any { return []any{nil, [][]float64{{1, 2, 0}}} },
			"PolicyTree.Text":      func() []any { return []any{[]string{"none", "mail", "call"}} },
			"Forest.Nodes":         func() []any { return []any{0} },
			"Forest.Text":          func() []any { return []any{0} },
			"Forest.Means":         func() []any { return []any{nil, d.Rows[:3]} },
			"Forest.Effects":       func() []any { return []any{nil, d.Rows[:3]} },
			"Learned.Effects":      func() []any { return []any{bg, nil, d.Rows[:3]} },
			"Learned.EffectsGiven": func() []any { return []any{bg, nil, d.Rows[:3], []float64{.5, .3, .2}} },
			"Scores.Effects":       func() []any { return []any{1} },
			"Scores.Average":       func() []any { return []any{2, .9} },
			"Scores.Overlap":       func() []any { return []any{.05} },
			"Scores.Trim":          func() []any { return []any{.05} },
			"Scores.Value":         func() []any { return []any{policy, value} },
			"Scores.Gain":          func() []any { return []any{policy, make([]int, 60), value} },
			"Scores.GainOverLot":   func() []any { return []any{policy, value} },
			"Scores.Harmed":        func() []any { return []any{1, effects, uplift.HarmOptions{Groups: 4, Most: .4, Level: .9}} },
		},
		NaN: map[string]string{
			"FitS": "rows of weight 0 have no effects", "FitT": "as FitS", "FitX": "as FitS", "FitR": "as FitS", "FitDR": "as FitS",
			"ScoresDR": "rows of weight 0 have no scores", "ScoresIPW": "as ScoresDR",
			"CrossFitPolicyTree": "as ScoresDR", "Scores.Trim": "rows that are taken out have no scores", "Scores.Harmed": "there may be nobody harmed",
			"FitForest": "rows of weight 0, or that all trees have drawn, have no effects out of bag",
			"Assign":    "without a budget there is no price",
		},
	}.Check(t)
}

// TestCancels: each call looks at its context before each fit and each block of predictions.
func TestCancels(t *testing.T) {
	var calls []testkit.Cancel
	for name, fit := range fits {
		calls = append(calls, testkit.Cancel{Name: "uplift.Fit" + name, Looks: 30, Do: func(ctx context.Context, size int) error {
			d := few(2000 * size)
			testkit.Start(ctx)
			_, err := fit(ctx, d, mean, uplift.Options{})
			return err
		}})
	}
	calls = append(calls, testkit.Cancel{Name: "uplift.ScoresDR", Looks: 20, Do: func(ctx context.Context, size int) error {
		d := few(2000 * size)
		testkit.Start(ctx)
		_, err := uplift.ScoresDR(ctx, d, mean, uplift.Options{})
		return err
	}})
	testkit.Cancels(t, calls)
}
