package feature_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

type encodersGolden struct {
	Rows                         []int
	Cells                        [][]string
	Target, TargetFolds, Count   [][]float64
	Ordinal, OneHot              [][]float64
	TargetUnseen, TargetFoldsSum []float64
	Levels                       [][]string
}

// TestEncodersGolden: scikit-learn and category_encoders on bank-marketing.
func TestEncodersGolden(t *testing.T) {
	var g encodersGolden
	testkit.Golden(t, "encoders.json", &g)
	data := bank(t)
	names := []string{"job", "education", "month"}
	cells := make([][]string, len(data["y"]))
	y, folds := make([]float64, len(cells)), make([]int, len(cells))
	for i := range cells {
		for _, n := range names {
			cells[i] = append(cells[i], data[n][i])
		}
		if folds[i] = i % 5; data["y"][i] == "yes" {
			y[i] = 1
		}
	}
	ctx := context.Background()
	for name, c := range map[string]struct {
		method feature.EncodeMethod
		want   [][]float64
	}{"target": {feature.TargetMean, g.Target}, "count": {feature.LevelCount, g.Count}, "ordinal": {feature.Ordinal, g.Ordinal}, "one-hot": {feature.OneHot, g.OneHot}} {
		e, err := feature.FitEncoder(ctx, cells, y, feature.EncoderOptions{Method: c.method, Names: names})
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Transform(nil, g.Cells)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, got, c.want, 1e-12)
		if c.method == feature.TargetMean {
			got, _ = e.Transform(nil, [][]string{{"astronaut", "astronaut", "astronaut"}})
			near(t, "unseen", got, [][]float64{g.TargetUnseen}, 1e-12)
		}
	}
	for name, c := range map[string]struct {
		method feature.EncodeMethod
		want   [][]float64
		sum    []float64
	}{"target": {feature.TargetMean, g.TargetFolds, g.TargetFoldsSum}, "count": {feature.LevelCount, g.Count, nil}} { // counts are of all rows
		got, _, err := feature.EncodeOutOfFold(ctx, nil, cells, y, folds, feature.EncoderOptions{Method: c.method, Names: names})
		if err != nil {
			t.Fatal(err)
		}
		sum := make([]float64, 3)
		for _, r := range got {
			for j := range r {
				sum[j] += r[j]
			}
		}
		for j := range c.sum {
			testkit.Near(t, name+" summed", sum[j], c.sum[j], 1e-9*c.sum[j])
		}
		var sample [][]float64
		for _, i := range g.Rows {
			sample = append(sample, got[i])
		}
		near(t, name+" out of fold", sample, c.want, 1e-12)
	}
}

// TestOutOfFoldLeaksNothing: the encoding of a row does not change when its own target,
// or any of its fold, does; and a category that is another one in every row says nothing
// of the target, while the encoder that has seen the rows gives it away.
func TestOutOfFoldLeaksNothing(t *testing.T) {
	ctx := context.Background()
	opt := feature.EncoderOptions{Method: feature.TargetMean, Smoothing: -1}
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(4, 40).Draw(r, "n")
		cells, y, folds := make([][]string, n), make([]float64, n), make([]int, n)
		for i := range cells {
			cells[i] = []string{rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(r, "level")}
			y[i] = float64(rapid.IntRange(-3, 3).Draw(r, "y"))
			folds[i] = i % 3
		}
		before, _, err := feature.EncodeOutOfFold(ctx, nil, cells, y, folds, opt)
		if err != nil {
			r.Fatal(err)
		}
		for i := range y {
			if folds[i] == 1 {
				y[i] = 100
			}
		}
		after, _, err := feature.EncodeOutOfFold(ctx, nil, cells, y, folds, opt)
		if err != nil {
			r.Fatal(err)
		}
		for i := range y {
			if folds[i] == 1 && before[i][0] != after[i][0] {
				r.Fatalf("row %d: %v became %v with the targets of its own fold", i, before[i], after[i])
			}
			// what it should be: the mean of the other folds' rows of its level
			sum, all, k, m := 0., 0., 0., 0.
			for o := range y {
				if folds[o] != folds[i] {
					if all, m = all+y[o], m+1; cells[o][0] == cells[i][0] {
						sum, k = sum+y[o], k+1
					}
				}
			}
			want := all / m
			if k > 0 {
				want = sum / k
			}
			if !testkit.Close(after[i][0], want, 1e-12, 1e-12) {
				r.Fatalf("row %d: %v, want %v", i, after[i], want)
			}
		}
	})
	var cells [][]string
	var y []float64
	var folds []int
	for i := range 1000 {
		cells, y, folds = append(cells, []string{fmt.Sprint(i)}), append(y, float64(i*7919%2)), append(folds, i%5)
	}
	out, e, err := feature.EncodeOutOfFold(ctx, nil, cells, y, folds, opt)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := e.Transform(nil, cells)
	distinct := map[float64]bool{}
	for i := range out {
		distinct[out[i][0]] = true
		if in[i][0] != y[i] {
			t.Fatal("the encoder of all rows should give the target away here")
		}
	}
	if len(distinct) > 5 {
		t.Errorf("%d different encodings of singletons, want that of each fold", len(distinct))
	}
}

// TestOutOfFoldRareLevels: MinCount is of all rows, so that a level of just so many has a
// value in training as in serving; counts are of all rows too.
func TestOutOfFoldRareLevels(t *testing.T) {
	ctx := context.Background()
	var cells [][]string
	var y []float64
	var folds []int
	for i := range 60 { // 10 rows of "edge", 9 of "rare"
		level := "many"
		switch {
		case i < 10:
			level = "edge"
		case i < 19:
			level = "rare"
		}
		target := 0.
		if i < 19 {
			target = 1
		}
		cells, y, folds = append(cells, []string{level}), append(y, target), append(folds, i%5)
	}
	opt := feature.EncoderOptions{Method: feature.TargetMean, Smoothing: -1, MinCount: 10}
	out, e, err := feature.EncodeOutOfFold(ctx, nil, cells, y, folds, opt)
	if err != nil {
		t.Fatal(err)
	}
	later, err := e.Transform(nil, [][]string{{"edge"}, {"rare"}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "later rows", later, [][]float64{{1}, {19. / 60}}, 1e-15)
	for i, c := range cells {
		if x := out[i][0]; c[0] == "edge" && x != 1 || c[0] == "rare" && math.Abs(x-19./60) > .02 {
			t.Errorf("row %d of %q: %v", i, c[0], x)
		}
	}
	opt.Method = feature.LevelCount
	if out, e, err = feature.EncodeOutOfFold(ctx, nil, cells, nil, folds, opt); err != nil {
		t.Fatal(err)
	}
	if later, err = e.Transform(nil, cells); err != nil {
		t.Fatal(err)
	}
	near(t, "counts", out, later, 0)
	near(t, "counts", [][]float64{out[0], out[10], out[20]}, [][]float64{{10}, {0}, {41}}, 0)
}

func TestEncoderLevels(t *testing.T) {
	ctx := context.Background()
	cells := [][]string{{"b"}, {"a"}, {"a"}, {""}, {"c"}, {"c"}}
	y := []float64{1, 0, 1, 1, 0, 0}
	ask := [][]string{{"a"}, {"c"}, {""}, {"zebra"}}
	for name, c := range map[string]struct {
		opt  feature.EncoderOptions
		want [][]float64
	}{
		"one-hot":        {feature.EncoderOptions{}, [][]float64{{0, 1, 0, 0}, {0, 0, 0, 1}, {1, 0, 0, 0}, {0, 0, 0, 0}}},
		"rare":           {feature.EncoderOptions{MinCount: 2}, [][]float64{{1, 0}, {0, 1}, {0, 0}, {0, 0}}},
		"most frequent":  {feature.EncoderOptions{MaxLevels: 2}, [][]float64{{1, 0}, {0, 1}, {0, 0}, {0, 0}}},
		"ordinal":        {feature.EncoderOptions{Method: feature.Ordinal}, [][]float64{{1}, {3}, {0}, {-1}}},
		"ordered":        {feature.EncoderOptions{Method: feature.Ordinal, Names: []string{"x"}, Levels: map[string][]string{"x": {"c", "zebra", "a"}}}, [][]float64{{2}, {0}, {-1}, {1}}},
		"count":          {feature.EncoderOptions{Method: feature.LevelCount}, [][]float64{{2}, {2}, {1}, {0}}},
		"target":         {feature.EncoderOptions{Method: feature.TargetMean, Smoothing: 2}, [][]float64{{.5}, {.25}, {2. / 3}, {.5}}},
		"not smoothed":   {feature.EncoderOptions{Method: feature.TargetMean, Smoothing: -1}, [][]float64{{.5}, {0}, {1}, {.5}}},
		"single columns": {feature.EncoderOptions{Names: []string{"x"}, Methods: map[string]feature.EncodeMethod{"x": feature.LevelCount}}, [][]float64{{2}, {2}, {1}, {0}}},
	} {
		e, err := feature.FitEncoder(ctx, cells, y, c.opt)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := e.Transform(nil, ask)
		if err != nil {
			t.Fatal(name, err)
		}
		near(t, name, got, c.want, 1e-15)
		if len(e.Names()) != len(got[0]) {
			t.Errorf("%s: names %q", name, e.Names())
		}
	}
	e, err := feature.FitEncoder(ctx, cells, nil, feature.EncoderOptions{Method: feature.Hashing, Buckets: 8})
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]float64, 8)
	for i := range 8000 {
		out, _ := e.Transform(nil, [][]string{{fmt.Sprint("level ", i)}})
		sum := 0.
		for b, x := range out[0] {
			counts[b] += x
			sum += x
		}
		if sum != 1 {
			t.Fatal(out)
		}
	}
	chi := 0.
	for _, k := range counts {
		chi += (k - 1000) * (k - 1000) / 1000
	}
	if chi > 24.3 { // .999 quantile of χ² with 7 degrees
		t.Errorf("buckets %v", counts)
	}
}

// TestEncoderFoldWithoutPositives: the other folds' mean may be 0, and is no gap then.
func TestEncoderFoldWithoutPositives(t *testing.T) {
	out, _, err := feature.EncodeOutOfFold(context.Background(), nil, [][]string{{"a"}, {"b"}, {"a"}, {"b"}}, []float64{1, 1, 0, 0}, []int{7, 7, 9, 9}, feature.EncoderOptions{Method: feature.TargetMean})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "encoded", out, [][]float64{{0}, {0}, {1}, {1}}, 0)
}

func TestEncoderRefuses(t *testing.T) {
	ctx, cells := context.Background(), [][]string{{"a"}, {"b"}}
	for name, c := range map[string]struct {
		cells [][]string
		y     []float64
		opt   feature.EncoderOptions
		want  error
	}{
		"empty":       {nil, nil, feature.EncoderOptions{}, feature.ErrEmpty},
		"ragged":      {[][]string{{"a"}, {}}, nil, feature.EncoderOptions{}, feature.ErrShape},
		"no y":        {cells, nil, feature.EncoderOptions{Method: feature.TargetMean}, feature.ErrShape},
		"NaN":         {cells, []float64{1, math.NaN()}, feature.EncoderOptions{}, feature.ErrNotFinite},
		"huge":        {cells, []float64{1e308, 1e308}, feature.EncoderOptions{Method: feature.TargetMean}, feature.ErrOverflow},
		"options":     {cells, nil, feature.EncoderOptions{Method: 99, Buckets: -1, MinCount: -1}, feature.ErrOption},
		"level twice": {cells, nil, feature.EncoderOptions{Levels: map[string][]string{"column 0": {"a", "a"}}}, feature.ErrOption},
		"smoothing":   {cells, nil, feature.EncoderOptions{Smoothing: math.Inf(1)}, feature.ErrOption},
	} {
		if e, err := feature.FitEncoder(ctx, c.cells, c.y, c.opt); e != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dst := [][]float64{{4}}
	for name, folds := range map[string][]int{"one fold": {1, 1}, "lengths": {1}} {
		if out, e, err := feature.EncodeOutOfFold(ctx, dst, cells, nil, folds, feature.EncoderOptions{}); e != nil || err == nil || len(out) != 1 {
			t.Errorf("%s: %v %v", name, out, err)
		}
	}
}

// TestEncoderMany: many levels, permuted, give the same bytes.
func TestEncoderMany(t *testing.T) {
	n := 20_000
	cells, y := make([][]string, n), make([]float64, n)
	for i := range cells {
		cells[i], y[i] = []string{fmt.Sprint(i * 31 % 15_000)}, math.Sin(float64(i))
	}
	opt := feature.EncoderOptions{Method: feature.TargetMean}
	a, err := feature.FitEncoder(context.Background(), cells, y, opt)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(cells)
	slices.Reverse(y)
	b, err := feature.FitEncoder(context.Background(), cells, y, opt)
	if err != nil {
		t.Fatal(err)
	}
	x, _ := a.MarshalBinary()
	z, _ := b.MarshalBinary()
	if !slices.Equal(x, z) {
		t.Error("the order of rows shows")
	}
}
