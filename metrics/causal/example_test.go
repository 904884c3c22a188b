package causal_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

// The program of the package comment: a campaign in half of the regions, from the
// fifth week on.
func Example() {
	type record struct {
		Region         string
		Treated, After bool
		Revenue        float64
	}
	var weeks []record
	for region := range 60 {
		for week := range 8 {
			w := record{fmt.Sprint(region), region%2 == 1, week >= 4, 50 + float64(region*5%13) + float64(week) + float64((region+week)%3)}
			if w.Treated && w.After {
				w.Revenue += 6
			}
			weeks = append(weeks, w)
		}
	}

	var d causal.DiffInDiff[string]
	for _, w := range weeks { // one record per region and week
		if err := d.Add(w.Region, w.Treated, w.After, w.Revenue); err != nil {
			panic(err)
		}
	}
	effect, err := d.Result(metrics.CompareOptions{Scale: metrics.ScaleRelative})
	if err != nil {
		panic(err)
	}
	fmt.Println(effect) // the estimate, its interval and p-value, and what to beware of
	// Output:
	// +9.58% relative, 95% interval +9.184% to +9.975%, p = 2.035e-45, n = 60, difference in differences, clustered by unit
}

// A pilot with a control: whom to mail, and how sure the ranking is.
func ExampleUpliftIntervals() {
	const n = 4000
	y, mailed, score := make([]float64, n), make([]bool, n), make([]float64, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range y {
		score[i], mailed[i] = r.Float64(), r.IntN(2) == 0
		if r.Float64() < 0.1 || mailed[i] && r.Float64() < 0.3*score[i] {
			y[i] = 1
		}
	}
	best, err := causal.UpliftAt(y, mailed, score, 0.3, false, metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("best 30 %%: %+.3f (%+.3f to %+.3f)\n", best.Estimate, best.Low, best.High)
	parts, err := causal.UpliftBuckets(y, mailed, score, 4, metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	for _, b := range parts {
		fmt.Printf("scores %.2f to %.2f: %+.3f\n", b.To, b.From, b.Effect.Estimate)
	}
	qini, _, err := causal.UpliftIntervals(context.Background(), y, mailed, score, nil, causal.UpliftBootOptions{Replicates: 200, Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Printf("area above a random order, a head %.2f (%.2f to %.2f)\n", qini.Estimate, qini.Low, qini.High)
	// Output:
	// best 30 %: +0.210 (+0.165 to +0.256)
	// scores 0.75 to 1.00: +0.208
	// scores 0.49 to 0.75: +0.178
	// scores 0.25 to 0.49: +0.085
	// scores 0.00 to 0.24: +0.056
	// area above a random order, a head 33.21 (20.85 to 45.56)
}

// Two ways to allow for errors that resemble those of the day before.
func ExampleInterruptedErrors() {
	var y []float64
	for t := range 60 {
		v := 100 + float64(t*t%7) + float64(t*t*t%11)
		if t >= 40 {
			v += 12
		}
		y = append(y, v)
	}
	for _, errors := range []causal.InterruptedErrors{causal.ErrorsAR1, causal.ErrorsNeweyWest} {
		r, err := causal.InterruptedSeries(y, 40, causal.InterruptedOptions{Errors: errors})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%.1f (%.1f to %.1f), %s\n", r.Level.Estimate, r.Level.Low, r.Level.High, r.Level.Method)
	}
	// Output:
	// 10.8 (7.5 to 14.0), interrupted series, level, AR(1) errors
	// 10.6 (7.7 to 13.5), interrupted series, level, Newey-West with 3 lags, corrected critical values
}
