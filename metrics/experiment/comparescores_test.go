package experiment_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

func close2(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

func TestCompareScoresGolden(t *testing.T) {
	var g struct {
		Delong []struct {
			Y                   []bool
			A, B                []float64
			AreaA, AreaB, SE, P float64
		}
		Correct []struct {
			A, B []bool
			P    float64
		}
		Folds []struct {
			A, B                       []float64
			Ratio, SE, T, P, Low, High float64
		}
	}
	testkit.Golden(t, "comparescores.json", &g)
	for k, c := range g.Delong {
		e, err := experiment.CompareAUC(c.Y, c.A, c.B, metrics.CompareOptions{})
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("DeLong %d: ", k)
		close2(t, name+"area a", e.MeanA, c.AreaA, 1e-12)
		close2(t, name+"area b", e.MeanB, c.AreaB, 1e-12)
		close2(t, name+"difference", e.Estimate, c.AreaB-c.AreaA, 1e-12)
		close2(t, name+"error", e.SE, c.SE, 1e-12)
		close2(t, name+"p", e.PValue, c.P, 1e-12)
	}
	for k, c := range g.Correct {
		e, err := experiment.CompareCorrect(c.A, c.B, metrics.CompareOptions{})
		if err != nil {
			t.Fatal(err)
		}
		close2(t, fmt.Sprintf("McNemar %d: p", k), e.PValue, c.P, 1e-10)
		close2(t, fmt.Sprintf("McNemar %d: difference", k), e.MeanB-e.MeanA, e.Estimate, 1e-15)
	}
	for k, c := range g.Folds {
		e, err := experiment.CompareFolds(c.A, c.B, c.Ratio, metrics.CompareOptions{})
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("folds %d: ", k)
		close2(t, name+"error", e.SE, c.SE, 1e-12)
		close2(t, name+"t", e.Statistic, c.T, 1e-11)
		close2(t, name+"p", e.PValue, c.P, 1e-9)
		close2(t, name+"low", e.Low, c.Low, 1e-9)
		close2(t, name+"high", e.High, c.High, 1e-9)
	}
}

// TestCompareAUCLevel: of two models that are equally good about 5 % are found different.
func TestCompareAUCLevel(t *testing.T) {
	found := 0
	const runs = 1000
	for run := range uint64(runs) {
		s := rng.New(7, 1, run)
		y, a, b := make([]bool, 80), make([]float64, 80), make([]float64, 80)
		for i := range y {
			y[i] = i%3 == 0
			x := s.Normal()
			if y[i] {
				x++
			}
			a[i], b[i] = x+s.Normal(), x+s.Normal()
		}
		e, err := experiment.CompareAUC(y, a, b, metrics.CompareOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if e.Significant() {
			found++
		}
	}
	if rate := float64(found) / runs; rate < .03 || rate > .075 {
		t.Errorf("%.3f of equal models differ", rate)
	}
}

func TestCompareScoresRefuse(t *testing.T) {
	y := []bool{true, true, false, false}
	x, z := []float64{1, 2, 3, 4}, []float64{4, 1, 2, 3}
	for name, c := range map[string]struct {
		do func() error
		is error
	}{
		"one positive row": {func() error {
			_, err := experiment.CompareAUC([]bool{true, false, false, false}, x, z, metrics.CompareOptions{})
			return err
		}, metrics.ErrUndefined},
		"the same order": {func() error {
			_, err := experiment.CompareAUC(y, x, []float64{2, 4, 6, 8}, metrics.CompareOptions{})
			return err
		}, metrics.ErrUndefined},
		"scores of NaN": {func() error {
			_, err := experiment.CompareAUC(y, x, []float64{2, 4, math.NaN(), 8}, metrics.CompareOptions{})
			return err
		}, metrics.ErrNotFinite},
		"lengths": {func() error { _, err := experiment.CompareAUC(y, x, z[:2], metrics.CompareOptions{}); return err }, metrics.ErrShape},
		"a relative scale": {func() error {
			_, err := experiment.CompareAUC(y, x, z, metrics.CompareOptions{Scale: metrics.ScaleRelative})
			return err
		}, metrics.ErrOption},
		"right alike": {func() error { _, err := experiment.CompareCorrect(y, y, metrics.CompareOptions{}); return err }, metrics.ErrUndefined},
		"no rows":     {func() error { _, err := experiment.CompareCorrect(nil, nil, metrics.CompareOptions{}); return err }, metrics.ErrEmpty},
		"one fold": {func() error {
			_, err := experiment.CompareFolds(x[:1], z[:1], .1, metrics.CompareOptions{})
			return err
		}, metrics.ErrUndefined},
		"a ratio of 0": {func() error { _, err := experiment.CompareFolds(x, z, 0, metrics.CompareOptions{}); return err }, metrics.ErrOption},
		"a constant apart": {func() error {
			_, err := experiment.CompareFolds(x, []float64{2, 3, 4, 5}, .1, metrics.CompareOptions{})
			return err
		}, metrics.ErrUndefined},
	} {
		if err := c.do(); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
}

// TestCompareCorrectTail: a difference beyond doubt has the p-value of its table, and not 0.
func TestCompareCorrectTail(t *testing.T) {
	a, b := make([]bool, 300), make([]bool, 300)
	for i := range 100 {
		b[i] = true
	}
	e, err := experiment.CompareCorrect(a, b, metrics.CompareOptions{})
	if want := math.Ldexp(1, -99); err != nil || math.Abs(e.PValue/want-1) > 1e-9 {
		t.Errorf("p is %v, want %v, %v", e.PValue, want, err)
	}
}

// Two models on the same rows: by area, by rows that are right, by folds.
func ExampleCompareAUC() {
	y := []bool{true, true, true, false, false, false, true, false, true, false}
	a := []float64{.6, .4, .7, .5, .3, .6, .5, .2, .4, .5}
	b := []float64{.9, .6, .8, .3, .2, .7, .6, .1, .5, .3}
	e, err := experiment.CompareAUC(y, a, b, metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("AUC %.2f and %.2f, p %.2f\n", e.MeanA, e.MeanB, e.PValue)

	right := func(s []float64) (out []bool) {
		for i, v := range s {
			out = append(out, (v >= .5) == y[i])
		}
		return out
	}
	e, err = experiment.CompareCorrect(right(a), right(b), metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.1f and %.1f right, p %.3f\n", e.MeanA, e.MeanB, e.PValue)

	e, err = experiment.CompareFolds([]float64{.71, .75, .70, .73, .74}, []float64{.74, .76, .74, .74, .77}, 1./4, metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("five folds: %+.3f, p %.3f\n", e.Estimate, e.PValue)
	// Output:
	// AUC 0.66 and 0.88, p 0.12
	// 0.5 and 0.9 right, p 0.125
	// five folds: +0.024, p 0.056
}
