package tree_test

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// must returns a value whose making cannot fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// grown draws a tree of up to inner splits over columns, the odd ones of which hold
// categories where asked for.
func grown(r *rng.Stream, inner, columns, width int, categories bool) []tree.Node {
	nodes := []tree.Node{{Column: -1}}
	for range inner {
		i := r.Intn(len(nodes))
		if nodes[i].Column >= 0 {
			continue
		}
		n := tree.Node{Column: r.Intn(columns), Left: len(nodes), Right: len(nodes) + 1, Gain: r.Float64(), MissingLeft: r.Bool(.5)}
		if categories && n.Column%2 == 1 {
			n.Categories = []uint32{uint32(r.Uint64()), uint32(r.Uint64())}[:r.Intn(3)]
		} else {
			n.Threshold = float64(r.Intn(9) - 4)
			switch r.Intn(4) {
			case 0:
				n.ZeroMissing = true
			case 1:
				n.NoMissing, n.MissingLeft = true, false
			}
		}
		nodes[i] = n
		nodes = append(nodes, tree.Node{Column: -1}, tree.Node{Column: -1})
	}
	for i := range nodes {
		nodes[i].Cover, nodes[i].Count = r.Float64(), float64(i)
		for range width {
			nodes[i].Values = append(nodes[i].Values, r.Normal())
		}
	}
	return nodes
}

// leaf is a slow oracle of what the documentation of Node says.
func leaf(nodes []tree.Node, row []float64, single bool) int {
	i := 0
	for nodes[i].Column >= 0 {
		n, x := nodes[i], row[nodes[i].Column]
		if single {
			x = float64(float32(x))
		}
		left := false
		if single {
			x = float64(float32(x))
		}
		switch {
		case n.Categories != nil && math.IsNaN(x):
			left = n.MissingLeft
		case n.Categories != nil:
			left = x >= 0 && x < float64(32*len(n.Categories)) && n.Categories[int(x)/32]>>(int(x)%32)&1 == 1
		default:
			if n.NoMissing && math.IsNaN(x) {
				x = 0
			}
			if left = x <= n.Threshold; math.IsNaN(x) || n.ZeroMissing && math.Abs(x) <= 1e-35 {
				left = n.MissingLeft
			}
		}
		if i = n.Right; left {
			i = n.Left
		}
	}
	return i
}

func row(r *rng.Stream, columns int) []float64 {
	out := make([]float64, columns)
	for j := range out {
		special := [...]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1e-36, -2, 1e300, 63.5}
		switch k := r.Intn(20); {
		case k < len(special):
			out[j] = special[k]
		case k < 14:
			out[j] = float64(r.Intn(70))
		default:
			out[j] = float64(r.Intn(9)-4) + math.Ldexp(float64(r.Intn(3)-1), -50)
		}
	}
	return out
}

// TestMargins: margins and leaves are those of the slow oracle, in every shape of a model,
// and a row alone has the bits that it has among others.
func TestMargins(t *testing.T) {
	r := rng.New(1, 0, 0)
	for trial := range 300 {
		columns, outputs := 1+r.Intn(5), 1+r.Intn(3)
		opt := tree.AssembleOptions{Columns: columns, Outputs: outputs, Average: r.Bool(.3), Single: r.Bool(.3)}
		for range outputs {
			opt.Base = append(opt.Base, float64(float32(r.Normal())))
		}
		width := 1
		if r.Bool(.3) {
			width = outputs
		}
		categories := r.Bool(.5)
		trees, inner := make([][]tree.Node, 1+r.Intn(20)), 12
		if trial%30 == 0 { // so many that they are not walked, of up to two parts
			trees, inner = make([][]tree.Node, 150+r.Intn(200)), 20+r.Intn(20)
		}
		for i := range trees {
			trees[i] = grown(r, r.Intn(inner), columns, width, categories)
		}
		m := must(tree.Assemble(trees, opt))
		rows := make([][]float64, 1+r.Intn(20))
		for i := range rows {
			rows[i] = row(r, columns)
		}
		margins := must(m.Margins(nil, rows))
		leaves := must(m.Leaves(nil, rows))
		for i, x := range rows {
			want, shares := make([]float64, outputs), make([]float64, outputs)
			if !opt.Average {
				copy(want, opt.Base)
			}
			add := func(a, b float64) float64 {
				if opt.Single {
					return float64(float32(a) + float32(b))
				}
				return a + b
			}
			for j := range trees {
				nodes := must(m.Nodes(j))
				at := leaf(nodes, x, opt.Single)
				old := trees[j][leaf(trees[j], x, opt.Single)]
				if !slices.Equal(old.Values, nodes[at].Values) || old.Count != nodes[at].Count {
					t.Fatalf("trial %d, tree %d: another leaf after Assemble", trial, j)
				}
				number := 0
				for _, n := range nodes[:at] {
					if n.Column < 0 {
						number++
					}
				}
				if got := int(leaves[i*len(trees)+j]); got != number {
					t.Fatalf("trial %d, row %v, tree %d: leaf %d, want %d", trial, x, j, got, number)
				}
				for k, v := range nodes[at].Values {
					to := k
					if width == 1 {
						to = j % outputs
					}
					want[to] = add(want[to], v)
					shares[to]++
				}
			}
			for k := range want {
				if opt.Average {
					mean := want[k] / max(shares[k], 1)
					if opt.Single {
						mean = float64(float32(want[k]) / float32(max(shares[k], 1)))
					}
					want[k] = add(mean, opt.Base[k])
				}
				if got := margins[i*outputs+k]; got != want[k] {
					t.Fatalf("trial %d, row %v, output %d: margin %g, want %g", trial, x, k, got, want[k])
				}
			}
			if alone := must(m.Margins(nil, rows[i:i+1])); !slices.Equal(alone, margins[i*outputs:(i+1)*outputs]) {
				t.Fatalf("trial %d: row %d alone has margins %v, among others %v", trial, i, alone, margins[i*outputs:(i+1)*outputs])
			}
		}
	}
}

// TestMarginsDeep: trees of 64 leaves, each split below the last one, around the 256 of a part, with thresholds at the ends of the numbers,
// give what the slow oracle gives.
func TestMarginsDeep(t *testing.T) {
	r := rng.New(2, 0, 0)
	ends := []float64{0, math.MaxFloat64, -math.MaxFloat64, 5e-324, -5e-324, 1e-35, 1, math.NaN(), math.Inf(1), math.Inf(-1), math.Nextafter(1, 2)}
	for _, n := range []int{255, 256, 257} {
		trees := make([][]tree.Node, n)
		for k := range trees {
			nodes := make([]tree.Node, 127)
			for i := range nodes {
				nodes[i] = tree.Node{Column: -1, Values: []float64{float64(i)}}
			}
			for i, at := 0, 0; i < 63; i++ {
				nodes[at] = tree.Node{Column: r.Intn(3), Threshold: ends[r.Intn(7)], MissingLeft: r.Bool(.5), Left: 2*i + 1, Right: 2*i + 2}
				at = 2*i + 1 + r.Intn(2)
			}
			trees[k] = nodes
		}
		m := must(tree.Assemble(trees, tree.AssembleOptions{}))
		for range 40 {
			x := []float64{ends[r.Intn(len(ends))], ends[r.Intn(len(ends))], ends[r.Intn(len(ends))]}
			want := 0.0
			for _, nodes := range trees {
				want += nodes[leaf(nodes, x, false)].Values[0]
			}
			if got := must(m.Margins(nil, [][]float64{x}))[0]; got != want {
				t.Fatalf("%d trees, row %v: margin %g, want %g", n, x, got, want)
			}
		}
	}
}

// TestLinks: predictions are the margins through the link.
func TestLinks(t *testing.T) {
	trees := [][]tree.Node{{{Column: -1, Values: []float64{1}}}, {{Column: -1, Values: []float64{-2}}}}
	for _, c := range []struct {
		link tree.LinkKind
		want []float64
	}{
		{tree.LinkIdentity, []float64{1, -2}},
		{tree.LinkLogit, []float64{1 / (1 + math.Exp(-.5)), 1 / (1 + math.Exp(1))}},
		{tree.LinkLog, []float64{math.E, math.Exp(-2)}},
		{tree.LinkSoftmax, []float64{1 / (1 + math.Exp(-3)), 1 / (1 + math.Exp(3))}},
		{tree.LinkStep, []float64{1, 0}},
		{tree.LinkSquare, []float64{1, -4}},
		{tree.LinkSoftplus, []float64{math.Log1p(math.E), math.Log1p(math.Exp(-2))}},
		{tree.LinkSort, []float64{-2, 1}},
	} {
		m := must(tree.Assemble(trees, tree.AssembleOptions{Outputs: 2, Link: c.link, Slope: .5}))
		for k, p := range must(m.Predict(nil, [][]float64{{0}})) {
			testkit.Near(t, fmt.Sprint(c.link, k), p, c.want[k], 1e-15)
		}
		if m.Link() != c.link || m.Outputs() != 2 || m.Trees() != 2 || m.Columns() != 1 {
			t.Errorf("%v: link %v, %d outputs, %d trees, %d columns", c.link, m.Link(), m.Outputs(), m.Trees(), m.Columns())
		}
	}
}

// TestAssembleRefuses: what is no tree, by name.
func TestAssembleRefuses(t *testing.T) {
	end := tree.Node{Column: -1, Values: []float64{1}}
	split := tree.Node{Column: 0, Left: 1, Right: 2}
	with := func(change func(n *tree.Node)) []tree.Node {
		n := split
		change(&n)
		return []tree.Node{n, end, end}
	}
	for name, c := range map[string]struct {
		nodes []tree.Node
		opt   tree.AssembleOptions
		want  error
	}{
		"no nodes":           {nil, tree.AssembleOptions{}, tree.ErrShape},
		"a child twice":      {with(func(n *tree.Node) { n.Right = 1 }), tree.AssembleOptions{}, tree.ErrRange},
		"its own child":      {with(func(n *tree.Node) { n.Right = 0 }), tree.AssembleOptions{}, tree.ErrRange},
		"a child beyond":     {with(func(n *tree.Node) { n.Right = 3 }), tree.AssembleOptions{}, tree.ErrRange},
		"an orphan":          {[]tree.Node{end, end}, tree.AssembleOptions{}, tree.ErrRange},
		"column -2":          {[]tree.Node{{Column: -2, Values: []float64{1}}}, tree.AssembleOptions{}, tree.ErrRange},
		"threshold NaN":      {with(func(n *tree.Node) { n.Threshold = math.NaN() }), tree.AssembleOptions{}, tree.ErrNotFinite},
		"cover below 0":      {with(func(n *tree.Node) { n.Cover = -1 }), tree.AssembleOptions{}, tree.ErrRange},
		"both thresholds":    {with(func(n *tree.Node) { n.Threshold, n.Categories = 1, []uint32{1} }), tree.AssembleOptions{}, tree.ErrRange},
		"missing, not":       {with(func(n *tree.Node) { n.NoMissing, n.MissingLeft = true, true }), tree.AssembleOptions{}, tree.ErrRange},
		"a leaf that splits": {[]tree.Node{{Column: -1, Values: []float64{1}, Gain: 1}}, tree.AssembleOptions{}, tree.ErrRange},
		"value infinite":     {[]tree.Node{{Column: -1, Values: []float64{math.Inf(1)}}}, tree.AssembleOptions{}, tree.ErrNotFinite},
		"two values":         {[]tree.Node{{Column: -1, Values: []float64{1, 2}}}, tree.AssembleOptions{}, tree.ErrShape},
		"column beyond":      {with(func(n *tree.Node) { n.Column = 2 }), tree.AssembleOptions{Columns: 2}, tree.ErrRange},
		"names":              {with(func(*tree.Node) {}), tree.AssembleOptions{Names: []string{"a", "a"}}, tree.ErrDuplicate},
		"targets":            {with(func(*tree.Node) {}), tree.AssembleOptions{Targets: []int{1}}, tree.ErrRange},
		"many targets":       {with(func(*tree.Node) {}), tree.AssembleOptions{Targets: []int{0, 0}}, tree.ErrShape},
		"base":               {with(func(*tree.Node) {}), tree.AssembleOptions{Base: []float64{1, 2}}, tree.ErrOption},
		"link":               {with(func(*tree.Node) {}), tree.AssembleOptions{Link: 9}, tree.ErrOption},
		"slope":              {with(func(*tree.Node) {}), tree.AssembleOptions{Slope: -1}, tree.ErrOption},
	} {
		if m, err := tree.Assemble([][]tree.Node{c.nodes}, c.opt); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}

// TestPredictAllocates: a row, or many, through a model of numbers or of categories.
func TestPredictAllocates(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector allocates")
	}
	for _, categories := range []bool{false, true} {
		r := rng.New(1, 0, 0)
		var trees [][]tree.Node
		for range 100 {
			trees = append(trees, grown(r, 40, 20, 1, categories))
		}
		m := must(tree.Assemble(trees, tree.AssembleOptions{Columns: 20, Link: tree.LinkLogit}))
		rows := make([][]float64, 20)
		for i := range rows {
			rows[i] = row(r, 20)
		}
		dst, at := make([]float64, 0, 20), make([]int32, 0, 2000)
		if n := testing.AllocsPerRun(100, func() {
			dst = must(m.Predict(dst[:0], rows[:1]))
			dst = must(m.Margins(dst[:0], rows))
			at = must(m.Leaves(at[:0], rows))
		}); n > 0 {
			t.Errorf("categories %v: %v allocations", categories, n)
		}
	}
}

// filled is a model in which no field is zero.
func filled() *tree.Ensemble {
	return must(tree.Assemble(planted(), tree.AssembleOptions{
		Names: []string{"recency", "brand", "spend"}, Categorical: []int{1}, Levels: [][]string{1: {"north", "east", "south"}, 2: nil}, Outputs: 2, Base: []float64{.5, .25}, Link: tree.LinkLog, Slope: 2, Average: true, Single: true,
	}))
}

// planted are two trees with every kind of split.
func planted() [][]tree.Node {
	return [][]tree.Node{
		{
			{Column: 0, Threshold: 2.5, Left: 1, Right: 2, MissingLeft: true, Values: []float64{.5}, Cover: 1.875, Count: 8, Gain: 4.5},
			{Column: -1, Values: []float64{-1}, Cover: .5, Count: 2},
			{Column: 1, Categories: []uint32{5, 1}, Left: 3, Right: 4, MissingLeft: true, Values: []float64{.25}, Cover: 1.4, Count: 6, Gain: 1.5},
			{Column: -1, Values: []float64{.75}, Cover: .7, Count: 3},
			{Column: -1, Values: []float64{-.5}, Cover: .7, Count: 3},
		},
		{
			{Column: 1, Categories: []uint32{6}, Left: 1, Right: 2, Values: []float64{.1}, Cover: 1, Count: 8, Gain: 1},
			{Column: 2, Threshold: -.5, Left: 3, Right: 4, ZeroMissing: true, Values: []float64{.2}, Cover: .5, Count: 4, Gain: .5},
			{Column: 2, Threshold: 1, Left: 5, Right: 6, NoMissing: true, Values: []float64{.3}, Cover: .5, Count: 4, Gain: .5},
			{Column: -1, Values: []float64{1.5}, Cover: .25, Count: 2},
			{Column: -1, Values: []float64{2.5}, Cover: .25, Count: 2},
			{Column: -1, Values: []float64{3.5}, Cover: .25, Count: 2},
			{Column: -1, Values: []float64{4.5}, Cover: .25, Count: 2},
		},
	}
}

func frames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindEnsemble,
		Zero: []string{".best: only files of XGBoost say it", ".answers.columns[].begin: the first begins at 0", ".answers.columns[].first: the first split is 0", ".schema.levels[]: numeric columns have none", ".quick: a few trees are walked"},
		Fill: func(testing.TB) encoding.BinaryMarshaler { return filled() },
		Values: func(_ testing.TB, s any) any {
			m := s.(*tree.Ensemble)
			rows := [][]float64{{1, 0, 1}, {3, 2, -1}, {math.NaN(), math.NaN(), math.NaN()}, {4, 32, 0}}
			values := map[string]any{
				"names": m.Names(), "link": m.Link().String(), "margins": must(m.Margins(nil, rows)),
				"predictions": must(m.Predict(nil, rows)), "leaves": must(m.Leaves(nil, rows)), "nodes": must(m.Nodes(0)),
			}
			if levels := m.Schema().Column(1).Levels; levels != nil { // from version 2 on
				values["levels"], values["hash"] = levels, fmt.Sprintf("%#x", m.Schema().Hash())
			}
			return values
		},
	}, {
		Kind: codec.KindBoostRound,
		Zero: []string{
			".of.loss: logistic is 0", ".of.columns[].Edges: categories have none", ".of.columns[].Codes: numbers have none", ".of.columns[].place: of codes below 2¹⁶", ".of.columns[].index: of codes far apart",
			".of.columns[].Categorical", ".of.categorical[]", ".of.trees[][]: leaves", ".of.tree[]: leaves", ".of.ask[]", ".sums[]: empty bins", ".head[].High: small sums", ".head[].Low: Σ w·y² beside counts alone",
		},
		Fill: func(t testing.TB) encoding.BinaryMarshaler { return answeredRound(t) },
		Values: func(_ testing.TB, s any) any {
			r := s.(*tree.BoostRound)
			return map[string]any{"rows": r.Rows(), "words": r.Words(nil)}
		},
	}}
}

// The golden frame, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "predict/tree", frames()) }

// FuzzUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*tree.Ensemble)(nil), (*tree.BoostRound)(nil))
}
