package feature_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

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

func ExampleColumns_Imputer() {
	c, _ := feature.NewColumns([]string{"net"})
	c.Add([]float64{1})
	c.Add([]float64{4})
	p, _ := c.Imputer(feature.ImputerOptions{Method: feature.Mean})
	out, _ := p.Transform(nil, [][]float64{{math.NaN()}}, nil)
	fmt.Println(out)
	// Output: [[2.5]]
}

func ExampleImputerOptions_groups() {
	rows := [][]float64{{9, 1}, {10, 1}, {50, 2}, {math.NaN(), math.NaN()}, {300, 7}}
	regions := []string{"north", "north", "north", "north", "south"}
	p, _ := feature.FitImputer(context.Background(), rows, feature.ImputerOptions{
		Names: []string{"net", "tier"}, Groups: regions,
		Methods: map[string]feature.ImputeMethod{"net": feature.GroupMedian, "tier": feature.GroupMode},
	})
	out, _ := p.Transform(nil, rows[3:4], regions[3:4])
	fmt.Println(out)
	// Output: [[10 1]]
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

func ExampleEncoder() {
	cells := [][]string{{"north", "18-25"}, {"south", "26-40"}, {"north", ""}}
	e, _ := feature.FitEncoder(context.Background(), cells, nil, feature.EncoderOptions{
		Names: []string{"region", "age"}, Methods: map[string]feature.EncodeMethod{"age": feature.Ordinal},
		Levels: map[string][]string{"age": {"18-25", "26-40", "41-"}},
	})
	out, _ := e.Transform(nil, [][]string{{"south", "41-"}, {"west", ""}})
	fmt.Println(e.Names(), out)
	// Output: [region=north region=south age] [[0 1 2] [0 0 -1]]
}

func ExampleEncodeMethod() {
	cells := [][]string{{"a"}, {"a"}, {"b"}}
	e, _ := feature.FitEncoder(context.Background(), cells, nil, feature.EncoderOptions{Method: feature.LevelCount})
	out, _ := e.Transform(nil, cells)
	fmt.Println(out)
	// Output: [[2] [2] [1]]
}

func ExampleFitEncoder() {
	cells := [][]string{{"mail"}, {"mail"}, {"shop"}, {"shop"}}
	e, _ := feature.FitEncoder(context.Background(), cells, []float64{1, 0, 0, 0}, feature.EncoderOptions{Method: feature.TargetMean, Smoothing: 2})
	out, _ := e.Transform(nil, [][]string{{"mail"}, {"shop"}, {"kiosk"}})
	fmt.Println(out)
	// Output: [[0.375] [0.125] [0.25]]
}

// Training rows are encoded by what the rows of the other folds say.
func ExampleEncodeOutOfFold() {
	cells := [][]string{{"mail"}, {"mail"}, {"shop"}, {"shop"}}
	bought := []float64{1, 0, 1, 1}
	rows, e, _ := feature.EncodeOutOfFold(context.Background(), nil, cells, bought, []int{0, 1, 0, 1}, feature.EncoderOptions{Method: feature.TargetMean, Smoothing: -1})
	later, _ := e.Transform(nil, [][]string{{"mail"}, {"shop"}})
	fmt.Println(rows, later)
	// Output: [[0] [1] [1] [1]] [[0.5] [1]]
}

func ExampleBins() {
	age := [][]float64{{19}, {24}, {31}, {38}, {45}, {52}, {math.NaN()}, {66}}
	bought := []bool{true, true, false, true, false, false, true, false}
	b, _ := feature.FitBins(context.Background(), age, bought, feature.BinOptions{Method: feature.EqualWidth, Bins: 2, WOE: true})
	for _, bin := range b.Result()[0].Bins {
		fmt.Printf("%.1f %.1f %d %d %.3f\n", bin.Lo, bin.Hi, bin.Good, bin.Bad, bin.WOE)
	}
	// Output:
	// NaN 42.5 3 1 1.099
	// 42.5 NaN 0 3 -1.946
	// NaN NaN 1 0 1.099
}

func ExampleFitBins() {
	visits := [][]float64{{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}}
	bought := []bool{false, false, true, false, true, true, false, true}
	b, _ := feature.FitBins(context.Background(), visits, bought, feature.BinOptions{Method: feature.Monotone, Trend: 1, MinShare: .2})
	out, _ := b.Transform(nil, visits)
	fmt.Println(out)
	var r feature.BinResult = b.Result()[0]
	var first feature.Bin = r.Bins[0]
	fmt.Printf("%.3f %.1f\n", r.InformationValue, first.Hi)
	// Output:
	// [[0] [0] [0] [0] [1] [1] [1] [1]]
	// 1.099 3.5
}

func ExampleBinMethod() {
	rows := [][]float64{{0}, {1}, {2}, {90}}
	b, _ := feature.FitBins(context.Background(), rows, nil, feature.BinOptions{Method: feature.EqualCount, Bins: 2})
	out, _ := b.Transform(nil, rows)
	fmt.Println(out)
	// Output: [[0] [0] [1] [1]]
}

func ExampleEvidence() {
	woe, value, _ := feature.Evidence([]int64{90, 60, 50}, []int64{10, 20, 70})
	fmt.Printf("%.6f %.6f\n", woe, value)
	// Output: [1.504077 0.405465 -1.029619] 1.030302
}

// Does the outlook say whether tennis is played?
func ExampleAssociation() {
	var a feature.AssociationResult
	a, _ = feature.Association([][]int64{{3, 2}, {0, 4}, {2, 3}})
	fmt.Printf("%.6f of %.6f bits, ratio %.3f, p %.3f\n", a.Gain, a.Entropy, a.GainRatio, a.P)
	// Output: 0.246750 of 0.940286 bits, ratio 0.156, p 0.170
}

var (
	basketNames = []string{"visits", "minutes", "flat", "paid"}
	basketRows  = slices.Repeat([][]float64{{1, 9, 1, 0}, {2, 11, 1, 0}, {5, 9, 1, 0}, {3, 14, 1, 1}, {6, 11, 1, 1}, {7, 30, 1, 1}}, 4)
	basketY     = slices.Repeat([]float64{0, 0, 0, 1, 1, 1}, 4)
)

// "paid" is the target itself under another name.
func ExampleRelevances() {
	all, _ := feature.Relevances(context.Background(), basketRows, basketY, feature.SelectorOptions{Names: basketNames})
	for _, r := range all {
		var one feature.Relevance = r
		fmt.Printf("%s %.3f %.3f %v\n", one.Column, one.AUC, one.Spearman, one.Leak)
	}
	// Output:
	// visits 0.889 0.683 false
	// minutes 0.944 0.804 false
	// flat 0.500 NaN false
	// paid 1.000 1.000 true
}

func ExampleSelector() {
	s, _ := feature.FitSelector(context.Background(), basketRows, basketY, feature.SelectorOptions{Names: basketNames, MaxCorrelation: .95})
	out, _ := s.Transform(nil, basketRows[:2])
	fmt.Println(s.Names(), out)
	// Output: [visits minutes] [[1 9] [2 11]]
}

func ExampleFitSelector() {
	s, _ := feature.FitSelector(context.Background(), basketRows, basketY, feature.SelectorOptions{By: feature.BySpearman, Keep: 1})
	fmt.Println(s.Kept())
	// Output:
	// [1]
}

func ExampleCriterion() {
	best := feature.ByF
	s, _ := feature.FitSelector(context.Background(), basketRows, basketY, feature.SelectorOptions{By: best, Keep: 1})
	fmt.Println(s.Kept())
	// Output:
	// [0]
}

// Two shops keep their rows and send their sums.
func ExampleCovariance() {
	north, _ := feature.NewCovariance([]string{"orders", "spend"})
	south, _ := feature.NewCovariance([]string{"orders", "spend"})
	north.Add([]float64{1, 20})
	north.Add([]float64{2, 45})
	south.Add([]float64{4, 80})
	fmt.Println(north.Merge(south))
	r := north.Result()
	fmt.Printf("%d %.2f %.3f\n", r.Count, r.Mean, r.Correlation[0][1])
	p, _ := north.PCA(feature.PCAOptions{Components: 1, Standardize: true})
	fmt.Printf("%.3f\n", p.Shares())
	// Output:
	// <nil>
	// 3 [2.33 48.33] 0.996
	// [0.998]
}

func ExampleNewCovariance() {
	c, _ := feature.NewCovariance([]string{"a"})
	var r feature.CovarianceResult = c.Result()
	fmt.Println(r.Count, r.Mean)
	// Output: 0 [NaN]
}

func ExampleFitPCA() {
	p, _ := feature.FitPCA(context.Background(), [][]float64{{1, 2}, {2, 4}, {3, 6.1}}, feature.PCAOptions{Share: .99})
	out, _ := p.Transform(nil, [][]float64{{2, 4}, {3, 6}})
	fmt.Printf("%.2f\n", out)
	// Output:
	// [[-0.03] [2.21]]
}

func ExampleProjection() {
	p, _ := feature.NewRandomProjection(1000, 2, 7)
	out, _ := p.Transform(nil, [][]float64{make([]float64, 1000)})
	fmt.Println(out, len(p.Weights(0)))
	// Output: [[0 0]] 1000
}

func ExampleNewRandomProjection() {
	_, err := feature.NewRandomProjection(0, 2, 7)
	fmt.Println(errors.Is(err, feature.ErrRange))
	// Output: true
}

func ExampleCrosses() {
	c, _ := feature.NewCrosses([]string{"amount", "orders"}, []feature.Cross{
		{Kind: feature.Product, A: "amount", B: "orders"},
		{Kind: feature.Quotient, A: "amount", B: "orders"},
		{Kind: feature.BucketCross, A: "amount", B: "orders", EdgesA: []float64{50}, EdgesB: []float64{2, 5}},
	})
	out, _ := c.Transform(nil, [][]float64{{20, 4}, {80, 1}})
	fmt.Println(c.Names(), out)
	// Output: [amount orders amount*orders amount/orders amount|orders] [[20 4 80 5 1] [80 1 80 80 4]]
}

func ExampleNewCrosses() {
	_, err := feature.NewCrosses([]string{"amount"}, []feature.Cross{{A: "amount", B: "colour"}})
	fmt.Println(errors.Is(err, feature.ErrOption))
	// Output: true
}

func ExampleCrossKind() {
	fmt.Println(feature.Cross{Kind: feature.HashedCross, A: "item", B: "region", Buckets: 1024}.Kind == feature.HashedCross)
	// Output: true
}

func ExamplePipeline() {
	rows := [][]float64{{10, 1}, {math.NaN(), 2}, {30, 3}, {50, 1}}
	cells := [][]string{{"north"}, {"south"}, {"north"}, {"south"}}
	train, p, err := feature.FitPipeline(context.Background(), rows, cells, nil, feature.PipelineOptions{
		Numbers: []string{"spend", "orders"}, Categories: []string{"region"},
		Impute: &feature.ImputerOptions{Method: feature.Median},
		Encode: &feature.EncoderOptions{},
	})
	if err != nil {
		fmt.Println(err)
	}
	later, _ := p.Transform(nil, [][]float64{{math.NaN(), 9}}, [][]string{{"west"}})
	fmt.Println(p.Names(), train[1], later)
	// Output: [spend orders region=north region=south] [30 2 0 1] [[30 9 0 0]]
}

// Training rows see the target by the rows of the other folds only.
func ExampleFitPipeline() {
	cells := [][]string{{"mail"}, {"mail"}, {"shop"}, {"shop"}}
	train, _, _ := feature.FitPipeline(context.Background(), nil, cells, []float64{1, 0, 1, 1}, feature.PipelineOptions{
		Encode: &feature.EncoderOptions{Method: feature.TargetMean, Smoothing: -1}, Folds: []int{0, 1, 0, 1},
	})
	fmt.Println(train)
	// Output: [[0] [1] [1] [1]]
}

// A scorecard: numbers, gaps among them, become weights of evidence.
func ExampleFitPipeline_bins() {
	rows := [][]float64{{1}, {2}, {3}, {4}, {math.NaN()}, {math.NaN()}}
	train, p, err := feature.FitPipeline(context.Background(), rows, nil, []float64{0, 1, 1, 1, 0, 1}, feature.PipelineOptions{
		Numbers: []string{"orders"}, Bins: &feature.BinOptions{Method: feature.EqualCount, Bins: 2, WOE: true},
	})
	fmt.Printf("%s %.2f %v\n", p.Names(), train, err)
	// Output: [orders] [[-0.69] [-0.69] [0.92] [0.92] [-0.69] [-0.69]] <nil>
}

func ExampleNeighbors() {
	m, _ := feature.FitNeighbors(context.Background(), [][]float64{{1, 10}, {2, 20}, {9, 90}}, 2)
	out, _ := m.Transform(context.Background(), nil, [][]float64{{1.4, math.NaN()}})
	fmt.Println(out)
	// Output: [[1.4 15]]
}

func ExampleFitNeighbors() {
	_, err := feature.FitNeighbors(context.Background(), [][]float64{{1, 10}}, 0)
	fmt.Println(errors.Is(err, feature.ErrRange))
	// Output: true
}

// A regression of predict is plugged in the same way: fit it, return its Predict.
func ExampleFitModelImputer() {
	ratio := func(_ context.Context, rows [][]float64, y []float64) (func([]float64, [][]float64) ([]float64, error), error) {
		k := y[0] / rows[0][0]
		return func(dst []float64, rows [][]float64) ([]float64, error) {
			for _, r := range rows {
				dst = append(dst, k*r[0])
			}
			return dst, nil
		}, nil
	}
	var fit feature.Regressor = ratio
	var m *feature.ModelImputer
	m, _ = feature.FitModelImputer(context.Background(), [][]float64{{1, 10}, {2, 20}, {3, math.NaN()}}, fit)
	out, _ := m.Transform(nil, [][]float64{{5, math.NaN()}})
	fmt.Println(out)
	// Output: [[5 50]]
}

func ExampleScreen() {
	names := []string{"visits", "age"}
	sample := [][]float64{{0, 20}, {2, 30}, {5, 40}, {9, 70}}
	bins, _ := feature.FitBins(context.Background(), sample, nil, feature.BinOptions{Names: names, Method: feature.EqualCount, Bins: 2})
	opt := feature.ScreenOptions{Names: names, Classes: 2, Bins: bins} // the same in every shard
	north, _ := feature.NewScreen(opt)
	south, _ := feature.NewScreen(opt)
	north.AddAll(context.Background(), [][]float64{{1, 31}, {0, 64}, {7, 33}}, []int{0, 0, 1})
	south.AddAll32(context.Background(), [][]float32{{2, 45}, {6, 38}}, []int{0, 1})
	south.Add([]float64{8, 52}, 1)
	fmt.Println(north.Merge(south))
	for _, r := range north.Result() {
		fmt.Printf("%s F %.2f, sums %.2f, gain %.2f\n", r.Column, r.F, r.SumChiSquare, r.Binned.Gain)
	}
	s, _ := north.Selector(feature.SelectorOptions{By: feature.ByF, Keep: 1, KeepLeaks: true})
	fmt.Println(s.Names())
	// Output:
	// <nil>
	// visits F 54.00, sums 13.50, gain 1.00
	// age F 0.26, sums 1.10, gain 0.00
	// [visits]
}
