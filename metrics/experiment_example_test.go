package metrics_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/metrics"
)

func ExampleCompareRatios() {
	// Orders per session: add users, not sessions, because users were drawn.
	var a, b metrics.RatioMoments
	for i := range 200 {
		sessions := float64(1 + i%4)
		_ = a.Add(float64(i%3/2), sessions)
		_ = b.Add(float64(i%2), sessions)
	}
	e, err := metrics.CompareRatios(a, b, metrics.CompareOptions{Scale: metrics.ScaleRelative})
	fmt.Println(e, err)
	// Output: +51.52% relative, 95% interval +14.76% to +88.27%, p = 0.006136, n = 400, ratio metric, delta method, Welch t <nil>
}

func ExampleCompareCUPED() {
	var a, b metrics.CUPED
	for i := range 100 {
		before := float64(i % 10) // spend in the weeks before
		_ = a.Add(before+float64(i%3), before)
		_ = b.Add(before+float64(i%3)+0.4, before)
	}
	_ = b.AddMissing(3) // a new customer
	e, err := metrics.CompareCUPED(a, b, metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("plain %.2f ± %.2f, adjusted %.2f ± %.2f, θ %.2f\n", e.Unadjusted.Estimate, e.Unadjusted.SE, e.Estimate, e.SE, e.Theta)
	// Output: plain 0.37 ± 0.42, adjusted 0.37 ± 0.12, θ 1.00
}

func ExampleCompareCUPEDRatios() {
	var a, b metrics.CUPEDRatio
	for i := range 100 {
		n := float64(1 + i%5)
		k := float64(i * 7 % 4)
		_ = a.Add(k+float64(i%2), n, k, n)
		_ = b.Add(k+float64(i%3), n, k, n)
	}
	e, err := metrics.CompareCUPEDRatios(a, b, metrics.CompareOptions{})
	fmt.Printf("variance removed %.0f%% %v\n", 100*e.Reduction, err)
	// Output: variance removed 84% <nil>
}

func ExampleSampleSizeProportions() {
	s, err := metrics.SampleSizeProportions(0.10, 0.12, metrics.PowerOptions{})
	if err != nil {
		panic(err)
	}
	days, _ := s.Days(1200, 0.5)
	fmt.Println(s.Control, "per arm,", days, "days")
	// Output: 3841 per arm, 13 days
}

func ExamplePowerMeans() {
	p, err := metrics.PowerMeans(1, 1, 30, 30, metrics.PowerOptions{})
	d, _ := metrics.DetectableMean(1, 30, metrics.PowerOptions{})
	fmt.Printf("%.4f %.4f %v\n", p, d, err)
	// Output: 0.9677 0.7356 <nil>
}

func ExampleAdjustPValues() {
	q, err := metrics.AdjustPValues([]float64{0.01, 0.04, 0.03, 0.005}, metrics.Holm)
	fmt.Printf("%.2f %v\n", q, err)
	// Output: [0.03 0.06 0.06 0.02] <nil>
}

func ExampleAlwaysValid() {
	a, _ := metrics.NewProportion(1396, 3000)
	b, _ := metrics.NewProportion(2422, 3461)
	e, err := metrics.CompareProportions(a, b, metrics.CompareOptions{Scale: metrics.ScaleRelative})
	if err != nil {
		panic(err)
	}
	e, err = metrics.AlwaysValid(e, metrics.SequentialOptions{}) // may be asked every hour
	fmt.Printf("%.4f (%.4f, %.4f) %v\n", e.Estimate, e.Low, e.High, err)
	// Output: 0.5039 (0.4010, 0.6067) <nil>
}

func ExampleGroupSequential() {
	g, err := metrics.NewGroupSequential([]float64{0.25, 0.5, 0.75, 1}, metrics.GroupSequentialOptions{})
	if err != nil {
		panic(err)
	}
	for _, l := range g.Looks() {
		fmt.Printf("%.2f: |z| >= %.3f, p <= %.2g\n", l.Fraction, l.Z, l.Nominal)
	}
	more, _ := g.Inflation(0.8)
	fmt.Printf("%.1f%% more users\n", 100*(more-1))
	// Output:
	// 0.25: |z| >= 4.333, p <= 1.5e-05
	// 0.50: |z| >= 2.963, p <= 0.003
	// 0.75: |z| >= 2.359, p <= 0.018
	// 1.00: |z| >= 2.014, p <= 0.044
	// 2.0% more users
}

func ExampleBayesProportions() {
	a, _ := metrics.NewProportion(40, 100)
	b, _ := metrics.NewProportion(50, 100)
	p, err := metrics.BayesProportions(a, b, metrics.BetaPrior{}, 0)
	fmt.Printf("B is better with %.1f%%; choosing it may cost %.4f, choosing A %.4f %v\n", 100*p.BetterB, p.LossB, p.LossA, err)
	// Output: B is better with 92.1%; choosing it may cost 0.0025, choosing A 0.1005 <nil>
}

func ExampleBayesEffect() {
	// Past campaigns moved revenue per user by 2 % or so, not by 12 %.
	p, err := metrics.BayesEffect(metrics.Effect{Scale: metrics.ScaleRelative, Estimate: 0.12, SE: 0.04, N: 9000}, metrics.GaussianPrior{SD: 0.02})
	fmt.Printf("%+.3f, better with %.2f %v\n", p.Estimate, p.BetterB, err)
	// Output: +0.024, better with 0.91 <nil>
}

func ExampleUplift() {
	bought := []float64{1, 0, 1, 1, 0, 0}
	mailed := []bool{true, true, false, true, false, false}
	score := []float64{6, 5, 4, 3, 2, 1}
	c, err := metrics.Uplift(bought, mailed, score)
	if err != nil {
		panic(err)
	}
	for _, p := range c.Points {
		fmt.Print(p.Qini, ", ")
	}
	fmt.Printf("area %.1f, per head over random %.3f, normalised %.3f\n", c.Qini.Area, c.Qini.PerHead, c.Qini.Normalized)
	fmt.Println(c.Warnings[0])
	// Output:
	// 1, 1, -1, -1, 0.5, 1, area 1.0, per head over random -0.333, normalised -0.308
	// the curve starts with users of one arm only
}

func ExampleUpliftHistogram() {
	o := metrics.UpliftHistogramOptions{Min: 0, Max: 1, Bins: 100, Replicates: 100}
	east, err := metrics.NewUpliftHistogram(o)
	if err != nil {
		panic(err)
	}
	west, _ := metrics.NewUpliftHistogram(o)
	for i := range 2000 {
		h := east
		if i%3 == 0 {
			h = west
		}
		score, mailed := float64(i%100)/100, i/100%2 == 0
		spend := 0.0
		if i*37%100 < 20 || mailed && score > 0.5 && i%4 == 0 {
			spend = 25
		}
		_ = h.Add(uint64(i), mailed, spend, score)
	}
	if err := east.Merge(west); err != nil {
		panic(err)
	}
	qini, _, err := east.Intervals(0)
	fmt.Println(err, qini.Low > 0, qini.Method)
	// Output: <nil> true Poisson bootstrap, 100 replicates
}

func ExampleOffPolicy() {
	p, err := metrics.NewOffPolicy(metrics.OffPolicyOptions{})
	if err != nil {
		panic(err)
	}
	// The old policy showed each of two banners half the time; the new one
	// would show the second in 9 cases of 10.
	for i := range 1000 {
		second := i%2 == 1
		clicked, target := 0.0, 0.1
		if second {
			target = 0.9
		}
		if second && i%10 < 4 || !second && i%10 < 1 {
			clicked = 1
		}
		_ = p.Add(clicked, 0.5, target)
	}
	r, err := p.Result(0)
	fmt.Printf("logged %.2f, new %.2f (%.2f to %.2f), as good as %.0f records, %v\n", r.Logged, r.SNIPS.Value, r.SNIPS.Interval.Low, r.SNIPS.Interval.High, r.ESS, err)
	// Output: logged 0.30, new 0.38 (0.34 to 0.42), as good as 610 records, <nil>
}

func ExampleFairness() {
	var f metrics.Fairness[string]
	for i := range 100 {
		f.Add("north", i%2 == 0, i%4 == 0)
		f.Add("south", i%2 == 0, i%5 == 0)
	}
	f.Add("isles", true, false)
	r, err := f.Result(30)
	fmt.Printf("selection %.2f against %.2f, ratio %.2f, unknown %v, %v\n", r.Groups[1].SelectionRate, r.Groups[2].SelectionRate, r.ParityRatio, r.Unknown, err)
	// Output: selection 0.25 against 0.20, ratio 0.80, unknown [isles], <nil>
}

func ExampleExposure() {
	// Items 0 and 1 are best sellers, 2 to 4 the tail.
	e, err := metrics.NewExposure([]int32{0, 0, 1, 1, 1})
	if err != nil {
		panic(err)
	}
	_ = e.Add([]int32{0, 1}, []int32{1}, nil)
	_ = e.Add([]int32{1, 3}, []int32{4}, []int32{0})
	r, _ := e.Result()
	fmt.Printf("chance to be shown %.2f and %.2f, PopRSP %.2f\n", r.Groups[0].RSP, r.Groups[1].RSP, r.PopRSP)
	// Output: chance to be shown 1.00 and 0.17, PopRSP 0.71
}

func ExampleComparePaired() {
	var popular, als []float64 // NDCG of each user
	for i := range 300 {
		x := float64(i%10) / 20
		popular = append(popular, x)
		als = append(als, x+float64(i*7%13-5)/100)
	}
	e, err := metrics.ComparePaired(context.Background(), popular, als, metrics.PairedOptions{Replicates: 2000, Seed: 1})
	if err != nil {
		panic(err)
	}
	d, _ := metrics.DetectableDifference(popular, als, metrics.PowerOptions{})
	fmt.Printf("%+.3f, significant %v; %.3f could have been found\n", e.Estimate, e.Significant(), d)
	// Output: +0.010, significant true; 0.006 could have been found
}

func ExampleExperiment() {
	assign, err := metrics.NewAssigner("spring mail 2026", []float64{1, 1})
	if err != nil {
		panic(err)
	}
	e, err := metrics.NewExperiment[string](metrics.ExperimentOptions{
		Arms: []string{"none", "mail"}, Outcomes: 2, // 0 spend, 1 orders
		Metrics: []metrics.ExperimentMetric{
			{Name: "buyers", Kind: metrics.MetricConversion, Outcome: 1, Scale: metrics.ScaleRelative},
			{Name: "spend", Outcome: 0, Cap: 0.99},
			{Name: "order value", Kind: metrics.MetricRatio, Outcome: 0, Per: 1},
		},
	})
	if err != nil {
		panic(err)
	}
	for i := range 4000 {
		user := fmt.Sprint("user", i)
		arm := assign.Arm(user)
		_ = e.Assign(user, arm)
		if i*7919%100 < 10+4*arm {
			_ = e.Add(user, 1, 1)
			_ = e.Add(user, 0, float64(20+i%50))
		}
	}
	_ = e.Assign("user7", 0)
	_ = e.Assign("user7", 1) // saw both
	r, err := e.Result()
	if err != nil {
		panic(err)
	}
	fmt.Println("users", r.Users, "excluded", r.Crossovers, "split is fine:", !r.SRM.Alarm)
	for _, x := range r.Rows {
		fmt.Printf("%s: %+.3f %v, p %.3f, corrected %.3f\n", x.Metric, x.Effect.Estimate, x.Effect.Scale, x.Effect.PValue, x.Adjusted)
	}
	// Output:
	// users [2008 1991] excluded 1 split is fine: true
	// buyers: +0.133 relative, p 0.170, corrected 0.170
	// spend: +1.043 absolute, p 0.025, corrected 0.050
	// order value: +3.527 absolute, p 0.007, corrected 0.022
}

func ExampleAssigner() {
	a, err := metrics.NewAssigner("new banner", []float64{0.9, 0.1})
	if err != nil {
		panic(err)
	}
	counts := make([]int, 2)
	for i := range 10_000 {
		counts[a.ArmID(uint64(i))]++
	}
	fmt.Println(counts, "anna sees arm", a.Arm("anna"))
	// Output:
	// [8977 1023] anna sees arm 1
}

func ExampleCompareClusters() {
	// Whole shops were drawn, so shops are what is counted.
	var a, b metrics.Clusters[string]
	for shop := range 60 {
		for day := range 14 {
			y := 100 + float64(shop*7%11) + float64(day%7)
			if shop%2 == 1 {
				_ = b.Add(fmt.Sprint(shop), y+1)
			} else {
				_ = a.Add(fmt.Sprint(shop), y)
			}
		}
	}
	e, err := metrics.CompareClusters(&a, &b, metrics.CompareOptions{})
	fmt.Printf("%+.2f ± %.2f, %s %v\n", e.Estimate, e.SE, e.Method, err)
	// Output:
	// +1.03 ± 0.84, cluster-robust, Welch t over 30 and 30 clusters <nil>
}

func ExampleCompareWinsorized() {
	a, b := []float64{0, 0, 12, 30, 25, 0, 18, 22}, []float64{0, 14, 33, 0, 28, 25, 30, 4000}
	e, err := metrics.CompareWinsorized(a, b, metrics.WinsorOptions{Quantile: 0.9})
	fmt.Printf("raw %+.0f, capped at %.1f %+.1f, %d values lowered %v\n", e.Raw.Estimate, e.Cap, e.Estimate, e.CappedA+e.CappedB, err)
	// Output:
	// raw +503, capped at 31.5 +6.6, 2 values lowered <nil>
}

func ExampleCompareSegments() {
	arm := func(x, n int64) metrics.Proportion { p, _ := metrics.NewProportion(x, n); return p }
	young, _ := metrics.CompareProportions(arm(100, 1000), arm(140, 1000), metrics.CompareOptions{})
	old, _ := metrics.CompareProportions(arm(100, 1000), arm(115, 1000), metrics.CompareOptions{})
	h, err := metrics.CompareSegments([]metrics.Effect{young, old}, metrics.Holm)
	fmt.Printf("corrected %.3f, but do they differ? p %.3f %v\n", h.Adjusted, h.PValue, err)
	// Output:
	// corrected [0.012 0.279], but do they differ? p 0.213 <nil>
}

func ExampleDiffInDiff() {
	var d metrics.DiffInDiff[string]
	for shop := range 60 {
		for week := range 8 {
			after, treated := week >= 4, shop%2 == 1
			y := 50 + float64(shop*5%13) + float64(week) + float64((shop+week)%3)
			if after && treated {
				y += 6
			}
			_ = d.Add(fmt.Sprint(shop), treated, after, y)
		}
	}
	e, err := d.Result(metrics.CompareOptions{Scale: metrics.ScaleRelative})
	fmt.Printf("%+.1f%% over what would have been, p < 0.001: %v %v\n", 100*e.Estimate, e.PValue < 0.001, err)
	// Output:
	// +9.6% over what would have been, p < 0.001: true <nil>
}

func ExampleInterruptedSeries() {
	var y []float64
	for t := range 60 {
		v := 100 + 0.5*float64(t) + float64(t*t%7)
		if t >= 40 {
			v += 12
		}
		y = append(y, v)
	}
	r, err := metrics.InterruptedSeries(y, 40, metrics.InterruptedOptions{})
	fmt.Printf("jump %.1f (%.1f to %.1f), change of trend p %.2f %v\n", r.Level.Estimate, r.Level.Low, r.Level.High, r.Slope.PValue, err)
	// Output:
	// jump 12.0 (10.3 to 13.9), change of trend p 0.92 <nil>
}

func ExampleCounterfactual() {
	e, err := metrics.Counterfactual([]float64{120, 131, 118}, []float64{100, 104, 103}, []float64{6, 7, 8}, metrics.CounterfactualOptions{Correlation: 0.5})
	fmt.Println(e.Total, err)
	// Output:
	// +62 absolute, 95% interval +29.7349 to +94.2651, p = 0.0001657, n = 3, forecast as counterfactual, error correlation 0.5 <nil>
}

func ExampleDecompose() {
	// Orders fell from 1200 to 1100, order value rose from 50 to 60.
	parts, err := metrics.Decompose([]float64{1200, 50}, []float64{1100, 60}, metrics.DecomposeShapley)
	fmt.Printf("orders %+.0f, order value %+.0f, revenue %+.0f %v\n", parts[0], parts[1], parts[0]+parts[1], err)
	// Output:
	// orders -5500, order value +11500, revenue +6000 <nil>
}
