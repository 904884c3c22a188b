package feature_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

// pipelineRows: spend and orders with gaps, a region that says who buys, and one that is
// another in every row.
func pipelineRows(n int) (rows [][]float64, cells [][]string, y []float64, folds []int) {
	for i := range n {
		spend := 10 * math.Sin(float64(i))
		if i%7 == 0 {
			spend = math.NaN()
		}
		rows = append(rows, []float64{spend, float64(i % 5)})
		cells = append(cells, []string{[]string{"north", "south", ""}[i%3], string(rune('a' + i%26))})
		bought := 0.
		if i%3 == 0 || i%5 == 4 {
			bought = 1
		}
		y, folds = append(y, bought), append(folds, i%4)
	}
	return rows, cells, y, folds
}

func pipelineOptions(folds []int) feature.PipelineOptions {
	return feature.PipelineOptions{
		Numbers: []string{"spend", "orders"}, Categories: []string{"region", "letter"}, Folds: folds,
		Impute:  &feature.ImputerOptions{Method: feature.Median, Indicators: true},
		Crosses: []feature.Cross{{Kind: feature.Product, A: "spend", B: "orders", EdgesA: []float64{1}, EdgesB: []float64{1}, Buckets: 1}},
		Encode:  &feature.EncoderOptions{Methods: map[string]feature.EncodeMethod{"letter": feature.TargetMean}},
		Scale:   &feature.ScalerOptions{},
		Select:  &feature.SelectorOptions{Keep: 5},
		PCA:     &feature.PCAOptions{Components: 3},
	}
}

// TestPipeline: the pipeline is its stages, one after another, in bytes too.
func TestPipeline(t *testing.T) {
	ctx := context.Background()
	rows, cells, y, folds := pipelineRows(400)
	train, p, err := feature.FitPipeline(ctx, rows, cells, y, pipelineOptions(folds))
	if err != nil {
		t.Fatal(err)
	}
	must := func(out [][]float64, err error) [][]float64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	opt := pipelineOptions(folds)
	opt.Impute.Names, opt.Encode.Names = opt.Numbers, opt.Categories
	fill, _ := feature.FitImputer(ctx, rows, *opt.Impute)
	full := must(fill.Transform(nil, rows, nil))
	cross, _ := feature.NewCrosses(fill.Names(), opt.Crosses)
	full = must(cross.Transform(nil, full))
	coded, encoder, err := feature.EncodeOutOfFold(ctx, nil, cells, y, folds, *opt.Encode)
	if err != nil {
		t.Fatal(err)
	}
	for i := range full {
		full[i] = append(slices.Clone(full[i]), coded[i]...)
	}
	names := slices.Concat(cross.Names(), encoder.Names())
	opt.Scale.Names, opt.Select.Names = names, names
	scale, _ := feature.FitScaler(ctx, full, *opt.Scale)
	full = must(scale.Transform(nil, full))
	choose, _ := feature.FitSelector(ctx, full, y, *opt.Select)
	full = must(choose.Transform(nil, full))
	components, _ := feature.FitPCA(ctx, full, *opt.PCA)
	near(t, "training rows", train, must(components.Transform(nil, full)), 0)

	later, laterCells, _, _ := pipelineRows(30)
	laterCells[3][0] = "never seen"
	want := must(cross.Transform(nil, must(fill.Transform(nil, later, nil))))
	for i, c := range must(encoder.Transform(nil, laterCells)) {
		want[i] = append(slices.Clone(want[i]), c...)
	}
	want = must(components.Transform(nil, must(choose.Transform(nil, must(scale.Transform(nil, want))))))
	got := must(p.Transform([][]float64{{9}}, later, laterCells))
	near(t, "later rows", got[1:], want, 0)
	if len(p.Names()) != 3 || len(got[0]) != 1 {
		t.Error(p.Names(), got[0])
	}
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back feature.Pipeline
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	near(t, "decoded", must(back.Transform(nil, later, laterCells)), want, 0)
}

// TestPipelineBins: bins stand between crosses and the encoder, take gaps as a bin, and travel in bytes;
// a frame without them is of version 1 still.
func TestPipelineBins(t *testing.T) {
	ctx := context.Background()
	rows, cells, y, folds := pipelineRows(400)
	class := make([]bool, len(y))
	for i := range y {
		class[i] = y[i] == 1
	}
	opt := pipelineOptions(folds)
	opt.Impute, opt.Scale, opt.Select, opt.PCA = nil, nil, nil, nil
	for name, bins := range map[string]feature.BinOptions{
		"woe": {Method: feature.Monotone, WOE: true}, "numbers": {Method: feature.EqualCount, Bins: 4},
		"one column": {Methods: map[string]feature.BinMethod{"spend*orders": feature.TreeBins}},
	} {
		opt.Bins = &bins
		train, p, err := feature.FitPipeline(ctx, rows, cells, y, opt)
		if err != nil {
			t.Fatal(name, err)
		}
		cross, err := feature.NewCrosses(opt.Numbers, opt.Crosses)
		if err != nil {
			t.Fatal(err)
		}
		alone := bins
		alone.Names = cross.Names()
		both := func(rows [][]float64, b *feature.Bins) [][]float64 {
			wide, err := cross.Transform(nil, rows)
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				if b, err = feature.FitBins(ctx, wide, class, alone); err != nil {
					t.Fatal(err)
				}
			}
			out, err := b.Transform(nil, wide)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		for i, want := range both(rows, nil) {
			near(t, name, [][]float64{train[i][:3]}, [][]float64{want}, 0)
		}
		data, err := p.MarshalBinary()
		if err != nil || data[6] != 2 {
			t.Fatalf("%s: version %d, %v", name, data[6], err)
		}
		var back feature.Pipeline
		if err := back.UnmarshalBinary(data); err != nil {
			t.Fatal(name, err)
		}
		again, err := back.MarshalBinary()
		if err != nil || !slices.Equal(again, data) || !slices.Equal(back.Names(), p.Names()) {
			t.Errorf("%s: decoded, it differs: %v", name, err)
		}
		later := [][]float64{{math.NaN(), -7}, {1e9, 3}}
		want, err := p.Transform(nil, later, cells[:2])
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := back.Transform(nil, later, cells[:2])
		if err != nil {
			t.Fatal(name, err)
		}
		near(t, name+", decoded", got, want, 0)
	}
	one, gap := slices.Repeat([]float64{1}, len(y)), slices.Clone(y)
	gap[7] = math.NaN()
	for name, c := range map[string]struct {
		rows [][]float64
		y    []float64
		want error
	}{"no y": {rows, nil, feature.ErrShape}, "no classes": {rows, folded(folds), feature.ErrRange}, "NaN": {rows, gap, feature.ErrNotFinite}, "one class": {rows, one, feature.ErrUndefined}, "no numbers": {nil, y, feature.ErrOption}} {
		o := feature.PipelineOptions{Bins: &feature.BinOptions{WOE: true}, Encode: &feature.EncoderOptions{}}
		if out, p, err := feature.FitPipeline(ctx, c.rows, cells, c.y, o); out != nil || p != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, _, err := feature.FitPipeline(ctx, rows, nil, nil, feature.PipelineOptions{Bins: &feature.BinOptions{}}); err != nil {
		t.Error("bins that need no target:", err)
	}
}

// folded makes a target of many values.
func folded(folds []int) []float64 {
	var out []float64
	for _, f := range folds {
		out = append(out, float64(f))
	}
	return out
}

// TestPipelineParts: every stage may be left out, and rows are copied.
func TestPipelineParts(t *testing.T) {
	ctx := context.Background()
	rows, cells, y, folds := pipelineRows(60)
	all := pipelineOptions(folds)
	for name, c := range map[string]struct {
		rows  [][]float64
		cells [][]string
		opt   feature.PipelineOptions
		names []string
	}{
		"nothing":    {rows, nil, feature.PipelineOptions{}, []string{"column 0", "column 1"}},
		"categories": {nil, cells[:], feature.PipelineOptions{Encode: all.Encode, Folds: folds, Categories: all.Categories}, []string{"region=", "region=north", "region=south", "letter"}},
		"indicators": {rows, nil, feature.PipelineOptions{Impute: all.Impute, Numbers: all.Numbers}, []string{"spend", "orders", "spend_missing"}},
		"selection":  {rows, nil, feature.PipelineOptions{Select: &feature.SelectorOptions{By: feature.ByF, Keep: 1}}, []string{"column 1"}},
	} {
		train, p, err := feature.FitPipeline(ctx, c.rows, c.cells, y, c.opt)
		if err != nil {
			t.Fatal(name, err)
		}
		if !slices.Equal(p.Names(), c.names) || len(train) != 60 || len(train[0]) != len(c.names) {
			t.Errorf("%s: %q, %d rows", name, p.Names(), len(train))
		}
		if name == "nothing" {
			if train[1][0] = 99; rows[1][0] == 99 {
				t.Error("the training rows are the caller's")
			}
		}
		if out, err := p.Transform(nil, c.rows, c.cells); err != nil || len(out) != 60 {
			t.Error(name, err)
		}
	}
}

func TestPipelineRefuses(t *testing.T) {
	ctx := context.Background()
	rows, cells, y, folds := pipelineRows(60)
	for name, c := range map[string]struct {
		rows  [][]float64
		cells [][]string
		y     []float64
		opt   feature.PipelineOptions
		want  error
	}{
		"empty":       {nil, nil, nil, feature.PipelineOptions{}, feature.ErrEmpty},
		"lengths":     {rows, cells[:9], y, pipelineOptions(folds), feature.ErrShape},
		"y":           {rows, cells, y[:9], pipelineOptions(folds), feature.ErrShape},
		"no encoder":  {rows, cells, y, feature.PipelineOptions{}, feature.ErrOption},
		"no folds":    {rows, cells, y, pipelineOptions(nil), feature.ErrOption},
		"folds":       {rows, nil, y, feature.PipelineOptions{Folds: folds[:9]}, feature.ErrShape},
		"groups":      {rows, nil, y, feature.PipelineOptions{Impute: &feature.ImputerOptions{Method: feature.GroupMean}}, feature.ErrOption},
		"gaps in PCA": {rows, nil, y, feature.PipelineOptions{PCA: &feature.PCAOptions{}}, feature.ErrNotFinite},
		"no y":        {rows, nil, nil, feature.PipelineOptions{Select: &feature.SelectorOptions{}}, feature.ErrShape},
	} {
		if out, p, err := feature.FitPipeline(ctx, c.rows, c.cells, c.y, c.opt); out != nil || p != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, p, err := feature.FitPipeline(ctx, rows, cells, y, pipelineOptions(folds))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		rows  [][]float64
		cells [][]string
	}{"rows": {rows, cells[:1]}, "no cells": {rows, nil}, "no rows": {nil, cells}, "wide": {[][]float64{{1}}, cells[:1]}} {
		if _, err := p.Transform(nil, c.rows, c.cells); !errors.Is(err, feature.ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPipelineEmptySide: an empty list is as none, on either side.
func TestPipelineEmptySide(t *testing.T) {
	ctx := context.Background()
	rows, cells, y, _ := pipelineRows(30)
	opt := feature.PipelineOptions{Encode: &feature.EncoderOptions{}}
	for name, c := range map[string]struct {
		rows, noRows   [][]float64
		cells, noCells [][]string
	}{"cells": {rows, rows, nil, [][]string{}}, "rows": {nil, [][]float64{}, cells, cells}} {
		want, p, err := feature.FitPipeline(ctx, c.rows, c.cells, y, opt)
		if err != nil {
			t.Fatal(name, err)
		}
		got, q, err := feature.FitPipeline(ctx, c.noRows, c.noCells, y, opt)
		if err != nil {
			t.Fatal(name, err)
		}
		near(t, name, got, want, 0)
		if !slices.Equal(p.Names(), q.Names()) {
			t.Errorf("%s: %q, want %q", name, q.Names(), p.Names())
		}
		if got, err = q.Transform(nil, c.noRows, c.noCells); err != nil {
			t.Fatal(name, err)
		}
		near(t, name, got, want, 0)
	}
	if _, _, err := feature.FitPipeline(ctx, [][]float64{}, [][]string{}, nil, opt); !errors.Is(err, feature.ErrEmpty) {
		t.Error(err)
	}
}

// TestPipelineNames: no two columns have one name, given or made.
func TestPipelineNames(t *testing.T) {
	rows, cells, y, folds := pipelineRows(60)
	one := &feature.EncoderOptions{}
	for name, opt := range map[string]feature.PipelineOptions{
		"given":     {Numbers: []string{"spend", "region"}, Categories: []string{"region", "letter"}, Encode: one},
		"default":   {Categories: []string{"column 1", "letter"}, Encode: one},
		"level":     {Numbers: []string{"spend", "region=north"}, Categories: []string{"region", "letter"}, Encode: one},
		"target":    {Numbers: []string{"spend", "letter"}, Categories: []string{"region", "letter"}, Encode: &feature.EncoderOptions{Method: feature.TargetMean}, Folds: folds},
		"indicator": {Numbers: []string{"spend", "orders"}, Categories: []string{"spend_missing", "letter"}, Encode: &feature.EncoderOptions{Method: feature.Ordinal}, Impute: &feature.ImputerOptions{Indicators: true}},
		"cross":     {Numbers: []string{"spend", "orders"}, Categories: []string{"spend*orders", "letter"}, Encode: &feature.EncoderOptions{Method: feature.LevelCount}, Crosses: []feature.Cross{{A: "spend", B: "orders"}}},
	} {
		if out, p, err := feature.FitPipeline(context.Background(), rows, cells, y, opt); out != nil || p != nil || !errors.Is(err, feature.ErrDuplicate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type powerGolden struct {
	Rows                                []int
	YeoJohnson, BoxCox, Rank, Normal, X []float64
	YeoLambda, BoxLambda                float64
}

// TestPowersGolden: PowerTransformer and QuantileTransformer of scikit-learn.
func TestPowersGolden(t *testing.T) {
	var g powerGolden
	testkit.Golden(t, "powers.json", &g)
	data := bank(t)
	for name, c := range map[string]struct {
		method feature.ScaleMethod
		column string
		want   []float64
		tol    float64
	}{
		"Yeo-Johnson": {feature.YeoJohnson, "balance", g.YeoJohnson, 2e-5},
		"Box-Cox":     {feature.BoxCox, "age", g.BoxCox, 2e-5},
		"rank":        {feature.QuantileRank, "balance", g.Rank, 1e-9},
		"normal":      {feature.QuantileNormal, "balance", g.Normal, 1e-8},
	} {
		rows := columnOf(data[c.column])
		s, err := feature.FitScaler(context.Background(), rows, feature.ScalerOptions{Method: c.method})
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.Transform(nil, rows)
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.Inverse(nil, out)
		if err != nil {
			t.Fatal(err)
		}
		for k, i := range g.Rows {
			testkit.Near(t, name, out[i][0], c.want[k], c.tol*(1+math.Abs(c.want[k])))
			if !testkit.Close(back[i][0], rows[i][0], 1e-6, 1e-6) {
				t.Errorf("%s: %v came back as %v", name, rows[i][0], back[i][0])
			}
		}
	}
	if _, err := feature.FitScaler(context.Background(), [][]float64{{0}, {1}}, feature.ScalerOptions{Method: feature.BoxCox}); !errors.Is(err, feature.ErrRange) {
		t.Error(err)
	}
}

// TestPowersConstant: what does not vary becomes 0 and is reported.
func TestPowersConstant(t *testing.T) {
	for m := feature.YeoJohnson; m <= feature.QuantileNormal; m++ {
		s, err := feature.FitScaler(context.Background(), [][]float64{{3, math.NaN()}, {3, math.NaN()}}, feature.ScalerOptions{Method: m})
		if err != nil {
			t.Fatal(err)
		}
		out, _ := s.Transform(nil, [][]float64{{5, 1}})
		back, _ := s.Inverse(nil, out)
		if out[0][0] != 0 || out[0][1] != 0 || back[0][0] != 3 || len(s.Constant()) != 2 {
			t.Errorf("method %d: %v back %v, constant %v", m, out, back, s.Constant())
		}
	}
}

// TestPipelineWithoutNumbers: the field that needs numbers is named.
func TestPipelineWithoutNumbers(t *testing.T) {
	for field, opt := range map[string]feature.PipelineOptions{
		"Impute": {Impute: &feature.ImputerOptions{}}, "Crosses": {Crosses: []feature.Cross{{}}}, "Bins": {Bins: &feature.BinOptions{}},
	} {
		opt.Encode = &feature.EncoderOptions{Method: feature.Ordinal}
		_, _, err := feature.FitPipeline(t.Context(), nil, [][]string{{"a"}, {"b"}}, nil, opt)
		if !errors.Is(err, feature.ErrOption) || !strings.Contains(err.Error(), field+" ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
