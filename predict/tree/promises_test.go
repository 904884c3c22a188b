package tree_test

import (
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/tree"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	link, loss, criterion := tree.LinkLog, tree.LossTweedie, tree.GiniImpurity
	boostRows, margin := mixed(60, 1)
	boostY := labels(margin, 1)
	importance := tree.ImportanceSplits
	explainer := func() *tree.SHAP {
		x, err := tree.NewSHAP(bg, filled(), tree.SHAPOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	explained := func() []any { return []any{bg, nil, [][]float64{{1, 0, 1}, {3, 2, -1}}} }
	cart := func() []any {
		return []any{
			bg,
			[][]float64{{1, 0}, {2, 1}, {3, 0}, {4, 2}, {5, 1}, {6, 0}},
			[]float64{0, 0, 1, 0, 1, 1},
			tree.CARTOptions{
				Classes: 2, Criterion: tree.GiniImpurity, MaxDepth: 3, MaxLeaves: 4, MinSplit: 2, MinLeaf: 1, MinLeafWeight: .1, MinGain: .01, Alpha: .01,
				Categorical: []int{1}, MinCategory: 1, Weights: []float64{1, 1, 2, 1, 1, 1}, ClassWeights: []float64{1, 2}, Balanced: true,
				Names: []string{"a", "b"}, Levels: [][]string{nil, {"x", "y", "z"}}, Workers: 1,
			},
		}
	}
	rows := func() []any { return []any{nil, [][]float64{{1, 0, 1}, {3, 2, -1}}} }
	testkit.Promises{
		Funcs: map[string]any{
			"Assemble": tree.Assemble, "FitBoost": tree.FitBoost, "FitCART": tree.FitCART, "PruneCART": tree.PruneCART,
			"FitForest": tree.FitForest, "NewSHAP": tree.NewSHAP, "NewBoostParty": tree.NewBoostParty, "FitBoostParties": tree.FitBoostParties,
			"ImportXGBoost": tree.ImportXGBoost, "ImportXGBoostLinear": tree.ImportXGBoostLinear, "ImportLightGBM": tree.ImportLightGBM,
		},
		Types: []func() any{func() any {
			return must(tree.Assemble(planted(), tree.AssembleOptions{Columns: 3, Base: []float64{1}}))
		}, func() any {
			return &tree.Weights{Names: []string{"a", "b", "c"}, Bias: []float64{.5}, Coefficients: [][]float64{{1, 2, 3}}, Link: tree.LinkLogit}
		}, func() any {
			return must(filled().Bind(shopColumns()))
		}, func() any { return &link }, func() any { return &loss }, func() any { return &criterion }, func() any { return &importance }, func() any { return explainer() }, func() any { return answeredRound(t) }, func() any { return someParty() }},
		Zero: []string{"LinkKind", "Loss", "CriterionKind", "ImportanceKind"},
		Args: map[string]func() []any{
			"Assemble": func() []any {
				return []any{
					[][]tree.Node{{
						{Column: 0, Threshold: 2.5, Left: 1, Right: 2, Values: []float64{.5, .5}, Cover: 2, Count: 2, Gain: 1},
						{Column: -1, Values: []float64{1, 2}, Cover: 1, Count: 1},
						{Column: -1, Values: []float64{2, 3}, Cover: 1, Count: 1},
					}},
					tree.AssembleOptions{Columns: 2, Names: []string{"a", "b"}, Categorical: []int{1}, Levels: [][]string{nil, {"x", "y"}}, Outputs: 2, Base: []float64{1, 2}, Link: tree.LinkSoftmax, Slope: 2},
				}
			},
			"FitBoost": func() []any {
				return []any{bg, boostRows, boostY, tree.BoostOptions{
					Iterations: 2, Leaves: 3, MaxDepth: 2, LearningRate: .3, L1: .1, L2: .5, MinHessian: .1, MinRows: 2, MinGain: .01, Bins: 20, Quantile: .4, Power: 1.2,
					Truncation: 5, MinCategory: 2, CategorySmooth: 1, RowShare: .8, ColumnShare: .9, Seed: 1, Patience: 1,
					Categorical: []int{3}, Names: []string{"a", "b", "c", "d", "e"}, Levels: [][]string{3: {"x", "y"}, 4: nil}, Monotone: []int{1, 0, -1, 0, 0}, Interactions: [][]int{{0, 1}, {2, 3}},
					Weights: slices.Repeat([]float64{1, 2}, 30), ClassWeights: []float64{1, 2}, Balanced: true, Offset: slices.Repeat([]float64{.5}, 60), IDs: slices.Repeat([]uint64{1, 2, 3}, 20),
					Validation: []int{1, 4, 8, 12}, Progress: func(tree.Progress) {},
				}}
			},
			"NewBoostParty": func() []any {
				return []any{[][]float64{{1, 0}, {2, 1}, {3, 0}}, []float64{0, 1, 1}, tree.PartyOptions{Weights: []float64{1, 2, 1}, Workers: 1}}
			},
			"FitBoostParties": func() []any {
				return []any{bg, []string{"a", "b", "c", "d", "e"}, among([]*tree.BoostParty{someParty()}, nil), tree.BoostOptions{
					Iterations: 2, Leaves: 3, MaxDepth: 2, LearningRate: .3, L1: .1, L2: .5, MinHessian: .1, MinRows: 2, MinGain: .01, Bins: 20,
					MinCategory: 2, CategorySmooth: 1, ColumnShare: .9, Seed: 1, Categorical: []int{3}, Levels: [][]string{3: {"x", "y"}, 4: nil},
					Monotone: []int{1, 0, -1, 0, 0}, Interactions: [][]int{{0, 1}, {2, 3}}, Progress: func(tree.Progress) {},
				}}
			},
			"BoostRound.Add":      func() []any { return []any{bg, someParty()} },
			"BoostRound.Merge":    func() []any { return []any{answeredRound(t)} },
			"BoostRound.Words":    func() []any { return []any{nil} },
			"BoostRound.SetWords": func() []any { return []any{answeredRound(t).Words(nil)} },
			"ImportXGBoost":       func() []any { return []any{small()} },
			"ImportLightGBM":      func() []any { return []any{text()} },
			"FitCART":             cart,
			"PruneCART":           cart,
			"FitForest": func() []any {
				return []any{
					bg,
					[][]float64{{1, 0}, {2, 1}, {3, 0}, {4, 2}, {5, 1}, {6, 0}},
					[]float64{0, 0, 1, 0, 1, 1},
					tree.ForestOptions{
						Classes: 2, Trees: 2, Criterion: tree.GiniImpurity, Extremely: true, Try: 1, Sample: .8, Distinct: true, MaxDepth: 3, MinSplit: 2, MinLeaf: 1, MinGain: .01,
						Categorical: []int{1}, MinCategory: 1, Weights: []float64{1, 1, 2, 1, 1, 1}, ClassWeights: []float64{1, 2}, Balanced: true,
						IDs: []uint64{1, 2, 3, 4, 5, 6}, Importance: true, Names: []string{"a", "b"}, Levels: [][]string{nil, {"x", "y", "z"}}, Seed: 1, Workers: 1, Progress: func(tree.Progress) {},
					},
				}
			},
			"NewSHAP": func() []any {
				return []any{bg, filled(), tree.SHAPOptions{Background: [][]float64{{1, 0, 1}, {3, 2, -1}}, Workers: 1}}
			},
			"Ensemble.Importance":     func() []any { return []any{tree.ImportanceGain} },
			"SHAP.Values":             explained,
			"SHAP.Interactions":       explained,
			"ImportXGBoostLinear":     func() []any { return []any{stored(t, "xgboost-3.2.0-linear.json")} },
			"Ensemble.AppendLightGBM": func() []any { return []any{nil} },
			"Ensemble.AppendXGBoost":  func() []any { return []any{nil} },
			"Weights.Margins":         rows,
			"Weights.Predict":         rows,
			"Ensemble.Leaves":         rows,
			"Ensemble.Margins":        rows,
			"Ensemble.Predict":        rows,
			"Ensemble.Bind": func() []any {
				return []any{[]predict.Column{{Name: "x0"}, {Name: "x1", Kind: predict.Categorical}, {Name: "x2"}}}
			},
			"Bound.Margins":  func() []any { return []any{nil, []float64{1, 0, 1, 2, 3}} },
			"Bound.Predict":  func() []any { return []any{nil, []float64{1, 0, 1, 2, 3}} },
			"Ensemble.Nodes": func() []any { return []any{1} },
			"Ensemble.First": func() []any { return []any{1} },
			"Ensemble.Refit": func() []any {
				return []any{bg, [][]float64{{1, 0, 1}, {3, 2, -1}}, []float64{1, 2}, tree.RefitOptions{Decay: .5, Rates: []float64{1, .5}, Boost: tree.BoostOptions{Loss: tree.LossSquared}}}
			},
		},
		NaN: map[string]string{
			"FitForest": "rows that all trees have drawn have no value out of bag", "Bound.Margins": "a row of another width", "Bound.Predict": "a row of another width",
		},
		Settles: map[string]string{"Ensemble.AppendLightGBM": "missing categories of this model go left, which LightGBM's text cannot say", "Ensemble.AppendXGBoost": "zeros are missing in this model, which XGBoost's file cannot say"},
	}.Check(t)
}
