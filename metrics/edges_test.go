package metrics_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

// A sentinel among durations: the value of the quantile is unknown, and said to be.
func TestQuantilesOutOfRange(t *testing.T) {
	fill := func(sign, sentinel float64) *metrics.Quantiles {
		var q metrics.Quantiles
		for i := 1.0; i < 100; i++ {
			if err := q.Add(sign * i); err != nil {
				t.Fatal(err)
			}
		}
		if err := q.Add(sign * sentinel); err != nil {
			t.Fatal(err)
		}
		return &q
	}
	for _, sign := range []float64{1, -1} {
		q := fill(sign, math.MaxFloat64)
		if x, err := q.Quantile(.5); !errors.Is(err, metrics.ErrOverflow) || !math.IsNaN(x) {
			t.Errorf("median %v, %v", x, err)
		}
		for p, want := range map[float64]float64{0: min(sign, sign*math.MaxFloat64), 1: max(sign, sign*math.MaxFloat64)} {
			if x, err := q.Quantile(p); err != nil || x != want {
				t.Errorf("extreme %v: %v, %v", p, x, err)
			}
		}
		q = fill(sign, 1e34)
		x, err := q.Quantile(.5)
		if err != nil || !testkit.Close(x, sign*50, 0, .04) {
			t.Errorf("within range: %v, %v", x, err)
		}
		// The merge says so as well, whichever side saw the sentinel.
		var small metrics.Quantiles
		for i := 1.0; i < 100; i++ {
			if err := small.Add(sign * i); err != nil {
				t.Fatal(err)
			}
		}
		if err := small.Merge(fill(sign, 1e300)); err != nil {
			t.Fatal(err)
		}
		if _, err := small.Quantile(.5); !errors.Is(err, metrics.ErrOverflow) {
			t.Errorf("merged: %v", err)
		}
	}
}

func TestConfusionEdges(t *testing.T) {
	bad := metrics.Confusion{TP: -1, FP: 2, FN: 3, TN: 4}
	for name, f := range map[string]func() (float64, error){
		"precision": bad.Precision, "recall": bad.Recall, "specificity": bad.Specificity, "accuracy": bad.Accuracy, "balanced": bad.BalancedAccuracy,
		"F1": bad.F1, "MCC": bad.MCC,
	} {
		if x, err := f(); !errors.Is(err, metrics.ErrRange) || !math.IsNaN(x) {
			t.Errorf("%s of a negative count: %v, %v", name, x, err)
		}
	}
	full := metrics.Confusion{TP: math.MaxInt64}
	full.Add(true, true)
	if full.TP != math.MaxInt64 {
		t.Errorf("%+v", full)
	}
	for _, c := range []metrics.Confusion{{TP: 1, FN: math.MaxInt64}, {TP: math.MaxInt64, TN: math.MaxInt64, FP: math.MaxInt64, FN: math.MaxInt64}, {TP: 3, TN: math.MaxInt64}} {
		s := c.Scores(math.NaN())
		if s.Accuracy > 1 || s.MCC < -1 || s.MCC > 1 || math.IsNaN(s.MCC) {
			t.Errorf("%+v: %+v", c, s)
		}
	}
	// F for an endless β is recall, for β 0 precision.
	c := metrics.Confusion{TP: 3, FP: 2, FN: 5}
	testkit.Near(t, "F of 1e200", ok[float64](t)(c.FBeta(1e200)), 3./8, 1e-15)
	testkit.Near(t, "F of 1e-200", ok[float64](t)(c.FBeta(1e-200)), 3./5, 1e-15)
}

// Weights have any scale.
func TestHugeWeights(t *testing.T) {
	y, s := []bool{true, false, true, false}, []float64{4, 3, 2, 1}
	for _, scale := range []float64{1, 1e300, 1e-300} {
		w := []float64{scale, scale, scale / 2, scale}
		testkit.Near(t, "AUC", ok[float64](t)(metrics.AUC(y, s, w)), (2+.5)/3, 1e-15)
		testkit.Near(t, "average precision", ok[float64](t)(metrics.AveragePrecision(y, s, w)), (1+.5*1.5/2.5)/1.5, 1e-15)
	}
	testkit.Near(t, "mixed", ok[float64](t)(metrics.AUC(y, s, []float64{1e300, 1e300, 1, 1})), 1, 1e-15)
}

func TestRegressionUnderflow(t *testing.T) {
	var r metrics.Regression
	for _, p := range [][2]float64{{1, 2}, {2, 2.5}, {4, 3}} {
		if err := r.Add(p[0]*1e-163, p[1]*1e-163); err != nil {
			t.Fatal(err)
		}
	}
	if x, err := r.Result(); !errors.Is(err, metrics.ErrOverflow) {
		t.Errorf("%+v, %v", x, err)
	}
}
