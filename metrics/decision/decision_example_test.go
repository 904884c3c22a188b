package decision_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/decision"
)

func ExampleAllocateBudget() {
	plan, err := decision.AllocateBudget(context.Background(), 1000, []decision.ChannelBudget{
		{Curve: decision.HillCurve{Max: 3000, Half: 400, Shape: 1}},
		{Curve: decision.ExponentialCurve{Max: 1500, Scale: 300}, Max: 500},
	}, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("spend %.0f and %.0f, profit %.0f, the next unit returns %.2f\n", plan.Spend[0], plan.Spend[1], plan.Response, plan.Price)
	// Output: spend 582 and 418, profit 2906, the next unit returns 1.24
}

func ExampleAllocateUnits() {
	plan, err := decision.AllocateUnits(context.Background(), 3, [][]float64{{0, 5, 8, 9}, {0, 1, 9}})
	fmt.Println(plan.Units, plan.Response, err)
	// Output: [1 2] 14 <nil>
}

func ExampleChoose() {
	a, _ := metrics.NewProportion(40, 1000)
	b, _ := metrics.NewProportion(52, 1000)
	// Profit per contact: 3000 a response, less the cost of the contact.
	c, err := decision.Choose(context.Background(), []decision.Belief{
		decision.BeliefInRate(a).Worth(3000, 50),
		decision.BeliefInRate(b).Worth(3000, 90),
	}, decision.ChooseOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("choose %d, regret %.1f\n", c.Best, c.Regret)
	// Output: choose 0, regret 9.3
}

func ExampleAnalyticHierarchy() {
	a, err := decision.AnalyticHierarchy([][]float64{
		{1, 3, 5}, // price against quality and delivery
		{1. / 3, 1, 3},
		{1. / 5, 1. / 3, 1},
	})
	fmt.Printf("%.3f, consistency %.3f %v\n", a.Weights, a.Consistency, err)
	// Output: [0.637 0.258 0.105], consistency 0.033 <nil>
}

func ExampleTOPSIS() {
	x := [][]float64{{250, 16, 12}, {200, 16, 8}, {300, 32, 16}}
	cost := []bool{false, false, true}
	w, _ := decision.EntropyWeights(x, cost, decision.EntropyMinMax)
	s, err := decision.TOPSIS(x, w, cost)
	fmt.Printf("%.3f %.3f %v\n", w, s, err)
	// Output: [0.228 0.543 0.228] [0.180 0.271 0.729] <nil>
}

func ExampleGreyDrivers() {
	sales := []float64{100, 120, 150, 180}
	g, err := decision.GreyDrivers(sales, [][]float64{{10, 12, 15, 19}, {50, 48, 51, 49}}, decision.GreyInitial, 0)
	fmt.Printf("advertising %.2f, price %.2f %v\n", g[0], g[1], err)
	// Output: advertising 0.95, price 0.61 <nil>
}

func ExampleFuzzyEvaluate() {
	b, err := decision.FuzzyEvaluate([][]float64{
		{.5, .3, .2}, // service: good, fair, poor
		{.2, .5, .3}, // delivery
	}, []float64{.6, .4}, decision.FuzzyWeighted)
	fmt.Printf("%.2f %v\n", b, err)
	// Output: [0.38 0.38 0.24] <nil>
}

func ExampleIncrementalOf() {
	e := metrics.Effect{Scale: metrics.ScaleAbsolute, Estimate: 0.02, Low: 0.01, High: 0.03, NB: 10_000} // orders per user
	inc, err := decision.IncrementalOf(e, 5000)
	fmt.Printf("%.0f more orders at %.0f each (%.0f to %.0f) %v\n", inc.Value, inc.CostPer, inc.CostPerRange.Low, inc.CostPerRange.High, err)
	// Output: 200 more orders at 25 each (17 to 50) <nil>
}

// The program of the package documentation.
func Example() {
	offers := [][]float64{{250, 16, 12}, {200, 16, 8}, {300, 32, 16}} // one row each
	costs := []bool{false, false, true}                               // delivery days: less is better
	weights, err := decision.EntropyWeights(offers, costs, decision.EntropyMinMax)
	if err != nil {
		panic(err)
	}
	closeness, err := decision.TOPSIS(offers, weights, costs)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", closeness) // 1 is best
	// Output: [0.180 0.271 0.729]
}

// Weights from people and from the data, together.
func ExampleCombineWeights() {
	offers := [][]float64{{250, 16, 12}, {200, 16, 8}, {300, 32, 16}}
	costs := []bool{false, false, true}
	people := []float64{5, 3, 2} // any scale
	data, err := decision.CRITIC(offers, costs)
	if err != nil {
		panic(err)
	}
	mean, err := decision.CombineWeights(people, data, .5)
	if err != nil {
		panic(err)
	}
	product, err := decision.MultiplyWeights(people, data)
	if err != nil {
		panic(err)
	}
	fmt.Printf("CRITIC %.3f, mean %.3f, product %.3f\n", data, mean, product)
	// Output: CRITIC [0.257 0.278 0.465], mean [0.378 0.289 0.333], product [0.421 0.274 0.305]
}

func ExampleGreyRelation() {
	offers := [][]float64{{250, 16, 12}, {200, 16, 8}, {300, 32, 16}}
	// 2, 1, 1 means .5, .25, .25.
	g, err := decision.GreyRelation(offers, []float64{2, 1, 1}, []bool{false, false, true}, 0)
	fmt.Printf("%.3f %v\n", g, err)
	// Output: [0.458 0.500 0.833] <nil>
}

func ExampleBeliefInMean() {
	// Profit a customer in a test of two mails, mean and standard error.
	old, _ := decision.BeliefInMean(4.10, .30)
	fresh, _ := decision.BeliefInMean(4.60, .35)
	c, err := decision.Choose(context.Background(), []decision.Belief{old, fresh}, decision.ChooseOptions{Seed: 1})
	if err != nil {
		panic(err)
	}
	var outlook decision.StrategyOutlook = c.Strategies[1]
	fmt.Printf("choose %d: best with probability %.2f, regret %.2f\n", c.Best, outlook.Best, outlook.Regret)
	// Output: choose 1: best with probability 0.86, regret 0.03
}

func ExampleIncrementalProfit() {
	need, err := decision.BreakEvenRate(.50, 12)
	if err != nil {
		panic(err)
	}
	profit, err := decision.IncrementalProfit(.06, 12, .50)
	fmt.Printf("pays above %.1f %% uplift; at 6 %% it brings %.2f a contact %v\n", 100*need, profit, err)
	// Output: pays above 4.2 % uplift; at 6 % it brings 0.22 a contact <nil>
}

func ExampleResponseCurve() {
	for _, c := range []decision.ResponseCurve{
		decision.HillCurve{Max: 3000, Half: 400, Shape: 1},
		decision.ExponentialCurve{Max: 3000, Scale: 600},
		decision.PowerCurve{Scale: 60, Exponent: .6},
	} {
		fmt.Printf("%T returns %.0f on 500, the next unit %.2f\n", c, c.Response(500), c.Marginal(500))
	}
	// Output:
	// decision.HillCurve returns 1667 on 500, the next unit 1.48
	// decision.ExponentialCurve returns 1696 on 500, the next unit 2.17
	// decision.PowerCurve returns 2498 on 500, the next unit 3.00
}
