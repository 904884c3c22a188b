package supply_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

// Eight terms of a dozen complaints and forty other texts, against SciPy and statsmodels.
func TestComplaintsGolden(t *testing.T) {
	var golden struct {
		Terms []struct {
			Term        string
			X, N, Y, M  int
			P, Holm, BH float64
		}
	}
	testkit.Golden(t, "complaints.json", &golden)
	for _, others := range []bool{false, true} {
		var c supply.Complaints[string]
		for i := range golden.Terms[0].N + golden.Terms[0].M {
			complaint := i < golden.Terms[0].N
			var terms []string
			for _, g := range golden.Terms {
				if complaint && i < g.X || !complaint && i-g.N < g.Y {
					terms = append(terms, g.Term, g.Term) // once a text
				}
			}
			product := "coat"
			if others && !complaint {
				product = "hat"
			}
			ok(t, c.Add(product, complaint || others, terms))
		}
		for _, fdr := range []bool{false, true} {
			got := must(c.Terms("coat", supply.ComplaintOptions{AgainstOthers: others, FalseDiscovery: fdr, MinTexts: 1}))
			if len(got) != len(golden.Terms) {
				t.Fatalf("%d terms", len(got))
			}
			for _, g := range golden.Terms {
				i := slices.IndexFunc(got, func(x supply.ComplaintTerm) bool { return x.Term == g.Term })
				x := got[i]
				want := g.Holm
				if fdr {
					want = g.BH
				}
				testkit.Near(t, g.Term+" p", x.P, g.P, 1e-12)
				testkit.Near(t, g.Term+" adjusted", x.Adjusted, want, 1e-12)
				lift := float64(g.X) / float64(g.N) / (float64(g.Y) / float64(g.M))
				if x.Lift != lift && math.Abs(x.Lift-lift) > 1e-12 || !(x.Low <= lift && lift <= x.High) || math.IsNaN(x.Low) {
					t.Errorf("%s: lift %v (%v to %v), want %v", g.Term, x.Lift, x.Low, x.High, lift)
				}
				if x.Complaints != (supply.Ratio{Num: float64(g.X), Den: float64(g.N)}) || x.Base != (supply.Ratio{Num: float64(g.Y), Den: float64(g.M)}) {
					t.Errorf("%+v", x)
				}
			}
			if got[0].Term != "seam" || !slices.IsSortedFunc(got, func(a, b supply.ComplaintTerm) int {
				if a.P <= b.P {
					return -1
				}
				return 1
			}) {
				t.Errorf("order %v", got)
			}
		}
	}
}

// Where complaints are like other texts, chance finds a term in no more than one product of
// twenty by Holm; a planted one is found.
func TestComplaintsChance(t *testing.T) {
	products := 400
	if testkit.Race {
		products = 60
	}
	r := rng.New(19, 0, 0)
	words := []string{"seam", "zip", "late", "colour", "smell", "box", "size", "soft", "warm", "thin", "long", "torn"}
	var c supply.Complaints[int]
	for p := range products {
		for range 60 {
			var terms []string
			complaint := r.Float64() < .3
			for k, w := range words {
				share := .02 * float64(k+1)
				if p == 0 && complaint && w == "seam" {
					share = .7
				}
				if r.Float64() < share {
					terms = append(terms, w)
				}
			}
			ok(t, c.Add(p, complaint, terms))
		}
	}
	false1 := 0
	for p := range products {
		got := must(c.Terms(p, supply.ComplaintOptions{}))
		found := got[0].Adjusted <= .05
		if p == 0 && (!found || got[0].Term != "seam" || got[0].Low <= 1) {
			t.Errorf("the planted term: %+v", got[0])
		}
		if p > 0 && found {
			false1++
		}
	}
	if limit := products/20 + 3; false1 > limit {
		t.Errorf("chance found a term in %d of %d products", false1, products)
	}
}

func TestComplaintsEdges(t *testing.T) {
	var c supply.Complaints[string]
	terms := func(id string, opt supply.ComplaintOptions) error { _, err := c.Terms(id, opt); return err }
	ok(t, c.Add("good", false, []string{"warm"}), c.Add("bad", true, []string{"torn", "torn", ""}), c.Add("mute", true, nil))
	for _, x := range []struct {
		name string
		err  error
		want error
	}{
		{"unknown product", terms("x", supply.ComplaintOptions{}), supply.ErrUnknownID},
		{"no complaints", terms("good", supply.ComplaintOptions{}), supply.ErrUndefined},
		{"nothing else", terms("bad", supply.ComplaintOptions{}), supply.ErrUndefined},
		{"level", terms("bad", supply.ComplaintOptions{Level: 1}), supply.ErrOption},
		{"texts", terms("bad", supply.ComplaintOptions{MinTexts: -1}), supply.ErrOption},
		{"itself", c.Merge(&c), supply.ErrMismatch},
		{"nil", c.Merge(nil), supply.ErrMismatch},
	} {
		if !errors.Is(x.err, x.want) {
			t.Errorf("%s: %v", x.name, x.err)
		}
	}
	got := must(c.Terms("bad", supply.ComplaintOptions{AgainstOthers: true, MinTexts: 1}))
	if len(got) != 2 || got[0].Term != "" || !math.IsInf(got[0].Lift, 1) || got[0].P != .5 || got[0].Adjusted != 1 || !math.IsInf(got[0].High, 1) || !slices.Equal(c.IDs(), []string{"bad", "good", "mute"}) {
		t.Errorf("%+v", got)
	}
	if got := must(c.Terms("bad", supply.ComplaintOptions{AgainstOthers: true})); len(got) != 0 {
		t.Errorf("judged by one text: %+v", got)
	}
}
