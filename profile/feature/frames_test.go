package feature_test

import (
	"context"
	"encoding"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

// printable replaces NaN, which JSON cannot say.
func printable(rows [][]float64) [][]any {
	out := make([][]any, len(rows))
	for i, r := range rows {
		for _, x := range r {
			if math.IsNaN(x) {
				out[i] = append(out[i], "NaN")
			} else {
				out[i] = append(out[i], x)
			}
		}
	}
	return out
}

// TestFrames reads the golden frame of every kind of this package.
func TestFrames(t *testing.T) { testkit.Frames(t, "profile/feature", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// frames are the kinds of this package with a state in which no field is zero.
func frames() []testkit.Frame {
	nan := math.NaN()
	rows := [][]float64{{1, 3, 7, 0, nan, 4}, {2, 3, nan, 5, -2, 2}, {4, 3, 9, 1, 8, 5}, {9, 3, 1, 2, 6, nan}}
	names := []string{"z", "flat", "range", "robust", "abs", "log"}
	return []testkit.Frame{
		{
			Kind: codec.KindScaler,
			Zero: []string{".knots[]: version 1 has none", ".power[]: version 1 has none"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				s, err := feature.FitScaler(context.Background(), rows, feature.ScalerOptions{
					Names: names, Lo: -1, Hi: 2, ClipToRange: true,
					Methods: map[string]feature.ScaleMethod{"range": feature.MinMax, "robust": feature.Robust, "abs": feature.MaxAbs, "log": feature.QuantileNormal, "z": feature.YeoJohnson},
				})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Values: func(t testing.TB, s any) any {
				x := s.(*feature.Scaler)
				in := [][]float64{{1, 2, 30, 4, 5, 6}, {-1, nan, -3, 0, 7, -9}}
				out, err := x.Transform(nil, in)
				if err != nil {
					t.Fatal(err)
				}
				back, err := x.Inverse(nil, out)
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"constant": x.Constant(), "transform": printable(out), "inverse": printable(back)}
			},
		},
		{
			Kind: codec.KindImputer,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				var wide [][]float64
				for i, r := range rows {
					wide = append(wide, append(slices.Clone(r), float64(3*i)))
				}
				p, err := feature.FitImputer(context.Background(), wide, feature.ImputerOptions{
					Names: append(slices.Clone(names), "tail"), Indicators: true, Groups: []string{"g", "h", "g", "h"}, Value: -7,
					Methods: map[string]feature.ImputeMethod{"z": feature.Median, "range": feature.Constant, "robust": feature.Mode, "abs": feature.LastObservation, "log": feature.GroupMean, "flat": feature.GroupMode, "tail": feature.GroupMedian},
				})
				if err != nil {
					t.Fatal(err)
				}
				return p
			},
			Values: func(t testing.TB, s any) any {
				p := s.(*feature.Imputer)
				gaps := slices.Repeat([]float64{nan}, len(p.Names())-3) // without the indicators
				second := slices.Clone(gaps)
				for j := range second {
					second[j] = float64(j + 1)
				}
				third := slices.Clone(gaps)
				third[1] = 1
				out, err := p.Transform(nil, [][]float64{gaps, second, third}, []string{"g", "h", "h"})
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"names": p.Names(), "transform": printable(out)}
			},
		},
		{
			Kind: codec.KindColumns,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				c, err := feature.NewColumns([]string{"net", "gap"})
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range [][]float64{{3, nan}, {-1.5, 2}, {nan, 2}, {7, 1e6}} {
					if err := c.Add(row); err != nil {
						t.Fatal(err)
					}
				}
				return c
			},
			Values: func(_ testing.TB, s any) any { return testkit.Plain(s.(*feature.Columns).Result()) },
		},
		{
			Kind: codec.KindEncoder,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				e, err := feature.FitEncoder(context.Background(), encoderCells, []float64{1, 2, 4}, encoderOptions)
				if err != nil {
					t.Fatal(err)
				}
				return e
			},
			Values: func(t testing.TB, s any) any {
				out, err := s.(*feature.Encoder).Transform(nil, [][]string{{"x", "x", "x", "x", "x"}, {"", "", "", "", ""}})
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"names": s.(*feature.Encoder).Names(), "transform": out}
			},
		},
		{
			Kind: codec.KindFeatureBins,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				b, err := feature.FitBins(context.Background(), [][]float64{{1, nan}, {2, 1}, {3, 2}, {nan, 3}, {9, 4}, {4, 5}, {5, 6}}, []bool{false, true, false, false, true, true, false}, feature.BinOptions{
					Names: []string{"net", "gap"}, WOE: true, Bins: 3, MinShare: -1, Methods: map[string]feature.BinMethod{"gap": feature.Monotone},
				})
				if err != nil {
					t.Fatal(err)
				}
				return b
			},
			Values: func(t testing.TB, s any) any {
				b := s.(*feature.Bins)
				out, err := b.Transform(nil, [][]float64{{0, 0}, {3, 8}, {nan, nan}})
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"result": testkit.Plain(b.Result()), "transform": out}
			},
		},
		{
			Kind: codec.KindSelector,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				s, err := feature.FitSelector(context.Background(), [][]float64{{1, 0, 3}, {1, 1, 5}, {1, 2, 6}, {1, 3, 0}}, []float64{0, 0, 1, 1}, feature.SelectorOptions{Names: []string{"flat", "low", "high"}, KeepLeaks: true})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Values: func(_ testing.TB, s any) any {
				return map[string]any{"kept": s.(*feature.Selector).Kept(), "names": s.(*feature.Selector).Names()}
			},
		},
		{
			Kind:   codec.KindCovariance,
			Zero:   []string{".delta[]: scratch"},
			Fill:   func(t testing.TB) encoding.BinaryMarshaler { return covariance(t) },
			Values: func(_ testing.TB, s any) any { return testkit.Plain(s.(*feature.Covariance).Result()) },
		},
		{
			Kind: codec.KindProjection,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				p, err := covariance(t).PCA(feature.PCAOptions{})
				if err != nil {
					t.Fatal(err)
				}
				return p
			},
			Values: func(t testing.TB, s any) any {
				p := s.(*feature.Projection)
				out, err := p.Transform(nil, [][]float64{{1, 2}, {-3, 0}})
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"shares": p.Shares(), "transform": out}
			},
		},
		{
			Kind: codec.KindCrosses,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				c, err := feature.NewCrosses([]string{"a", "b"}, crosses)
				if err != nil {
					t.Fatal(err)
				}
				return c
			},
			Values: func(t testing.TB, s any) any {
				c := s.(*feature.Crosses)
				out, err := c.Transform(nil, [][]float64{{1, 2}, {-3, 0}})
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"names": c.Names(), "transform": printable(out)}
			},
		},
		{
			Kind: codec.KindPipeline,
			Zero: []string{".cut: version 1 has none", ".cross.a[]: the first column", ".cross.crosses[].Kind: a product", ".impute.marked[]: the first column", ".scale.method[]: all are ZScale", ".impute.groups: no method of a pipeline has any", ".scale.power: no column has one", ".scale.knots: no column has any", ".scale.clip: no range", ".scale.lo: the default", ".scale.constant: none", ".encode.columns[].unseen: one has"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				rows, cells, y, folds := pipelineRows(40)
				opt := pipelineOptions(folds)
				opt.Bins = &feature.BinOptions{Method: feature.TreeBins, Bins: 4, WOE: true}
				_, p, err := feature.FitPipeline(context.Background(), rows, cells, y, opt)
				if err != nil {
					t.Fatal(err)
				}
				return p
			},
			Values: func(t testing.TB, s any) any {
				rows, cells, _, _ := pipelineRows(9)
				out, err := s.(*feature.Pipeline).Transform(nil, rows, cells)
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"names": s.(*feature.Pipeline).Names(), "transform": out}
			},
		},
		{
			Kind: codec.KindScreen,
			Zero: []string{".spare: scratch", ".at[]: made of the edges", ".cuts[][]: made of the edges"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				s := screen(t, feature.ScreenOptions{Names: []string{"a", "b"}, Classes: 2, Bins: cutBins(t, [][]float64{{1, 2}, {2, 3}}, []string{"a", "b"})})
				for i, row := range [][]float64{{-1.1, .3}, {3, -nan}, {.7, -.1}, {2.3, -.9}, {1e-9, .7}} {
					if err := s.Add(row, i%2); err != nil {
						t.Fatal(err)
					}
				}
				return s
			},
			Values: func(_ testing.TB, s any) any { return testkit.Plain(s.(*feature.Screen).Result()) },
		},
		{
			Kind: codec.KindNeighbors,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				m, err := feature.FitNeighbors(context.Background(), [][]float64{{1, 2}, {nan, 4}, {5, 7}, {6, nan}}, 2)
				if err != nil {
					t.Fatal(err)
				}
				return m
			},
			Values: func(t testing.TB, s any) any {
				out, err := s.(*feature.Neighbors).Transform(context.Background(), nil, [][]float64{{nan, 3}, {4, nan}, {nan, nan}})
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"transform": out}
			},
		},
	}
}

// the encoder of frames and promises has a column of each method.
var (
	encoderCells   = [][]string{{"x", "x", "x", "x", "x"}, {"y", "y", "y", "y", "y"}, {"x", "", "", "", ""}}
	encoderOptions = feature.EncoderOptions{
		Names: []string{"hot", "order", "hash", "target", "count"}, Buckets: 3,
		Methods: map[string]feature.EncodeMethod{"order": feature.Ordinal, "hash": feature.Hashing, "target": feature.TargetMean, "count": feature.LevelCount},
	}
)

// crosses are those of frames and promises: the last has edges and buckets.
var crosses = []feature.Cross{
	{Kind: feature.HashedCross, A: "a", B: "b", Buckets: 16, EdgesA: []float64{1}, EdgesB: []float64{2}},
	{Kind: feature.Product, A: "b", B: "a", Buckets: 1, EdgesA: []float64{1}, EdgesB: []float64{2}},
	{Kind: feature.Quotient, A: "a", B: "b", Buckets: 1, EdgesA: []float64{1}, EdgesB: []float64{2}},
	{Kind: feature.BucketCross, A: "a", B: "b", Buckets: 1, EdgesA: []float64{-1, 1}, EdgesB: []float64{2, 3}},
}

func covariance(t testing.TB) *feature.Covariance {
	c, err := feature.NewCovariance([]string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]float64{{1, 2}, {3, 1}, {7, 5}} {
		if err := c.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	return c
}
