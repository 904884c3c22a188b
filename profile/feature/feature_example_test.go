package feature_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/profile/feature"
)

// Gaps filled and scales made comparable, fitted on training rows.
func Example() {
	ctx := context.Background()
	train := [][]float64{{1, 10}, {math.NaN(), 20}, {5, 30}}
	program := func() error {
		fill, err := feature.FitImputer(ctx, train, feature.ImputerOptions{Method: feature.Median})
		if err != nil {
			return err
		}
		full, err := fill.Transform(nil, train, nil)
		if err != nil {
			return err
		}
		scale, err := feature.FitScaler(ctx, full, feature.ScalerOptions{Method: feature.ZScale})
		if err != nil {
			return err
		}
		rows, err := scale.Transform(nil, full) // for segment and predict
		if err != nil {
			return err
		}
		fmt.Printf("%.2f\n", rows)
		return nil
	}
	if err := program(); err != nil {
		fmt.Println(err)
	}
	// Output: [[-1.22 -1.22] [0.00 0.00] [1.22 1.22]]
}

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

func ExampleScaleMethod() {
	rows := [][]float64{{0, 0}, {0, 5}, {10, 90}}
	s, _ := feature.FitScaler(context.Background(), rows, feature.ScalerOptions{
		Names: []string{"orders", "spend"}, Method: feature.MinMax,
		Methods: map[string]feature.ScaleMethod{"spend": feature.Log1p},
	})
	out, _ := s.Transform(nil, rows)
	back, _ := s.Inverse(nil, out)
	fmt.Printf("%.2f %.0f\n", out, back)
	// Output: [[0.00 0.00] [0.00 1.79] [1.00 4.51]] [[0 0] [0 5] [10 90]]
}

func ExampleImputeMethod() {
	rows := [][]float64{{1, 7}, {math.NaN(), 8}, {5, math.NaN()}}
	regions := []string{"north", "north", "south"}
	p, _ := feature.FitImputer(context.Background(), rows, feature.ImputerOptions{
		Names: []string{"net", "stock"}, Groups: regions,
		Methods: map[string]feature.ImputeMethod{"net": feature.GroupMean, "stock": feature.LastObservation},
	})
	out, _ := p.Transform(nil, rows, regions)
	fmt.Println(out)
	// Output: [[1 7] [1 8] [5 0]]
}

func ExampleColumns_Scaler() {
	monday, _ := feature.NewColumns([]string{"net"})
	tuesday, _ := feature.NewColumns([]string{"net"})
	monday.Add([]float64{1})
	tuesday.Add([]float64{5})
	fmt.Println(monday.Merge(tuesday))
	s, _ := monday.Scaler(feature.ScalerOptions{})
	out, _ := s.Transform(nil, [][]float64{{3}, {5}})
	summary := monday.Result()
	fmt.Println(summary[0].Mean, out)
	// Output:
	// <nil>
	// 3 [[0] [1]]
}

func ExampleFieldError() {
	c, _ := feature.NewColumns([]string{"spend"})
	err := c.Add([]float64{math.Inf(1)})
	var field *feature.FieldError
	if errors.As(err, &field) {
		fmt.Println(field.Field, field.Value)
	}
	// Output: "spend" +Inf
}
