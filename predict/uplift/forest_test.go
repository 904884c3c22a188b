package uplift_test

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

// shelf are n customers with a number, a category, a number that is often missing and noise: two treatments, of
// which the first works for large numbers, the second for some categories.
func shelf(n int, seed uint64) (uplift.Data, uplift.TreeOptions) {
	r := rng.New(seed, 11, 0)
	var d uplift.Data
	for i := range n {
		x := []float64{math.Round(r.Normal()*16) / 16, float64(r.Intn(6)), math.Round(r.Normal() * 4), math.Round(r.Normal() * 8)}
		arm := r.Intn(3)
		p := .3
		if arm == 1 && x[0] > 0 {
			p += .4
		}
		if arm == 2 && (x[1] == 1 || x[1] == 4) {
			p += .5
		}
		if r.Bool(.3) {
			x[2] = math.NaN()
			if arm == 1 {
				p -= .25
			}
		}
		y := 0.0
		if r.Bool(p) {
			y = 1
		}
		d.Rows, d.Treatment, d.Outcome, d.IDs = append(d.Rows, x), append(d.Treatment, arm), append(d.Outcome, y), append(d.IDs, uint64(i))
	}
	return d, uplift.TreeOptions{Criterion: uplift.KL, MaxDepth: 4, MinLeaf: 30, MinArm: 5, Categorical: []int{1}, Names: []string{"spend", "region", "age", "noise"}, Seed: 5, Honest: .4}
}

// TestSplitByHand: left T 30/50 C 10/50, right T 20/50 C 25/50.
func TestSplitByHand(t *testing.T) {
	var d uplift.Data
	for _, c := range []struct{ x, arm, n, y int }{{0, 1, 50, 30}, {0, 0, 50, 10}, {1, 1, 50, 20}, {1, 0, 50, 25}} {
		for i := range c.n {
			y := 0.0
			if i < c.y {
				y = 1
			}
			d.Rows, d.Treatment, d.Outcome = append(d.Rows, []float64{float64(c.x)}), append(d.Treatment, c.arm), append(d.Outcome, y)
		}
	}
	chi := func(t, c float64) float64 { return (t - c) * (t - c) / (c * (1 - c)) }
	for _, c := range []struct {
		criterion     uplift.Criterion
		parent, split float64
	}{{uplift.KL, .068031, .290013}, {uplift.Euclidean, .045, .17}, {uplift.CTS, .5, .55}, {uplift.ChiSquared, chi(.5, .35), (chi(.6, .2) + chi(.4, .5)) / 2}} {
		opt := uplift.TreeOptions{Criterion: c.criterion, MinLeaf: 1, MinArm: 1, Shrink: -1, Plain: true}
		nodes := get(get(uplift.FitTree(bg, d, opt)).Nodes(0))
		testkit.Near(t, c.criterion.String()+", parent", nodes[0].Distance, c.parent, 5e-7)
		testkit.Near(t, c.criterion.String()+", split", nodes[0].Gain+nodes[0].Distance, c.split, 1e-6)
		testkit.Near(t, c.criterion.String()+", children", (nodes[1].Distance+nodes[2].Distance)/2, c.split, 1e-6)
		// The normalisation: arms and sides of halves, ½ + 1 bit for each arm's half, no distance of the arms.
		opt.Plain = false
		normed := get(get(uplift.FitTree(bg, d, opt)).Nodes(0))[0].Gain
		by := map[uplift.Criterion]float64{uplift.KL: 1.5, uplift.Euclidean: 1, uplift.CTS: 1, uplift.ChiSquared: 1}[c.criterion]
		testkit.Near(t, c.criterion.String()+", normalised", normed, nodes[0].Gain/by, 1e-12)
	}
}

// TestTreesGolden: means in each arm by the trees of causalml.
func TestTreesGolden(t *testing.T) {
	var g struct {
		Data []struct {
			Arms      int
			Rows      [][]float64
			Treatment []int
			Outcome   []float64
		}
		Cases []struct {
			Arms      int
			Criterion string
			Shrink    float64
			Means     []float64
		}
	}
	testkit.Golden(t, "trees.json", &g)
	for _, c := range g.Cases {
		data := g.Data[c.Arms-2]
		opt := uplift.TreeOptions{MaxDepth: 4, MinLeaf: 60, MinArm: 1, Shrink: c.Shrink, Plain: true}
		opt.Criterion = map[string]uplift.Criterion{"KL": uplift.KL, "ED": uplift.Euclidean, "Chi": uplift.ChiSquared, "CTS": uplift.CTS}[c.Criterion]
		if c.Shrink == 0 {
			opt.Shrink = -1
		}
		f := get(uplift.FitTree(bg, uplift.Data{Rows: data.Rows, Treatment: data.Treatment, Outcome: data.Outcome}, opt))
		got := get(f.Means(nil, data.Rows[:150]))
		worst := 0.0
		for i := range got {
			worst = math.Max(worst, math.Abs(got[i]-c.Means[i]))
		}
		if worst > 1e-12 {
			t.Errorf("%d arms, %s, shrink %v: off by %v", c.Arms, c.Criterion, c.Shrink, worst)
		}
	}
}

// TestForestSameBytes at any number of processors and workers and for rows in any order, with ids and without.
func TestForestSameBytes(t *testing.T) {
	d, opt := shelf(1500, 1)
	perm := rng.New(3, 3, 3).Perm(len(d.Rows))
	for _, ids := range []bool{true, false} {
		var p uplift.Data
		a := d
		if !ids {
			a.IDs = nil
		}
		for _, i := range perm {
			p.Rows, p.Treatment, p.Outcome = append(p.Rows, d.Rows[i]), append(p.Treatment, d.Treatment[i]), append(p.Outcome, d.Outcome[i])
			if ids {
				p.IDs = append(p.IDs, d.IDs[i])
			}
		}
		var first []byte
		for workers := range 3 {
			for _, data := range []uplift.Data{a, p} {
				o := opt
				o.Workers = workers
				testkit.AtGOMAXPROCS(t, func() []byte {
					r := get(uplift.FitForest(bg, data, uplift.ForestOptions{Tree: o, Trees: 5}))
					b := get(r.Forest.MarshalBinary())
					if first == nil {
						first = b
					}
					if !bytes.Equal(b, first) {
						t.Fatalf("ids %v, %d workers: other bytes", ids, workers)
					}
					return b
				})
			}
		}
	}
}

// TestForestFinds the effects that were planted, by numbers, categories and missing values, and honest averages.
func TestForestFinds(t *testing.T) {
	d, opt := shelf(8000, 2)
	opt.Honest, opt.MaxDepth = 0, 0
	r := get(uplift.FitForest(bg, d, uplift.ForestOptions{Tree: opt, Trees: 60}))
	var truth [2][]float64
	var got [2][]float64
	for i, x := range d.Rows {
		one, two := 0.0, 0.0
		if x[0] > 0 {
			one += .4
		}
		if x[2] != x[2] {
			one -= .25
		}
		if x[1] == 1 || x[1] == 4 {
			two = .5
		}
		truth[0], truth[1] = append(truth[0], one), append(truth[1], two)
		got[0], got[1] = append(got[0], r.OutOfBag[2*i]), append(got[1], r.OutOfBag[2*i+1])
	}
	for a := range truth {
		if c := correlation(truth[a], got[a]); c < .85 {
			t.Errorf("treatment %d: correlation %.3f out of bag", a+1, c)
		}
	}
	weight := get(r.Forest.Importance())
	if weight[3] > weight[0] || weight[3] > weight[1] || weight[3] > weight[2] {
		t.Errorf("importance %v", weight)
	}
}

// TestForestAverages: intervals of averages cover the truth about as often as they say.
func TestForestAverages(t *testing.T) {
	runs, covered := 30, [2]int{}
	if testkit.Race {
		runs = 8
	}
	for run := range runs {
		d, opt := shelf(1200, uint64(50+run))
		r := get(uplift.FitForest(bg, d, uplift.ForestOptions{Tree: opt, Trees: 20}))
		truth := [2]float64{}
		for _, x := range d.Rows {
			if x[0] > 0 {
				truth[0] += .4 / 1200
			}
			if x[2] != x[2] {
				truth[0] -= .25 / 1200
			}
			if x[1] == 1 || x[1] == 4 {
				truth[1] += .5 / 1200
			}
		}
		for a, v := range r.Averages {
			if v.Low <= truth[a] && truth[a] <= v.High {
				covered[a]++
			}
		}
	}
	// Of 30 at 95 %, 24 or fewer have probability .3 %.
	if covered[0] < runs-5 || covered[1] < runs-5 {
		t.Errorf("%v of %d intervals cover", covered, runs)
	}
}

func correlation(x, y []float64) float64 {
	var mx, my, xx, yy, xy float64
	for i := range x {
		mx += x[i] / float64(len(x))
		my += y[i] / float64(len(x))
	}
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
		xy += (x[i] - mx) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

// TestHonest: without an effect, leaves of a tree that chose its splits by the same rows differ more in what they say than
// those of an honest one, whose average is that of new rows.
func TestHonest(t *testing.T) {
	spread := func(honest float64) (sum float64) {
		for run := range 20 {
			r := rng.New(uint64(run), 5, 5)
			var d uplift.Data
			for range 1000 {
				d.Rows = append(d.Rows, []float64{r.Normal(), r.Normal(), r.Normal(), r.Normal(), r.Normal()})
				d.Treatment, d.Outcome = append(d.Treatment, r.Intn(2)), append(d.Outcome, r.Normal())
			}
			f := get(uplift.FitTree(bg, d, uplift.TreeOptions{MinLeaf: 50, Shrink: -1, Honest: honest, Seed: uint64(run)}))
			nodes := get(f.Nodes(0))
			for _, n := range nodes {
				if n.Column < 0 {
					// The squared effect of a leaf over its variance: 1 for means of rows that nobody chose.
					e := n.Means[1] - n.Means[0]
					sum += e * e / (1/float64(n.Rows[0]) + 1/float64(n.Rows[1])) / float64(len(nodes)/2+1) / 20
				}
			}
		}
		return sum
	}
	if grown, honest := spread(-1), spread(.5); grown < 1.5 || honest > 1.35 || honest < .7 {
		t.Errorf("squared effects over their variance: %.2f by the rows that chose the splits, %.2f by others", grown, honest)
	}
}

// TestForestWeights: a row of weight 2 counts as two, one of weight 0 not at all.
func TestForestWeights(t *testing.T) {
	d, opt := shelf(900, 6)
	opt.Honest, opt.MinLeaf, opt.MinArm = -1, 1, 1
	opt.MaxDepth = 2
	twice := uplift.Data{}
	for i := range d.Rows {
		w := i % 3
		d.Weights = append(d.Weights, float64(w))
		for range w {
			twice.Rows, twice.Treatment, twice.Outcome = append(twice.Rows, d.Rows[i]), append(twice.Treatment, d.Treatment[i]), append(twice.Outcome, d.Outcome[i])
		}
	}
	a, b := get(uplift.FitTree(bg, d, opt)), get(uplift.FitTree(bg, twice, opt))
	x, y := get(a.Means(nil, d.Rows)), get(b.Means(nil, d.Rows))
	for i := range x {
		if !testkit.Close(x[i], y[i], 1e-12, 0) {
			t.Fatalf("mean %d is %v with weights and %v with rows", i, x[i], y[i])
		}
	}
}

// TestWhole: rows of one id are drawn together, and none of them is out of bag where one is not.
func TestWhole(t *testing.T) {
	d, opt := shelf(600, 7)
	for i := range d.IDs {
		d.IDs[i] = uint64(i / 3)
	}
	r := get(uplift.FitForest(bg, d, uplift.ForestOptions{Tree: opt, Trees: 1, Sample: .5}))
	in := 0
	for i := range d.IDs {
		a, b := math.IsNaN(r.OutOfBag[2*i]), math.IsNaN(r.OutOfBag[2*(i/3*3)])
		if a != b {
			t.Fatalf("rows %d and %d of one id are apart", i, i/3*3)
		}
		if a {
			in++
		}
	}
	if in < 200 || in > 400 {
		t.Errorf("%d of 600 rows are drawn", in)
	}
}

// TestUnseen: categories that were not there go where those without a bin go; columns that are constant or
// missing altogether part nothing.
func TestUnseen(t *testing.T) {
	d, opt := shelf(3000, 8)
	for i := range d.Rows {
		d.Rows[i] = append(d.Rows[i], 7, math.NaN())
	}
	opt.Names = nil
	opt.MaxDepth = 6
	f := get(uplift.FitTree(bg, d, opt))
	for _, n := range get(f.Nodes(0)) {
		if n.Column > 3 {
			t.Errorf("column %d parts rows", n.Column)
		}
	}
	row := slices.Clone(d.Rows[0])
	var says []float64
	for _, c := range []float64{6, 77, 1e9, -1, 1e300, 1.5, 4.5} {
		row[1] = c
		says = append(says, get(f.Effects(nil, [][]float64{row}))...)
	}
	for i := 2; i < len(says); i++ {
		if says[i] != says[i-2] {
			t.Errorf("unseen categories have effects %v", says)
		}
	}
	text := get(f.Text(0))
	if !strings.Contains(text, "column 1 in [") || !strings.Contains(text, "or missing") || strings.Count(text, "\n") != len(get(f.Nodes(0))) {
		t.Errorf("text:\n%s", text)
	}
}

// TestForestCancels: fits look at their context.
func TestForestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{{Name: "uplift.FitForest", Looks: 2, Do: func(ctx context.Context, size int) error {
		d, opt := shelf(2000, 9)
		testkit.Start(ctx)
		_, err := uplift.FitForest(ctx, d, uplift.ForestOptions{Tree: opt, Trees: 40 * size})
		return err
	}}, {Name: "uplift.FitTree", Looks: 2, Do: func(ctx context.Context, size int) error {
		d, opt := shelf(4000*size, 9)
		testkit.Start(ctx)
		_, err := uplift.FitTree(ctx, d, opt)
		return err
	}}})
}

// TestRoundTrip: what is read says the same, categories and all, as what was written.
func TestRoundTrip(t *testing.T) {
	f := grove()
	categories := 0
	for tree := range f.Trees() {
		for _, n := range get(f.Nodes(tree)) {
			if len(n.Categories) > 0 {
				categories++
			}
		}
	}
	var back uplift.Forest
	must(back.UnmarshalBinary(get(f.MarshalBinary())))
	d, _ := shelf(200, 5)
	if !slices.Equal(get(f.Effects(nil, d.Rows)), get(back.Effects(nil, d.Rows))) || categories == 0 {
		t.Errorf("%d splits by categories, effects differ", categories)
	}
	for tree := range f.Trees() {
		if a, b := get(f.Text(tree)), get(back.Text(tree)); a != b {
			t.Errorf("tree %d:\n%s\n%s", tree, a, b)
		}
	}
}

// TestHonestFew: where the rows that give means miss an arm, it has the mean of all rows, not 0.
func TestHonestFew(t *testing.T) {
	d := uplift.Data{}
	for i := range 40 {
		arm := 0
		if i == 7 {
			arm = 1
		}
		d.Rows, d.Treatment, d.Outcome = append(d.Rows, []float64{float64(i)}), append(d.Treatment, arm), append(d.Outcome, 10+float64(arm))
	}
	for seed := range uint64(8) {
		r := get(uplift.FitForest(bg, d, uplift.ForestOptions{Trees: 3, Tree: uplift.TreeOptions{Seed: seed, MinLeaf: 1, MinArm: 1}}))
		if got := get(r.Forest.Effects(nil, d.Rows[:1])); math.Abs(got[0]-1) > 1e-9 {
			t.Errorf("effect %v, want 1", got)
		}
	}
	for i := range d.Outcome { // the smallest numbers there are
		d.Outcome[i] *= 5e-324
	}
	r := get(uplift.FitForest(bg, d, uplift.ForestOptions{Trees: 3, Tree: uplift.TreeOptions{MinLeaf: 1, MinArm: 1}}))
	if got := get(r.Forest.Effects(nil, d.Rows[:1])); math.Abs(got[0]) > 1e-300 {
		t.Errorf("effect %v of outcomes of 1e-323", got)
	}
}
