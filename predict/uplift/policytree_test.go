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

// aisles are n customers of three columns, a number, one with missing values and a category, in three arms.
func aisles(n int, seed uint64) uplift.Data {
	r := rng.New(seed, 21, 0)
	d := uplift.Data{Propensities: []float64{.4, .3, .3}}
	for range n {
		x := []float64{float64(r.Intn(5)), float64(r.Intn(4)), float64(r.Intn(3))}
		if r.Bool(.2) {
			x[1] = math.NaN()
		}
		u, arm := r.Float64(), 0
		if u > .4 {
			arm = 1
		}
		if u > .7 {
			arm = 2
		}
		y := r.Normal()
		if arm == 1 {
			y += x[0] - 2
		}
		if arm == 2 && x[2] == 1 {
			y += 2.5
		}
		d.Rows, d.Treatment, d.Outcome = append(d.Rows, x), append(d.Treatment, arm), append(d.Outcome, y)
	}
	return d
}

// questions are all that can be asked of such customers.
func questions() (out []func(row []float64) bool) {
	for j := range 2 {
		for cut := -1.; cut < 4; cut++ {
			out = append(out, func(row []float64) bool { return row[j] != row[j] || row[j] <= cut+.5 })
		}
	}
	for code := range 3 {
		out = append(out, func(row []float64) bool { return row[2] == float64(code) })
	}
	return out
}

// slow is the most that rows are worth by trees of a depth, all of them tried.
func slow(rows [][]float64, net [][]float64, idx []int, depth, least int) float64 {
	best := math.Inf(-1)
	for a := range net[0] {
		sum := 0.0
		for _, i := range idx {
			sum += net[i][a]
		}
		best = math.Max(best, sum)
	}
	if depth == 0 {
		return best
	}
	for _, q := range questions() {
		var sides [2][]int
		for _, i := range idx {
			if q(rows[i]) {
				sides[0] = append(sides[0], i)
			} else {
				sides[1] = append(sides[1], i)
			}
		}
		if len(sides[0]) >= least && len(sides[1]) >= least {
			best = math.Max(best, slow(rows, net, sides[0], depth-1, least)+slow(rows, net, sides[1], depth-1, least))
		}
	}
	return best
}

// TestPolicyTreeIsBest of all trees of one, two and three questions.
func TestPolicyTreeIsBest(t *testing.T) {
	for seed := range 12 {
		depth := 1 + seed%3
		d := aisles(60, uint64(seed))
		s := get(uplift.ScoresIPW(d))
		costs := []float64{0, .2, .3}
		m := get(uplift.FitPolicyTree(bg, s, uplift.PolicyTreeOptions{Depth: depth, MinLeaf: 6, Categorical: []int{2}, Worth: 2, Costs: costs}))
		var net [][]float64
		idx := make([]int, len(d.Rows))
		for i := range d.Rows {
			idx[i] = i
			net = append(net, []float64{2 * s.Values[3*i], 2*s.Values[3*i+1] - .2, 2*s.Values[3*i+2] - .3})
		}
		policy := get(m.Policy(nil, d.Rows))
		got, want := 0.0, slow(d.Rows, net, idx, depth, 6)
		for i, a := range policy {
			got += net[i][a]
		}
		testkit.Near(t, "worth of the policy", got, want, 1e-9)
		value := get(s.Value(policy, uplift.ValueOptions{Worth: 2, Costs: costs})).Value
		testkit.Near(t, "value", value, got/60, 1e-9)
		leaves, rows := 0.0, 0
		for _, n := range m.Nodes() {
			if n.Column < 0 {
				leaves += n.Gain * float64(n.Rows) / 60
				rows += n.Rows
				if n.Rows < 6 {
					t.Errorf("a leaf of %d rows", n.Rows)
				}
			}
		}
		testkit.Near(t, "gains of the leaves", leaves, get(s.Gain(policy, nil, uplift.ValueOptions{Worth: 2, Costs: costs})).Value, 1e-9)
		if rows != 60 {
			t.Errorf("leaves hold %d rows", rows)
		}
	}
}

// TestPolicyTreeFinds what was planted, reads well, and is the same at any GOMAXPROCS and in any order.
func TestPolicyTreeFinds(t *testing.T) {
	d := aisles(4000, 5)
	opt := uplift.PolicyTreeOptions{Categorical: []int{2}, Names: []string{"visits", "age", "region"}}
	fit := func(d uplift.Data) *uplift.PolicyTree {
		return get(uplift.FitPolicyTree(bg, get(uplift.ScoresIPW(d)), opt))
	}
	first := get(fit(d).MarshalBinary())
	testkit.AtGOMAXPROCS(t, func() []byte { return get(fit(d).MarshalBinary()) })
	p := uplift.Data{Propensities: d.Propensities}
	for _, i := range rng.New(1, 1, 1).Perm(len(d.Rows)) {
		p.Rows, p.Treatment, p.Outcome = append(p.Rows, d.Rows[i]), append(p.Treatment, d.Treatment[i]), append(p.Outcome, d.Outcome[i])
	}
	if !bytes.Equal(first, get(fit(p).MarshalBinary())) {
		t.Error("other bytes for rows in another order")
	}
	text := get(fit(d).Text([]string{"nothing", "mail", "call"}))
	for _, want := range []string{"region is 1:", "region is not 1:", "call (", "mail (", "visits > 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// A policy that may not ask for the region gives nobody a call for it.
	opt.Columns, opt.Categorical = []int{0, 1}, nil
	for _, n := range fit(d).Nodes() {
		if n.Column == 2 {
			t.Error("a column is asked that may not be")
		}
	}
}

// TestPolicyTreeCancels: the search looks at its context.
func TestPolicyTreeCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{{Name: "uplift.FitPolicyTree", Looks: 20, Do: func(ctx context.Context, size int) error {
		d := aisles(1500*size, 6)
		for i := range d.Rows {
			d.Rows[i] = append(slices.Clone(d.Rows[i]), float64(i%17), float64(i%31))
		}
		s := get(uplift.ScoresIPW(d))
		testkit.Start(ctx)
		_, err := uplift.FitPolicyTree(ctx, s, uplift.PolicyTreeOptions{Depth: 3})
		return err
	}}})
}
