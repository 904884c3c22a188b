package tree_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/tree"
)

// bestGain tries every cut of every column, missing values on either side, of which each side has at least least rows by weight.
func bestGain(rows [][]float64, y, w []float64, l2, least float64) float64 {
	mean, total := 0.0, 0.0
	for i := range y {
		mean += w[i] * y[i]
		total += w[i]
	}
	mean /= total
	best := 0.0
	for j := range rows[0] {
		for _, cut := range rows {
			for _, missingLeft := range []bool{false, true} {
				var g, h [2]float64
				for i, row := range rows {
					side := 1
					if x := row[j]; x <= cut[j] || x != x && missingLeft {
						side = 0
					}
					g[side] += w[i] * (mean - y[i])
					h[side] += w[i]
				}
				if h[0] < least || h[1] < least || h[0] == 0 || h[1] == 0 {
					continue
				}
				best = max(best, g[0]*g[0]/(h[0]+l2)+g[1]*g[1]/(h[1]+l2))
			}
		}
	}
	return best
}

// TestBoostLimitedCut: the first split is the best one whose children have rows enough, whatever the best without that
// limit is: a column is not lost because its best cut leaves too few.
func TestBoostLimitedCut(t *testing.T) {
	for seed := range uint64(40) {
		r := rng.New(seed, 21, 0)
		n := 30 + r.Intn(30)
		rows, y, w := make([][]float64, n), make([]float64, n), make([]float64, n)
		for i := range rows {
			rows[i] = []float64{float64(i), float64(r.Intn(12)), r.Normal()}
			y[i], w[i] = r.Normal()/4, 1
			if i >= n-5 {
				y[i] += 3 // the best cut leaves five
			}
			if seed%2 == 1 {
				w[i] = 1 + float64(r.Intn(3))
			}
			if r.Bool(.2) {
				rows[i][r.Intn(3)] = math.NaN()
			}
		}
		m := must(tree.FitBoost(bg, rows, y, tree.BoostOptions{Loss: tree.LossSquared, Iterations: 1, Leaves: 2, MinRows: 12, Weights: w}))
		nodes := must(m.Nodes(0))
		// What a node gains is more than its parent's score, which is 0: margins begin at the mean.
		want := bestGain(rows, y, w, 1, 12)
		if got := nodes[0].Gain; math.Abs(got-want) > 1e-4*want {
			t.Errorf("seed %d: the first split gains %g, the best one %g", seed, got, want)
		}
		for _, leaf := range nodes[1:] {
			if leaf.Count < 12 {
				t.Errorf("seed %d: a leaf of %g rows", seed, leaf.Count)
			}
		}
	}
}

// TestBoostLimitedCategories: the same of categories: the level that would be split off alone has too few rows, and the split is
// by several of them.
func TestBoostLimitedCategories(t *testing.T) {
	r := rng.New(5, 22, 0)
	rows, y := make([][]float64, 400), make([]float64, 400)
	for i := range rows {
		level := i % 16
		rows[i] = []float64{float64(level), r.Normal()}
		y[i] = r.Normal() / 10
		switch {
		case level == 0:
			y[i] += 5
		case level < 4:
			y[i]++
		}
	}
	m := must(tree.FitBoost(bg, rows, y, tree.BoostOptions{Loss: tree.LossSquared, Iterations: 1, Leaves: 2, MinRows: 80, Categorical: []int{0}}))
	nodes := must(m.Nodes(0))
	if nodes[0].Column != 0 || nodes[1].Count < 80 || nodes[2].Count < 80 || min(nodes[1].Count, nodes[2].Count) > 100 {
		t.Errorf("split by column %d into %g and %g rows, want levels 0 to 3", nodes[0].Column, nodes[1].Count, nodes[2].Count)
	}
}

// TestAnswers: categories are answered alike from the table of answers and, where a code is too large for it, from sets.
func TestAnswers(t *testing.T) {
	r := rng.New(9, 0, 0)
	for _, single := range []bool{false, true} {
		var trees [][]tree.Node
		for range 9 {
			trees = append(trees, grown(r, 12, 5, 1, true))
		}
		far := make([]uint32, 1<<20)
		far[len(far)-1] = 1
		large := append(trees[:9:9], []tree.Node{
			{Column: 2, Categories: far, Left: 1, Right: 2}, {Column: -1, Values: []float64{0}}, {Column: -1, Values: []float64{0}},
		})
		a := must(tree.Assemble(trees, tree.AssembleOptions{Columns: 5, Single: single}))
		b := must(tree.Assemble(large, tree.AssembleOptions{Columns: 5, Single: single}))
		var rows [][]float64
		for range 200 {
			rows = append(rows, row(r, 5))
		}
		for _, odd := range []float64{math.NaN(), -1, -1e-60, 2.9999999999, 31, 32, 33, 1e9, math.Inf(1), math.Inf(-1)} {
			rows = append(rows, []float64{odd, odd, odd, odd, odd})
		}
		for i, want := range must(b.Margins(nil, rows)) {
			if got := must(a.Margins(nil, rows))[i]; !sameBits(got, want) {
				t.Fatalf("row %v: %v by the table, %v by sets", rows[i], got, want)
			}
			if got := must(a.Margins(nil, rows[i:i+1]))[0]; !sameBits(got, want) {
				t.Fatalf("row %v alone: %v by the table, %v by sets", rows[i], got, want)
			}
		}
	}
}
