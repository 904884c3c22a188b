package experiment_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

// The program of the package comment: a mail to every second customer.
func Example() {
	type exposure struct {
		User string
		Arm  int
	}
	type order struct {
		User   string
		Amount float64
	}
	var exposures []exposure
	var orders []order
	for i := range 2000 {
		user, arm := fmt.Sprint("user", i), i%2
		exposures = append(exposures, exposure{user, arm})
		if i*7919%100 < 10+5*arm {
			orders = append(orders, order{user, 20})
		}
	}

	run, err := experiment.New[string](experiment.Options{
		Arms: []string{"none", "mail"}, Outcomes: 1, // the first arm is the control
		Metrics: []experiment.Metric{{Name: "buyers", Kind: experiment.Proportion, Scale: metrics.ScaleRelative}},
	})
	if err != nil {
		panic(err)
	}
	for _, x := range exposures {
		_ = run.Assign(x.User, x.Arm)
	}
	for _, o := range orders {
		_ = run.Add(o.User, 0, o.Amount)
	}
	result, err := run.Result() // look at result.SRM first
	if err != nil {
		panic(err)
	}
	fmt.Println("split as planned:", !result.SRM.Alarm)
	fmt.Println(result.Rows[0].Effect)
	// Output:
	// split as planned: true
	// +40% relative, 95% interval +10.1% to +78.15%, p = 0.005916, n = 2000, two-proportion z, score interval
}

// How many users it takes, in the three ways of asking, and what the methods for two
// rates make of it.
func ExampleSampleSizeMeans() {
	guess, _ := experiment.SampleSizeLehr(400, 2) // variance of 400, a difference of 2
	s, err := experiment.SampleSizeMeans(2, 20, experiment.PowerOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println(guess.Control, "users an arm at first guess,", s.Control, "by the t test")
	for _, m := range []experiment.PowerMethod{experiment.PowerPooled, experiment.PowerUnpooled, experiment.PowerArcsine} {
		power, _ := experiment.PowerProportions(0.10, 0.12, 3000, 3000, experiment.PowerOptions{Method: m})
		fmt.Printf("power %.4f\n", power)
	}
	rise, _ := experiment.DetectableProportion(0.10, 3000, experiment.PowerOptions{})
	fmt.Printf("a rise from 10 %% by %.2f points can be found, Cohen's h %.3f\n", 100*rise, experiment.CohenH(0.10, 0.10+rise))
	// Output:
	// 1600 users an arm at first guess, 1571 by the t test
	// power 0.6970
	// power 0.6974
	// power 0.6978
	// a rise from 10 % by 2.28 points can be found, Cohen's h 0.072
}

// Three subject lines against none: the p-values of all are corrected together.
func ExampleAdjustEffects() {
	control, _ := metrics.NewProportion(300, 3000)
	var effects []metrics.Effect
	for _, buyers := range []int64{345, 352, 310} {
		mailed, _ := metrics.NewProportion(buyers, 3000)
		e, err := metrics.CompareProportions(control, mailed, metrics.CompareOptions{})
		if err != nil {
			panic(err)
		}
		effects = append(effects, e)
	}
	adjusted, err := experiment.AdjustEffects(effects, experiment.BenjaminiHochberg)
	if err != nil {
		panic(err)
	}
	for i, e := range adjusted {
		fmt.Printf("%+.4f, p %.3f, corrected %.3f\n", e.Estimate, effects[i].PValue, e.PValue)
	}
	// Output:
	// +0.0150, p 0.061, corrected 0.091
	// +0.0173, p 0.031, corrected 0.091
	// +0.0033, p 0.669, corrected 0.669
}

// Two models against the one that runs, on the same users.
func ExampleCompareModels() {
	scores := make([][]float64, 3) // NDCG of each user: popular, ALS, ALS with prices
	for i := range 400 {
		x := float64(i%10) / 20
		scores[0] = append(scores[0], x)
		scores[1] = append(scores[1], x+float64(i*7%13-5)/100)
		scores[2] = append(scores[2], x+float64(i*5%11-5)/100)
	}
	effects, err := experiment.CompareModels(context.Background(), scores, experiment.PairedOptions{Replicates: 2000, Seed: 1})
	if err != nil {
		panic(err)
	}
	for _, e := range effects {
		fmt.Printf("%+.4f (%+.4f to %+.4f), significant %v\n", e.Estimate, e.Low, e.High, e.Significant())
	}
	// Output:
	// +0.0099 (+0.0063 to +0.0135), significant true
	// -0.0000 (-0.0030 to +0.0031), significant false
}

// Spending of error at looks that come when they come.
func ExampleSpending() {
	for _, s := range []experiment.Spending{experiment.SpendOBrienFleming, experiment.SpendPocock} {
		g, err := experiment.NewGroupSequential([]float64{0.3, 1}, experiment.GroupSequentialOptions{Spending: s})
		if err != nil {
			panic(err)
		}
		looks := g.Looks()
		fmt.Printf("%.3f at three tenths, %.3f at the end\n", looks[0].Z, looks[1].Z)
	}
	// Output:
	// 3.929 at three tenths, 1.960 at the end
	// 2.312 at three tenths, 2.124 at the end
}

// The same run by region, and whether the effect differs between them.
func ExampleRun_ResultBy() {
	run, err := experiment.New[string](experiment.Options{
		Arms: []string{"none", "mail"}, Outcomes: 1,
		Metrics: []experiment.Metric{{Name: "spend", CUPED: true}},
	})
	if err != nil {
		panic(err)
	}
	for i := range 600 {
		user, arm := fmt.Sprint([]string{"n", "s"}[i%2], i), i/2%2
		before := float64(i % 10)
		spend := before + float64(i*31%7)
		if user[0] == 's' {
			spend += float64(arm)
		}
		_ = run.Assign(user, arm)
		_ = run.AddPre(user, 0, before)
		_ = run.Add(user, 0, spend)
	}
	segments, differ, err := run.ResultBy(func(user string) string { return map[byte]string{'n': "north", 's': "south"}[user[0]] }, 0)
	if err != nil {
		panic(err)
	}
	for _, s := range segments {
		fmt.Printf("%s: %+.2f, θ %.2f\n", s.Segment, s.Result.Rows[0].Effect.Estimate, s.Result.Rows[0].Theta)
	}
	fmt.Printf("they differ: p < 0.001 %v\n", differ[0].PValue < 0.001)
	// Output:
	// north: +0.03, θ 1.00
	// south: +0.98, θ 1.01
	// they differ: p < 0.001 false
}
