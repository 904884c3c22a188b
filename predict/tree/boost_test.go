package tree_test

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

var bg = context.Background()

// TestBoostSplit: the numbers of DEFINITIONS 1.12, by hand and by both peers.
func TestBoostSplit(t *testing.T) {
	var rows [][]float64
	for i := range 8 {
		rows = append(rows, []float64{float64(i + 1)})
	}
	y := []float64{0, 0, 1, 1, 1, 0, 1, 1}
	for _, c := range []struct {
		l2, gain    float64
		left, right float64
	}{{-1, 4.444444, -2.666667, .888889}, {1, 1.713180, -.851064, .519481}} {
		m := must(tree.FitBoost(bg, rows, y, tree.BoostOptions{Iterations: 1, Leaves: 2, LearningRate: 1, L2: c.l2, MinRows: -1}))
		testkit.Near(t, "base", m.Base()[0], .510826, 1e-6)
		n := must(m.Nodes(0))
		if len(n) != 3 || n[0].Column != 0 || n[0].Threshold != 2.5 {
			t.Fatalf("split %+v, want x <= 2.5", n[0])
		}
		testkit.Near(t, "gain", n[0].Gain, c.gain, 1e-6)
		testkit.Near(t, "left", n[1].Values[0], c.left, 1e-6)
		testkit.Near(t, "right", n[2].Values[0], c.right, 1e-6)
		testkit.Near(t, "cover left", n[1].Cover, .46875, 1e-6)
		testkit.Near(t, "cover right", n[2].Cover, 1.40625, 1e-6)
	}
}

// mixed draws rows of numbers with missing values, and a category, and what depends on them.
func mixed(n int, seed uint64) (rows [][]float64, margin []float64) {
	r := rng.New(seed, 0, 0)
	for range n {
		x := []float64{r.Normal(), float64(r.Intn(5)), r.Normal(), float64(r.Intn(40)), r.Exp()}
		m := x[0] + math.Abs(x[2]) - 1
		if int(x[3])%3 == 0 {
			m += 1.5
		}
		if r.Bool(.2) {
			x[0] = math.NaN()
			m -= 1
		}
		rows, margin = append(rows, x), append(margin, m)
	}
	return rows, margin
}

func labels(margin []float64, seed uint64) []float64 {
	r := rng.New(seed, 1, 0)
	y := make([]float64, len(margin))
	for i, m := range margin {
		if r.Bool(1 / (1 + math.Exp(-m))) {
			y[i] = 1
		}
	}
	return y
}

// TestBoostPermuted: the same bytes for rows in any order and at any number of processors,
// samples included.
func TestBoostPermuted(t *testing.T) {
	rows, margin := mixed(3000, 1)
	y := labels(margin, 1)
	opt := tree.BoostOptions{Iterations: 8, Categorical: []int{3}, RowShare: .7, ColumnShare: .6, Seed: 3}
	want := must(must(tree.FitBoost(bg, rows, y, opt)).MarshalBinary())
	order := rng.New(5, 0, 0).Perm(len(rows))
	mixedRows, mixedY := make([][]float64, len(rows)), make([]float64, len(y))
	for i, p := range order {
		mixedRows[i], mixedY[i] = rows[p], y[p]
	}
	testkit.AtGOMAXPROCS(t, func() []byte {
		got := must(must(tree.FitBoost(bg, mixedRows, mixedY, opt)).MarshalBinary())
		if !bytes.Equal(got, want) {
			t.Error("permuted rows give other bytes")
		}
		return got
	})
}

// TestBoostWeights: whole weights fit as rows that come so often.
func TestBoostWeights(t *testing.T) {
	rows, margin := mixed(1500, 2)
	y := labels(margin, 2)
	r := rng.New(2, 2, 0)
	var weights, manyY []float64
	var many [][]float64
	for i := range rows {
		w := r.Intn(4)
		weights = append(weights, float64(w))
		for range w {
			many, manyY = append(many, rows[i]), append(manyY, y[i])
		}
	}
	opt := tree.BoostOptions{Iterations: 10, Categorical: []int{3}}
	a := must(tree.FitBoost(bg, many, manyY, opt))
	opt.Weights = weights
	b := must(tree.FitBoost(bg, rows, y, opt))
	p, q := must(a.Predict(nil, rows)), must(b.Predict(nil, rows))
	apart := 0.0
	for i := range p {
		apart = max(apart, math.Abs(q[i]-p[i]))
	}
	testkit.Near(t, "largest distance of predictions", apart, 0, 1e-4)
}

// TestBoostLosses: each loss finds what was planted, and falls with every iteration.
func TestBoostLosses(t *testing.T) {
	rows, margin := mixed(2000, 3)
	r := rng.New(3, 3, 0)
	for _, c := range []struct {
		opt  tree.BoostOptions
		draw func(m float64) float64
	}{
		{tree.BoostOptions{}, func(m float64) float64 { return b2f(r.Bool(1 / (1 + math.Exp(-m)))) }},
		{tree.BoostOptions{Loss: tree.LossSquared}, func(m float64) float64 { return m + r.Normal() }},
		{tree.BoostOptions{Loss: tree.LossQuantile, Quantile: .8}, func(m float64) float64 { return m + r.Normal() }},
		{tree.BoostOptions{Loss: tree.LossPoisson}, func(m float64) float64 { return float64(r.Poisson(math.Exp(m))) }},
		{tree.BoostOptions{Loss: tree.LossTweedie, Power: 1.3}, func(m float64) float64 {
			return float64(r.Poisson(math.Exp(m))) * r.Exp()
		}},
		{tree.BoostOptions{Loss: tree.LossSoftmax}, func(m float64) float64 {
			return b2f(m > 0) + b2f(m > 1.5)
		}},
	} {
		y := make([]float64, len(rows))
		for i, m := range margin {
			y[i] = c.draw(m)
		}
		c.opt.Categorical = []int{3}
		c.opt.Iterations = 15
		last, first := math.Inf(1), 0.0
		c.opt.Progress = func(p tree.Progress) {
			if p.Iteration == 1 {
				first = p.Loss
			}
			if p.Loss > last*(1+1e-12) && c.opt.Loss != tree.LossTweedie {
				t.Errorf("%v: loss %g after %g", c.opt.Loss, p.Loss, last)
			}
			last = p.Loss
		}
		m := must(tree.FitBoost(bg, rows, y, c.opt))
		if !(last < first) {
			t.Errorf("%v: loss %g at first, %g at last", c.opt.Loss, first, last)
		}
		p := must(m.Predict(nil, rows))
		switch c.opt.Loss {
		case tree.LossQuantile:
			below := 0.0
			for i := range y {
				below += b2f(y[i] <= p[i]) / float64(len(y))
			}
			testkit.Near(t, "share below the .8 quantile", below, .8, .04)
		case tree.LossPoisson, tree.LossTweedie:
			sum, want := 0.0, 0.0
			for i := range y {
				sum, want = sum+p[i], want+y[i]
			}
			if !testkit.Close(sum, want, 0, .2) { // 15 steps of a tenth are on the way
				t.Errorf("%v: predictions add up to %g, labels to %g", c.opt.Loss, sum, want)
			}
		case tree.LossSoftmax:
			right := 0.0
			for i := range y {
				best := 0
				for k := range 3 {
					if p[3*i+k] > p[3*i+best] {
						best = k
					}
				}
				right += b2f(float64(best) == y[i]) / float64(len(y))
			}
			if m.Outputs() != 3 || m.Trees() != 45 || right < .85 {
				t.Errorf("softmax: %d outputs, %d trees, %g right", m.Outputs(), m.Trees(), right)
			}
		}
	}
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// TestBoostRanking: both losses order the rows of a query, and rows of queries that are mixed up
// give the same bytes.
func TestBoostRanking(t *testing.T) {
	rows, margin := mixed(1200, 4)
	r := rng.New(4, 4, 0)
	y, groups := make([]float64, len(rows)), make([]int, len(rows))
	for i, m := range margin {
		groups[i] = i / 12
		y[i] = min(4, max(0, math.Round(1+m+.5*r.Normal())))
	}
	order := r.Perm(len(rows))
	mixedRows, mixedY, mixedGroups := make([][]float64, len(rows)), make([]float64, len(y)), make([]int, len(y))
	for i, p := range order {
		mixedRows[i], mixedY[i], mixedGroups[i] = rows[p], y[p], groups[p]
	}
	for _, loss := range []tree.Loss{tree.LossPairwise, tree.LossLambdaMART} {
		opt := tree.BoostOptions{Loss: loss, Groups: groups, Iterations: 15, Categorical: []int{3}}
		m := must(tree.FitBoost(bg, rows, y, opt))
		p := must(m.Margins(nil, rows))
		right, pairs := 0.0, 0.0
		for q := range 100 {
			for i := 12 * q; i < 12*q+12; i++ {
				for j := i + 1; j < 12*q+12; j++ {
					if y[i] != y[j] {
						pairs++
						right += b2f((p[i] > p[j]) == (y[i] > y[j]))
					}
				}
			}
		}
		if right/pairs < .85 {
			t.Errorf("%v: %g of the pairs are in order", loss, right/pairs)
		}
		opt.Groups = mixedGroups
		other := must(tree.FitBoost(bg, mixedRows, mixedY, opt))
		if !bytes.Equal(must(m.MarshalBinary()), must(other.MarshalBinary())) {
			t.Errorf("%v: permuted rows give other bytes", loss)
		}
	}
}

// TestBoostConstraints: margins follow the columns that they must follow, and no path holds columns
// that may not stand together.
func TestBoostConstraints(t *testing.T) {
	rows, margin := mixed(2000, 5)
	y := labels(margin, 5)
	m := must(tree.FitBoost(bg, rows, y, tree.BoostOptions{
		Iterations: 20, MinRows: 5, Categorical: []int{3}, Monotone: []int{1, 0, -1, 0, 1}, Interactions: [][]int{{0, 2}, {2, 3}},
	}))
	for i := range 200 {
		x := append([]float64(nil), rows[i]...)
		for j, sign := range []float64{1, 0, -1, 0, 1} {
			if sign == 0 {
				continue
			}
			old, last := x[j], math.Inf(-1)
			for v := -3.0; v <= 3; v += .1 {
				x[j] = sign * v
				got := must(m.Margins(nil, [][]float64{x}))[0]
				if got < last {
					t.Fatalf("row %d, column %d: margin %g after %g at %g", i, j, got, last, x[j])
				}
				last = got
			}
			x[j] = old
		}
	}
	for k := range m.Trees() {
		nodes := must(m.Nodes(k))
		above := make([]uint, len(nodes))
		for i, n := range nodes {
			if n.Column < 0 {
				continue
			}
			path := above[i] | 1<<n.Column
			if path&^0b00101 != 0 && path&^0b01100 != 0 && path&(path-1) != 0 {
				t.Fatalf("tree %d: columns %b on one path", k, path)
			}
			above[n.Left], above[n.Right] = path, path
		}
	}
}

// TestBoostLimits: no leaf is smaller, no tree deeper or wider than was asked for.
func TestBoostLimits(t *testing.T) {
	rows, margin := mixed(1500, 6)
	y := labels(margin, 6)
	for _, level := range []bool{false, true} {
		m := must(tree.FitBoost(bg, rows, y, tree.BoostOptions{Iterations: 10, Leaves: 12, MaxDepth: 4, LevelWise: level, MinRows: 37, Categorical: []int{3}}))
		for k := range m.Trees() {
			nodes := must(m.Nodes(k))
			depth, leaves := make([]int, len(nodes)), 0
			for i, n := range nodes {
				if n.Column < 0 {
					leaves++
					if n.Count < 37 || depth[i] > 4 {
						t.Fatalf("tree %d: a leaf of %g rows at depth %d", k, n.Count, depth[i])
					}
					continue
				}
				if c := nodes[n.Left].Count + nodes[n.Right].Count; c != n.Count {
					t.Fatalf("tree %d: %g rows in the children of %g", k, c, n.Count)
				}
				depth[n.Left], depth[n.Right] = depth[i]+1, depth[i]+1
			}
			if leaves > 12 {
				t.Fatalf("tree %d has %d leaves", k, leaves)
			}
		}
	}
}

// TestBoostStops: early stopping keeps the best iteration, a warm start goes on where the first
// fit ended, and an offset is not part of the model.
func TestBoostStops(t *testing.T) {
	rows, margin := mixed(1200, 7)
	y := labels(margin, 7)
	var held []int
	for i := 0; i < len(rows); i += 3 {
		held = append(held, i)
	}
	var seen []float64
	opt := tree.BoostOptions{Iterations: 200, LearningRate: .5, MinRows: 5, Categorical: []int{3}, Validation: held, Patience: 5}
	opt.Progress = func(p tree.Progress) { seen = append(seen, p.Validation) }
	m := must(tree.FitBoost(bg, rows, y, opt))
	best := 0
	for i, v := range seen {
		if v < seen[best] {
			best = i
		}
	}
	if m.Trees() != best+1 || len(seen) != best+6 || len(seen) == 200 {
		t.Errorf("%d trees after %d iterations, the best of which is %d", m.Trees(), len(seen), best+1)
	}
	var back tree.Ensemble
	if err := back.UnmarshalBinary(must(m.MarshalBinary())); err != nil {
		t.Errorf("a model that was cut: %v", err)
	}

	short := tree.BoostOptions{Iterations: 6, Categorical: []int{3}}
	whole := short
	whole.Iterations = 10
	half := must(tree.FitBoost(bg, rows, y, short))
	rest := short
	rest.Iterations, rest.Start = 4, half
	a, b := must(tree.FitBoost(bg, rows, y, whole)), must(tree.FitBoost(bg, rows, y, rest))
	if !bytes.Equal(must(a.MarshalBinary()), must(b.MarshalBinary())) {
		t.Error("6 iterations and 4 more are not 10")
	}
	offset := must(half.Margins(nil, rows))
	with := short
	with.Iterations, with.Offset = 4, offset
	c := must(tree.FitBoost(bg, rows, y, with))
	p, q := must(b.Margins(nil, rows)), must(c.Margins(nil, rows))
	for i := range p {
		testkit.Near(t, "margin over the offset", q[i]+offset[i], p[i], 1e-9)
	}
}
