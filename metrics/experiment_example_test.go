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
