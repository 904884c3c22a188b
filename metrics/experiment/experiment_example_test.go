package experiment_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

func ExampleCompareRatios() {
	// Orders per session: add users, not sessions, because users were drawn.
	var a, b experiment.RatioMoments
	for i := range 200 {
		sessions := float64(1 + i%4)
		_ = a.Add(float64(i%3/2), sessions)
		_ = b.Add(float64(i%2), sessions)
	}
	e, err := experiment.CompareRatios(a, b, metrics.CompareOptions{Scale: metrics.ScaleRelative})
	fmt.Println(e, err)
	// Output: +51.52% relative, 95% interval +14.76% to +88.27%, p = 0.006136, n = 400, ratio metric, delta method, Welch t <nil>
}

func ExampleCompareCUPED() {
	var a, b experiment.CUPED
	for i := range 100 {
		before := float64(i % 10) // spend in the weeks before
		_ = a.Add(before+float64(i%3), before)
		_ = b.Add(before+float64(i%3)+0.4, before)
	}
	_ = b.AddMissing(3) // a new customer
	e, err := experiment.CompareCUPED(a, b, metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("plain %.2f ± %.2f, adjusted %.2f ± %.2f, θ %.2f\n", e.Unadjusted.Estimate, e.Unadjusted.SE, e.Estimate, e.SE, e.Theta)
	// Output: plain 0.37 ± 0.42, adjusted 0.37 ± 0.12, θ 1.00
}

func ExampleCompareCUPEDRatios() {
	var a, b experiment.CUPEDRatio
	for i := range 100 {
		n := float64(1 + i%5)
		k := float64(i * 7 % 4)
		_ = a.Add(k+float64(i%2), n, k, n)
		_ = b.Add(k+float64(i%3), n, k, n)
	}
	e, err := experiment.CompareCUPEDRatios(a, b, metrics.CompareOptions{})
	fmt.Printf("variance removed %.0f%% %v\n", 100*e.Reduction, err)
	// Output: variance removed 84% <nil>
}

func ExampleSampleSizeProportions() {
	s, err := experiment.SampleSizeProportions(0.10, 0.12, experiment.PowerOptions{})
	if err != nil {
		panic(err)
	}
	days, _ := s.Days(1200, 0.5)
	fmt.Println(s.Control, "per arm,", days, "days")
	// Output: 3841 per arm, 13 days
}

func ExamplePowerMeans() {
	p, err := experiment.PowerMeans(1, 1, 30, 30, experiment.PowerOptions{})
	d, _ := experiment.DetectableMean(1, 30, experiment.PowerOptions{})
	fmt.Printf("%.4f %.4f %v\n", p, d, err)
	// Output: 0.9677 0.7356 <nil>
}

func ExampleAdjustPValues() {
	q, err := experiment.AdjustPValues([]float64{0.01, 0.04, 0.03, 0.005}, experiment.Holm)
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
	e, err = experiment.AlwaysValid(e, experiment.SequentialOptions{}) // may be asked every hour
	fmt.Printf("%.4f (%.4f, %.4f) %v\n", e.Estimate, e.Low, e.High, err)
	// Output: 0.5039 (0.4010, 0.6067) <nil>
}

func ExampleGroupSequential() {
	g, err := experiment.NewGroupSequential([]float64{0.25, 0.5, 0.75, 1}, experiment.GroupSequentialOptions{})
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
	p, err := experiment.BayesProportions(a, b, experiment.BetaPrior{}, 0)
	fmt.Printf("B is better with %.1f%%; choosing it may cost %.4f, choosing A %.4f %v\n", 100*p.BetterB, p.LossB, p.LossA, err)
	// Output: B is better with 92.1%; choosing it may cost 0.0025, choosing A 0.1005 <nil>
}

func ExampleBayesEffect() {
	// Past campaigns moved revenue per user by 2 % or so, not by 12 %.
	p, err := experiment.BayesEffect(metrics.Effect{Scale: metrics.ScaleRelative, Estimate: 0.12, SE: 0.04, N: 9000}, experiment.GaussianPrior{SD: 0.02})
	fmt.Printf("%+.3f, better with %.2f %v\n", p.Estimate, p.BetterB, err)
	// Output: +0.024, better with 0.91 <nil>
}

func ExampleComparePaired() {
	var popular, als []float64 // NDCG of each user
	for i := range 300 {
		x := float64(i%10) / 20
		popular = append(popular, x)
		als = append(als, x+float64(i*7%13-5)/100)
	}
	e, err := experiment.ComparePaired(context.Background(), popular, als, experiment.PairedOptions{Replicates: 2000, Seed: 1})
	if err != nil {
		panic(err)
	}
	d, _ := experiment.DetectableDifference(popular, als, experiment.PowerOptions{})
	fmt.Printf("%+.3f, significant %v; %.3f could have been found\n", e.Estimate, e.Significant(), d)
	// Output: +0.010, significant true; 0.006 could have been found
}

func ExampleRun() {
	assign, err := experiment.NewAssigner("spring mail 2026", []float64{1, 1})
	if err != nil {
		panic(err)
	}
	e, err := experiment.New[string](experiment.Options{
		Arms: []string{"none", "mail"}, Outcomes: 2, // 0 spend, 1 orders
		Metrics: []experiment.Metric{
			{Name: "buyers", Kind: experiment.Proportion, Outcome: 1, Scale: metrics.ScaleRelative},
			{Name: "spend", Outcome: 0, Cap: 0.99},
			{Name: "order value", Kind: experiment.Ratio, Outcome: 0, Per: 1},
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
	// buyers: +0.133 relative, p 0.144, corrected 0.144
	// spend: +1.043 absolute, p 0.025, corrected 0.050
	// order value: +3.527 absolute, p 0.007, corrected 0.022
}

func ExampleAssigner() {
	a, err := experiment.NewAssigner("new banner", []float64{0.9, 0.1})
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
	var a, b experiment.Clusters[string]
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
	e, err := experiment.CompareClusters(&a, &b, metrics.CompareOptions{})
	fmt.Printf("%+.2f ± %.2f, %s %v\n", e.Estimate, e.SE, e.Method, err)
	// Output:
	// +1.03 ± 0.84, cluster-robust, Welch t over 30 and 30 clusters <nil>
}

func ExampleCompareWinsorized() {
	a, b := []float64{0, 0, 12, 30, 25, 0, 18, 22}, []float64{0, 14, 33, 0, 28, 25, 30, 4000}
	e, err := experiment.CompareWinsorized(a, b, experiment.WinsorOptions{Quantile: 0.9})
	fmt.Printf("raw %+.0f, capped at %.1f %+.1f, %d values lowered %v\n", e.Raw.Estimate, e.Cap, e.Estimate, e.CappedA+e.CappedB, err)
	// Output:
	// raw +503, capped at 31.5 +6.6, 2 values lowered <nil>
}

func ExampleCompareSegments() {
	arm := func(x, n int64) metrics.Proportion { p, _ := metrics.NewProportion(x, n); return p }
	young, _ := metrics.CompareProportions(arm(100, 1000), arm(140, 1000), metrics.CompareOptions{})
	old, _ := metrics.CompareProportions(arm(100, 1000), arm(115, 1000), metrics.CompareOptions{})
	h, err := experiment.CompareSegments([]metrics.Effect{young, old}, experiment.Holm)
	fmt.Printf("corrected %.3f, but do they differ? p %.3f %v\n", h.Adjusted, h.PValue, err)
	// Output:
	// corrected [0.012 0.279], but do they differ? p 0.213 <nil>
}

func ExampleSampleRatio() {
	r, err := experiment.SampleRatio([]int64{9463, 7681}, []float64{0.5, 0.5})
	fmt.Printf("χ² %.1f, alarm %v, %v\n", r.ChiSquared, r.Alarm, err)
	// Output: χ² 185.2, alarm true, <nil>
}

func ExampleNewKeyedAssigner() {
	key := []byte("32 random bytes out of a vault..")
	here, err := experiment.NewKeyedAssigner(key, "autumn mailing", []float64{1, 1})
	if err != nil {
		panic(err)
	}
	there, err := experiment.NewKeyedAssigner(key, "autumn mailing", []float64{1, 1}) // on another machine
	if err != nil {
		panic(err)
	}
	fmt.Println(here.Arm("ann") == there.Arm("ann"))
	// Output: true
}

// Orders count from a customer's first mail on and for two weeks; who got it less than two
// weeks ago waits. The feed may be in any order.
func ExampleRun_AssignAt() {
	june := func(day int) time.Time { return time.Date(2026, 6, day, 12, 0, 0, 0, time.UTC) }
	run, err := experiment.New[string](experiment.Options{
		Arms: []string{"none", "mail"}, Outcomes: 1, Timed: true,
		Metrics: []experiment.Metric{{Name: "revenue in 14 days", Window: 14 * 24 * time.Hour}},
	})
	if err != nil {
		panic(err)
	}
	for i, user := range []string{"ann", "bob", "cem", "dee", "eve"} {
		err = errors.Join(err, run.AssignAt(user, i%2, june(1+i)))
	}
	err = errors.Join(err,
		run.AddAt("ann", 0, 20, june(3)),   // counts
		run.AddAt("ann", 0, 500, june(20)), // after her window
		run.AddAt("bob", 0, 300, june(1)),  // before his first mail
		run.AddAt("dee", 0, 30, june(9)),   // counts
		run.AddAt("zoe", 0, 70, june(9)),   // never in the experiment
		run.AsOf(june(18)),                 // Eve's window ends on 19 June
	)
	r, err2 := run.Result()
	if err := errors.Join(err, err2); err != nil {
		panic(err)
	}
	e := r.Rows[0]
	fmt.Printf("%v against %v a user, %d immature, %d before exposure, %d unassigned\n", e.Effect.MeanB, e.Effect.MeanA, e.Immature, r.Before, r.Unassigned)
	e.Err = run.AssignAt("ann", 7, june(1))
	var at *experiment.FieldError
	fmt.Println(errors.As(e.Err, &at), at.ID, "|", e.Err) // the id is no part of the text
	// Output:
	// 15 against 10 a user, 1 immature, 1 before exposure, 1 unassigned
	// true ann | experiment: Run.AssignAt: user: arm 7 of 2: value out of range
}
