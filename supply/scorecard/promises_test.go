package scorecard_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/scorecard"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	card := func() *scorecard.Card {
		return must(scorecard.New(tree(), scorecard.Options{Share: .5, Rho: .5, Levels: []float64{0, .5, 1}, Grades: []scorecard.Grade{{Name: "good", From: .5}, {Name: "poor"}}}))
	}
	x := [][]float64{{.8, 3, 60}, {.9, 2, 20}}
	testkit.Promises{
		Funcs: map[string]any{"New": scorecard.New, "FitTrend": scorecard.FitTrend},
		Types: []func() any{
			func() any { return card() },
			func() any { return must(card().Evaluate(x)) },
		},
		Args: map[string]func() []any{
			"New": func() []any {
				return []any{tree(), scorecard.Options{Share: .5, Rho: .5, Levels: []float64{0, .5, 1}, Grades: []scorecard.Grade{{Name: "good", From: .5}, {Name: "poor"}}}}
			},
			"FitTrend":                 func() []any { return []any{[]float64{0, 1, 3}, []float64{.5, .7, .6}, .9} },
			"Card.Evaluate":            func() []any { return []any{x} },
			"Card.Comprehensive":       func() []any { return []any{[][]float64{{.5, .5}, {1, 0}, {.25, .75}}} },
			"Evaluation.Contributions": func() []any { return []any{1} },
			"Evaluation.Gaps":          func() []any { return []any{0} },
			"Evaluation.Improve": func() []any {
				return []any{0, []scorecard.Gap{{Leaf: "days", From: 3, To: 2, Cost: 5}}}
			},
			"Evaluation.Acceptability": func() []any {
				return []any{t.Context(), scorecard.AcceptabilityOptions{Percent: .2, Concentration: 9, Draws: 100}}
			},
		},
	}.Check(t)
}
