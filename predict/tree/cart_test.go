package tree_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// sample makes n rows of two numbers, one of which is missing now and then, a category and
// noise, with a label that depends on the first three.
func sample(n int, seed uint64) (rows [][]float64, y, classes []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		row := []float64{r.NormFloat64(), math.Round(r.NormFloat64()*8) / 8, float64(r.IntN(6) * 7), r.NormFloat64()}
		v := 2*row[0] + math.Abs(row[1])
		if row[2] == 14 || row[2] == 35 {
			v += 2
		}
		if r.IntN(5) == 0 {
			row[1] = math.NaN()
		}
		rows, y = append(rows, row), append(y, v+r.NormFloat64()/2)
		classes = append(classes, math.Max(0, math.Min(2, math.Floor(v/2+.5))))
	}
	return rows, y, classes
}

func shuffled[T any](s []T, seed uint64) []T {
	out := slices.Clone(s)
	r := rand.New(rand.NewPCG(seed, 2))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func frameOf(t testing.TB, m *tree.Ensemble, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCARTSplit compares the first split with the best of all there are, by number, by set
// of categories, and with missing values on either side.
func TestCARTSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 14).Draw(t, "n")
		classes := rapid.SampledFrom([]int{0, 2}).Draw(t, "classes")
		value := rapid.Custom(func(t *rapid.T) float64 {
			v := float64(rapid.IntRange(0, 5).Draw(t, "v"))
			if v == 5 {
				return math.NaN()
			}
			return v
		})
		rows, y, w := make([][]float64, n), make([]float64, n), make([]float64, n)
		for i := range rows {
			rows[i] = []float64{value.Draw(t, "x"), value.Draw(t, "c")}
			y[i] = float64(rapid.IntRange(0, 4).Draw(t, "y"))
			if classes == 2 {
				y[i] = float64(rapid.IntRange(0, 1).Draw(t, "label"))
			}
			w[i] = float64(rapid.IntRange(1, 3).Draw(t, "w"))
		}
		opt := tree.CARTOptions{Classes: classes, MaxDepth: 1, MinCategory: -1, Weights: w, MinLeaf: rapid.IntRange(1, 3).Draw(t, "least")}
		if opt.MinLeaf == 1 { // otherwise the order of the categories need not hold the best set
			opt.Categorical = []int{1}
		}
		m, err := tree.FitCART(bg, rows, y, opt)
		if errors.Is(err, tree.ErrUndefined) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		impurity := func(in func(i int) bool) (excess float64, count int) {
			var sw, s, ss float64
			for i := range rows {
				if in(i) {
					sw, s, ss, count = sw+w[i], s+w[i]*y[i], ss+w[i]*y[i]*y[i], count+1
				}
			}
			if classes == 2 {
				return 2 * (s - s*s/sw), count // W·2p(1−p)
			}
			return ss - s*s/sw, count
		}
		all, _ := impurity(func(int) bool { return true })
		best := -1.0
		try := func(left func(i int) bool) {
			a, n1 := impurity(left)
			b, n2 := impurity(func(i int) bool { return !left(i) })
			if n1 >= opt.MinLeaf && n2 >= opt.MinLeaf {
				best = math.Max(best, all-a-b)
			}
		}
		for cut := range 5 {
			for _, missing := range []bool{false, true} {
				try(func(i int) bool { return rows[i][0] <= float64(cut) || missing && math.IsNaN(rows[i][0]) })
			}
		}
		for cut := range 5 {
			for _, missing := range []bool{false, true} {
				try(func(i int) bool { return rows[i][1] <= float64(cut) || missing && math.IsNaN(rows[i][1]) })
			}
		}
		for set := range 1 << 6 {
			if opt.Categorical == nil {
				break
			}
			try(func(i int) bool {
				v := rows[i][1]
				if math.IsNaN(v) {
					v = 5
				}
				return set>>int(v)&1 != 0
			})
		}
		nodes, err := m.Nodes(0)
		if err != nil {
			t.Fatal(err)
		}
		if all < 1e-9 || best < 0 {
			if len(nodes) > 1 {
				t.Fatalf("a split where none is to be had: %+v", nodes[0])
			}
			return
		}
		if len(nodes) != 3 || !testkit.Close(nodes[0].Gain, best, 1e-9, 1e-9) {
			t.Fatalf("gain %g, want %g of %+v", nodes[0].Gain, best, nodes)
		}
		leaves, _ := m.Leaves(nil, rows)
		counts := [2]float64{}
		for i, leaf := range leaves {
			counts[leaf] += w[i]
		}
		if counts[0] != nodes[1].Count || counts[1] != nodes[2].Count {
			t.Fatalf("rows of weights %v reach leaves of %g and %g", counts, nodes[1].Count, nodes[2].Count)
		}
	})
}

// TestCARTOrder: rows in another order, at other numbers of processors, give the same bytes.
func TestCARTOrder(t *testing.T) {
	rows, y, classes := sample(3000, 5)
	w := make([]float64, len(rows))
	for i := range w {
		w[i] = .1 + float64(i%7)/3
	}
	for _, opt := range []tree.CARTOptions{{}, {Classes: 3, Criterion: tree.Entropy}, {Criterion: tree.AbsoluteError, MaxDepth: 3}, {Classes: 3, MaxLeaves: 30}} {
		labels := y
		if opt.Classes > 0 {
			labels = classes
		}
		opt.Categorical = []int{2}
		opt.Weights = w
		m, err := tree.FitCART(bg, rows, labels, opt)
		want := frameOf(t, m, err)
		for _, workers := range []int{1, 3} {
			o := opt
			o.Weights, o.Workers = shuffled(w, 9), workers
			m, err := tree.FitCART(bg, shuffled(rows, 9), shuffled(labels, 9), o)
			if !bytes.Equal(frameOf(t, m, err), want) {
				t.Errorf("%+v: another tree for another order of rows", opt.Criterion)
			}
		}
	}
}

// TestCARTWeights: a row of weight 3 is three rows, one of weight 0 none.
func TestCARTWeights(t *testing.T) {
	rows, y, classes := sample(300, 6)
	for _, opt := range []tree.CARTOptions{{Categorical: []int{2}, MinCategory: -1}, {Classes: 3, MaxDepth: 5}, {Criterion: tree.AbsoluteError, MaxDepth: 4}, {Classes: 3, MaxLeaves: 9, Alpha: .001}} {
		labels := y
		if opt.Classes > 0 {
			labels = classes
		}
		var many [][]float64
		var manyY []float64
		opt.Weights = make([]float64, len(rows))
		for i := range rows {
			opt.Weights[i] = float64(i % 4)
			for range i % 4 {
				many, manyY = append(many, rows[i]), append(manyY, labels[i])
			}
		}
		weighted, err := tree.FitCART(bg, rows, labels, opt)
		if err != nil {
			t.Fatal(err)
		}
		opt.Weights = nil
		repeated, err := tree.FitCART(bg, many, manyY, opt)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := weighted.Predict(nil, rows)
		b, _ := repeated.Predict(nil, rows)
		for i := range a {
			if !testkit.Close(a[i], b[i], 1e-9, 1e-9) {
				t.Fatalf("%+v: prediction %d is %g by weights, %g by repeated rows", opt, i, a[i], b[i])
			}
		}
	}
}

// TestCARTEdges: what there may be in data, and what comes of it.
func TestCARTEdges(t *testing.T) {
	nan := math.NaN()
	fit := func(rows [][]float64, y []float64, opt tree.CARTOptions) *tree.Ensemble {
		t.Helper()
		m, err := tree.FitCART(bg, rows, y, opt)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	expect := func(name string, m *tree.Ensemble, row []float64, want float64) {
		t.Helper()
		p, err := m.Predict(nil, [][]float64{row})
		if err != nil || p[0] != want {
			t.Errorf("%s: %v predicted, %v, want %v", name, p, err, want)
		}
	}
	m := fit([][]float64{{nan, 1}, {nan, 2}, {nan, 3}, {nan, 4}}, []float64{0, 0, 0, 8}, tree.CARTOptions{})
	expect("an all-NaN column", m, []float64{5, 4}, 8)
	expect("a missing value where none was", m, []float64{5, nan}, 0) // where more rows went
	m = fit([][]float64{{1}, {2}, {nan}, {nan}}, []float64{1, 1, 5, 5}, tree.CARTOptions{})
	expect("missing against all others", m, []float64{nan}, 5)
	expect("missing against all others", m, []float64{1e300}, 1)
	m = fit([][]float64{{0}, {0}, {1}, {1}, {1}, {2}, {2}}, []float64{4, 4, 1, 1, 1, 4, 4}, tree.CARTOptions{Categorical: []int{0}, MinCategory: -1})
	expect("a category", m, []float64{2}, 4)
	expect("an unseen category", m, []float64{77}, 4) // where more rows went
	expect("no category", m, []float64{-3}, 4)
	m = fit([][]float64{{1}, {1}, {1}}, []float64{1, 2, 3}, tree.CARTOptions{})
	expect("a constant column", m, []float64{9}, 2)
	m = fit([][]float64{{1}, {2}}, []float64{7, 7}, tree.CARTOptions{})
	expect("one target", m, []float64{9}, 7)
	big := 1 + 0x1p-52
	m = fit([][]float64{{1}, {big}}, []float64{0, 1}, tree.CARTOptions{})
	expect("neighbours", m, []float64{1}, 0)
	expect("neighbours", m, []float64{big}, 1)
	m = fit([][]float64{{-math.MaxFloat64}, {math.MaxFloat64}}, []float64{0, 1}, tree.CARTOptions{})
	expect("the largest numbers", m, []float64{0}, 0)

	inf := math.Inf(1)
	two := [][]float64{{1}, {2}}
	for name, c := range map[string]struct {
		rows [][]float64
		y    []float64
		opt  tree.CARTOptions
		want error
	}{
		"one class":              {two, []float64{1, 1}, tree.CARTOptions{Classes: 2}, tree.ErrUndefined},
		"one class with weight":  {two, []float64{0, 1}, tree.CARTOptions{Classes: 2, Weights: []float64{0, 1}}, tree.ErrUndefined},
		"no weight":              {two, []float64{0, 1}, tree.CARTOptions{Weights: []float64{0, 0}}, tree.ErrRange},
		"a label that is none":   {two, []float64{0, 2}, tree.CARTOptions{Classes: 2}, tree.ErrRange},
		"half a class":           {two, []float64{0, .5}, tree.CARTOptions{Classes: 2}, tree.ErrRange},
		"an infinity":            {[][]float64{{1}, {inf}}, []float64{0, 1}, tree.CARTOptions{}, tree.ErrNotFinite},
		"y is missing":           {two, []float64{0, nan}, tree.CARTOptions{}, tree.ErrNotFinite},
		"half a category":        {[][]float64{{1}, {1.5}}, []float64{0, 1}, tree.CARTOptions{Categorical: []int{0}}, tree.ErrRange},
		"weight of absent class": {two, []float64{0, 1}, tree.CARTOptions{Classes: 3, ClassWeights: []float64{1, 1, 2}}, tree.ErrOption},
		"counts below 0":         {two, []float64{-1, 1}, tree.CARTOptions{Criterion: tree.PoissonDeviance}, tree.ErrRange},
		"counts of 0":            {two, []float64{0, 0}, tree.CARTOptions{Criterion: tree.PoissonDeviance}, tree.ErrUndefined},
		"classes, squared error": {two, []float64{0, 1}, tree.CARTOptions{Classes: 2, Criterion: tree.SquaredError}, tree.ErrOption},
		"ragged":                 {[][]float64{{1}, {1, 2}}, []float64{0, 1}, tree.CARTOptions{}, tree.ErrShape},
	} {
		if _, err := tree.FitCART(bg, c.rows, c.y, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
