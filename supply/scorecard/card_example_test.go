package scorecard_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/supply/scorecard"
)

// Three suppliers on a tree of KPIs: who is first, what for, and whether that hangs on the
// weights.
func ExampleNew() {
	var (
		card       *scorecard.Card
		evaluation *scorecard.Evaluation
		err        error
	)
	card, err = scorecard.New(scorecard.KPI{Name: "supplier", Children: []scorecard.KPI{
		{Name: "delivery", Weight: .6, Children: []scorecard.KPI{
			{Name: "on time", Weight: .7, Floor: .8, Target: .98, Ceiling: 1},
			{Name: "lead days", Weight: .3, Direction: scorecard.LowerIsBetter, Floor: 2, Target: 4, Ceiling: 12},
		}},
		{Name: "returns", Weight: .4, Direction: scorecard.LowerIsBetter, Floor: 0, Target: .02, Ceiling: .1},
	}}, scorecard.Options{Method: scorecard.WeightedSum})
	if err != nil {
		fmt.Println(err)
		return
	}
	evaluation, err = card.Evaluate([][]float64{
		{.97, 7, .03}, // Nord
		{.90, 3, .01}, // Ost
		{.99, 9, .08}, // West
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, name := range []string{"Nord", "Ost", "West"} {
		fmt.Printf("%-4s %.3f %s, rank %d\n", name, evaluation.Scores[i], evaluation.Grades[i], evaluation.Ranks[i])
	}
	var parts []scorecard.Contribution
	parts, _ = evaluation.Contributions(1)
	for _, p := range parts {
		fmt.Printf("%*s%s %.3f of %.3f\n", 2*p.Depth, "", p.Name, p.Points, p.Weight)
	}
	var ranges []scorecard.WeightRange
	ranges, _ = evaluation.WeightRanges()
	fmt.Printf("Ost stays first while delivery weighs %.2f to %.2f\n", ranges[0].Low, ranges[0].High)
	// Output:
	// Nord 0.727 C, rank 2
	// Ost  0.732 C, rank 1
	// West 0.533 E, rank 3
	// supplier 0.732 of 1.000
	//   delivery 0.372 of 0.600
	//     on time 0.210 of 0.420
	//     lead days 0.162 of 0.180
	//   returns 0.360 of 0.400
	// Ost stays first while delivery weighs 0.00 to 0.62
}

// What would help one supplier most for the money.
func ExampleEvaluation_Improve() {
	card, _ := scorecard.New(scorecard.KPI{Name: "warehouse", Children: []scorecard.KPI{
		{Name: "in stock", Weight: .5, Floor: .8, Target: .98, Ceiling: 1},
		{Name: "days of cover", Weight: .5, Direction: scorecard.TargetIsBest, Floor: 0, Target: 30, Ceiling: 90},
	}}, scorecard.Options{Missing: scorecard.ReweighMissing})
	e, _ := card.Evaluate([][]float64{{.92, 48}})
	var gaps []scorecard.Gap
	gaps, _ = e.Gaps(0)
	gaps[0].Cost, gaps[1].Cost = 20_000, 5_000 // what closing each would take
	var gains []scorecard.Gain
	gains, _ = e.Improve(0, gaps)
	for _, g := range gains {
		fmt.Printf("%s from %g to %g: +%.3f, %.1f points per 100,000\n", g.Leaf, g.From, g.To, g.Gain, 1e5*g.PerCost)
	}
	// Output:
	// days of cover from 48 to 30: +0.150, 3.0 points per 100,000
	// in stock from 0.92 to 0.98: +0.150, 0.7 points per 100,000
}

// How the ranks fare when nobody is sure of the weights, under another method.
func ExampleEvaluation_Acceptability() {
	root := scorecard.KPI{Name: "carrier", Children: []scorecard.KPI{{Name: "coverage"}, {Name: "cost", Direction: scorecard.LowerIsBetter}, {Name: "claims", Direction: scorecard.LowerIsBetter}}}
	root.Judgements = [][]float64{{1, 2, 5}, {1. / 2, 1, 2}, {1. / 5, 1. / 2, 1}}
	card, _ := scorecard.New(root, scorecard.Options{Method: scorecard.TOPSIS, Objective: scorecard.ObjectiveEntropy, Mix: scorecard.Additive, Grades: []scorecard.Grade{{Name: "in", From: .5}, {Name: "out"}}})
	var c scorecard.Consistency = card.Consistency()[0]
	fmt.Printf("consistency ratio %.2f\n", c.Ratio)
	e, _ := card.Evaluate([][]float64{{.95, 480, 3}, {.80, 390, 2}, {.97, 600, 9}})
	var a *scorecard.Acceptability
	a, _ = e.Acceptability(context.Background(), scorecard.AcceptabilityOptions{Law: scorecard.AnyWeights, Draws: 20_000, Seed: 1})
	fmt.Println(e.Ranks, e.Grades)
	for _, row := range a.Ranks {
		fmt.Printf("%.2f\n", row)
	}
	// Output:
	// consistency ratio 0.00
	// [1 2 3] [in in out]
	// [0.26 0.74 0.00]
	// [0.74 0.21 0.06]
	// [0.00 0.06 0.94]
}

// Answers of customers as memberships: the share that called each of three levels theirs.
func ExampleCard_Comprehensive() {
	card, _ := scorecard.New(scorecard.KPI{Name: "service", Children: []scorecard.KPI{{Name: "speed", Weight: .6}, {Name: "care", Weight: .4}}}, scorecard.Options{Operator: scorecard.MeanOperator})
	b, _ := card.Comprehensive([][]float64{{.2, .5, .3}, {0, .25, .75}})
	fmt.Printf("poor %.2f fair %.2f good %.2f\n", b[0], b[1], b[2])
	// Output: poor 0.12 fair 0.40 good 0.48
}

// Whether a score gets better: twelve months on one scale.
func ExampleFitTrend() {
	var trend scorecard.Trend
	trend, _ = scorecard.FitTrend(nil, []float64{.61, .63, .60, .64, .66, .65, .67, .66, .69, .70, .68, .71}, 0)
	fmt.Printf("%.4f a month, %.4f to %.4f\n", trend.Slope, trend.Low, trend.High)
	// Output: 0.0088 a month, 0.0063 to 0.0114
}
