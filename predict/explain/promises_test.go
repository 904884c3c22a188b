package explain_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/explain"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// cases are rows with a missing value.
func cases() [][]float64 {
	return [][]float64{{0, 1, 2}, {1, 3, 2.5}, {2, 2, 4}, {3, 5, 1}, {2.5, 4, 0}, {1.5, 0, 3}}
}

func TestPromises(t *testing.T) {
	f := func(dst []float64, rows [][]float64) ([]float64, error) {
		for _, x := range rows {
			if len(x) != 3 {
				return dst, explain.ErrShape
			}
			dst = append(dst, x[0]+x[1]*x[2])
		}
		return dst, nil
	}
	score := func(p []float64) (float64, error) { return p[0] - p[1], nil }
	row := []float64{0, 1, 2}
	testkit.Promises{
		Funcs: map[string]any{
			"Permutation": explain.Permutation, "PartialDependence": explain.PartialDependence, "ALE": explain.ALE, "ALE2": explain.ALE2,
			"Linear": explain.Linear, "Hints": explain.Hints, "Reasons": explain.Reasons, "English": explain.English, "Chinese": explain.Chinese,
		},
		Types: []func() any{
			func() any {
				return must(explain.Permutation(bg, f, cases(), score, explain.PermutationOptions{Repeats: 3}))
			},
			func() any {
				return &explain.Hint{Changes: []explain.Change{{Column: 1, Name: "visits", From: 1, To: 2, Steps: 1}}, Prediction: 3, Cost: 1}
			},
		},
		Zero: []string{"Hint"},
		Args: map[string]func() []any{
			"Permutation": func() []any {
				return []any{bg, f, cases(), score, explain.PermutationOptions{Groups: [][]int{{0}, {1, 2}}, Repeats: 3, Level: .9, Seed: 1}}
			},
			"Importances.Difference": func() []any { return []any{0, 1} },
			"PartialDependence": func() []any {
				return []any{bg, f, cases(), []int{0, 1}, explain.DependenceOptions{
					Grid: [][]float64{{0, 1}, {2, 3}}, Points: 5, Low: .1, High: .8, Weights: []float64{1, 2, 3, 4, 5, 6}, Individual: true, Centred: true,
				}}
			},
			"ALE": func() []any {
				return []any{bg, f, cases(), 1, explain.ALEOptions{Bins: 3, Edges: [][]float64{{0, 2, 6}}}}
			},
			"ALE2":   func() []any { return []any{bg, f, cases(), [2]int{0, 1}, explain.ALEOptions{Bins: 2}} },
			"Linear": func() []any { return []any{nil, []float64{1, 2, -1}, []float64{0, 1, 1}, row} },
			"Hints": func() []any {
				return []any{bg, f, row, []explain.Action{
					{Column: 0, Name: "orders", Step: 1, Low: 0, High: 4, Cost: 1}, {Column: 1, Name: "visits", Step: .5, Low: 0, High: 3, Cost: 2, Monotone: true},
				}, explain.HintOptions{Target: 5, Most: 3, MaxAsked: 1000}}
			},
			"Reasons": func() []any {
				return []any{[]explain.Reason{{Name: "d", Column: 4, Value: 1, Contribution: 2, Text: "d"}}, []string{"a", "b", "c"}, []float64{1, -2, 3}, row, explain.ReasonOptions{Table: explain.Chinese(), Most: 2, MinShare: .1, Raising: true}}
			},
			"Hint.Text": func() []any { return []any{explain.Chinese()} },
		},
		NaN: map[string]string{
			"Reasons": "a missing value stays NaN, and dst is the caller's",
			"English": "bands are open above", "Chinese": "bands are open above",
		},
	}.Check(t)
}

// TestCancels: each call looks at its context before each block of rows.
func TestCancels(t *testing.T) {
	f := each(func(x []float64) float64 { return x[0] + x[1]*x[2] })
	many := func(size int) (rows [][]float64) {
		for range 3000 * size {
			rows = append(rows, cases()...)
		}
		return rows
	}
	score := func(p []float64) (float64, error) { return p[0], nil }
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "explain.Permutation", Looks: 50, Do: func(ctx context.Context, size int) error {
			rows := many(size)
			testkit.Start(ctx)
			_, err := explain.Permutation(ctx, f, rows, score, explain.PermutationOptions{Repeats: 2})
			return err
		}},
		{Name: "explain.PartialDependence", Looks: 50, Do: func(ctx context.Context, size int) error {
			rows := many(size)
			testkit.Start(ctx)
			_, err := explain.PartialDependence(ctx, f, rows, []int{1}, explain.DependenceOptions{})
			return err
		}},
		{Name: "explain.ALE", Looks: 30, Do: func(ctx context.Context, size int) error {
			rows := many(size)
			testkit.Start(ctx)
			_, err := explain.ALE(ctx, f, rows, 1, explain.ALEOptions{})
			return err
		}},
		{Name: "explain.ALE2", Looks: 50, Do: func(ctx context.Context, size int) error {
			rows := many(size)
			testkit.Start(ctx)
			_, err := explain.ALE2(ctx, f, rows, [2]int{0, 1}, explain.ALEOptions{Bins: 2})
			return err
		}},
		{Name: "explain.Hints", Looks: 10, Do: func(ctx context.Context, size int) error {
			testkit.Start(ctx)
			_, err := explain.Hints(ctx, f, []float64{0, 0, 0}, []explain.Action{{Column: 0, Step: 1, Low: 0, High: 20000 * float64(size)}}, explain.HintOptions{Target: 1e9, MaxAsked: 1e7})
			return err
		}},
	})
}
