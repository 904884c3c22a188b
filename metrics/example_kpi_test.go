package metrics_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aislekit/aisle/metrics"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func ExampleFunnelBuilder() {
	b, err := metrics.NewFunnelBuilder[string](metrics.FunnelOptions{
		Steps:  []string{"view", "cart", "order"},
		Window: 24 * time.Hour,
	})
	if err != nil {
		panic(err)
	}
	// A log: users mixed, late events and all.
	_ = b.Add("ann", 1, monday.Add(5*time.Minute))
	_ = b.Add("ann", 0, monday)
	_ = b.Add("bob", 0, monday)
	_ = b.Add("ann", 2, monday.Add(7*time.Minute))
	_ = b.Add("cid", 0, monday)
	_ = b.Add("cid", 1, monday.Add(30*time.Hour)) // too late
	f, err := b.Funnel()
	if err != nil {
		panic(err)
	}
	_ = f.Table().WriteText(os.Stdout)
	// Output:
	// step   users  from previous  from first  median time  p90 time
	// -----  -----  -------------  ----------  -----------  --------
	// view       3              1           1
	// cart       1       0.333333    0.333333  5m0s         5m0s
	// order      1              1    0.333333  2m0s         2m0s
}

func ExampleFunnel() {
	f, err := metrics.NewFunnel(metrics.FunnelOptions{Steps: []string{"visit", "register"}, Entry: metrics.FunnelRestart})
	if err != nil {
		panic(err)
	}
	_ = f.AddUser([]metrics.FunnelEvent{{Step: 0, At: monday}, {Step: 1, At: monday.Add(time.Hour)}})
	_ = f.AddUser([]metrics.FunnelEvent{{Step: 0, At: monday}})
	r := f.Result()
	fmt.Println(r[1].Name, r[1].FromPrevious, r[1].Mean)
	// Output: register 0.5 (1/2) 1h0m0s
}

func ExampleActivity() {
	shop, err := metrics.NewActivity[string](metrics.Calendar{Period: metrics.PeriodWeek})
	if err != nil {
		panic(err)
	}
	week := func(n int) time.Time { return monday.AddDate(0, 0, 7*n) }
	for user, weeks := range map[string][]int{"ann": {0, 1, 2}, "bob": {0, 2}, "cid": {0}, "dee": {1, 2}} {
		for _, w := range weeks {
			_ = shop.Add(user, week(w))
		}
	}
	r, err := shop.Retention(metrics.RetentionOptions{Periods: 2, Through: week(3)})
	if err != nil {
		panic(err)
	}
	_ = r.Table().WriteText(os.Stdout)
	active, _ := shop.Active(1, week(0), week(3))
	fmt.Println("weekly active:", active[0].Users, active[1].Users, active[2].Users)
	// Output:
	// week        users    0       1       2
	// ----------  -----  ---  ------  ------
	// 2026-03-02      3    1  0.3333  0.6667
	// 2026-03-09      1    1       1     n/a
	// all             4    1     0.5  0.6667
	// weekly active: 3 2 3
}

func ExampleCalendar() {
	shanghai := time.FixedZone("Shanghai", 8*3600)
	c := metrics.Calendar{Period: metrics.PeriodMonth, Location: shanghai}
	i := c.Index(time.Date(2026, 2, 28, 20, 0, 0, 0, time.UTC))
	fmt.Println(c.Label(i), c.Start(i))
	// Output: 2026-03 2026-03-01 00:00:00 +0800 Shanghai
}

func ExampleCube() {
	type key struct{ Channel, Category string }
	cube, err := metrics.NewCube(metrics.CubeOptions[key, metrics.Counts]{Merge: (*metrics.Counts).Merge})
	if err != nil {
		panic(err)
	}
	for _, e := range []struct {
		k              key
		clicks, orders int64
	}{{key{"mail", "tea"}, 50, 5}, {key{"mail", "mugs"}, 30, 1}, {key{"ads", "tea"}, 200, 4}} {
		cell, err := cube.Cell(e.k)
		if err != nil {
			panic(err)
		}
		_ = cell.Add(metrics.Counts{Clicks: e.clicks, Orders: e.orders})
	}
	rows, _ := cube.RollUp(func(k key) key { return key{Channel: k.Channel} })
	for _, r := range rows {
		fmt.Println(r.Key.Channel, r.State.CVR())
	}
	total, _ := cube.Total()
	fmt.Println("all", total.CVR())
	// Output:
	// ads 0.02 (4/200)
	// mail 0.075 (6/80)
	// all 0.0357143 (10/280)
}

func ExampleDistinct() {
	var monday, tuesday metrics.Distinct
	for i := range 1000 {
		monday.AddUint64(uint64(i))
		tuesday.AddUint64(uint64(i + 500))
	}
	if err := monday.Merge(&tuesday); err != nil {
		panic(err)
	}
	fmt.Printf("about %.0f users in two days, of 1500\n", monday.Count())
	// Output: about 1503 users in two days, of 1500
}

func ExampleQuantiles() {
	var q metrics.Quantiles
	for i := range 1000 {
		_ = q.Add(float64(i + 1))
	}
	p90, _ := q.Quantile(0.9)
	fmt.Printf("%.0f\n", p90)
	// Output: 907
}

func ExampleAttribution() {
	a, err := metrics.NewAttribution(metrics.AttributionOptions{})
	if err != nil {
		panic(err)
	}
	_ = a.AddPath([]string{"search"}, 2, 1, 0) // two conversions, one path without
	_ = a.AddPath([]string{"mail"}, 1, 0, 0)
	_ = a.AddPath([]string{"search", "mail"}, 1, 0, 0)
	last, _ := a.Credit(metrics.AttributeLast)
	markov, _ := a.Markov(context.Background(), 1)
	shapley, _ := a.Shapley(context.Background(), metrics.ShapleyOptions{})
	for i, c := range last {
		fmt.Printf("%-6s last %.1f, Markov %.1f, Shapley %.1f\n", c.Channel, c.Conversions, markov.Channels[i].Conversions, shapley.Channels[i].Conversions)
	}
	// Output:
	// mail   last 2.0, Markov 1.6, Shapley 1.5
	// search last 2.0, Markov 2.4, Shapley 2.5
}

func ExampleMix() {
	credit := []metrics.ChannelCredit{{Channel: "ads", Conversions: 20, Revenue: 90_000}, {Channel: "mail", Conversions: 30, Revenue: 60_000}}
	rows, err := metrics.Mix(credit, map[string]int64{"ads": 45_000, "mail": 5_000})
	if err != nil {
		panic(err)
	}
	_ = metrics.MixTable(rows).WriteText(os.Stdout)
	// Output:
	// channel  conversions  revenue   cost      CPA  ROAS  % of cost  % of revenue
	// -------  -----------  -------  -----  -------  ----  ---------  ------------
	// ads               20    90000  45000     2250     2         90            60
	// mail              30    60000   5000  166.667    12         10            40
}

func ExampleAllocateBudget() {
	plan, err := metrics.AllocateBudget(context.Background(), 1000, []metrics.ChannelBudget{
		{Curve: metrics.HillCurve{Max: 3000, Half: 400, Shape: 1}},
		{Curve: metrics.ExponentialCurve{Max: 1500, Scale: 300}, Max: 500},
	}, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("spend %.0f and %.0f, profit %.0f, the next unit returns %.2f\n", plan.Spend[0], plan.Spend[1], plan.Response, plan.Price)
	// Output: spend 582 and 418, profit 2906, the next unit returns 1.24
}

func ExampleAllocateUnits() {
	plan, err := metrics.AllocateUnits(context.Background(), 3, [][]float64{{0, 5, 8, 9}, {0, 1, 9}})
	fmt.Println(plan.Units, plan.Response, err)
	// Output: [1 2] 14 <nil>
}

func ExampleChoose() {
	a, _ := metrics.NewProportion(40, 1000)
	b, _ := metrics.NewProportion(52, 1000)
	// Profit per contact: 3000 a response, less the cost of the contact.
	c, err := metrics.Choose(context.Background(), []metrics.Belief{
		metrics.BeliefInRate(a).Worth(3000, 50),
		metrics.BeliefInRate(b).Worth(3000, 90),
	}, metrics.ChooseOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("choose %d, regret %.1f\n", c.Best, c.Regret)
	// Output: choose 0, regret 9.3
}

func ExampleAnalyticHierarchy() {
	a, err := metrics.AnalyticHierarchy([][]float64{
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
	w, _ := metrics.EntropyWeights(x, cost, metrics.EntropyMinMax)
	s, err := metrics.TOPSIS(x, w, cost)
	fmt.Printf("%.3f %.3f %v\n", w, s, err)
	// Output: [0.228 0.543 0.228] [0.180 0.271 0.729] <nil>
}

func ExampleGreyDrivers() {
	sales := []float64{100, 120, 150, 180}
	g, err := metrics.GreyDrivers(sales, [][]float64{{10, 12, 15, 19}, {50, 48, 51, 49}}, metrics.GreyInitial, 0)
	fmt.Printf("advertising %.2f, price %.2f %v\n", g[0], g[1], err)
	// Output: advertising 0.95, price 0.61 <nil>
}

func ExampleFuzzyEvaluate() {
	b, err := metrics.FuzzyEvaluate([][]float64{
		{.5, .3, .2}, // service: good, fair, poor
		{.2, .5, .3}, // delivery
	}, []float64{.6, .4}, metrics.FuzzyWeighted)
	fmt.Printf("%.2f %v\n", b, err)
	// Output: [0.38 0.38 0.24] <nil>
}

func ExampleBinned() {
	ref, err := metrics.NewBinned([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5)
	if err != nil {
		panic(err)
	}
	week := ref.Empty()
	for _, x := range []float64{1, 1, 2, 3, 3, 5, 6, 7, 8, 9} {
		_ = week.Add(x)
	}
	d, _ := week.DriftFrom(ref)
	fmt.Printf("PSI %.3f, by chance up to %.2f, alarm %v\n", d.PSI, d.Threshold, d.Alarm)
	// Output: PSI 0.110, by chance up to 3.69, alarm false
}

func ExampleCUSUM() {
	base := metrics.NewRatio(500, 10_000) // 5 %
	var days []metrics.Ratio
	for d := range int64(10) {
		days = append(days, metrics.NewRatio(50-2*d, 1000)) // sinking slowly
	}
	z, err := metrics.StandardizeRatios(base, days)
	if err != nil {
		panic(err)
	}
	at, _ := metrics.Alarms(&metrics.CUSUM{}, z)
	fmt.Println("alarm on day", at)
	// Output: alarm on day [8]
}

func ExampleAgreement() {
	var a metrics.Agreement
	for _, p := range [][2]int{{0, 0}, {0, 0}, {1, 1}, {1, 2}} {
		a.Add(p[0], p[1])
	}
	r, _ := a.Result()
	fmt.Printf("ARI %.4f, purity %.0f\n", r.ARI, r.Purity)
	// Output: ARI 0.5714, purity 1
}

func ExampleForecasts() {
	var f metrics.Forecasts
	history := []float64{10, 12, 11, 13}
	s, err := f.Add([]float64{12, 14}, []float64{13, 13}, history, 1, 1)
	fmt.Printf("MASE %.2f, WAPE %.3f %v\n", s.MASE, s.WAPE, err)
	// Output: MASE 0.60, WAPE 0.077 <nil>
}

func ExampleFitRatePrior() {
	var ads []metrics.Proportion
	for _, x := range [][2]int64{{2, 100}, {9, 150}, {1, 80}, {12, 120}, {30, 400}, {4, 300}} {
		p, _ := metrics.NewProportion(x[0], x[1])
		ads = append(ads, p)
	}
	prior, err := metrics.FitRatePrior(ads)
	if err != nil {
		panic(err)
	}
	lucky, _ := prior.Smooth(metrics.NewRatio(1, 2)) // one click of two
	fmt.Printf("prior mean %.3f, smoothed CTR %.3f\n", prior.Mean(), lucky)
	// Output: prior mean 0.048, smoothed CTR 0.066
}

func ExampleIncrementalOf() {
	e := metrics.Effect{Scale: metrics.ScaleAbsolute, Estimate: 0.02, Low: 0.01, High: 0.03, NB: 10_000} // orders per user
	inc, err := metrics.IncrementalOf(e, 5000)
	fmt.Printf("%.0f more orders at %.0f each (%.0f to %.0f) %v\n", inc.Value, inc.CostPer, inc.CostPerRange.Low, inc.CostPerRange.High, err)
	// Output: 200 more orders at 25 each (17 to 50) <nil>
}

func ExamplePriceElasticity() {
	e, err := metrics.PriceElasticity([]float64{8, 9, 10, 11, 12}, []float64{160, 125, 99, 83, 70})
	fmt.Printf("%.2f (%.2f to %.2f) %v\n", e.Estimate, e.Range.Low, e.Range.High, err)
	// Output: -2.04 (-2.16 to -1.92) <nil>
}

func ExampleEngagement() {
	var week metrics.Engagement
	for _, day := range []metrics.Engagement{{Reach: 400, Likes: 30, Plays: 80, Completions: 20}, {Reach: 600, Likes: 40, Shares: 10, Plays: 120, Completions: 60}} {
		if err := week.Add(day); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(week.ByReach(), week.CompletionRate())
	// Output: 0.08 (80/1000) 0.4 (80/200)
}

func ExampleListOverlap() {
	o, err := metrics.ListOverlap([]string{"tea", "pot", "cup"}, []string{"cup", "milk", "tea"}, 3)
	fmt.Printf("%d shared, Jaccard %.2f %v\n", o.Shared, o.Jaccard, err)
	// Output: 2 shared, Jaccard 0.50 <nil>
}
