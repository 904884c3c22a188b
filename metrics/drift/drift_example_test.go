package drift_test

import (
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
