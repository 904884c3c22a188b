package predict_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

func TestCostsThreshold(t *testing.T) {
	for _, c := range []struct {
		costs predict.Costs
		want  float64
	}{
		{predict.Costs{TruePositive: -4, FalsePositive: 1}, 0.2},
		{predict.Costs{FalsePositive: 1, FalseNegative: 1}, 0.5},
		{predict.Costs{TruePositive: -10, FalsePositive: 3, TrueNegative: -1, FalseNegative: 2}, 0.25}, // (3+1)/(3+1+2+10)
		{predict.Costs{TruePositive: 1, FalsePositive: 5, TrueNegative: 2, FalseNegative: 10}, 0.25},   // (5-2)/(5-2+10-1)
		{predict.Costs{FalsePositive: 1e308, TrueNegative: -1e-300, FalseNegative: 1e308}, 0.5},
	} {
		got, err := c.costs.Threshold()
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, fmt.Sprint(c.costs), got, c.want, 1e-15)
	}
	for _, c := range []struct {
		costs predict.Costs
		want  error
	}{
		{predict.Costs{}, predict.ErrOption},
		{predict.Costs{FalsePositive: 1}, predict.ErrOption},
		{predict.Costs{FalseNegative: 1}, predict.ErrOption},
		{predict.Costs{FalsePositive: 1, TrueNegative: 1, FalseNegative: 1}, predict.ErrOption},
		{predict.Costs{FalsePositive: 1, FalseNegative: 1, TruePositive: 1}, predict.ErrOption},
		{predict.Costs{FalsePositive: math.NaN(), FalseNegative: 1}, predict.ErrNotFinite},
	} {
		if _, err := c.costs.Threshold(); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.costs, err)
		}
		if _, err := predict.BestThreshold([]float64{1}, []bool{true}, nil, c.costs); !errors.Is(err, c.want) {
			t.Errorf("BestThreshold, %+v: %v", c.costs, err)
		}
	}
}

// TestCostsThresholdProp: at the threshold acting and not acting cost the same.
func TestCostsThresholdProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCosts(t)
		p, err := c.Threshold()
		if err != nil {
			t.Fatal(err)
		}
		act := p*c.TruePositive + (1-p)*c.FalsePositive
		not := p*c.FalseNegative + (1-p)*c.TrueNegative
		if p <= 0 || p >= 1 || math.Abs(act-not) > 1e-12*(math.Abs(act)+math.Abs(not)+1) {
			t.Fatalf("%+v: at %v acting costs %v, not acting %v", c, p, act, not)
		}
	})
}

// drawCosts draws whole costs, none of the four fixed at 0, for which a threshold
// exists.
func drawCosts(t *rapid.T) predict.Costs {
	whole := func(name string, low, high int) float64 { return float64(rapid.IntRange(low, high).Draw(t, name)) }
	c := predict.Costs{TrueNegative: whole("TN", -5, 5), TruePositive: whole("TP", -5, 5)}
	c.FalsePositive = c.TrueNegative + whole("FP over TN", 1, 9)
	c.FalseNegative = c.TruePositive + whole("FN over TP", 1, 9)
	return c
}

// TestBestThreshold: a case by hand in which every outcome has a cost and a weight.
func TestBestThreshold(t *testing.T) {
	scores, y, w := []float64{0.1, 0.4, 0.4, 0.7, 0.9}, []bool{true, false, true, false, true}, []float64{1, 2, 3, 1, 2}
	costs := predict.Costs{TruePositive: -3, FalsePositive: 4, TrueNegative: -1, FalseNegative: 2}
	got, err := predict.BestThreshold(scores, y, w, costs)
	if err != nil {
		t.Fatal(err)
	}
	// Acting from 0.4 on: 5·-3 + 3·4 + 0·-1 + 1·2 = -1; from 0.9 on: 2·-3 + 0 + 3·-1 + 4·2 = -1, and fewer are
	// acted on; from 0.7 on: -6 + 4 - 2 + 8 = 4; on all: -18 + 12 = -6.
	want := predict.ThresholdChoice{
		Threshold: 0.1, Cost: -6, ActNone: 6*2 + 3*-1, ActAll: -6,
		TruePositive: 6, FalsePositive: 3,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Dearer errors of acting: only the surest, and the weights of all four outcomes.
	costs.FalsePositive = 9
	got, err = predict.BestThreshold(scores, y, w, costs)
	if err != nil {
		t.Fatal(err)
	}
	want = predict.ThresholdChoice{
		Threshold: 0.9, Cost: 2*-3 + 3*-1 + 4*2, ActNone: 9, ActAll: 6*-3 + 3*9,
		TruePositive: 2, TrueNegative: 3, FalseNegative: 4,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestBestThresholdProp: no threshold is cheaper, counting all four outcomes by
// definition; ties go to the higher one.
func TestBestThresholdProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		s, y, w := make([]float64, n), make([]bool, n), make([]float64, n)
		for i := range n {
			s[i], y[i], w[i] = float64(rapid.IntRange(0, 5).Draw(t, "s"))/5, rapid.Bool().Draw(t, "y"), float64(rapid.IntRange(1, 3).Draw(t, "w"))
		}
		c := drawCosts(t)
		outcome := func(at float64) predict.ThresholdChoice {
			o := predict.ThresholdChoice{Threshold: at}
			for i := range n {
				switch {
				case s[i] >= at && y[i]:
					o.TruePositive += w[i]
				case s[i] >= at:
					o.FalsePositive += w[i]
				case y[i]:
					o.FalseNegative += w[i]
				default:
					o.TrueNegative += w[i]
				}
			}
			o.Cost = c.TruePositive*o.TruePositive + c.FalsePositive*o.FalsePositive + c.TrueNegative*o.TrueNegative + c.FalseNegative*o.FalseNegative
			return o
		}
		got, err := predict.BestThreshold(s, y, w, c)
		if err != nil {
			t.Fatal(err)
		}
		want := outcome(got.Threshold)
		want.ActNone, want.ActAll = outcome(math.Inf(1)).Cost, outcome(-1).Cost
		if got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		for _, at := range append(slices.Clone(s), math.Inf(1)) {
			if cost := outcome(at).Cost; cost < got.Cost || cost == got.Cost && at > got.Threshold {
				t.Fatalf("%v costs %v, chosen %+v", at, cost, got)
			}
		}
	})
}
