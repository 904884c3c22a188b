package kpi_test

import (
	"fmt"
	"os"
	"time"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/kpi"
)

func ExampleFunnelBuilder() {
	b, err := kpi.NewFunnelBuilder[string](kpi.FunnelOptions{
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
	f, err := kpi.NewFunnel(kpi.FunnelOptions{Steps: []string{"visit", "register"}, Entry: kpi.FunnelRestart})
	if err != nil {
		panic(err)
	}
	_ = f.AddUser([]kpi.FunnelEvent{{Step: 0, At: monday}, {Step: 1, At: monday.Add(time.Hour)}})
	_ = f.AddUser([]kpi.FunnelEvent{{Step: 0, At: monday}})
	r := f.Result()
	fmt.Println(r[1].Name, r[1].FromPrevious, r[1].Mean)
	// Output: register 0.5 (1/2) 1h0m0s
}

func ExampleActivity() {
	shop, err := kpi.NewActivity[string](kpi.Calendar{Period: kpi.PeriodWeek})
	if err != nil {
		panic(err)
	}
	week := func(n int) time.Time { return monday.AddDate(0, 0, 7*n) }
	for user, weeks := range map[string][]int{"ann": {0, 1, 2}, "bob": {0, 2}, "cid": {0}, "dee": {1, 2}} {
		for _, w := range weeks {
			_ = shop.Add(user, week(w))
		}
	}
	r, err := shop.Retention(kpi.RetentionOptions{MinAudience: -1, Periods: 2, AsOf: week(3)})
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
	c := kpi.Calendar{Period: kpi.PeriodMonth, Location: shanghai}
	i := c.Index(time.Date(2026, 2, 28, 20, 0, 0, 0, time.UTC))
	fmt.Println(c.Label(i), c.Start(i))
	// Output: 2026-03 2026-03-01 00:00:00 +0800 Shanghai
}

func ExampleCube() {
	type key struct{ Channel, Category string }
	cube, err := kpi.NewCube(kpi.CubeOptions[key, kpi.Counts]{Merge: (*kpi.Counts).Merge})
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
		_ = cell.Add(kpi.Counts{Clicks: e.clicks, Orders: e.orders})
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

func ExampleFitRatePrior() {
	var ads []metrics.Proportion
	for _, x := range [][2]int64{{2, 100}, {9, 150}, {1, 80}, {12, 120}, {30, 400}, {4, 300}} {
		p, _ := metrics.NewProportion(x[0], x[1])
		ads = append(ads, p)
	}
	prior, err := kpi.FitRatePrior(ads)
	if err != nil {
		panic(err)
	}
	lucky, _ := prior.Smooth(metrics.NewRatio(1, 2)) // one click of two
	fmt.Printf("prior mean %.3f, smoothed CTR %.3f\n", prior.Mean(), lucky)
	// Output: prior mean 0.048, smoothed CTR 0.066
}

func ExampleEngagement() {
	var week kpi.Engagement
	for _, day := range []kpi.Engagement{{Reach: 400, Likes: 30, Plays: 80, Completions: 20}, {Reach: 600, Likes: 40, Shares: 10, Plays: 120, Completions: 60}} {
		if err := week.Add(day); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(week.ByReach(), week.CompletionRate())
	// Output: 0.08 (80/1000) 0.4 (80/200)
}

func ExampleCounts() {
	var campaign kpi.Counts
	_ = campaign.Add(kpi.Counts{Impressions: 20_000, Clicks: 400, Orders: 12, Revenue: 60_000, Cost: 15_000})
	_ = campaign.Add(kpi.Counts{Impressions: 5_000, Clicks: 200, Orders: 8, Revenue: 30_000, Cost: 5_000})
	fmt.Println("CTR ", campaign.CTR())
	fmt.Println("AOV ", campaign.AOV())
	fmt.Println("ROAS", campaign.ROAS())
	_, err := campaign.CAC().Value()
	fmt.Println(err)
	// Output:
	// CTR  0.024 (600/25000)
	// AOV  4500 (90000/20)
	// ROAS 4.5 (90000/20000)
	// metrics: Ratio.Value: 20000/0: result is undefined
}

func ExampleCustomers() {
	var march, april kpi.Customers[string]
	_ = march.Add("ann", 1200)
	_ = march.Add("ann", 800)
	_ = march.Add("bob", 500)
	_ = april.Add("bob", 700)
	fmt.Println("repeat purchase", march.RepeatPurchaseRate())
	fmt.Println("repurchase     ", march.RepurchaseRate(&april))
	fmt.Println("per customer   ", march.ARPPU())
	// Output:
	// repeat purchase 0.5 (1/2)
	// repurchase      0.5 (1/2)
	// per customer    1250 (2500/2)
}

func ExampleRetention() {
	fmt.Println(kpi.Retention([]int{1, 2, 3, 4}, []int{2, 4, 4, 9}))
	// Output: 0.5 (2/4)
}

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func ExampleDecompose() {
	// Orders fell from 1200 to 1100, order value rose from 50 to 60.
	parts, err := kpi.Decompose([]float64{1200, 50}, []float64{1100, 60}, kpi.DecomposeShapley)
	fmt.Printf("orders %+.0f, order value %+.0f, revenue %+.0f %v\n", parts[0], parts[1], parts[0]+parts[1], err)
	// Output:
	// orders -5500, order value +11500, revenue +6000 <nil>
}

// The program of the package documentation.
func Example() {
	events := []struct {
		Channel, Category       string
		Clicks, Orders, Revenue int64
	}{{"mail", "tea", 50, 5, 9000}, {"mail", "mugs", 30, 1, 1500}, {"ads", "tea", 200, 4, 8000}}

	type cell struct{ Channel, Category string }
	cube, err := kpi.NewCube(kpi.CubeOptions[cell, kpi.Counts]{Merge: (*kpi.Counts).Merge})
	if err != nil {
		panic(err)
	}
	for _, e := range events {
		c, err := cube.Cell(cell{e.Channel, e.Category})
		if err != nil {
			panic(err)
		}
		if err := c.Add(kpi.Counts{Clicks: e.Clicks, Orders: e.Orders, Revenue: e.Revenue}); err != nil {
			panic(err)
		}
	}
	total, err := cube.Total()
	if err != nil {
		panic(err)
	}
	_ = total.Table().WriteText(os.Stdout)
	// Output:
	// KPI          value  numerator  denominator
	// -------  ---------  ---------  -----------
	// CVR      0.0357143         10          280
	// AOV           1850      18500           10
	// net AOV       1850      18500           10
}

// Customers who buy twice a year are not lost after a month: the periods of
// inactivity come from the gaps of their own cohort.
func ExampleActivity_Churn() {
	shop, err := kpi.NewActivity[string](kpi.Calendar{Period: kpi.PeriodWeek})
	if err != nil {
		panic(err)
	}
	week := func(n int) time.Time { return monday.AddDate(0, 0, 7*n) }
	for user, weeks := range map[string][]int{"ann": {0, 2, 4, 6, 8}, "bob": {0, 2, 4}, "cid": {0, 2, 4, 8}} {
		for _, w := range weeks {
			_ = shop.Add(user, week(w))
		}
	}
	var lost kpi.Churn
	lost, err = shop.Churn(kpi.ChurnOptions{From: week(5), AsOf: week(10), Factor: 1, MinGaps: 5})
	if err != nil {
		panic(err)
	}
	fmt.Println("churned", lost.Rate, "after", lost.Inactive, "weeks without activity")

	var flow kpi.UserFlow
	flows, err := shop.Flows(week(4), week(5))
	if err != nil {
		panic(err)
	}
	flow = flows[0]
	fmt.Println("active", flow.Active, "kept", flow.Kept, "returned", flow.Returned)
	// Output:
	// churned 0.333333 (1/3) after 3 weeks without activity
	// active 3 kept 0 returned 3
}

func ExampleRetentionKind() {
	app, err := kpi.NewActivity[string](kpi.Calendar{})
	if err != nil {
		panic(err)
	}
	for user, days := range map[string][]int{"ann": {0, 1, 5}, "bob": {0, 3}, "cid": {0}} {
		for _, d := range days {
			_ = app.Add(user, monday.AddDate(0, 0, d))
		}
	}
	for _, kind := range []kpi.RetentionKind{kpi.RetentionClassic, kpi.RetentionRolling} {
		t, err := app.Retention(kpi.RetentionOptions{MinAudience: -1, Kind: kind, Periods: 3, AsOf: monday.AddDate(0, 0, 6)})
		if err != nil {
			panic(err)
		}
		var row kpi.RetentionRow = t.Rows[0]
		fmt.Println(row.Users, t.Columns[1:], row.Cells[1:])
	}
	// Output:
	// 3 [1 2 3] [0.333333 (1/3) 0 (0/3) 0.333333 (1/3)]
	// 3 [1+ 2+ 3+] [0.666667 (2/3) 0.666667 (2/3) 0.666667 (2/3)]
}

func ExampleGrowth() {
	share, err := kpi.ShareOf(120_000, 800_000)
	fmt.Println("revenue", kpi.Growth(100_000, 120_000), "market share", share, err)
	// Output: revenue 0.2 (20000/100000) market share 0.15 (120000/800000) <nil>
}

func ExampleFitRatePriorMoments() {
	var ads []metrics.Proportion
	for _, x := range [][2]int64{{2, 100}, {9, 150}, {1, 80}, {12, 120}, {30, 400}, {4, 300}} {
		p, _ := metrics.NewProportion(x[0], x[1])
		ads = append(ads, p)
	}
	fast, err := kpi.FitRatePriorMoments(ads) // one pass
	fmt.Printf("mean %.3f, worth %.0f trials %v\n", fast.Mean(), fast.Alpha+fast.Beta, err)
	// Output: mean 0.050, worth 44 trials <nil>
}

func ExampleSocial() {
	// An hour of live shopping, and the group purchases it started.
	s := kpi.Social{
		Views: 12_000, Viewers: 9_000, Peak: 2_100, ViewerSeconds: 3_600_000, StreamSeconds: 3_600, Orders: 240, Revenue: 960_000,
		Users: 4_000, Invites: 6_000, Referred: 900, GroupsFormed: 80, GroupsExpired: 20, GroupMembers: 250,
	}
	gpm, err := s.GPM()
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d at peak, %.0f on average, %.0f s a view, %.0f a thousand views\n", s.Peak, s.AverageViewers().Float(), s.Dwell().Float(), gpm)
	fmt.Println("K", s.KFactor(), "groups", s.GroupCompletion())
	// Output:
	// 2100 at peak, 1000 on average, 300 s a view, 80000 a thousand views
	// K 0.225 (900/4000) groups 0.8 (80/100)
}
