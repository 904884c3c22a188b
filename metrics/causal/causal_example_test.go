package causal_test

import (
	"fmt"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

func ExampleUplift() {
	bought := []float64{1, 0, 1, 1, 0, 0}
	mailed := []bool{true, true, false, true, false, false}
	score := []float64{6, 5, 4, 3, 2, 1}
	c, err := causal.Uplift(bought, mailed, score)
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
	o := causal.UpliftHistogramOptions{Min: 0, Max: 1, Bins: 100, Replicates: 100}
	east, err := causal.NewUpliftHistogram(o)
	if err != nil {
		panic(err)
	}
	west, _ := causal.NewUpliftHistogram(o)
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
	p, err := causal.NewOffPolicy(causal.OffPolicyOptions{})
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

func ExampleDiffInDiff() {
	var d causal.DiffInDiff[string]
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
	r, err := causal.InterruptedSeries(y, 40, causal.InterruptedOptions{})
	fmt.Printf("jump %.1f (%.1f to %.1f), change of trend p %.2f %v\n", r.Level.Estimate, r.Level.Low, r.Level.High, r.Slope.PValue, err)
	// Output:
	// jump 12.0 (10.3 to 13.9), change of trend p 0.92 <nil>
}

func ExampleCounterfactual() {
	e, err := causal.Counterfactual([]float64{120, 131, 118}, []float64{100, 104, 103}, []float64{6, 7, 8}, causal.CounterfactualOptions{Correlation: 0.5})
	fmt.Println(e.Total, err)
	// Output:
	// +62 absolute, 95% interval +29.7349 to +94.2651, p = 0.0001657, n = 3, forecast as counterfactual, error correlation 0.5 <nil>
}

func ExampleUpliftCurves_QiniCausalML() {
	y, treated := []float64{1, 0, 1, 1, 0, 0}, []bool{true, true, false, true, false, false}
	c, err := causal.Uplift(y, treated, []float64{6, 5, 4, 3, 2, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	q, err := c.QiniCausalML()
	fmt.Printf("scikit-uplift %.3f, causalml %.3f %v\n", c.Qini.Normalized, q.Normalized, err)
	// Output: scikit-uplift -0.308, causalml -0.714 <nil>
}
