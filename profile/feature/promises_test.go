package feature_test

import (
	"context"
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
	rows := func() [][]float64 { return [][]float64{{1, 3}, {2, 5}, {4, 9}} }
	six := func() [][]float64 { return [][]float64{{1, 2, 3, 4, 5, 6}} }
	testkit.Promises{
		Funcs: map[string]any{"FitImputer": feature.FitImputer, "FitScaler": feature.FitScaler, "NewColumns": feature.NewColumns},
		Types: types,
		Args: map[string]func() []any{
			"FitImputer": func() []any {
				return []any{context.Background(), rows(), feature.ImputerOptions{Names: []string{"a", "b"}, Groups: []string{"g", "h", "g"}, Methods: map[string]feature.ImputeMethod{"a": feature.Median}, Value: 1}}
			},
			"FitScaler": func() []any {
				return []any{context.Background(), rows(), feature.ScalerOptions{Names: []string{"a", "b"}, Lo: -1, Hi: 2, Methods: map[string]feature.ScaleMethod{"a": feature.Robust}}}
			},
			"Scaler.Transform":  func() []any { return []any{nil, six()} },
			"Scaler.Inverse":    func() []any { return []any{nil, six()} },
			"Imputer.Transform": func() []any { return []any{nil, six(), []string{"g"}} },
			"Columns.Add":       func() []any { return []any{[]float64{1, 2}} },
			"Columns.Scaler":    func() []any { return []any{feature.ScalerOptions{}} },
		},
		NaN: map[string]string{
			"Scaler.Transform": "a NaN stays one",
			"Scaler.Inverse":   "a NaN stays one",
		},
	}.Check(t)
}
