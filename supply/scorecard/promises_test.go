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
	by := func() []any {
		return []any{
			[]scorecard.Supplier[string]{{ID: "a", Score: .5, Price: 3, Capacity: 9, MinShare: .1, MaxShare: .9, MinUnits: 2}, {ID: "b", Score: .7, Price: 4, Capacity: 9}},
			scorecard.SplitOptions{Units: 8, Worth: 5},
		}
	}
	questions := scorecard.QuestionnaireOptions{
		Questions: []scorecard.Question{{Name: "a"}, {Name: "b", Reversed: true}, {Name: "c"}}, Low: 1, High: 5,
		Margins: []scorecard.Margin{{Name: "region", Shares: map[string]float64{"n": .25, "s": .75}}},
	}
	testkit.Promises{
		Funcs: map[string]any{
			"New": scorecard.New, "FitTrend": scorecard.FitTrend, "NewQuestionnaire": scorecard.NewQuestionnaire, "Source": scorecard.Source[int, string],
			"SplitOrder": scorecard.SplitOrder[string], "TradeOff": scorecard.TradeOff[string],
		},
		Types: []func() any{
			func() any { return card() },
			func() any { return must(card().Evaluate(x)) },
			func() any { return filled(t) },
			func() any { o := scorecard.NoStock; return &o },
		},
		Args: map[string]func() []any{
			"New": func() []any {
				return []any{tree(), scorecard.Options{Share: .5, Rho: .5, Levels: []float64{0, .5, 1}, Grades: []scorecard.Grade{{Name: "good", From: .5}, {Name: "poor"}}}}
			},
			"NewQuestionnaire":         func() []any { return []any{questions} },
			"SplitOrder":               by,
			"TradeOff":                 by,
			"Questionnaire.AddInvited": func() []any { return []any{int64(3)} },
			"Questionnaire.Add": func() []any {
				return []any{scorecard.Response{Answers: []int{1, 2, 3}, Groups: []string{"n"}}}
			},
			"Questionnaire.Result": func() []any { return []any{.9} },
			"Questionnaire.Bias":   func() []any { return []any{.9} },
			"Source": func() []any {
				return []any{
					t.Context(),
					[]order{{ID: 1, Region: "r", Promise: 2, Loss: 9, Lines: []line{{"a", 1}}}},
					[]store{{"s", map[string]int64{"a": 2}}},
					[]scorecard.Lane{{Store: "s", Carrier: "c", Region: "r", Days: 1, Cost: 2, UnitCost: 1, Capacity: []int64{1}}},
					scorecard.SourceOptions{MaxNodes: 5},
				}
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
