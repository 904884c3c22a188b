package loop_test

import (
	"context"
	"slices"
	"testing"

	"github.com/aislekit/aisle/predict/forecast"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/allocate"
	"github.com/aislekit/aisle/supply/reorder"
)

// The whole way of a number, in plain slices: sales to a forecast and its quantiles, to orders, to
// what may be promised, to what a recommender shows and to the stocks that a campaign
// shares out; and back, what one more unit, delivery slot or coupon would be worth.
func TestHandOver(t *testing.T) {
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ids := []string{"beans", "cups", "grinder", "kettle"}
	onHand := []float64{95, 14, 60, 120}
	probs := []float64{.5, .8, .95}
	var stocks []reorder.Stock[string]
	for i, id := range ids {
		var sales []float64
		for week := range 40 {
			sales = append(sales, float64(12+3*i+(7*week+3*i)%5))
		}
		m, err := forecast.FitETS(ctx, sales, forecast.ETSOptions{})
		must(err)
		s := reorder.Stock[string]{ID: id, OnHand: onHand[i], Lead: 2, Price: 2000, UnitCost: 1200}
		s.Forecast, err = m.Forecast(nil, 6)
		must(err)
		s.Quantiles, err = m.Quantiles(nil, 6, probs)
		must(err)
		stocks = append(stocks, s)
	}
	plan, err := reorder.Plan(stocks, reorder.PlanOptions{Review: 1, Periods: 4, Probs: probs})
	must(err)
	pools := make([]reorder.Pool[string], len(ids))
	for i, s := range stocks {
		pools[i] = reorder.Pool[string]{ID: s.ID, OnHand: s.OnHand, Regions: []reorder.Region{{Demand: s.Forecast, SD: []float64{2}}}}
	}
	for _, o := range plan.Schedule() {
		i := slices.Index(ids, o.ID)
		pools[i].Due = append(pools[i].Due, reorder.Receipt{At: o.Arrival, Units: o.Quantity})
	}
	// As far as the first order can come: what is promised now is part of the next plan.
	promises, err := reorder.Promise(pools, reorder.PromiseOptions{Periods: 3})
	must(err)

	// The recommender shows what can be promised this week, and nothing else.
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	must(err)
	for user := range 30 {
		for i, id := range ids {
			if (user+i)%3 > 0 {
				must(b.Add(string(rune('A'+user)), id, 1))
			}
		}
	}
	data, err := b.Build()
	must(err)
	popular, err := recommend.FitPopular(ctx, data.Interactions, recommend.PopularOptions{})
	must(err)
	engine, err := recommend.NewEngine(data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "popular", Model: popular}}})
	must(err)
	available := promises.Available(0, 0, 1)
	if slices.Contains(available, "cups") || !slices.Contains(available, "kettle") {
		t.Fatalf("available: %v", available)
	}
	engine.SetStock(slices.Values(available))
	shown, err := engine.Recommend(nil, recommend.Request[string, string]{User: "somebody", K: 4})
	must(err)
	if len(shown) == 0 {
		t.Error("nothing is shown")
	}
	for _, r := range shown {
		if !slices.Contains(available, r.Item) {
			t.Errorf("%s is shown, and cannot be promised", r.Item)
		}
	}

	// The campaign shares out what can be promised: a coupon and a delivery slot each.
	units, err := promises.Stocks(nil, ids, 0, 0)
	must(err)
	var proposals []allocate.Proposal
	for user := range 200 {
		for i := range ids {
			proposals = append(proposals, allocate.Proposal{User: int32(user), Offer: int32(i), Value: 5 + float64((37*user+101*i)%997)/50})
		}
	}
	solve := func(more []int64, slots, coupons int64) *allocate.Plan {
		offers := make([]allocate.Offer, len(ids))
		for i := range offers {
			offers[i] = allocate.Offer{Stock: units[i] + more[i], Uses: []allocate.Use{{Limit: 0, Amount: 1}, {Limit: 1, Amount: 1}}}
		}
		p, err := allocate.Solve(ctx, proposals, offers, allocate.Options{Limits: []int64{slots, coupons}})
		must(err)
		if !p.Optimal {
			t.Fatalf("gap %v", p.Gap())
		}
		return p
	}
	none := make([]int64, len(ids))
	total := int64(0)
	for _, n := range units {
		total += n
	}
	const coupons = 10_000
	slots := total / 2 // slots bind, and the stock of what everybody wants; coupons do not
	base := solve(none, slots, coupons)
	for i, n := range base.Taken {
		if n > units[i] {
			t.Errorf("%s: %d promised, %d there", ids[i], n, units[i])
		}
	}
	// A price lies, to the accuracy of the search for it, between what one unit more adds and
	// what one less takes: values are about 20.
	between := func(what string, price float64, more, less *allocate.Plan) {
		t.Helper()
		if up, down := more.Value-base.Value, base.Value-less.Value; price < up-.25 || price > down+.25 {
			t.Errorf("%s: price %.3f, one more adds %.3f, one less takes %.3f", what, price, up, down)
		}
	}
	for i := range ids {
		if units[i] == 0 {
			continue
		}
		more, less := slices.Clone(none), slices.Clone(none)
		more[i]++
		less[i]--
		between(ids[i], base.StockPrice[i], solve(more, slots, coupons), solve(less, slots, coupons))
	}
	between("slot", base.LimitPrice[0], solve(none, slots+1, coupons), solve(none, slots-1, coupons))
	if base.LimitPrice[0] <= 0 || base.LimitPrice[1] != 0 {
		t.Errorf("prices %v", base.LimitPrice)
	}
	few := total / 3 // coupons bind, slots do not
	base = solve(none, 10_000, few)
	between("coupon", base.LimitPrice[1], solve(none, 10_000, few+1), solve(none, 10_000, few-1))
	if base.LimitPrice[1] <= 0 || base.LimitPrice[0] != 0 {
		t.Errorf("prices %v", base.LimitPrice)
	}
}
