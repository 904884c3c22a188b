package tree_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// TestForestOrder: rows in another order, at other numbers of processors, give the same bytes and the
// same numbers out of bag; another seed does not.
func TestForestOrder(t *testing.T) {
	rows, y, classes := sample(700, 5)
	ids := make([]uint64, len(rows))
	for i := range ids {
		ids[i] = uint64(i / 2 * 17)
	}
	for _, opt := range []tree.ForestOptions{
		{},
		{Classes: 3, Criterion: tree.Entropy, Balanced: true},
		{Classes: 3, Extremely: true},
		{Extremely: true, Sample: .6, Distinct: true},
		{Importance: true, IDs: ids},
	} {
		labels, k := y, 1
		if opt.Classes > 0 {
			labels, k = classes, opt.Classes
		}
		opt.Trees, opt.Categorical, opt.Seed = 10, []int{2}, 3
		want, err := tree.FitForest(bg, rows, labels, opt)
		if err != nil {
			t.Fatal(err)
		}
		o := opt
		if o.IDs != nil {
			o.IDs = shuffled(o.IDs, 9)
		}
		at := make([]int, len(rows))
		for i := range at {
			at[i] = i
		}
		at = shuffled(at, 9)
		for _, workers := range []int{1, 3} {
			o.Workers = workers
			got, err := tree.FitForest(bg, shuffled(rows, 9), shuffled(labels, 9), o)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(frameOf(t, got.Ensemble, nil), frameOf(t, want.Ensemble, nil)) || !slices.Equal(got.Importance, want.Importance) {
				t.Errorf("%+v: another forest for another order of rows", opt)
			}
			for i, from := range at {
				if want.OutOfBag == nil {
					break
				}
				if a, b := got.OutOfBag[i*k], want.OutOfBag[from*k]; a != b && a == a {
					t.Fatalf("row %d is %g out of bag, want %g", from, a, b)
				}
			}
		}
		o.Seed = 4
		if other, _ := tree.FitForest(bg, rows, labels, o); bytes.Equal(frameOf(t, other.Ensemble, nil), frameOf(t, want.Ensemble, nil)) {
			t.Error("the seed has no influence")
		}
	}
}

// TestForestOutOfBag: what the result says of a row out of bag is the mean of the trees that
// say otherwise about it than they were told.
func TestForestOutOfBag(t *testing.T) {
	rows, y, classes := sample(1500, 8)
	fresh, freshY, freshClasses := sample(1500, 9)
	for _, extremely := range []bool{false, true} {
		r, err := tree.FitForest(bg, rows, y, tree.ForestOptions{Trees: 60, Categorical: []int{2}, Importance: true, Extremely: extremely, Sample: 1})
		if err != nil {
			t.Fatal(err)
		}
		p, _ := r.Ensemble.Predict(nil, fresh)
		if score := rSquared(p, freshY); math.Abs(score-r.Score) > .03 || r.Score < .85 {
			t.Errorf("R² is %.3f out of bag and %.3f on fresh rows", r.Score, score)
		}
		if r.Importance[3] > 4*r.ImportanceError[3]+.01 || r.Importance[0] < 1 || r.Importance[2] < .3 || r.Importance[1] < .1 {
			t.Errorf("importance %.3f ± %.3f", r.Importance, r.ImportanceError)
		}
		for i, n := range r.OutOfBagTrees {
			if n < 5 || n > 45 { // 60/e is 22
				t.Fatalf("row %d is out of bag in %d trees", i, n)
			}
		}
		c, err := tree.FitForest(bg, rows, classes, tree.ForestOptions{Classes: 3, Trees: 40, Categorical: []int{2}, Extremely: extremely, Sample: 1})
		if err != nil {
			t.Fatal(err)
		}
		p, _ = c.Ensemble.Predict(nil, fresh)
		hits := 0.0
		for i, want := range freshClasses {
			v := p[3*i : 3*i+3]
			if math.Abs(v[0]+v[1]+v[2]-1) > 1e-12 {
				t.Fatalf("probabilities %v", v)
			}
			if slices.Max(v) == v[int(want)] {
				hits++
			}
		}
		if hits /= float64(len(fresh)); math.Abs(hits-c.Score) > .04 || c.Score < .8 {
			t.Errorf("accuracy is %.3f out of bag and %.3f on fresh rows", c.Score, hits)
		}
	}
}

func rSquared(p, y []float64) float64 {
	var mean, errors, spread float64
	for _, v := range y {
		mean += v / float64(len(y))
	}
	for i, v := range y {
		errors += (v - p[i]) * (v - p[i])
		spread += (v - mean) * (v - mean)
	}
	return 1 - errors/spread
}

// TestForestOfOne: one tree over the whole sample and all columns, of no more values than
// there are bins, is CART.
func TestForestOfOne(t *testing.T) {
	rows, y, _ := sample(200, 4)
	for _, c := range []struct {
		forest tree.ForestOptions
		cart   tree.CARTOptions
	}{
		{tree.ForestOptions{MinLeaf: 7}, tree.CARTOptions{MinLeaf: 7}},
		{tree.ForestOptions{Categorical: []int{2}, MinLeaf: 9}, tree.CARTOptions{Categorical: []int{2}, MinLeaf: 9}},
		{tree.ForestOptions{Classes: 2, Criterion: tree.Entropy, MinLeaf: 9, MaxDepth: 3}, tree.CARTOptions{Classes: 2, Criterion: tree.Entropy, MinLeaf: 9, MaxDepth: 3}},
		{tree.ForestOptions{Criterion: tree.PoissonDeviance, MinLeaf: 9, MinGain: .02}, tree.CARTOptions{Criterion: tree.PoissonDeviance, MinLeaf: 9, MinGain: .02}},
	} {
		labels := make([]float64, len(y))
		for i, v := range y {
			labels[i] = v
			if c.cart.Classes == 2 {
				labels[i] = 0
				if v > 1 {
					labels[i] = 1
				}
			} else if c.cart.Criterion == tree.PoissonDeviance {
				labels[i] = math.Floor(math.Abs(v) * 3)
			}
		}
		c.forest.Trees, c.forest.Try, c.forest.Sample = 1, -1, -1
		f, err := tree.FitForest(bg, rows, labels, c.forest)
		if err != nil {
			t.Fatal(err)
		}
		m, err := tree.FitCART(bg, rows, labels, c.cart)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := f.Ensemble.Predict(nil, rows)
		b, _ := m.Predict(nil, rows)
		near(t, fmt.Sprintf("%+v", c.cart.Criterion), a, b)
		for _, kind := range []tree.ImportanceKind{tree.ImportanceGain, tree.ImportanceCover, tree.ImportanceSplits} {
			a, _ := f.Ensemble.Importance(kind)
			b, _ := m.Importance(kind)
			near(t, kind.String(), a, b)
		}
	}
}

// TestForestEdges: what there may be in data, and what comes of it.
func TestForestEdges(t *testing.T) {
	nan := math.NaN()
	rows, y := [][]float64{}, []float64{}
	for i := range 60 {
		rows, y = append(rows, []float64{nan, float64(i % 3), float64(i)}), append(y, float64(i%2))
	}
	for _, extremely := range []bool{false, true} {
		r, err := tree.FitForest(bg, rows, y, tree.ForestOptions{Classes: 2, Trees: 5, Categorical: []int{1}, Extremely: extremely})
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Ensemble.Predict(nil, [][]float64{{3, 99, nan}, {nan, nan, nan}, {nan, -1, math.Inf(1)}})
		if err != nil || slices.ContainsFunc(p, func(v float64) bool { return !(v >= 0 && v <= 1) }) {
			t.Errorf("unseen values: %v, %v", p, err)
		}
	}
	weights := make([]float64, len(rows))
	weights[7] = 1
	r, err := tree.FitForest(bg, rows, y, tree.ForestOptions{Trees: 3, Weights: weights})
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := r.Ensemble.Predict(nil, rows[:1]); p[0] != 1 || !math.IsNaN(r.OutOfBag[0]) || r.OutOfBagTrees[0] != 0 {
		t.Errorf("one row of weight 1: %v", p)
	}
	for name, c := range map[string]struct {
		opt  tree.ForestOptions
		y    []float64
		want error
	}{
		"one class":             {tree.ForestOptions{Classes: 2}, make([]float64, 60), tree.ErrUndefined},
		"absolute error":        {tree.ForestOptions{Criterion: tree.AbsoluteError}, y, tree.ErrOption},
		"distinct, all of them": {tree.ForestOptions{Distinct: true}, y, tree.ErrOption},
		"nobody out of bag":     {tree.ForestOptions{Extremely: true, Importance: true}, y, tree.ErrOption},
		"ids":                   {tree.ForestOptions{IDs: []uint64{1}}, y, tree.ErrShape},
	} {
		if _, err := tree.FitForest(bg, rows, c.y, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestForestNoise: a category of as many levels as rows is not what trees are grown by.
func TestForestNoise(t *testing.T) {
	rows, y, _ := sample(1500, 8)
	for i := range rows {
		rows[i] = append(rows[i], float64(i))
	}
	with, err := tree.FitForest(bg, rows, y, tree.ForestOptions{Trees: 30, Categorical: []int{2, 4}, Importance: true})
	if err != nil {
		t.Fatal(err)
	}
	if with.Importance[4] != 0 || with.Score < .85 {
		t.Errorf("R² %.3f, importance %.3f", with.Score, with.Importance)
	}
}

func BenchmarkFitForest(b *testing.B) {
	rows, y, classes := sample(20000, 3)
	for _, opt := range []tree.ForestOptions{{}, {Classes: 3}, {Extremely: true}} {
		labels := y
		if opt.Classes > 0 {
			labels = classes
		}
		opt.Trees, opt.Workers = 10, 1
		b.Run(fmt.Sprintf("classes=%d/extremely=%v", opt.Classes, opt.Extremely), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tree.FitForest(bg, rows, labels, opt); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(opt.Trees*b.N)/b.Elapsed().Seconds(), "trees/s")
		})
	}
}

func BenchmarkSHAP(b *testing.B) {
	rows, y, _ := sample(2000, 3)
	f, err := tree.FitForest(bg, rows, y, tree.ForestOptions{Trees: 20, MaxDepth: 5})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, len(rows)} {
		x, err := tree.NewSHAP(bg, f.Ensemble, tree.SHAPOptions{Workers: 1})
		if err != nil {
			b.Fatal(err)
		}
		var dst []float64
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = x.Values(bg, dst[:0], rows[:n]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// TestForestCounts: where all weights are 1 draws are counted, where they are 2 they are added up as numbers, with the same trees: of numbers
// and categories, with missing values.
func TestForestCounts(t *testing.T) {
	r := rng.New(5, 0, 0)
	n := 5000
	if testkit.Race {
		n = 2500
	}
	rows, y := make([][]float64, n), []float64(nil)
	two := slices.Repeat([]float64{2}, len(rows))
	for i := range rows {
		rows[i] = []float64{r.Normal(), float64(r.Intn(300)), float64(r.Intn(5)), r.Normal()}
		p := rows[i][0] + .01*rows[i][1]*r.Float64() + float64(int(rows[i][2])%2)
		if r.Bool(.1) {
			rows[i][r.Intn(4)] = math.NaN()
		}
		y = append(y, 0)
		if p > 2 {
			y[i] = 1
		}
	}
	for k, opt := range []tree.ForestOptions{{}, {MinLeaf: 5}, {Extremely: true, Sample: 1}, {Categorical: []int{1, 2}}, {Importance: true}} {
		opt.Classes, opt.Trees = 2, 5
		counted := must(tree.FitForest(bg, rows, y, opt))
		opt.Weights = two
		added := must(tree.FitForest(bg, rows, y, opt))
		if !slices.EqualFunc(counted.OutOfBag, added.OutOfBag, sameBits) || !slices.EqualFunc(counted.Importance, added.Importance, sameBits) {
			t.Errorf("options %d: other numbers out of bag", k)
		}
		if !slices.EqualFunc(must(counted.Ensemble.Predict(nil, rows)), must(added.Ensemble.Predict(nil, rows)), sameBits) {
			t.Errorf("options %d: other trees", k)
		}
	}
}
