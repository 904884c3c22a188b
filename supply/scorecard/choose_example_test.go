package scorecard_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/supply/scorecard"
)

// Which store and carrier ships which order: berlin is nearer to everything, but has one mug.
func ExampleSource() {
	var (
		order scorecard.Order[int, string]
		plan  *scorecard.Sourcing[int, string]
	)
	order = scorecard.Order[int, string]{ID: 1001, Region: "south", Promise: 2, Lines: []scorecard.Line[string]{{Item: "mug", Units: 1}}}
	plan, err := scorecard.Source(context.Background(), []scorecard.Order[int, string]{
		order,
		{ID: 1002, Region: "north", Promise: 1, Lines: []scorecard.Line[string]{{Item: "mug", Units: 1}, {Item: "tea", Units: 2}}},
		{ID: 1003, Region: "north", Promise: 0, Lines: []scorecard.Line[string]{{Item: "tea", Units: 1}}},
	}, []scorecard.Store[string]{
		{Name: "berlin", Stock: map[string]int64{"mug": 1, "tea": 20}},
		{Name: "munich", Stock: map[string]int64{"mug": 9}},
	}, []scorecard.Lane{
		{Store: "berlin", Carrier: "van", Region: "north", Days: 1, Cost: 350, Capacity: []int64{40, 40}},
		{Store: "berlin", Carrier: "post", Region: "south", Days: 2, Cost: 400},
		{Store: "munich", Carrier: "post", Region: "south", Days: 1, Cost: 420},
	}, scorecard.SourceOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var s scorecard.Shipment[int, string]
	for _, s = range plan.Shipments {
		fmt.Println(s.Order, "from", s.Store, "by", s.Carrier, "arrives on day", s.Arrives, "for", s.Cost)
	}
	var u scorecard.Unserved[int, string]
	for _, u = range plan.Unserved {
		var why scorecard.Obstacle = u.Why
		fmt.Println(u.Order, u.Line.Item, "stays:", why)
	}
	fmt.Println("cost", plan.Cost, "optimal", plan.Optimal)
	// Output:
	// 1001 from munich by post arrives on day 1 for 420
	// 1002 from berlin by van arrives on day 1 for 350
	// 1003 tea stays: too late
	// cost 770 optimal true
}

// An order of 1,000 units among three suppliers, of whom one has a contract; a point of score is
// worth 4 euros a unit.
func ExampleSplitOrder() {
	var split scorecard.Split[string]
	split, err := scorecard.SplitOrder([]scorecard.Supplier[string]{
		{ID: "Nord", Score: .73, Price: 520, Capacity: 600},
		{ID: "Ost", Score: .81, Price: 540, Capacity: -1, MaxShare: .5},
		{ID: "West", Score: .53, Price: 480, Capacity: -1, MinShare: .1, MinUnits: 200},
	}, scorecard.SplitOptions{Units: 1000, Rule: scorecard.ByValue, Worth: 400})
	if err != nil {
		fmt.Println(err)
		return
	}
	var s scorecard.Share[string]
	for _, s = range split.Shares {
		fmt.Printf("%-4s %d units, %.0f %%\n", s.ID, s.Units, 100*s.Share)
	}
	fmt.Printf("cost %d, mean score %.3f\n", split.Cost, split.Score)
	// Output:
	// Nord 300 units, 30 %
	// Ost  500 units, 50 %
	// West 200 units, 20 %
	// cost 522000, mean score 0.730
}

// What better service costs: every split that is best for some price of a point.
func ExampleTradeOff() {
	curve, err := scorecard.TradeOff([]scorecard.Supplier[string]{
		{ID: "Nord", Score: .73, Price: 520, Capacity: 600},
		{ID: "Ost", Score: .81, Price: 540, Capacity: 700},
		{ID: "West", Score: .53, Price: 480, Capacity: 800},
	}, scorecard.SplitOptions{Units: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range curve {
		fmt.Printf("from %3.0f a point: cost %d, score %.3f\n", s.From, s.Cost, s.Score)
	}
	// Output:
	// from   0 a point: cost 488000, score 0.570
	// from 200 a point: cost 504000, score 0.650
	// from 214 a point: cost 528000, score 0.762
	// from 250 a point: cost 534000, score 0.786
}

// A survey of two waves, weighed to what is known of all customers.
func ExampleQuestionnaire() {
	q, err := scorecard.NewQuestionnaire(scorecard.QuestionnaireOptions{
		Questions: []scorecard.Question{{Name: "fast"}, {Name: "friendly"}, {Name: "slow to answer", Reversed: true}},
		Low:       1, High: 5, Deletion: scorecard.Listwise,
		Margins: []scorecard.Margin{{Name: "region", Shares: map[string]float64{"north": .5, "south": .5}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = q.AddInvited(20)
	for i, row := range [][]int{{3, 4, 3}, {5, 5, 2}, {1, 2, 4}, {4, 4, 1}, {2, 3, 3}, {4, scorecard.NoAnswer, 2}} {
		r := scorecard.Response{Answers: row, Late: i > 2, Groups: []string{"north"}}
		if i%3 == 0 {
			r.Groups[0] = "south"
		}
		if err := q.Add(r); err != nil {
			fmt.Println(err)
		}
	}
	var rel scorecard.QuestionnaireResult
	rel, _ = q.Result(0.95)
	fmt.Printf("alpha %.3f (%.2f to %.2f) of %d complete responses\n", rel.Alpha, rel.Low, rel.High, rel.Used)
	var item scorecard.QuestionResult
	for _, item = range rel.Questions {
		fmt.Printf("%-14s with the rest %.2f, alpha without it %.2f\n", item.Name, item.ItemRest, item.AlphaIfDropped)
	}
	var bias scorecard.ResponseBias
	bias, _ = q.Bias(0.95)
	var w *scorecard.WeightedMean = bias.Weighted
	fmt.Printf("response %.2f, acquiescence %.2f, mean %.2f, weighted %.2f\n", bias.Response.OrNaN(), bias.Acquiescence, bias.Mean, w.Mean)
	// Output:
	// alpha 0.933 (0.66 to 0.99) of 5 complete responses
	// fast           with the rest 0.97, alpha without it 0.84
	// friendly       with the rest 0.91, alpha without it 0.88
	// slow to answer with the rest 0.80, alpha without it 0.96
	// response 0.30, acquiescence -0.03, mean 3.44, weighted 3.54
}
