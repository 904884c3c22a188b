package feature_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	types = append(types, func() any {
		m, err := feature.FitModelImputer(context.Background(), [][]float64{{1, 2}, {2, math.NaN()}, {3, 6}}, doubled)
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
	rows := func() [][]float64 { return [][]float64{{1, 3}, {2, 5}, {4, 9}} }
	six := func() [][]float64 { return [][]float64{{1, 2, 3, 4, 5, 6}} }
	selector := func() feature.SelectorOptions {
		return feature.SelectorOptions{Names: []string{"a", "b"}, Keep: 1, MaxCorrelation: .9, LeakAUC: .9, Bins: 3, KeepLeaks: true}
	}
	testkit.Promises{
		Funcs: map[string]any{
			"FitImputer": feature.FitImputer, "FitScaler": feature.FitScaler, "NewColumns": feature.NewColumns,
			"FitEncoder": feature.FitEncoder, "EncodeOutOfFold": feature.EncodeOutOfFold, "FitBins": feature.FitBins,
			"Relevances": feature.Relevances, "FitSelector": feature.FitSelector, "NewCovariance": feature.NewCovariance, "FitPCA": feature.FitPCA,
			"NewRandomProjection": feature.NewRandomProjection, "NewCrosses": feature.NewCrosses, "FitPipeline": feature.FitPipeline,
			"FitNeighbors": feature.FitNeighbors, "FitModelImputer": feature.FitModelImputer,
			"NewScreen": feature.NewScreen, "Evidence": feature.Evidence, "Association": feature.Association,
		},
		Types: types,
		Args: map[string]func() []any{
			"FitImputer": func() []any {
				return []any{context.Background(), rows(), feature.ImputerOptions{Names: []string{"a", "b"}, Groups: []string{"g", "h", "g"}, Methods: map[string]feature.ImputeMethod{"a": feature.Median}, Value: 1}}
			},
			"FitScaler": func() []any {
				return []any{context.Background(), rows(), feature.ScalerOptions{Names: []string{"a", "b"}, Lo: -1, Hi: 2, Methods: map[string]feature.ScaleMethod{"a": feature.Robust}}}
			},
			"FitEncoder": func() []any {
				return []any{context.Background(), encoderCells, []float64{1, 2, 4}, encoderOptions}
			},
			"EncodeOutOfFold": func() []any {
				return []any{context.Background(), nil, encoderCells, []float64{1, 2, 4}, []int{1, 2, 1}, encoderOptions}
			},
			"FitBins": func() []any {
				return []any{context.Background(), rows(), []bool{true, false, true}, feature.BinOptions{Names: []string{"a", "b"}, Bins: 3, Start: 3, MinShare: .1, Trend: 1, Methods: map[string]feature.BinMethod{"a": feature.Monotone}}}
			},
			"Relevances": func() []any {
				return []any{context.Background(), rows(), []float64{1, 0, 1}, selector()}
			},
			"FitSelector": func() []any {
				return []any{context.Background(), rows(), []float64{1, 0, 1}, selector()}
			},
			"FitNeighbors":    func() []any { return []any{context.Background(), rows(), 2} },
			"FitModelImputer": func() []any { return []any{context.Background(), rows(), feature.Regressor(doubled)} },
			"Neighbors.Transform": func() []any {
				return []any{context.Background(), nil, [][]float64{{1, math.NaN()}}}
			},
			"ModelImputer.Transform": func() []any { return []any{nil, [][]float64{{1, 2}}} },
			"FitPipeline": func() []any {
				rows, cells, y, folds := pipelineRows(12)
				opt := pipelineOptions(folds)
				opt.Bins = &feature.BinOptions{Bins: 3, Start: 3, MinShare: .1, Trend: 1, WOE: true, Methods: map[string]feature.BinMethod{"spend": feature.EqualCount}}
				return []any{context.Background(), rows, cells, y, opt}
			},
			"Pipeline.Transform": func() []any {
				rows, cells, _, _ := pipelineRows(3)
				return []any{nil, rows, cells}
			},
			"FitPCA": func() []any {
				return []any{context.Background(), rows(), feature.PCAOptions{Names: []string{"a", "b"}, Components: 2, Share: .9}}
			},
			"NewRandomProjection":  func() []any { return []any{3, 2, uint64(1)} },
			"NewCrosses":           func() []any { return []any{[]string{"a", "b"}, crosses} },
			"Selector.Transform":   func() []any { return []any{nil, [][]float64{{1, 2, 3}}} },
			"Covariance.Add":       func() []any { return []any{[]float64{1, 2}} },
			"Covariance.PCA":       func() []any { return []any{feature.PCAOptions{Components: 2, Share: .9}} },
			"Projection.Transform": func() []any { return []any{nil, [][]float64{{1, 2}}} },
			"Projection.Weights":   func() []any { return []any{1} },
			"Crosses.Transform":    func() []any { return []any{nil, [][]float64{{1, 2}}} },
			"NewScreen": func() []any {
				return []any{feature.ScreenOptions{Names: []string{"a", "b"}, Classes: 3, Bins: cutBins(t, rows(), []string{"a", "b"})}}
			},
			"Screen.Add":      func() []any { return []any{[]float64{1, 2}, 1} },
			"Screen.AddAll":   func() []any { return []any{context.Background(), [][]float64{{1, 2}, {3, 4}}, []int{0, 1}} },
			"Screen.AddAll32": func() []any { return []any{context.Background(), [][]float32{{1, 2}, {3, 4}}, []int{0, 1}} },
			"Screen.Selector": func() []any {
				return []any{feature.SelectorOptions{By: feature.ByF, Keep: 1, KeepLeaks: true, LeakAUC: .9, Bins: 3}}
			},
			"Evidence":          func() []any { return []any{[]int64{90, 60, 50}, []int64{10, 20, 70}} },
			"Association":       func() []any { return []any{[][]int64{{3, 2}, {0, 4}, {2, 3}}} },
			"Encoder.Transform": func() []any { return []any{nil, encoderCells} },
			"Bins.Transform":    func() []any { return []any{nil, [][]float64{{1, 2}, {3, 4}}} },
			"Scaler.Transform":  func() []any { return []any{nil, six()} },
			"Scaler.Inverse":    func() []any { return []any{nil, six()} },
			"Imputer.Transform": func() []any { return []any{nil, [][]float64{{1, 2, 3, 4, 5, 6, 7}}, []string{"g"}} },
			"Columns.Add":       func() []any { return []any{[]float64{1, 2}} },
			"Columns.Scaler":    func() []any { return []any{feature.ScalerOptions{}} },
			"Columns.Imputer":   func() []any { return []any{feature.ImputerOptions{}} },
		},
		NaN: map[string]string{
			"Scaler.Transform":   "a NaN stays one",
			"Scaler.Inverse":     "a NaN stays one",
			"Bins.Result":        "a bin has no bound where it goes on for ever",
			"Relevances":         "what is undefined of a column is NaN",
			"Screen.Result":      "what is undefined of a column is NaN",
			"Covariance.Result":  "what two rows are needed for is NaN before",
			"Crosses.Transform":  "the product of a missing value is missing",
			"Selector.Transform": "a NaN stays one",
			"Association":        "a category of one level has no gain ratio",
		},
	}.Check(t)
}
