package feature_test

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/profile/feature"
)

func ExampleScaler() {
	rows := [][]float64{{1, 5}, {3, 5}}
	s, _ := feature.FitScaler(context.Background(), rows, feature.ScalerOptions{})
	out, _ := s.Transform(nil, rows)
	fmt.Println(out, "constant columns:", s.Constant())
	// Output: [[-1 0] [1 0]] constant columns: [1]
}

func ExampleImputer() {
	rows := [][]float64{{1, 10}, {math.NaN(), 20}, {5, 30}}
	p, _ := feature.FitImputer(context.Background(), rows, feature.ImputerOptions{Names: []string{"gap", "net"}, Method: feature.Median, Indicators: true})
	out, _ := p.Transform(nil, rows, nil)
	fmt.Println(p.Names(), out)
	// Output: [gap net gap_missing] [[1 10 0] [3 20 1] [5 30 0]]
}

func ExampleColumns() {
	c, _ := feature.NewColumns([]string{"net"})
	for _, x := range []float64{1, 2, 2, 15, math.NaN()} {
		c.Add([]float64{x})
	}
	s := c.Result()[0]
	fmt.Println(s.Count, s.Missing, s.Mean, s.Median, s.Mode)
	// Output: 4 1 5 2 2
}
