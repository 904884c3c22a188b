package scorecard_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/scorecard"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func near(t testing.TB, name string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %v, want %v", name, got, want)
	}
	for i := range got {
		testkit.Near(t, fmt.Sprintf("%s[%d]", name, i), got[i], want[i], tol)
	}
}

// flat is a tree of one level without scales.
func flat(weights []float64, lower []bool) scorecard.KPI {
	root := scorecard.KPI{Name: "all"}
	for j := range lower {
		k := scorecard.KPI{Name: fmt.Sprint("kpi", j)}
		if weights != nil {
			k.Weight = weights[j]
		}
		if lower[j] {
			k.Direction = scorecard.LowerIsBetter
		}
		root.Children = append(root.Children, k)
	}
	return root
}

// drinks are Saaty's judgements of what is drunk how much in the United States.
var drinks = [][]float64{
	{1, 9, 5, 2, 1, 1, 1. / 2},
	{1. / 9, 1, 1. / 3, 1. / 9, 1. / 9, 1. / 9, 1. / 9},
	{1. / 5, 3, 1, 1. / 3, 1. / 4, 1. / 3, 1. / 9},
	{1. / 2, 9, 3, 1, 1. / 2, 1, 1. / 3},
	{1, 9, 4, 2, 1, 2, 1. / 2},
	{1, 9, 3, 1, 1. / 2, 1, 1. / 3},
	{2, 9, 9, 3, 2, 3, 1},
}

// R70, the reference numbers of the field. The grey grades are Σ w·ξ: pyDecision divides
// them by the number of alternatives, which is a trap for whoever compares.
func TestReference(t *testing.T) {
	root := flat(nil, make([]bool, 7))
	root.Judgements = drinks
	c := must(scorecard.New(root, scorecard.Options{}))
	near(t, "AHP", c.Weights(), []float64{.1775, .0191, .0418, .1164, .1896, .1288, .3268}, 5.1e-5)
	k := c.Consistency()
	testkit.Near(t, "λ", k[0].Lambda, 7.176629, 5e-7)
	testkit.Near(t, "CR", k[0].Ratio, .0223, 5e-5)
	if len(c.Warnings()) > 0 {
		t.Error(c.Warnings())
	}

	x, low := [][]float64{{250, 16, 12}, {200, 16, 8}, {300, 32, 16}}, []bool{false, false, true}
	w := []float64{.4, .3, .3}
	for _, tc := range []struct {
		name    string
		weights []float64
		opt     scorecard.Options
		want    []float64
	}{
		{"TOPSIS", w, scorecard.Options{Method: scorecard.TOPSIS}, []float64{.336296, .421877, .578123}},
		{"grey, equal", nil, scorecard.Options{Method: scorecard.GreyRelational}, []float64{.444444, .555556, .777778}},
		{"grey, weighted", w, scorecard.Options{Method: scorecard.GreyRelational, Rho: .5}, []float64{.45, .533333, .8}},
		{"sum", w, scorecard.Options{}, []float64{.4*.5 + .3*.5, .3, .4 + .3}},
	} {
		e := must(must(scorecard.New(flat(tc.weights, low), tc.opt)).Evaluate(x))
		near(t, tc.name, e.Scores, tc.want, 5.1e-7)
	}
	e := must(must(scorecard.New(flat(nil, low), scorecard.Options{Objective: scorecard.ObjectiveEntropy, Share: -1})).Evaluate(x))
	near(t, "entropy", e.Weights, []float64{.228444, .543112, .228444}, 5e-7)
	// Half and half with the tree's, and multiplied: by hand.
	e = must(must(scorecard.New(flat(w, low), scorecard.Options{Objective: scorecard.ObjectiveEntropy})).Evaluate(x))
	near(t, "additive", e.Weights, []float64{(.4 + .228444) / 2, (.3 + .543112) / 2, (.3 + .228444) / 2}, 5e-7)
	e = must(must(scorecard.New(flat(w, low), scorecard.Options{Objective: scorecard.ObjectiveEntropy, Mix: scorecard.Multiplicative})).Evaluate(x))
	s := .4*.228444 + .3*.543112 + .3*.228444
	near(t, "multiplicative", e.Weights, []float64{.4 * .228444 / s, .3 * .543112 / s, .3 * .228444 / s}, 2e-6)
}

// A tree of two levels with scales, every number by hand.
func tree() scorecard.KPI {
	return scorecard.KPI{Name: "supply", Children: []scorecard.KPI{
		{Name: "delivery", Weight: 3, Children: []scorecard.KPI{
			{Name: "on time", Weight: .75, Floor: .5, Target: .9, Ceiling: 1},
			{Name: "days", Weight: .25, Direction: scorecard.LowerIsBetter, Floor: 1, Target: 2, Ceiling: 5},
		}},
		{Name: "cover", Weight: 1, Direction: scorecard.TargetIsBest, Floor: 10, Target: 30, Ceiling: 90},
	}}
}

func TestTree(t *testing.T) {
	c := must(scorecard.New(tree(), scorecard.Options{}))
	near(t, "weights", c.Weights(), []float64{.5625, .1875, .25}, 1e-15)
	if w := c.Warnings(); len(w) != 1 || !strings.Contains(w[0], `"supply" sum to 4`) {
		t.Errorf("the weights that did not sum to 1 are not reported: %q", w)
	}
	// On time .8 → .6, 3 days → .5, 60 days of cover → .5; beyond the ends counts as the end.
	e := must(c.Evaluate([][]float64{{.8, 3, 60}, {1.2, 0, 30}, {.1, 9, 5}, {.5, 5, 20}}))
	near(t, "scores", e.Scores, []float64{.5625*.6 + .1875*.5 + .25*.5, 1, 0, .125}, 1e-15)
	if !slices.Equal(e.Ranks, []int{2, 1, 4, 3}) || !slices.Equal(e.Order, []int{1, 0, 3, 2}) || !slices.Equal(e.Grades, []string{"E", "A", "E", "E"}) {
		t.Errorf("ranks %v, order %v, grades %v", e.Ranks, e.Order, e.Grades)
	}
	parts := must(e.Contributions(0))
	var text []string
	for _, p := range parts {
		text = append(text, fmt.Sprintf("%d %s %.4f %.4f %v", p.Depth, p.Name, p.Weight, p.Points, p.Leaf))
	}
	want := []string{"0 supply 1.0000 0.5563 false", "1 delivery 0.7500 0.4313 false", "2 on time 0.5625 0.3375 true", "2 days 0.1875 0.0938 true", "1 cover 0.2500 0.1250 true"}
	if !slices.Equal(text, want) {
		t.Errorf("contributions %q, want %q", text, want)
	}
	gaps := must(e.Gaps(0))
	if len(gaps) != 3 || gaps[0] != (scorecard.Gap{Leaf: "on time", From: .8, To: .9}) || gaps[2].To != 30 {
		t.Errorf("gaps %v", gaps)
	}
	if g := must(e.Gaps(1)); len(g) != 0 {
		t.Errorf("gaps of the one that reaches all: %v", g)
	}
	// Cost 1, 5 and 1: gains .5625·.2, .1875·.25 and .25·.5.
	for k, cost := range []float64{1, 5, 1} {
		gaps[k].Cost = cost
	}
	gains := must(e.Improve(0, gaps))
	if gains[0].Leaf != "cover" || gains[1].Leaf != "on time" || gains[2].Leaf != "days" {
		t.Errorf("gains %v", gains)
	}
	near(t, "gains", []float64{gains[0].Gain, gains[1].Gain, gains[2].Gain, gains[2].PerCost}, []float64{.125, .1125, .046875, .009375}, 1e-15)
}

// drawn is a random tree of up to three branches with alternatives; scaled says whether KPIs
// have scales.
func drawn(t *rapid.T, scaled bool) (scorecard.KPI, [][]float64) {
	root := scorecard.KPI{Name: "root"}
	d := 0
	leaf := func() scorecard.KPI {
		k := scorecard.KPI{Name: fmt.Sprint("leaf", d), Weight: float64(rapid.IntRange(0, 4).Draw(t, "weight")) + .5, Direction: scorecard.Direction(rapid.IntRange(0, 2).Draw(t, "direction"))}
		if k.Direction == scorecard.TargetIsBest || scaled {
			k.Target = 4
		}
		if scaled {
			k.Floor, k.Ceiling = 1, 8
		}
		d++
		return k
	}
	for b := range rapid.IntRange(1, 3).Draw(t, "branches") {
		if rapid.Bool().Draw(t, "a leaf") {
			root.Children = append(root.Children, leaf())
			continue
		}
		branch := scorecard.KPI{Name: fmt.Sprint("branch", b), Weight: rapid.Float64Range(.1, 3).Draw(t, "weight")}
		for range rapid.IntRange(1, 3).Draw(t, "leaves") {
			branch.Children = append(branch.Children, leaf())
		}
		root.Children = append(root.Children, branch)
	}
	x := make([][]float64, rapid.IntRange(2, 5).Draw(t, "alternatives"))
	for i := range x {
		for range d {
			x[i] = append(x[i], float64(rapid.IntRange(0, 40).Draw(t, "value"))/4)
		}
	}
	return root, x
}

var methods = []scorecard.Options{
	{},
	{Method: scorecard.TOPSIS},
	{Method: scorecard.GreyRelational},
	{Method: scorecard.FuzzyComprehensive},
	{Method: scorecard.FuzzyComprehensive, Operator: scorecard.MinMaxOperator},
	{Method: scorecard.FuzzyComprehensive, Operator: scorecard.ProductMaxOperator, Levels: []float64{0, .3, 1}},
	{Method: scorecard.FuzzyComprehensive, Operator: scorecard.BoundedSumOperator},
}

// Points add up to the score in every method, the points of children to those of their
// branch; alternatives in another order have the same numbers to the last bit.
func TestContributionsProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		root, x := drawn(r, rapid.Bool().Draw(r, "scaled"))
		for _, opt := range methods {
			c := must(scorecard.New(root, opt))
			e, err := c.Evaluate(x)
			if errors.Is(err, scorecard.ErrUndefined) || errors.Is(err, scorecard.ErrRange) {
				continue // nothing to compare
			}
			if err != nil {
				r.Fatal(err)
			}
			turned := append(slices.Clone(x[1:]), x[0])
			f := must(c.Evaluate(turned))
			for i, score := range e.Scores {
				if j := (i + len(x) - 1) % len(x); f.Scores[j] != score || f.Ranks[j] != e.Ranks[i] {
					r.Fatalf("%v: score %v, turned %v", opt, score, f.Scores[j])
				}
				if score < 0 || score > 1 {
					r.Fatalf("%v: score %v", opt, score)
				}
				parts := must(e.Contributions(i))
				if !testkit.Close(parts[0].Points, score, 1e-12, 0) {
					r.Fatalf("%v: points %v of the score %v: %v", opt, parts[0].Points, score, parts)
				}
				for k, p := range parts {
					sum := 0.0
					for _, q := range parts[k+1:] {
						if q.Depth <= p.Depth {
							break
						}
						if q.Depth == p.Depth+1 {
							sum += q.Points
						}
					}
					if p.Points < 0 || !p.Leaf && !testkit.Close(sum, p.Points, 1e-12, 0) {
						r.Fatalf("%v: children of %s have %v of %v", opt, p.Name, sum, p.Points)
					}
				}
			}
		}
	})
}

// The largest and the smallest numbers there are: a score in [0, 1] or an error.
func TestExtremesProp(t *testing.T) {
	extreme := rapid.SampledFrom([]float64{0, 5e-324, -5e-324, 1, -1, math.MaxFloat64, -math.MaxFloat64, 1e-300})
	rapid.Check(t, func(r *rapid.T) {
		d := rapid.IntRange(1, 3).Draw(r, "KPIs")
		root := scorecard.KPI{Name: "all"}
		for j := range d {
			k := scorecard.KPI{Name: fmt.Sprint(j), Weight: rapid.SampledFrom([]float64{0, 5e-324, 1, 1e300}).Draw(r, "weight"), Direction: scorecard.Direction(rapid.IntRange(0, 2).Draw(r, "direction"))}
			k.Floor, k.Ceiling = extreme.Draw(r, "floor"), extreme.Draw(r, "ceiling")
			k.Target = k.Ceiling
			if k.Direction == scorecard.LowerIsBetter {
				k.Target = k.Floor
			}
			root.Children = append(root.Children, k)
		}
		x := make([][]float64, rapid.IntRange(1, 4).Draw(r, "alternatives"))
		for i := range x {
			x[i] = rapid.SliceOfN(extreme, d, d).Draw(r, "row")
		}
		for _, opt := range methods {
			for _, opt.Objective = range []scorecard.Objective{scorecard.NoObjective, scorecard.ObjectiveEntropy, scorecard.ObjectiveShares, scorecard.ObjectiveCRITIC} {
				c, err := scorecard.New(root, opt)
				if err != nil {
					return
				}
				e, err := c.Evaluate(x)
				if err != nil {
					continue
				}
				for i, s := range e.Scores {
					if !(s >= 0 && s <= 1) {
						r.Fatalf("%v: score %v of %v on %+v", opt, s, x, root)
					}
					for _, p := range must(e.Contributions(i)) {
						if !(p.Points >= 0 && p.Points <= 1+1e-9) {
							r.Fatalf("%v: %+v of %v on %+v", opt, p, x, root)
						}
					}
				}
			}
		}
	})
}

// Memberships that are interpolated and averaged are the weighted sum again.
func TestFuzzyMeanProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		root, x := drawn(r, true)
		a := must(must(scorecard.New(root, scorecard.Options{})).Evaluate(x))
		b := must(must(scorecard.New(root, scorecard.Options{Method: scorecard.FuzzyComprehensive, Levels: []float64{0, .1, .6, .7, 1}})).Evaluate(x))
		for i := range a.Scores {
			if !testkit.Close(b.Scores[i], a.Scores[i], 1e-12, 0) {
				r.Fatalf("fuzzy %v, sum %v", b.Scores, a.Scores)
			}
		}
	})
}

// Which improvement pays first equals brute force: a second evaluation of changed values.
func TestImproveProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		root, x := drawn(r, rapid.Bool().Draw(r, "scaled"))
		for _, opt := range methods {
			c := must(scorecard.New(root, opt))
			e, err := c.Evaluate(x)
			if err != nil {
				continue
			}
			i := rapid.IntRange(0, len(x)-1).Draw(r, "who")
			var gaps []scorecard.Gap
			best, bestLeaf := math.Inf(-1), ""
			want := map[string]float64{}
			for j, leaf := range c.Leaves() {
				g := scorecard.Gap{Leaf: leaf, To: float64(rapid.IntRange(0, 40).Draw(r, "to")) / 4, Cost: float64(rapid.IntRange(1, 9).Draw(r, "cost"))}
				changed := slices.Clone(x)
				changed[i] = slices.Clone(x[i])
				changed[i][j] = g.To
				f, err := c.Evaluate(changed)
				if err != nil {
					continue
				}
				gaps = append(gaps, g)
				want[leaf] = f.Scores[i] - e.Scores[i]
				if per := want[leaf] / g.Cost; per > best+1e-12 {
					best, bestLeaf = per, leaf
				}
			}
			gains := must(e.Improve(i, gaps))
			for k, g := range gains {
				if !testkit.Close(g.Gain, want[g.Leaf], 1e-12, 0) || k > 0 && g.PerCost > gains[k-1].PerCost {
					r.Fatalf("%v: gain %v of %s, brute force %v", opt, g.Gain, g.Leaf, want[g.Leaf])
				}
			}
			if len(gains) > 0 && gains[0].Leaf != bestLeaf && gains[0].PerCost < best-1e-12 {
				r.Fatalf("%v: first %v, brute force %s with %v", opt, gains[0], bestLeaf, best)
			}
		}
	})
}

// scoreAt is the weighted sum when the node takes weight v and all beside it shrink alike.
func scoreAt(e *scorecard.Evaluation, in map[int]bool, weight, v float64, i int) (s float64) {
	for j, leafWeight := range e.Weights {
		f := (1 - v) / (1 - weight)
		if in[j] {
			f = v / weight
		}
		s += f * leafWeight * attained[i][j]
	}
	return s
}

var attained [][]float64 // of the test below

// The exact intervals hold by brute force: within, no other is ahead; just beyond, some is.
func TestWeightRangesProp(t *testing.T) {
	testkit.Until(t, "an interval that ends within [0, 1]", func() bool { return ended }, func(r *rapid.T) {
		root, _ := drawn(r, false)
		c := must(scorecard.New(root, scorecard.Options{}))
		n, d := rapid.IntRange(2, 5).Draw(r, "n"), len(c.Leaves())
		attained = make([][]float64, n+2)
		for i := range attained {
			attained[i] = make([]float64, d)
			for j := range d {
				if attained[i][j] = rapid.Float64Range(0, 1).Draw(r, "a"); i >= n {
					attained[i][j] = float64(i - n) // the ends of the scale, so that attainments are known
				}
			}
		}
		// Every KPI as a higher one on the scale [0, 1].
		var scale func(k *scorecard.KPI)
		scale = func(k *scorecard.KPI) {
			if len(k.Children) == 0 {
				k.Direction, k.Floor, k.Target, k.Ceiling = 0, 0, 1, 1
			}
			for i := range k.Children {
				scale(&k.Children[i])
			}
		}
		scale(&root)
		attained = attained[:n]
		e := must(must(scorecard.New(root, scorecard.Options{})).Evaluate(attained))
		first := e.Order[0]
		parts, leaf := must(e.Contributions(0)), 0
		leaves := make([]map[int]bool, len(parts))
		for k, p := range parts {
			leaves[k] = map[int]bool{}
			if p.Leaf {
				for up, depth := k, p.Depth; ; up-- {
					if parts[up].Depth <= depth {
						leaves[up][leaf], depth = true, parts[up].Depth-1
					}
					if up == 0 {
						break
					}
				}
				leaf++
			}
		}
		for k, w := range must(e.WeightRanges()) {
			if w.Weight > 1-1e-9 {
				continue // nothing beside it
			}
			lead := func(v float64) float64 {
				least := math.Inf(1)
				for i := range attained {
					if i != first {
						least = min(least, scoreAt(e, leaves[k+1], w.Weight, v, first)-scoreAt(e, leaves[k+1], w.Weight, v, i))
					}
				}
				return least
			}
			if w.Low > w.Weight+1e-12 || w.High < w.Weight-1e-12 {
				r.Fatalf("%v lies outside its interval", w)
			}
			for _, v := range []float64{w.Low, (w.Low + w.High) / 2, w.High} {
				if lead(v) < -1e-9 {
					r.Fatalf("%v: at %v another is first by %v", w, v, -lead(v))
				}
			}
			if w.Low > 1e-3 {
				ended = true
				if lead(w.Low-1e-3) > 0 {
					r.Fatalf("%v: the first still leads below it", w)
				}
			}
			if w.High < 1-1e-3 {
				ended = true
				if lead(w.High+1e-3) > 0 {
					r.Fatalf("%v: the first still leads above it", w)
				}
			}
		}
	})
}

var ended bool

// Two KPIs: the first alternative wins while w + .2(1−w) > .5, with a chance of .625 when every
// weight is as likely; and the same bytes at any number of processors.
func TestAcceptability(t *testing.T) {
	unit := func(name string, w float64) scorecard.KPI {
		return scorecard.KPI{Name: name, Weight: w, Target: 1, Ceiling: 1}
	}
	root := scorecard.KPI{Name: "all", Children: []scorecard.KPI{unit("a", .5), unit("b", .5)}}
	x := [][]float64{{1, .2}, {.5, .5}, {0, 0}}
	for _, opt := range methods {
		e := must(must(scorecard.New(root, opt)).Evaluate(x))
		for _, law := range []scorecard.WeightLaw{scorecard.PercentWeights, scorecard.DirichletWeights, scorecard.AnyWeights} {
			o := scorecard.AcceptabilityOptions{Law: law, Draws: 1000, Seed: 3}
			testkit.AtGOMAXPROCS(t, func() []byte {
				return fmt.Append(nil, *must(e.Acceptability(context.Background(), o)))
			})
			a := must(e.Acceptability(context.Background(), o))
			turned := must(must(must(scorecard.New(root, opt)).Evaluate([][]float64{x[2], x[0], x[1]})).Acceptability(context.Background(), o))
			for i := range x {
				if !slices.Equal(a.Ranks[i], turned.Ranks[(i+1)%3]) {
					t.Errorf("%v: ranks %v, turned %v", opt, a.Ranks, turned.Ranks)
				}
				near(t, "ranks", []float64{a.Ranks[i][0] + a.Ranks[i][1] + a.Ranks[i][2]}, []float64{1}, 1e-9)
			}
			if testkit.Race {
				break
			}
		}
	}
	e := must(must(scorecard.New(root, scorecard.Options{})).Evaluate(x))
	a := must(e.Acceptability(context.Background(), scorecard.AcceptabilityOptions{Law: scorecard.AnyWeights, Seed: 8}))
	testkit.Near(t, "first by any weights", a.Ranks[0][0], .625, 4*a.StandardError)
	testkit.Near(t, "stable", a.Stable, a.Ranks[0][0], 1e-12)
	testkit.Near(t, "central weight", a.Central[0][0], (.375+1)/2, .02)
	if a.Ranks[2][2] != 1 || a.Central[2] != nil {
		t.Errorf("the worst of all: %v %v", a.Ranks[2], a.Central[2])
	}
	// Within ±20 % of one half the weight stays above .4: always first, as the exact interval says.
	a = must(e.Acceptability(context.Background(), scorecard.AcceptabilityOptions{}))
	w := must(e.WeightRanges())
	testkit.Near(t, "exact end", w[0].Low, .375, 1e-12)
	testkit.Near(t, "stable within 20 %", a.Stable, 1, 0)
	// Dirichlet: mean .5, and the standard deviation that is promised; first while w > .375.
	a = must(e.Acceptability(context.Background(), scorecard.AcceptabilityOptions{Law: scorecard.DirichletWeights, Concentration: 2, Seed: 5})) // Beta(1, 1)
	testkit.Near(t, "Beta(1, 1)", a.Ranks[0][0], .625, 4*a.StandardError)
}

// judged is a branch of two KPIs with one judgement.
func judged(x float64) scorecard.KPI {
	root := flat(nil, make([]bool, 2))
	root.Judgements = [][]float64{{1, x}, {1 / x, 1}}
	return root
}

// Every operator by hand: attainments .8, .5 and .1 are (0, .4, .6), (0, 1, 0) and (.8, .2, 0) of
// the levels 0, .5 and 1.
func TestFuzzyOperators(t *testing.T) {
	root := scorecard.KPI{Name: "all"}
	for j, w := range []float64{.5, .3, .2} {
		root.Children = append(root.Children, scorecard.KPI{Name: fmt.Sprint(j), Weight: w, Target: 1, Ceiling: 1})
	}
	for _, c := range []struct {
		name string
		op   scorecard.Operator
		want float64
	}{
		{"mean", scorecard.MeanOperator, .57},
		{"min-max", scorecard.MinMaxOperator, (.5*.4 + .5) / (.2 + .4 + .5)},
		{"product-max", scorecard.ProductMaxOperator, (.5*.3 + .3) / (.16 + .3 + .3)},
		{"bounded sum", scorecard.BoundedSumOperator, .57},
	} {
		opt := scorecard.Options{Method: scorecard.FuzzyComprehensive, Operator: c.op, Levels: []float64{0, .5, 1}}
		testkit.Near(t, c.name, must(must(scorecard.New(root, opt)).Evaluate([][]float64{{.8, .5, .1}})).Scores[0], c.want, 1e-14)
	}
}

// As Concentration falls to 0 a Dirichlet draw puts all weight on one KPI, each as often as it
// weighs; a KPI in which all are equal puts nobody ahead.
func TestDirichletLimit(t *testing.T) {
	root, x := flat([]float64{.3, .7}, make([]bool, 2)), [][]float64{{1, 0}, {0, 1}}
	for _, method := range methods {
		e := must(must(scorecard.New(root, method)).Evaluate(x))
		for _, concentration := range []float64{1e-3, 1e-9, math.SmallestNonzeroFloat64, math.MaxFloat64} {
			a := must(e.Acceptability(context.Background(), scorecard.AcceptabilityOptions{Law: scorecard.DirichletWeights, Concentration: concentration, Draws: 2000}))
			want := .3
			if concentration > 1 {
				want = 0
			}
			testkit.Near(t, fmt.Sprint(method.Method, " at ", concentration), a.Ranks[0][0], want, 4*a.StandardError)
		}
	}
	e := must(must(scorecard.New(root, scorecard.Options{Method: scorecard.TOPSIS})).Evaluate([][]float64{{1, 1}, {1, 2}}))
	a := must(e.Acceptability(context.Background(), scorecard.AcceptabilityOptions{Law: scorecard.DirichletWeights, Concentration: 1e-9, Draws: 2000}))
	testkit.Near(t, "shared first place of the worse", a.Ranks[0][0], .3/2, 4*a.StandardError)
}

func TestBadCards(t *testing.T) {
	leaf := func(change func(k *scorecard.KPI)) scorecard.KPI {
		root := tree()
		change(&root.Children[0].Children[0])
		return root
	}
	for _, tc := range []struct {
		name string
		root scorecard.KPI
		opt  scorecard.Options
		want error
		text string
	}{
		{"no KPIs", scorecard.KPI{Name: "alone"}, scorecard.Options{}, scorecard.ErrEmpty, `"alone"`},
		{"nameless", leaf(func(k *scorecard.KPI) { k.Name = "" }), scorecard.Options{}, scorecard.ErrEmpty, `below "delivery"`},
		{"twice", leaf(func(k *scorecard.KPI) { k.Name = "days" }), scorecard.Options{}, scorecard.ErrDuplicate, `"days"`},
		{"direction reversed by the ends", leaf(func(k *scorecard.KPI) { k.Floor, k.Ceiling = 1, .5 }), scorecard.Options{}, scorecard.ErrRange, "direction"},
		{"no direction", leaf(func(k *scorecard.KPI) { k.Direction = 7 }), scorecard.Options{}, scorecard.ErrRange, "direction 7"},
		{"target at the worse end", leaf(func(k *scorecard.KPI) { k.Target = .5 }), scorecard.Options{}, scorecard.ErrRange, "worse end"},
		{"target beyond", leaf(func(k *scorecard.KPI) { k.Target = 2 }), scorecard.Options{}, scorecard.ErrRange, "target 2"},
		{"floor NaN", leaf(func(k *scorecard.KPI) { k.Floor = math.NaN() }), scorecard.Options{}, scorecard.ErrNotFinite, `"on time"`},
		{"weight NaN", leaf(func(k *scorecard.KPI) { k.Weight = math.NaN() }), scorecard.Options{}, scorecard.ErrNotFinite, `"on time"`},
		{"weight negative", leaf(func(k *scorecard.KPI) { k.Weight = -.1 }), scorecard.Options{}, scorecard.ErrRange, `"on time"`},
		{"weights that do not sum to 1, refused", tree(), scorecard.Options{Strict: true}, scorecard.ErrRange, "sum to 4"},
		{"judgements of a leaf", leaf(func(k *scorecard.KPI) { k.Judgements = [][]float64{{1}} }), scorecard.Options{}, scorecard.ErrShape, "no children"},
		{"judgements and weights", func() scorecard.KPI { r := tree(); r.Judgements = [][]float64{{1, 1}, {1, 1}}; return r }(), scorecard.Options{}, scorecard.ErrRange, "too"},
		{"not reciprocal", func() scorecard.KPI {
			r := flat(nil, make([]bool, 2))
			r.Judgements = [][]float64{{1, 2}, {2, 1}}
			return r
		}(), scorecard.Options{}, scorecard.ErrRange, "reciprocal"},
		{"judgement 0", judged(0), scorecard.Options{}, scorecard.ErrRange, "judgements[0][1]"},
		{"judgement negative", judged(-2), scorecard.Options{}, scorecard.ErrRange, "judgements[0][1]"},
		{"judgement NaN", judged(math.NaN()), scorecard.Options{}, scorecard.ErrRange, "judgements[0][1]"},
		{"judgement infinite", judged(math.Inf(1)), scorecard.Options{}, scorecard.ErrRange, "judgements[0][1]"},
		{"judgements of another size", func() scorecard.KPI {
			r := flat(nil, make([]bool, 3))
			r.Judgements = [][]float64{{1, 2}, {.5, 1}}
			return r
		}(), scorecard.Options{}, scorecard.ErrShape, `"all"`},
		{"a branch with a scale", func() scorecard.KPI { r := tree(); r.Children[0].Ceiling = 1; return r }(), scorecard.Options{}, scorecard.ErrRange, `"delivery"`},
		{"grades", tree(), scorecard.Options{Grades: []scorecard.Grade{{Name: "x", From: .1}}}, scorecard.ErrOption, "Grades"},
		{"levels", tree(), scorecard.Options{Levels: []float64{0, 2, 1}, Rho: 3, Share: 2}, scorecard.ErrOption, "Rho"},
	} {
		if _, err := scorecard.New(tc.root, tc.opt); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: %v, want %v with %s", tc.name, err, tc.want, tc.text)
		}
	}
	// Judgements that contradict each other are warned of.
	r := flat(nil, make([]bool, 3))
	r.Judgements = [][]float64{{1, 9, 1. / 9}, {1. / 9, 1, 9}, {9, 1. / 9, 1}}
	c := must(scorecard.New(r, scorecard.Options{}))
	if w := c.Warnings(); len(w) != 1 || !strings.Contains(w[0], "inconsistent") || c.Consistency()[0].Ratio < .1 {
		t.Errorf("warnings %q", w)
	}
}

func TestBadValues(t *testing.T) {
	two := make([]bool, 2)
	for _, tc := range []struct {
		name string
		root scorecard.KPI
		opt  scorecard.Options
		x    [][]float64
		want error
		text string
	}{
		{"none", tree(), scorecard.Options{}, nil, scorecard.ErrEmpty, ""},
		{"ragged", tree(), scorecard.Options{}, [][]float64{{1, 2, 3}, {1, 2}}, scorecard.ErrShape, "alternative 1"},
		{"missing", tree(), scorecard.Options{}, [][]float64{{1, 2, 3}, {1, math.NaN(), 3}}, scorecard.ErrNotFinite, `alternative 1, KPI "days"`},
		{"alone, no scale", flat(nil, two), scorecard.Options{}, [][]float64{{1, 2}}, scorecard.ErrUndefined, "kpi0"},
		{"alone, TOPSIS", tree(), scorecard.Options{Method: scorecard.TOPSIS}, [][]float64{{.8, 2, 30}}, scorecard.ErrUndefined, ""},
		{"alone, entropy", tree(), scorecard.Options{Objective: scorecard.ObjectiveEntropy}, [][]float64{{.8, 2, 30}}, scorecard.ErrUndefined, "objective"},
		{"alone, CRITIC", tree(), scorecard.Options{Objective: scorecard.ObjectiveCRITIC}, [][]float64{{.8, 2, 30}}, scorecard.ErrUndefined, "objective"},
		{"negative share", flat(nil, two), scorecard.Options{Objective: scorecard.ObjectiveShares}, [][]float64{{1, -2}, {2, 3}}, scorecard.ErrRange, "-2"},
		{"column of zeros, shares", flat(nil, two), scorecard.Options{Objective: scorecard.ObjectiveShares}, [][]float64{{1, 0}, {2, 0}}, scorecard.ErrRange, "column 1"},
		{"all equal, entropy", flat(nil, two), scorecard.Options{Objective: scorecard.ObjectiveEntropy}, [][]float64{{1, 2}, {1, 2}}, scorecard.ErrUndefined, ""},
		{"all equal, TOPSIS", flat(nil, two), scorecard.Options{Method: scorecard.TOPSIS}, [][]float64{{1, 2}, {1, 2}}, scorecard.ErrUndefined, ""},
		{"column of zeros, TOPSIS", flat(nil, two), scorecard.Options{Method: scorecard.TOPSIS}, [][]float64{{1, 0}, {2, 0}}, scorecard.ErrRange, ""},
	} {
		_, err := must(scorecard.New(tc.root, tc.opt)).Evaluate(tc.x)
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: %v, want %v with %q", tc.name, err, tc.want, tc.text)
		}
	}
	// All equal by grey relation: Δmax is 0, and every grade 1; alone too.
	for _, x := range [][][]float64{{{1, 2}, {1, 2}}, {{1, 2}}} {
		e := must(must(scorecard.New(flat(nil, two), scorecard.Options{Method: scorecard.GreyRelational})).Evaluate(x))
		testkit.Near(t, "grey", e.Scores[0], 1, 0)
		if len(e.Warnings) != 2 {
			t.Errorf("constant KPIs: warnings %q", e.Warnings)
		}
	}
	// A constant KPI weighs nothing by entropy, and is reported.
	e := must(must(scorecard.New(flat(nil, two), scorecard.Options{Objective: scorecard.ObjectiveEntropy, Share: -1})).Evaluate([][]float64{{1, 2}, {3, 2}}))
	near(t, "weights", e.Weights, []float64{1, 0}, 0)
	if len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0], "kpi1") {
		t.Errorf("warnings %q", e.Warnings)
	}
	// All on target is no column of zeros.
	on := scorecard.KPI{Name: "all", Children: []scorecard.KPI{{Name: "a"}, {Name: "b", Direction: scorecard.TargetIsBest, Target: 3}}}
	e = must(must(scorecard.New(on, scorecard.Options{Method: scorecard.TOPSIS})).Evaluate([][]float64{{1, 3}, {2, 3}}))
	near(t, "on target", e.Scores, []float64{0, 1}, 1e-15)
	// The other way round is the other end of the ranking.
	up := must(must(scorecard.New(flat(nil, []bool{false}), scorecard.Options{})).Evaluate([][]float64{{1}, {3}, {2}}))
	down := must(must(scorecard.New(flat(nil, []bool{true}), scorecard.Options{})).Evaluate([][]float64{{1}, {3}, {2}}))
	for i := range up.Scores {
		testkit.Near(t, "reversed direction", down.Scores[i], 1-up.Scores[i], 1e-15)
	}
	if _, err := must(must(scorecard.New(tree(), scorecard.Options{Method: scorecard.TOPSIS})).Evaluate([][]float64{{.8, 2, 30}, {.9, 3, 40}})).WeightRanges(); !errors.Is(err, scorecard.ErrUnsupported) {
		t.Errorf("exact ranges by TOPSIS: %v", err)
	}
}

// A value that is missing leaves its weight to the others, and is reported; it moves no scale.
func TestMissing(t *testing.T) {
	nan := math.NaN()
	c := must(scorecard.New(tree(), scorecard.Options{Missing: scorecard.ReweighMissing}))
	full := must(must(scorecard.New(tree(), scorecard.Options{})).Evaluate([][]float64{{.8, 3, 60}, {.6, 2, 30}}))
	same := must(c.Evaluate([][]float64{{.8, 3, 60}, {.6, 2, 30}}))
	near(t, "nothing missing", same.Scores, full.Scores, 0)
	// Weights .5625, .1875 and .25; without the days .8125 are left.
	e := must(c.Evaluate([][]float64{{.8, nan, 60}, {.6, 2, 30}}))
	near(t, "scores", e.Scores, []float64{(.5625*.6 + .25*.5) / .8125, full.Scores[1]}, 1e-15)
	if w := e.Warnings; len(w) != 2 || !strings.Contains(w[1], `alternative 0 has no KPI "days"`) {
		t.Errorf("warnings %q", w)
	}
	parts := must(e.Contributions(0))
	near(t, "parts", []float64{parts[0].Points, parts[0].Weight, parts[3].Points, parts[3].Weight, parts[3].Lost}, []float64{e.Scores[0], 1, 0, 0, 0}, 1e-15)
	if g := must(e.Gaps(0)); len(g) != 2 || g[0].Leaf != "on time" || g[1].Leaf != "cover" {
		t.Errorf("gaps %v", g)
	}
	gains := must(e.Improve(0, []scorecard.Gap{{Leaf: "days", To: 1, Cost: 1}})) // to be known and best
	testkit.Near(t, "gain", gains[0].Gain, .5625*.6+.1875+.25*.5-e.Scores[0], 1e-15)
	a := must(e.Acceptability(context.Background(), scorecard.AcceptabilityOptions{Draws: 100}))
	testkit.Near(t, "ranks", a.Ranks[0][0]+a.Ranks[0][1], 1, 1e-12)
	if _, err := e.WeightRanges(); !errors.Is(err, scorecard.ErrUnsupported) {
		t.Errorf("ranges: %v", err)
	}
	for name, x := range map[string][][]float64{"nothing known": {{nan, nan, nan}}, "no weight known": {{.8, 2, 30}, {nan, nan, nan}}} {
		if _, err := c.Evaluate(x); !errors.Is(err, scorecard.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bare := must(scorecard.New(flat(nil, make([]bool, 2)), scorecard.Options{Missing: scorecard.ReweighMissing}))
	if _, err := bare.Evaluate([][]float64{{1, nan}, {2, nan}}); !errors.Is(err, scorecard.ErrNotFinite) || !strings.Contains(err.Error(), "kpi1") {
		t.Errorf("a KPI that nobody has: %v", err)
	}
	if _, err := bare.Evaluate([][]float64{{1, math.Inf(1)}, {2, 3}}); !errors.Is(err, scorecard.ErrNotFinite) {
		t.Errorf("infinite: %v", err)
	}
	near(t, "scale of those that are known", must(bare.Evaluate([][]float64{{1, nan}, {2, 3}, {4, 5}})).Scores, []float64{0, (1. / 3) / 2, 1}, 1e-15)
	if _, err := scorecard.New(tree(), scorecard.Options{Missing: scorecard.ReweighMissing, Method: scorecard.TOPSIS}); !errors.Is(err, scorecard.ErrOption) {
		t.Errorf("by TOPSIS: %v", err)
	}
}

func TestComprehensive(t *testing.T) {
	c := must(scorecard.New(scorecard.KPI{Name: "survey", Children: []scorecard.KPI{{Name: "speed", Weight: .5}, {Name: "care", Weight: .5, Children: []scorecard.KPI{{Name: "tone", Weight: .4}, {Name: "cure", Weight: .6}}}}}, scorecard.Options{}))
	b := must(c.Comprehensive([][]float64{{.2, .8, 0}, {0, .5, .5}, {1, 0, 0}}))
	near(t, "two levels", b, []float64{.5*.2 + .5*.6, .5*.8 + .5*.2, .5 * .2}, 1e-15)
	for name, rows := range map[string][][]float64{"do not sum to 1": {{.2, .7, 0}, {0, .5, .5}, {1, 0, 0}}, "beyond 1": {{1.5, -.5, 0}, {0, .5, .5}, {1, 0, 0}}} {
		if _, err := c.Comprehensive(rows); !errors.Is(err, scorecard.ErrRange) || !strings.Contains(err.Error(), "memberships[0]") {
			t.Errorf("rows that %s: %v", name, err)
		}
	}
	if _, err := c.Comprehensive([][]float64{{1}}); !errors.Is(err, scorecard.ErrShape) {
		t.Errorf("one row for three KPIs: %v", err)
	}
}

// scipy.stats.linregress, 1.17.1.
func TestTrend(t *testing.T) {
	var g struct {
		Cases []struct{ At, Scores, Want []float64 }
	}
	testkit.Golden(t, "trend.json", &g)
	for _, c := range g.Cases {
		f := must(scorecard.FitTrend(c.At, c.Scores, .9))
		near(t, "trend", []float64{f.Slope, f.Intercept, f.SE, f.PValue, f.Low, f.High}, c.Want, 1e-12)
	}
	f := must(scorecard.FitTrend(nil, []float64{.5, .6, .7}, 0))
	near(t, "a straight line", []float64{f.Slope, f.Low, f.High}, []float64{.1, .1, .1}, 1e-8)
	flat := must(scorecard.FitTrend(nil, []float64{.5, .5, .5}, 0))
	if flat.Slope != 0 || flat.PValue != 1 {
		t.Errorf("no move at all: %v", flat)
	}
	for name, c := range map[string]struct {
		at, scores []float64
		level      float64
		want       error
	}{
		"none": {nil, nil, 0, scorecard.ErrEmpty}, "two": {nil, []float64{1, 2}, 0, scorecard.ErrUndefined}, "one time": {[]float64{1, 1, 1}, []float64{1, 2, 3}, 0, scorecard.ErrUndefined},
		"level": {nil, []float64{1, 2, 3}, 2, scorecard.ErrOption}, "NaN": {nil, []float64{1, math.NaN(), 3}, 0, scorecard.ErrNotFinite}, "short": {[]float64{1}, []float64{1, 2, 3}, 0, scorecard.ErrShape},
	} {
		if _, err := scorecard.FitTrend(c.at, c.scores, c.level); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
