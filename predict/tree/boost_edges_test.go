package tree_test

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// alike draws n rows of four contents, with labels 0 and 1 for each value.
func alike(n int) (rows [][]float64, y, weights []float64) {
	values := [][]float64{{0}, {1}}
	for i := range n {
		rows, y, weights = append(rows, values[i%2]), append(y, float64(i/2%2)), append(weights, float64(1+i%3))
	}
	return rows, y, weights
}

// TestBoostDrawsAlike: rows that hold the same are drawn one by one, in any order, and of few rows at least one.
func TestBoostDrawsAlike(t *testing.T) {
	rows, y, weights := alike(4000)
	opt := tree.BoostOptions{Iterations: 10, RowShare: .5, Weights: weights}
	m := must(tree.FitBoost(bg, rows, y, opt))
	for k := range m.Trees() {
		if n := must(m.Nodes(k))[0]; n.Count < 3700 || n.Count > 4300 {
			t.Errorf("tree %d has drawn a weight of %g, want about 4000 of 8000", k, n.Count)
		}
	}
	opt.Weights = shuffled(weights, 3)
	other := must(tree.FitBoost(bg, shuffled(rows, 3), shuffled(y, 3), opt))
	if !bytes.Equal(must(m.MarshalBinary()), must(other.MarshalBinary())) {
		t.Error("permuted rows give other bytes")
	}
	for _, loss := range []tree.Loss{tree.LossQuantile, tree.LossSquared} {
		m := must(tree.FitBoost(bg, rows[:3], []float64{1, 2, 3}, tree.BoostOptions{Loss: loss, RowShare: .01, Iterations: 20, MinRows: -1}))
		if m.Trees() != 20 || must(m.Nodes(0))[0].Count != 1 {
			t.Errorf("%v: %d trees, the first of %g rows", loss, m.Trees(), must(m.Nodes(0))[0].Count)
		}
	}
}

// TestBoostCutsAlike: columns of few values are cut between any two of them, where they are cut by a sample of the
// rows, and where there are as many values as bins.
func TestBoostCutsAlike(t *testing.T) {
	values := [][]float64{{0}, {1}, {2}, {3}}
	var rows [][]float64
	var y []float64
	for i := range 400_000 {
		rows, y = append(rows, values[i%4]), append(y, float64(i%2))
	}
	exact := tree.BoostOptions{Loss: tree.LossSquared, Iterations: 1, LearningRate: 1, L2: -1, MinRows: -1, Leaves: 300}
	for i, p := range must(must(tree.FitBoost(bg, rows, y, exact)).Predict(nil, values)) {
		testkit.Near(t, "prediction", p, float64(i%2), 1e-3)
	}
	for _, k := range []int{2, 3, 254, 255} {
		rows, y := rows[:0], y[:0]
		for i := range k {
			rows, y = append(rows, []float64{float64(i)}), append(y, float64(i))
		}
		exact.Bins = k
		p := must(must(tree.FitBoost(bg, rows, y, exact)).Predict(nil, rows))
		if n := len(slices.Compact(p)); n != k {
			t.Errorf("%d values and bins: %d predictions", k, n)
		}
	}
}

// TestBoostSmallGroup: a group of fewer rows than a leaf needs does not hide its column.
func TestBoostSmallGroup(t *testing.T) {
	var rows [][]float64
	var y, p []float64
	for i := range 100 {
		rows, y = append(rows, []float64{float64(i)}), append(y, float64(i/90))
	}
	for _, loss := range []tree.Loss{tree.LossLogistic, tree.LossSquared} {
		m := must(tree.FitBoost(bg, rows, y, tree.BoostOptions{Loss: loss}))
		n := must(m.Nodes(0))
		if len(n) < 3 || n[0].Threshold != 79.5 {
			t.Fatalf("%v: %d nodes, threshold %g, want 79.5, the cut of 20 rows beside", loss, len(n), n[0].Threshold)
		}
		if p = must(m.Predict(p[:0], rows)); p[99] < p[0]+.03 {
			t.Errorf("%v: %g for the group, %g for the others", loss, p[99], p[0])
		}
	}
}

// TestBoostMonotoneQuantile: quantiles of leaves keep to monotone constraints, too.
func TestBoostMonotoneQuantile(t *testing.T) {
	r := rng.New(8, 0, 0)
	var rows [][]float64
	var y []float64
	for range 1500 {
		x := []float64{6 * r.Float64(), r.Normal(), r.Normal()}
		rows, y = append(rows, x), append(y, x[0]+2*math.Sin(2*x[0])+x[1]*x[2]+r.Normal())
	}
	for _, sign := range []int{1, -1} {
		m := must(tree.FitBoost(bg, rows, y, tree.BoostOptions{Loss: tree.LossQuantile, Quantile: .7, Iterations: 30, Monotone: []int{sign, 0, 0}, MinRows: 5}))
		low, high := math.Inf(1), math.Inf(-1)
		for _, at := range rows[:60] {
			last := math.Inf(-1)
			for v := range 61 {
				x := float64(v) / 10
				p := float64(sign) * must(m.Margins(nil, [][]float64{{x, at[1], at[2]}}))[0]
				if p < last {
					t.Fatalf("sign %d: %g after %g at %g", sign, p, last, x)
				}
				last, low, high = p, min(low, p), max(high, p)
			}
		}
		if high-low < 1 {
			t.Errorf("sign %d: predictions from %g to %g", sign, low, high)
		}
	}
}

// TestBoostGoesOn: a warm start draws what the longer fit draws, and keeps no tree that makes it worse.
func TestBoostGoesOn(t *testing.T) {
	rows, margin := mixed(800, 12)
	y := labels(margin, 12)
	opt := tree.BoostOptions{Iterations: 10, RowShare: .6, ColumnShare: .5, Seed: 4}
	whole := must(must(tree.FitBoost(bg, rows, y, opt)).MarshalBinary())
	opt.Iterations = 6
	half := must(tree.FitBoost(bg, rows, y, opt))
	opt.Iterations, opt.Start = 4, half
	if !bytes.Equal(whole, must(must(tree.FitBoost(bg, rows, y, opt)).MarshalBinary())) {
		t.Error("6 iterations and 4 more are not 10 where rows are drawn")
	}
	against := slices.Clone(y)
	var held []int
	for i := 0; i < len(y); i += 2 {
		held = append(held, i)
	}
	for i := range y {
		against[i] = y[i]
		if i%2 == 1 {
			against[i] = 1 - y[i]
		}
	}
	opt.Iterations, opt.Validation, opt.Patience, opt.LearningRate = 20, held, 2, 1
	if m := must(tree.FitBoost(bg, rows, against, opt)); m.Trees() != half.Trees() {
		t.Errorf("%d trees, want the %d that it began with", m.Trees(), half.Trees())
	}
}

// TestBoostClassWeights: weights of classes are weights of their rows.
func TestBoostClassWeights(t *testing.T) {
	rows, margin := mixed(600, 13)
	for i := range margin {
		margin[i] -= 1.5
	}
	y := labels(margin, 13)
	byHand, ones := make([]float64, len(y)), 0.0
	for i, v := range y {
		byHand[i] = 1 + 2*v
		ones += v
	}
	opt := tree.BoostOptions{Iterations: 4, Categorical: []int{3}, Weights: byHand}
	want := must(must(tree.FitBoost(bg, rows, y, opt)).MarshalBinary())
	opt.Weights, opt.ClassWeights = nil, []float64{0, 3}
	if !bytes.Equal(want, must(must(tree.FitBoost(bg, rows, y, opt)).MarshalBinary())) {
		t.Error("weights of classes are not those of their rows")
	}
	opt.ClassWeights, opt.Balanced = nil, true
	testkit.Near(t, "base of classes that weigh the same", must(tree.FitBoost(bg, rows, y, opt)).Base()[0], 0, 1e-9)
	three := tree.BoostOptions{Loss: tree.LossSoftmax, Classes: 3, Iterations: 1}
	for name, c := range map[string]struct {
		opt  tree.BoostOptions
		want error
	}{
		"no classes":    {tree.BoostOptions{Loss: tree.LossSquared, Balanced: true}, tree.ErrOption},
		"too few":       {tree.BoostOptions{ClassWeights: []float64{1}}, tree.ErrOption},
		"negative":      {tree.BoostOptions{ClassWeights: []float64{1, -1}}, tree.ErrOption},
		"without rows":  {tree.BoostOptions{Loss: tree.LossSoftmax, Classes: 3, ClassWeights: []float64{1, 1, 2}}, tree.ErrOption},
		"one for three": {three, nil},
	} {
		if _, err := tree.FitBoost(bg, rows, y, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestBoostRefuses: numbers out of range are not called infinite, and a model whose margins have a slope is not refitted.
func TestBoostRefuses(t *testing.T) {
	rows, y, _ := alike(100)
	huge := slices.Clone(y)
	huge[3] = 1e31
	if _, err := tree.FitBoost(bg, rows, huge, tree.BoostOptions{Loss: tree.LossSquared}); !errors.Is(err, tree.ErrRange) {
		t.Errorf("a label of 1e31: %v", err)
	}
	m := must(tree.Assemble([][]tree.Node{{{Column: -1, Values: []float64{1}}}}, tree.AssembleOptions{Columns: 1, Link: tree.LinkLogit, Slope: 2}))
	if _, err := m.Refit(bg, rows, y, tree.RefitOptions{}); !errors.Is(err, tree.ErrMismatch) {
		t.Errorf("refit of a slope of 2: %v", err)
	}
}

// TestWeightsFarApart: rows whose weight is lost beside others are no reason to refuse.
func TestWeightsFarApart(t *testing.T) {
	var rows [][]float64
	var y, classes, weights []float64
	for i := range 12 {
		rows, y = append(rows, []float64{float64(i), float64(i * 5 % 12)}), append(y, float64(i*7%12)+.25)
		classes, weights = append(classes, float64(i%2)), append(weights, 1)
	}
	weights[4] = 1e20
	for _, criterion := range []tree.CriterionKind{tree.SquaredError, tree.PoissonDeviance, tree.GiniImpurity, tree.Entropy} {
		labels, k := y, 0
		if criterion == tree.GiniImpurity || criterion == tree.Entropy {
			labels, k = classes, 2
		}
		if _, err := tree.FitCART(bg, rows, labels, tree.CARTOptions{Classes: k, Criterion: criterion, Weights: weights}); err != nil {
			t.Errorf("CART by %v: %v", criterion, err)
		}
		if _, err := tree.FitForest(bg, rows, labels, tree.ForestOptions{Classes: k, Criterion: criterion, Weights: weights, Trees: 10}); err != nil {
			t.Errorf("forest by %v: %v", criterion, err)
		}
	}
}

// TestSingleCategory: categories are rounded to float32 as thresholds' values are, before they are cut to integers.
func TestSingleCategory(t *testing.T) {
	for _, single := range []bool{false, true} {
		m := must(tree.Assemble([][]tree.Node{{
			{Column: 0, Categories: []uint32{1 << 3}, Left: 1, Right: 2},
			{Column: -1, Values: []float64{1}},
			{Column: -1, Values: []float64{2}},
		}}, tree.AssembleOptions{Single: single}))
		if p := must(m.Margins(nil, [][]float64{{3 - 1e-9}}))[0]; (p == 1) != single {
			t.Errorf("single %v: margin %g", single, p)
		}
	}
}

// TestSHAPMemory: tables of a tree of many leaves and long paths are not made, however many rows there are.
func TestSHAPMemory(t *testing.T) {
	const d = 12
	nodes := make([]tree.Node, 1<<(d+1)-1)
	for i := range nodes {
		nodes[i] = tree.Node{Column: -1, Values: []float64{float64(i % 7)}, Count: 1}
		if level := int(math.Log2(float64(i + 1))); level < d {
			nodes[i] = tree.Node{Column: level, Left: 2*i + 1, Right: 2*i + 2, Count: float64(int(1) << (d - level))}
		}
	}
	m := must(tree.Assemble([][]tree.Node{nodes}, tree.AssembleOptions{Columns: d}))
	row, other := make([]float64, d), make([]float64, d)
	row[3], other[3] = 1, -1
	x := must(tree.NewSHAP(bg, m, tree.SHAPOptions{Background: slices.Repeat([][]float64{other}, 120)}))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rows := slices.Repeat([][]float64{row}, 250)
	v := must(x.Values(bg, nil, rows))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
		t.Errorf("%d bytes for 250 rows", used)
	}
	sum := 0.0
	for _, p := range v[:d+1] {
		sum += p
	}
	testkit.Near(t, "sum of the values", sum, must(m.Margins(nil, rows[:1]))[0], 1e-9)
}

// TestBoostCategoriesAndClasses: what is no category is refused as in the other fits, and ids are not taken for classes.
func TestBoostCategoriesAndClasses(t *testing.T) {
	rows, margin := mixed(60, 4)
	y := labels(margin, 4)
	for _, bad := range []float64{2.7, -1, 1 << 26, math.Inf(1)} {
		held := rows[7][3]
		rows[7][3] = bad
		if _, err := tree.FitBoost(bg, rows, y, tree.BoostOptions{Categorical: []int{3}, Iterations: 1}); !errors.Is(err, tree.ErrRange) && !errors.Is(err, tree.ErrNotFinite) {
			t.Errorf("category %g: %v", bad, err)
		}
		rows[7][3] = held
	}
	y[0] = 60000
	if _, err := tree.FitBoost(bg, rows, y, tree.BoostOptions{Loss: tree.LossSoftmax, Iterations: 1}); !errors.Is(err, tree.ErrTooLarge) {
		t.Errorf("ids for classes: %v", err)
	}
}
