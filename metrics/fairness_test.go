package metrics

import (
	"errors"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func TestFairnessGolden(t *testing.T) {
	var g struct {
		Fairness struct {
			Group, Actual, Predicted []int
			ParityDifference         float64 `json:"parity_difference"`
			ParityRatio              float64 `json:"parity_ratio"`
			OddsDifference           float64 `json:"odds_difference"`
			OddsRatio                float64 `json:"odds_ratio"`
			Opportunity              float64
		}
	}
	testkit.Golden(t, "fairness.json", &g)
	f := g.Fairness
	var acc Fairness[int]
	for i, x := range f.Group {
		acc.Add(x, f.Actual[i] == 1, f.Predicted[i] == 1)
	}
	acc.Add(9, true, true)
	for i := range 40 {
		acc.Add(10, false, i%3 == 0)
	}
	r := ok[FairnessResult[int]](t)(acc.Result(0))
	if !slices.Equal(r.Unknown, []int{9, 10}) || len(r.Groups) != 6 || r.ComparedForSelection != 5 || r.ComparedForEqualizedOdds != 4 {
		t.Errorf("small groups and groups without positives are listed: %+v", r)
	}
	delete(acc.m, 10)
	r = ok[FairnessResult[int]](t)(acc.Result(0))
	relNear(t, "parity difference", r.ParityDifference, f.ParityDifference, 1e-12)
	relNear(t, "parity ratio", r.ParityRatio, f.ParityRatio, 1e-12)
	relNear(t, "odds difference", r.EqualizedOddsDifference, f.OddsDifference, 1e-12)
	relNear(t, "odds ratio", r.EqualizedOddsRatio, f.OddsRatio, 1e-12)
	relNear(t, "opportunity", r.EqualOpportunity, f.Opportunity, 1e-12)
}

func TestFairnessMerge(t *testing.T) {
	testkit.Laws[*Fairness[string]]{
		Empty: func() *Fairness[string] { return &Fairness[string]{} },
		Add: func(t *rapid.T) func(*Fairness[string]) {
			g, y, p := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "group"), rapid.Bool().Draw(t, "y"), rapid.Bool().Draw(t, "p")
			return func(f *Fairness[string]) { f.Add(g, y, p) }
		},
		Merge: func(a, b *Fairness[string]) error { return a.Merge(b) },
		Result: func(f *Fairness[string]) []float64 {
			var out []float64
			for _, g := range []string{"a", "b", "c"} {
				c := f.m[g]
				out = append(out, float64(c.TP), float64(c.FP), float64(c.FN), float64(c.TN))
			}
			return out
		},
	}.Check(t)
}

func TestFairnessBadInput(t *testing.T) {
	_, fairEmpty := (&Fairness[int]{}).Result(0)
	_, fairMin := (&Fairness[int]{}).Result(-1)
	for name, x := range map[string]struct{ got, want error }{
		"fairness empty": {fairEmpty, ErrEmpty},
		"fairness min":   {fairMin, ErrOption},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}
