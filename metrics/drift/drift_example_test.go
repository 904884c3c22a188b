package drift_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/drift"
)

func ExampleBinned() {
	ref, err := drift.NewBinned([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5)
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
	z, err := drift.StandardizeRatios(base, days)
	if err != nil {
		panic(err)
	}
	at, _ := drift.Alarms(&drift.CUSUM{}, z)
	fmt.Println("alarm on day", at)
	// Output: alarm on day [8]
}

// The program of the package documentation.
func Example() {
	lastMonth, scores := make([]float64, 1000), make([]float64, 500)
	for i := range lastMonth {
		lastMonth[i] = float64(i%100) / 100
	}
	for i := range scores {
		scores[i] = min(float64(i%100)/100+.15, 1)
	}
	reference, err := drift.NewBinned(lastMonth, 10)
	if err != nil {
		panic(err)
	}
	today := reference.Empty()
	for _, x := range scores {
		if err := today.Add(x); err != nil {
			panic(err)
		}
	}
	d, err := today.DriftFrom(reference)
	if err != nil {
		panic(err)
	}
	fmt.Printf("PSI %.3f, alarm %v\n", d.PSI, d.Alarm)
	// Output: PSI 0.866, alarm true
}

func ExampleBinnedByEdges() {
	orders, err := drift.BinnedByEdges([]float64{20, 50, 100}) // up to 20, 50, 100 and above
	if err != nil {
		panic(err)
	}
	for _, x := range []float64{12, 20, 35, 80, 400} {
		_ = orders.Add(x)
	}
	fmt.Println(orders.Counts())
	// Output: [2 1 1 1]
}

func ExampleCompareCounts() {
	// Orders by province, last month and this week.
	var c drift.Comparison
	c, err := drift.CompareCounts([]int64{5000, 3000, 2000}, []int64{900, 700, 400})
	fmt.Printf("PSI %.4f, Jensen-Shannon %.3f, by chance up to %.4f at level %v: alarm %v %v\n", c.PSI, c.JS, c.Threshold, drift.Level, c.Alarm, err)
	// Output: PSI 0.0130, Jensen-Shannon 0.048, by chance up to 0.0083 at level 0.001: alarm false <nil>
}

func ExampleKSTest() {
	distance, p, err := drift.KSTest([]float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{5, 6, 7, 8, 9, 10, 11, 12})
	fmt.Printf("distance %.2f, p = %.3f %v\n", distance, p, err)
	// Output: distance 0.50, p = 0.270 <nil>
}

func ExampleDetector() {
	series := make([]float64, 60) // steady, then one standard deviation up
	for i := range series {
		series[i] = float64(i*7%5-2) / 2
		if i >= 30 {
			series[i]++
		}
	}
	for _, d := range []drift.Detector{&drift.CUSUM{}, &drift.EWMA{}, &drift.PageHinkley{Limit: 10}} {
		at, err := drift.Alarms(d, series)
		fmt.Printf("%T %v %v\n", d, at, err)
	}
	// Output:
	// *drift.CUSUM [39 49 59] <nil>
	// *drift.EWMA [39 47 57] <nil>
	// *drift.PageHinkley [49] <nil>
}

func ExampleSimulateAlarms() {
	detector := func() drift.Detector { return &drift.CUSUM{} }
	var wolf, found drift.AlarmRate
	wolf, err := drift.SimulateAlarms(context.Background(), detector, 0, 500, 5000, 1)
	if err != nil {
		panic(err)
	}
	found, err = drift.SimulateAlarms(context.Background(), detector, 1, 500, 5000, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("a false alarm every %.0f windows, a shift of 1 found after %.1f\n", wolf.RunMean, found.RunMean)
	// Output: a false alarm every 461 windows, a shift of 1 found after 10.1
}
