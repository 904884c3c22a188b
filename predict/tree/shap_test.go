package tree_test

import (
	"errors"
	"math"
	"math/bits"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/predict/tree"
)

// oracle tells what a tree says of a row of which only the columns in set are known, in the
// mean over its training rows, or over the rows of the background.
type oracle struct {
	m          *tree.Ensemble
	nodes      [][]tree.Node
	background [][]float64
}

func (o *oracle) game(row []float64, set int) float64 {
	if o.background == nil {
		sum := o.m.Base()[0]
		for _, nodes := range o.nodes {
			sum += o.mean(nodes, 0, row, set)
		}
		return sum
	}
	sum := 0.0
	for _, other := range o.background {
		mixed := make([]float64, len(row))
		for j := range row {
			mixed[j] = other[j]
			if set>>j&1 != 0 {
				mixed[j] = row[j]
			}
		}
		p, _ := o.m.Margins(nil, [][]float64{mixed})
		sum += p[0] / float64(len(o.background))
	}
	return sum
}

func (o *oracle) mean(nodes []tree.Node, i int, row []float64, set int) float64 {
	n := nodes[i]
	if n.Column < 0 {
		return n.Values[0]
	}
	if set>>n.Column&1 != 0 {
		x := row[n.Column]
		left := x <= n.Threshold
		switch {
		case math.IsNaN(x):
			left = n.MissingLeft
		case n.Categories != nil:
			left = x >= 0 && int(x)>>5 < len(n.Categories) && n.Categories[int(x)>>5]>>(int(x)&31)&1 != 0
		}
		if left {
			return o.mean(nodes, n.Left, row, set)
		}
		return o.mean(nodes, n.Right, row, set)
	}
	l, r := nodes[n.Left].Count, nodes[n.Right].Count
	return (l*o.mean(nodes, n.Left, row, set) + r*o.mean(nodes, n.Right, row, set)) / n.Count
}

// explain returns Shapley values and interactions by their definitions.
func (o *oracle) explain(row []float64) (values, pairs []float64) {
	d := len(row)
	v := make([]float64, 1<<d)
	for set := range v {
		v[set] = o.game(row, set)
	}
	factorial := func(n int) float64 { return math.Gamma(float64(n + 1)) }
	values, pairs = make([]float64, d+1), make([]float64, (d+1)*(d+1))
	values[d], pairs[len(pairs)-1] = v[0], v[0]
	for i := range d {
		for set := range v {
			if s := bits.OnesCount(uint(set)); set>>i&1 == 0 {
				values[i] += factorial(s) * factorial(d-s-1) / factorial(d) * (v[set|1<<i] - v[set])
				for j := range d {
					if j != i && set>>j&1 == 0 {
						pairs[i*(d+1)+j] += factorial(s) * factorial(d-s-2) / (2 * factorial(d-1)) *
							(v[set|1<<i|1<<j] - v[set|1<<i] - v[set|1<<j] + v[set])
					}
				}
			}
		}
		pairs[i*(d+1)+i] = values[i]
		for j := range d {
			if j != i {
				pairs[i*(d+1)+i] -= pairs[i*(d+1)+j]
			}
		}
	}
	return values, pairs
}

// TestSHAPOracle compares both kinds, alone and among many rows, with the definition, on
// trees with missing values, categories, and columns that come again on a path.
func TestSHAPOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, y, _ := sample(rapid.IntRange(20, 60).Draw(t, "rows"), rapid.Uint64Range(0, 1000).Draw(t, "seed"))
		r, err := tree.FitForest(bg, rows, y, tree.ForestOptions{
			Trees: 2, Categorical: []int{2}, MinCategory: 2, MaxDepth: rapid.IntRange(1, 6).Draw(t, "depth"), Try: -1,
		})
		if err != nil {
			t.Fatal(err)
		}
		m := r.Ensemble
		o := &oracle{m: m}
		for k := range m.Trees() {
			nodes, _ := m.Nodes(k)
			for i := range nodes {
				nodes[i].Values[0] /= float64(m.Trees())
			}
			o.nodes = append(o.nodes, nodes)
		}
		row := []float64{rapid.Float64Range(-2, 2).Draw(t, "x"), math.NaN(), float64(rapid.IntRange(-1, 40).Draw(t, "c")), .3}
		var many [][]float64
		for range 300 {
			many = append(many, row)
		}
		for _, background := range [][][]float64{nil, rows[:5]} {
			o.background = background
			x, err := tree.NewSHAP(bg, m, tree.SHAPOptions{Background: background})
			if err != nil {
				t.Fatal(err)
			}
			values, pairs := o.explain(row)
			check := func(name string, got, want []float64, err error) {
				for i := range want {
					if err != nil || math.Abs(got[i]-want[i]) > 1e-9 {
						t.Fatalf("%s, background of %d: number %d is %g, want %g, %v", name, len(background), i, got[i], want[i], err)
					}
				}
			}
			got, err := x.Values(bg, nil, many[:1])
			check("one row", got, values, err)
			got, err = x.Values(bg, []float64{7}, many)
			check("many rows", got[1+299*len(values):], values, err)
			got, err = x.Interactions(bg, nil, many[:1])
			check("interactions", got, pairs, err)
			margin, _ := m.Margins(nil, many[:1])
			sum := 0.0
			for _, v := range got {
				sum += v
			}
			check("sum", []float64{sum}, margin, nil)
		}
	})
}

// TestSHAPDeep: paths of more columns than tables have, several outputs, and margins that are
// summed in float32: values still sum to the margins.
func TestSHAPDeep(t *testing.T) {
	const d = 40
	var nodes []tree.Node
	row := make([]float64, d)
	for j := range d {
		nodes = append(nodes,
			tree.Node{Column: j, Left: 2*j + 1, Right: 2*j + 2, Count: float64(2*d - j)},
			tree.Node{Column: -1, Values: []float64{float64(j), .1 / float64(j+1)}, Count: 1})
		row[j] = float64(j % 20) // goes on to the right from 1 on
	}
	nodes = append(nodes, tree.Node{Column: -1, Values: []float64{1, 2}, Count: d})
	m, err := tree.Assemble([][]tree.Node{nodes}, tree.AssembleOptions{Columns: d, Outputs: 2, Base: []float64{.5, 0}, Single: true})
	if err != nil {
		t.Fatal(err)
	}
	other := make([]float64, d)
	for j := range other {
		other[j] = 1
	}
	for _, background := range [][][]float64{nil, {other, row}} {
		x, err := tree.NewSHAP(bg, m, tree.SHAPOptions{Background: background})
		if err != nil {
			t.Fatal(err)
		}
		v, err := x.Values(bg, nil, [][]float64{row, other})
		if err != nil {
			t.Fatal(err)
		}
		margins, _ := m.Margins(nil, [][]float64{row, other})
		for k, want := range margins {
			sum := 0.0
			for _, p := range v[k*(d+1) : (k+1)*(d+1)] {
				sum += p
			}
			if math.Abs(sum-want) > 1e-9 || math.Abs(v[(k+1)*(d+1)-1]-x.Base()[k%2]) > 1e-5 {
				t.Errorf("margin %d: values sum to %g, want %g", k, sum, want)
			}
		}
	}
}

func TestSHAPRefuses(t *testing.T) {
	m, err := tree.Assemble([][]tree.Node{{{Column: 0, Left: 1, Right: 2}, {Column: -1, Values: []float64{1}}, {Column: -1, Values: []float64{2}}}}, tree.AssembleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.NewSHAP(bg, m, tree.SHAPOptions{}); !errors.Is(err, tree.ErrUndefined) {
		t.Errorf("nodes without Count and Cover: %v", err)
	}
	var long []tree.Node
	for j := range 5000 {
		long = append(long, tree.Node{Column: j, Left: 2*j + 1, Right: 2*j + 2, Count: 2}, tree.Node{Column: -1, Values: []float64{1}, Count: 1})
	}
	long = append(long, tree.Node{Column: -1, Values: []float64{1}, Count: 1})
	if _, err := tree.NewSHAP(bg, must(tree.Assemble([][]tree.Node{long}, tree.AssembleOptions{})), tree.SHAPOptions{}); !errors.Is(err, tree.ErrTooLarge) {
		t.Errorf("a path of 5000 columns: %v", err)
	}
	x, err := tree.NewSHAP(bg, m, tree.SHAPOptions{Background: [][]float64{{1}}})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := x.Values(bg, []float64{1}, [][]float64{{1, 2}}); !errors.Is(err, tree.ErrShape) || len(v) != 1 {
		t.Errorf("a row of two columns: %v, %v", v, err)
	}
}
