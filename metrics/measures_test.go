package metrics_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestMeasuresGolden(t *testing.T) {
	var g struct {
		P, Samples                      [][]float64
		Y                               []int
		Ended                           []bool
		Weights, Times, Risk, Actual    []float64
		LogLoss, WeightedLogLoss, Brier float64
		Concordance, CRPS               float64
	}
	testkit.Golden(t, "measures.json", &g)
	for name, c := range map[string]struct{ got, want float64 }{
		"log-loss":          {got(metrics.MultiLogLoss(g.Y, g.P, nil)), g.LogLoss},
		"weighted log-loss": {got(metrics.MultiLogLoss(g.Y, g.P, g.Weights)), g.WeightedLogLoss},
		"Brier":             {got(metrics.MultiBrier(g.Y, g.P, nil)), g.Brier},
		"concordance":       {got(metrics.Concordance(g.Times, g.Ended, g.Risk)), g.Concordance},
		"CRPS":              {got(metrics.CRPSSamples(g.Actual, g.Samples)), g.CRPS},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, c.got, c.want)
		}
	}
}

// TestConcordanceProp: all pairs, one by one.
func TestConcordanceProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 25).Draw(t, "n")
		times, ended, risk := make([]float64, n), make([]bool, n), make([]float64, n)
		for i := range times {
			times[i], ended[i], risk[i] = float64(rapid.IntRange(0, 6).Draw(t, "time")), rapid.Bool().Draw(t, "ended"), float64(rapid.IntRange(0, 4).Draw(t, "risk"))
		}
		good, pairs := 0.0, 0.0
		for i := range times {
			for j := range times {
				if ended[i] && (times[i] < times[j] || times[i] == times[j] && !ended[j]) {
					pairs++
					if risk[i] > risk[j] {
						good++
					} else if risk[i] == risk[j] {
						good += .5
					}
				}
			}
		}
		c, err := metrics.Concordance(times, ended, risk)
		if pairs == 0 {
			if !errors.Is(err, metrics.ErrUndefined) {
				t.Fatalf("%v, %v", c, err)
			}
		} else if err != nil || math.Abs(c-good/pairs) > 1e-12 {
			t.Fatalf("%v, %v, want %v", c, err, good/pairs)
		}
	})
}

// TestCRPS: by the double sum, and of many quantiles of the normal law by its closed form.
func TestCRPS(t *testing.T) {
	s := rng.New(3, 1, 0)
	x, y := make([]float64, 41), s.Normal()
	for k := range x {
		x[k] = s.Normal()
	}
	want := 0.0
	for _, a := range x {
		want += math.Abs(a-y) / 41
		for _, b := range x {
			want -= math.Abs(a-b) / 2 / 41 / 41
		}
	}
	if v := got(metrics.CRPSSamples([]float64{y}, [][]float64{x})); math.Abs(v-want) > 1e-12 {
		t.Errorf("%v, want %v", v, want)
	}
	if v := got(metrics.CRPSSamples([]float64{3, 5}, [][]float64{{1}, {6}})); v != 1.5 {
		t.Errorf("of single samples %v, want the MAE", v)
	}
	const m = 4000
	levels, quantiles := make([]float64, m), make([]float64, m)
	for k := range levels {
		levels[k] = (float64(k) + .5) / m
		quantiles[k] = math.Sqrt2 * math.Erfinv(2*levels[k]-1)
	}
	const at = .7
	closed := at*math.Erf(at/math.Sqrt2) + 2*math.Exp(-at*at/2)/math.Sqrt(2*math.Pi) - 1/math.Sqrt(math.Pi)
	if v := got(metrics.CRPSQuantiles([]float64{at}, [][]float64{quantiles}, levels)); math.Abs(v-closed) > 1e-4 {
		t.Errorf("of quantiles %v, closed form %v", v, closed)
	}
	if v := got(metrics.CRPSQuantiles([]float64{5}, [][]float64{{3}}, []float64{.25})); v != 2*got(metrics.PinballLoss([]float64{5}, []float64{3}, .25)) {
		t.Errorf("of one quantile %v", v)
	}
}

func TestMeasuresRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		do func() error
		is error
	}{
		"a class that is none": {func() error { _, err := metrics.MultiLogLoss([]int{2}, [][]float64{{.5, .5}}, nil); return err }, metrics.ErrRange},
		"no distribution":      {func() error { _, err := metrics.MultiLogLoss([]int{0}, [][]float64{{.5, .6}}, nil); return err }, metrics.ErrRange},
		"ragged":               {func() error { _, err := metrics.MultiBrier([]int{0, 0}, [][]float64{{1}, {.5, .5}}, nil); return err }, metrics.ErrShape},
		"no rows":              {func() error { _, err := metrics.MultiBrier(nil, nil, nil); return err }, metrics.ErrUndefined},
		"a negative time":      {func() error { _, err := metrics.Concordance([]float64{-1}, []bool{true}, []float64{1}); return err }, metrics.ErrRange},
		"censored all": {func() error {
			_, err := metrics.Concordance([]float64{1, 2}, []bool{false, false}, []float64{1, 2})
			return err
		}, metrics.ErrUndefined},
		"risk of NaN": {func() error {
			_, err := metrics.Concordance([]float64{1}, []bool{true}, []float64{math.NaN()})
			return err
		}, metrics.ErrNotFinite},
		"no samples": {func() error { _, err := metrics.CRPSSamples([]float64{1}, [][]float64{{}}); return err }, metrics.ErrEmpty},
		"levels": {func() error {
			_, err := metrics.CRPSQuantiles([]float64{1}, [][]float64{{1, 2}}, []float64{.5, .5})
			return err
		}, metrics.ErrOption},
		"quantiles too few": {func() error {
			_, err := metrics.CRPSQuantiles([]float64{1}, [][]float64{{1}}, []float64{.4, .5})
			return err
		}, metrics.ErrShape},
		"too large": {func() error { _, err := metrics.CRPSSamples([]float64{-1e308}, [][]float64{{1e308}}); return err }, metrics.ErrOverflow},
	} {
		if err := c.do(); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
}

func ExampleMultiLogLoss() {
	actual := []int{0, 2, 1} // which of three channels answered
	p := [][]float64{{.7, .2, .1}, {.2, .2, .6}, {.3, .4, .3}}
	loss, err := metrics.MultiLogLoss(actual, p, nil)
	if err != nil {
		panic(err)
	}
	brier, err := metrics.MultiBrier(actual, p, nil)
	fmt.Printf("%.3f %.3f %v\n", loss, brier, err)
	// Output:
	// 0.595 0.307 <nil>
}

func ExampleConcordance() {
	days := []float64{30, 90, 12, 60, 90} // until the last order; two customers still buy
	left := []bool{true, false, true, true, false}
	risk := []float64{.6, .2, .9, .7, .1}
	c, err := metrics.Concordance(days, left, risk)
	fmt.Printf("%.3f %v\n", c, err)
	// Output:
	// 0.889 <nil>
}

func ExampleCRPSSamples() {
	sold := []float64{12, 7}
	simulated := [][]float64{{10, 11, 14}, {5, 9, 8}}
	a, err := metrics.CRPSSamples(sold, simulated)
	if err != nil {
		panic(err)
	}
	b, err := metrics.CRPSQuantiles(sold, [][]float64{{9, 11, 15}, {4, 7, 10}}, []float64{.1, .5, .9})
	fmt.Printf("%.3f %.3f %v\n", a, b, err)
	// Output:
	// 0.778 0.567 <nil>
}
