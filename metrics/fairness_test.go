package metrics_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestFairnessBadInput(t *testing.T) {
	_, fairEmpty := (&metrics.Fairness[int]{}).Result(0)
	_, fairMin := (&metrics.Fairness[int]{}).Result(-1)
	for name, x := range map[string]struct{ got, want error }{
		"fairness empty": {fairEmpty, metrics.ErrEmpty},
		"fairness min":   {fairMin, metrics.ErrOption},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}

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
	var acc, known metrics.Fairness[int]
	for i, x := range f.Group {
		acc.Add(x, f.Actual[i] == 1, f.Predicted[i] == 1)
		known.Add(x, f.Actual[i] == 1, f.Predicted[i] == 1)
	}
	acc.Add(9, true, true)
	known.Add(9, true, true)
	for i := range 40 {
		acc.Add(10, false, i%3 == 0)
	}
	r := ok[metrics.FairnessResult[int]](t)(acc.Result(0))
	if !slices.Equal(r.Unknown, []int{9, 10}) || len(r.Groups) != 6 || r.ComparedForSelection != 5 || r.ComparedForEqualizedOdds != 4 {
		t.Errorf("small groups and groups without positives are listed: %+v", r)
	}
	r = ok[metrics.FairnessResult[int]](t)(known.Result(0))
	relNear(t, "parity difference", r.ParityDifference, f.ParityDifference, 1e-12)
	relNear(t, "parity ratio", r.ParityRatio, f.ParityRatio, 1e-12)
	relNear(t, "odds difference", r.EqualizedOddsDifference, f.OddsDifference, 1e-12)
	relNear(t, "odds ratio", r.EqualizedOddsRatio, f.OddsRatio, 1e-12)
	relNear(t, "opportunity", r.EqualOpportunity, f.Opportunity, 1e-12)
}

func TestFairnessMerge(t *testing.T) {
	testkit.Laws[*metrics.Fairness[string]]{
		Empty: func() *metrics.Fairness[string] { return &metrics.Fairness[string]{} },
		Add: func(t *rapid.T) func(*metrics.Fairness[string]) {
			g, y, p := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "group"), rapid.Bool().Draw(t, "y"), rapid.Bool().Draw(t, "p")
			return func(f *metrics.Fairness[string]) { f.Add(g, y, p) }
		},
		Merge: func(a, b *metrics.Fairness[string]) error { return a.Merge(b) },
		Result: func(f *metrics.Fairness[string]) []float64 {
			r, err := f.Result(1)
			if err != nil {
				return nil // nothing added
			}
			var out []float64
			for _, g := range r.Groups {
				out = append(out, float64(g.N), g.SelectionRate, g.TPR, g.FPR)
			}
			return out
		},
	}.Check(t)
}
