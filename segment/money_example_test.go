package segment_test

import (
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/segment"
)

// Recency, frequency, money and the time between orders. The last customer ordered once.
func ExampleFitRFMT() {
	days := []float64{2, 90, 30, 200, 10}
	orders := []float64{12, 2, 4, 6, 1}
	spent := []float64{900, 20, 210, 500, 35}
	gap := []float64{7, 60, 21, 30, math.NaN()}
	rfmt, err := segment.FitRFMT(days, orders, spent, gap, 4)
	must(err)
	scores, err := rfmt.ScoreAllT(nil, days, orders, spent, gap)
	must(err)
	fmt.Println(scores)
	// Output: [4444 2111 3223 1332 411]
}

// How unequal customers are, and tiers that follow the shop.
func ExamplePareto() {
	var p segment.Pareto
	for i := range int64(1000) {
		must(p.Add(10 + i*i*i/5000)) // what each customer spent, in cents
	}
	r, err := p.Result()
	must(err)
	fmt.Printf("the best fifth brings %.0f %%, %.0f %% of the customers bring 80 %%, Gini %.2f\n", 100*r.Top20, 100*r.For80, r.Gini)
	cuts, err := p.CutsByCustomers(.05, .2) // gold, silver, and the others
	must(err)
	tiers, err := p.Tiers(cuts)
	must(err)
	for _, t := range tiers {
		fmt.Printf("level %d: %d customers, %.0f %% of the money\n", t.Level, t.Customers, 100*t.MoneyShare)
	}
	var _ segment.ParetoResult = r
	var _ []segment.Tier = tiers
	// Output:
	// the best fifth brings 59 %, 33 % of the customers bring 80 %, Gini 0.60
	// level 3: 50 customers, 19 % of the money
	// level 2: 150 customers, 40 % of the money
	// level 1: 800 customers, 41 % of the money
}

// Thresholds of the life cycle from the shop's own pauses between orders.
func ExampleGaps() {
	asOf := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	var g segment.Gaps
	for i := range 200 {
		var bought []time.Time
		for day := 360; day > 60+i%3*100; day -= 5 + (i*i+day*7)%40 {
			bought = append(bought, asOf.AddDate(0, 0, -day))
		}
		must(g.Add(bought, asOf))
	}
	var r segment.GapsResult
	r, err := g.Result()
	must(err)
	days := func(d time.Duration) float64 { return d.Hours() / 24 }
	fmt.Printf("usual pause %.0f days, asleep after %.0f, gone after %.0f\n", days(r.Median), days(r.Thresholds.Sleep), days(r.Thresholds.Churn))
	cycle, err := segment.NewLifecycle(r.Thresholds)
	must(err)
	state, err := cycle.State(segment.Purchases{First: asOf.AddDate(0, 0, -40), Last: asOf.AddDate(0, 0, -40)}, asOf)
	must(err)
	fmt.Println("silent for 40 days:", state)
	// Output:
	// usual pause 24 days, asleep after 36, gone after 44
	// silent for 40 days: sleeping
}

// The score of any model as groups with names.
func ExampleBands() {
	cuts, err := segment.NewCuts(.2, .6)
	must(err)
	b, err := segment.NewBands([]string{"will stay", "watch", "call now"}, cuts)
	must(err)
	risk := []float64{.05, .71, .33} // of leaving, by a model of package predict
	for _, r := range risk {
		name, err := b.Name(r)
		must(err)
		fmt.Println(name)
	}
	labels, err := b.Label(nil, risk) // for ProfileClusters and Movement
	must(err)
	fmt.Println(labels)
	// Output:
	// will stay
	// call now
	// watch
	// [0 2 1]
}
