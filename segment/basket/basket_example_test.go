package basket_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aislekit/aisle/segment/basket"
)

// What is bought together, and which of it is more than chance.
func Example() {
	var b basket.Baskets[string]
	for range 40 {
		for _, order := range [][]string{{"tea", "honey"}, {"tea", "honey", "milk"}, {"coffee", "milk"}, {"coffee"}, {"milk"}} {
			if err := b.Add(order); err != nil {
				log.Fatal(err)
			}
		}
	}
	ctx := context.Background()
	least, err := basket.FractionOf(0.1)
	if err != nil {
		log.Fatal(err)
	}
	sets, err := basket.Mine(ctx, &b, basket.MineOptions{MinSupport: least})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sets.Len(), "sets by", sets.Algorithm())
	rules, err := sets.Rules(ctx, basket.RuleOptions{MinConfidence: basket.Fraction{Num: 1, Den: 2}, NonRedundant: true, FDR: 0.05})
	if err != nil {
		log.Fatal(err)
	}
	var r basket.Rule[string]
	for r = range rules.All() {
		fmt.Printf("%v → %v: confidence %.2f, lift %.2f\n", r.Antecedent, r.Consequent, r.Confidence, r.Lift)
	}
	// Output:
	// 9 sets by FP-growth
	// [honey] → [tea]: confidence 1.00, lift 2.50
	// [tea] → [honey]: confidence 1.00, lift 2.50
}

// The closed sets, which tell all the others, and the two most frequent of two items and more.
func ExampleMine() {
	var b basket.Baskets[string]
	for _, order := range [][]string{{"a", "b", "c"}, {"a", "b"}, {"a", "b", "d"}, {"c"}} {
		if err := b.Add(order); err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	for _, opt := range []basket.MineOptions{
		{MinCount: 2, Keep: basket.KeepClosed, Algorithm: basket.FPGrowth},
		{Top: 2, MinLen: 2},
	} {
		sets, err := basket.Mine(ctx, &b, opt)
		if err != nil {
			log.Fatal(err)
		}
		var x basket.Itemset[string]
		for x = range sets.All() {
			fmt.Println(x.Items, x.Count)
		}
	}
	// Output:
	// [a b] 3
	// [c] 2
	// [a b] 3
	// [a c] 1
}

// Jackets and ski pants are outerwear: boots go with it, though with neither alone.
func ExampleMineTaxonomy() {
	var b basket.Baskets[string]
	for _, order := range [][]string{{"jacket", "boots"}, {"ski pants", "boots"}, {"shirt"}, {"jacket"}, {"shoes"}, {"shoes"}} {
		if err := b.Add(order); err != nil {
			log.Fatal(err)
		}
	}
	parents := map[string][]string{"jacket": {"outerwear"}, "ski pants": {"outerwear"}, "outerwear": {"clothes"}, "shirt": {"clothes"}}
	sets, err := basket.MineTaxonomy(context.Background(), &b, parents, basket.MineOptions{MinCount: 2, MinLen: 2})
	if err != nil {
		log.Fatal(err)
	}
	for x := range sets.All() {
		fmt.Println(x.Items, x.Count)
	}
	// Output:
	// [boots clothes] 2
	// [boots outerwear] 2
}

// Attributes of profiles beside what was bought.
func ExampleSets_Rules() {
	type customer struct {
		region string
		age    int
		bought []string
	}
	customers := []customer{
		{"north", 24, []string{"skates"}},
		{"north", 31, []string{"skates", "tea"}},
		{"south", 25, []string{"tea"}},
		{"south", 52, nil},
		{"north", 47, []string{"skates"}},
		{"south", 38, []string{"tea"}},
	}
	var b basket.Baskets[string]
	for _, c := range customers {
		items := append([]string{"region=" + c.region, fmt.Sprintf("age=%d0s", c.age/10)}, c.bought...)
		if err := b.Add(items); err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	sets, err := basket.Mine(ctx, &b, basket.MineOptions{MinCount: 2})
	if err != nil {
		log.Fatal(err)
	}
	rules, err := sets.Rules(ctx, basket.RuleOptions{MinConfidence: basket.Fraction{Num: 4, Den: 5}})
	if err != nil {
		log.Fatal(err)
	}
	for r := range rules.All() {
		fmt.Printf("%v → %v in %d, P %.2f\n", r.Antecedent, r.Consequent, r.Count, r.P)
	}
	fmt.Println("of", rules.Candidates(), "candidates")
	// Output:
	// [region=north] → [skates] in 3, P 0.05
	// [skates] → [region=north] in 3, P 0.05
	// [age=30s] → [tea] in 2, P 0.20
	// of 42 candidates
}

// One rule from four counts.
func ExampleMeasureRule() {
	m, err := basket.MeasureRule(5, 3, 4, 3)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("confidence %.2f lift %.2f leverage %.2f Zhang %.2f P %.2f\n", m.Confidence, m.Lift, m.Leverage, m.Zhang, m.P)
	// Output:
	// confidence 1.00 lift 1.25 leverage 0.12 Zhang 0.50 P 0.40
}

// "Bought together" as a source of recommendations: what Suggest says for each item is a row
// of scores, which a host hands to recommend.NewFunc, or shows as it is.
func ExampleRules_Suggest() {
	var b basket.Baskets[string]
	for _, order := range [][]string{{"tea", "honey"}, {"tea", "honey", "cups"}, {"tea", "cups"}, {"tea", "honey"}, {"coffee"}} {
		if err := b.Add(order); err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	sets, err := basket.Mine(ctx, &b, basket.MineOptions{MinCount: 2})
	if err != nil {
		log.Fatal(err)
	}
	rules, err := sets.Rules(ctx, basket.RuleOptions{MinLift: 1.01})
	if err != nil {
		log.Fatal(err)
	}
	var list []basket.Suggestion[string]
	list = rules.Suggest(list, []string{"tea"}, 2)
	for _, s := range list {
		fmt.Printf("%s %.2f (lift %.2f)\n", s.Item, s.Score, s.Lift)
	}
	// Output:
	// honey 0.75 (lift 1.25)
	// cups 0.50 (lift 1.25)
}

// Two shards that never meet: candidates of each, then counts of all candidates on each.
func ExampleTwoPass() {
	var north, south basket.Baskets[string]
	for _, order := range [][]string{{"a", "b"}, {"a", "b"}, {"c"}} {
		if err := north.Add(order); err != nil {
			log.Fatal(err)
		}
	}
	for _, order := range [][]string{{"a"}, {"a", "b"}, {"a", "c"}, {"c"}} {
		if err := south.Add(order); err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	shards := []*basket.Baskets[string]{&north, &south}
	var p basket.TwoPass[string]
	for _, b := range shards {
		sets, err := basket.Mine(ctx, b, basket.MineOptions{MinSupport: basket.Fraction{Num: 2, Den: 5}})
		if err != nil {
			log.Fatal(err)
		}
		if err := p.Propose(sets); err != nil {
			log.Fatal(err)
		}
	}
	for _, b := range shards {
		if err := p.Count(ctx, b); err != nil {
			log.Fatal(err)
		}
	}
	all, err := p.Result()
	if err != nil {
		log.Fatal(err)
	}
	for x := range all.All() {
		fmt.Println(x.Items, x.Count, "of", all.Baskets())
	}
	// Output:
	// [a] 5 of 7
	// [b] 3 of 7
	// [c] 3 of 7
	// [a b] 3 of 7
}

// What follows what within a day.
func ExampleMineSequences() {
	day := func(d, hour int) time.Time { return time.Date(2026, 5, d, hour, 0, 0, 0, time.UTC) }
	var s basket.Journeys[string]
	for _, steps := range [][]basket.Visit[string]{
		{{At: day(1, 9), Items: []string{"view tea"}}, {At: day(1, 10), Items: []string{"view cups"}}, {At: day(1, 20), Items: []string{"buy tea"}}},
		{{At: day(3, 9), Items: []string{"view tea"}}, {At: day(3, 12), Items: []string{"buy tea", "buy honey"}}},
		{{At: day(4, 9), Items: []string{"view tea"}}, {At: day(9, 9), Items: []string{"buy tea"}}},
	} {
		if err := s.Add(steps); err != nil {
			log.Fatal(err)
		}
	}
	patterns, err := basket.MineSequences(context.Background(), &s, basket.SequenceOptions{MinCount: 2, MaxWait: 24 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	var p basket.Pattern[string]
	for _, p = range patterns {
		fmt.Println(p.Steps, p.Count)
	}
	// Output:
	// [[buy tea]] 3
	// [[view tea]] 3
	// [[view tea] [buy tea]] 2
}
