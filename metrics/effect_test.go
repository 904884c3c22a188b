package metrics_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

// fromSums makes the arm of n values with the given sum and sum of squares.
func fromSums(t testing.TB, sum, sumsq float64, n int64) metrics.Moments {
	t.Helper()
	mean := sum / float64(n)
	m, err := metrics.NewMoments(n, mean, (sumsq-sum*mean)/float64(n-1))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCompareProportionsReference(t *testing.T) {
	e, err := metrics.CompareProportions(proportion(40, 100), proportion(50, 100), metrics.CompareOptions{Inference: metrics.InferWald})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "z", e.Statistic, 1.421338, 5e-7)
	testkit.Near(t, "p", e.PValue, 0.155218, 5e-7)
	testkit.Near(t, "unpooled z", e.Estimate/e.SE, 1.428571, 5e-7)
	testkit.Near(t, "unpooled p", infer.NormalTwoSided(e.Estimate/e.SE), 0.153127, 5e-7)
	testkit.Near(t, "low", e.Low, 0.1-1.959963984540054*0.07, 1e-12)
	if e.Significant() || e.N != 200 || e.Scale != metrics.ScaleAbsolute || len(e.Warnings) != 0 {
		t.Errorf("%+v", e)
	}
}

func TestWilsonReference(t *testing.T) {
	for _, c := range []struct {
		x, n      int64
		low, high float64
		tol       float64
	}{
		{19, 38, 0.348499283643951, 0.651500716356049, 1e-14},
		{0, 77, 0, 0.0475184, 5e-8},
		{18, 20, 0.698966355, 0.972133519, 5e-10},
	} {
		p := proportion(c.x, c.n)
		iv, err := p.Wilson(0)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "low", iv.Low, c.low, c.tol)
		testkit.Near(t, "high", iv.High, c.high, c.tol)
	}
}

func TestClopperPearsonReference(t *testing.T) {
	p := proportion(18, 20)
	iv, err := p.ClopperPearson(0)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Clopper-Pearson low", iv.Low, .683017286, 5e-10) // the definitions print …287; statsmodels says .68301728598
	testkit.Near(t, "Clopper-Pearson high", iv.High, .987651473, 5e-10)
	half := proportion(1, 2)
	if _, err := half.ClopperPearson(1); !errors.Is(err, metrics.ErrOption) {
		t.Errorf("level 1: %v", err)
	}
	if _, err := (&metrics.Proportion{}).ClopperPearson(0); !errors.Is(err, metrics.ErrUndefined) {
		t.Errorf("no trials: %v", err)
	}
}

func TestCompareMeansReference(t *testing.T) {
	a, b := fromSums(t, 1396.87, 52377.9767, 3407), fromSums(t, 2422.7, 134698.29, 3461)
	abs, err := metrics.CompareMeans(a, b, metrics.CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "difference", abs.Estimate, 0.29, 5e-6)
	testkit.Near(t, "SE", abs.SE, 0.124784, 5e-7)
	testkit.Near(t, "p", abs.PValue, 0.0201584, 5e-8)
	testkit.Near(t, "low", abs.Low, 0.04538, 5e-6)
	testkit.Near(t, "high", abs.High, 0.53462, 5e-6)
	rel, err := metrics.CompareMeans(a, b, metrics.CompareOptions{Scale: metrics.ScaleRelative})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "lift", rel.Estimate, 0.707317, 1e-6)
	testkit.Near(t, "SE", rel.SE, 0.378794, 1e-6)
	testkit.Near(t, "p", rel.PValue, 0.061912, 1e-6)
	testkit.Near(t, "low", rel.Low, -0.03526, 1e-5)
	testkit.Near(t, "high", rel.High, 1.44989, 1e-5)
	if !abs.Significant() || rel.Significant() {
		t.Error("absolute must be significant and relative not")
	}
	ratio, err := metrics.CompareMeans(a, b, metrics.CompareOptions{Scale: metrics.ScaleRatio})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "ratio", ratio.Estimate, 1+rel.Estimate, 1e-12)
	testkit.Near(t, "ratio low", ratio.Low, 1+rel.Low, 1e-12)
	testkit.Near(t, "ratio p", ratio.PValue, rel.PValue, 1e-12)
}

func TestCompareBadInput(t *testing.T) {
	ok := proportion(5, 10)
	one, _ := metrics.NewMoments(1, 3, 0)
	flat, _ := metrics.NewMoments(10, 3, 0)
	zero, _ := metrics.NewMoments(10, 0, 1)
	neg, _ := metrics.NewMoments(10, -2, 1)
	two := func(_ metrics.Effect, err error) error { return err }
	np := func(_ metrics.Proportion, err error) error { return err }
	nm := func(_ metrics.Moments, err error) error { return err }
	for name, c := range map[string]struct{ got, want error }{
		"empty arm":              {two(metrics.CompareProportions(metrics.Proportion{}, ok, metrics.CompareOptions{})), metrics.ErrUndefined},
		"no successes at all":    {two(metrics.CompareProportions(proportion(0, 9), proportion(0, 8), metrics.CompareOptions{Scale: metrics.ScaleRatio})), metrics.ErrUndefined},
		"no variance, Wald":      {two(metrics.CompareProportions(proportion(9, 9), proportion(8, 8), metrics.CompareOptions{Inference: metrics.InferWald})), metrics.ErrUndefined},
		"odds of rate 1":         {two(metrics.CompareProportions(ok, proportion(8, 8), metrics.CompareOptions{Scale: metrics.ScaleOdds})), metrics.ErrUndefined},
		"odds of means":          {two(metrics.CompareMeans(zero, neg, metrics.CompareOptions{Scale: metrics.ScaleOdds})), metrics.ErrOption},
		"rescale to odds":        {(&metrics.Effect{Scale: metrics.ScaleOdds, MeanA: 1, MeanB: 2}).Rescale(1, 1), metrics.ErrOption},
		"inference 9":            {two(metrics.CompareProportions(ok, ok, metrics.CompareOptions{Inference: 9})), metrics.ErrOption},
		"relative to rate 0":     {two(metrics.CompareProportions(proportion(0, 9), ok, metrics.CompareOptions{Scale: metrics.ScaleRelative})), metrics.ErrUndefined},
		"level 1":                {two(metrics.CompareProportions(ok, ok, metrics.CompareOptions{Level: 1})), metrics.ErrOption},
		"level NaN":              {two(metrics.CompareMeans(zero, neg, metrics.CompareOptions{Level: math.NaN()})), metrics.ErrOption},
		"scale 9":                {two(metrics.CompareMeans(zero, neg, metrics.CompareOptions{Scale: 9})), metrics.ErrOption},
		"n=1 arm":                {two(metrics.CompareMeans(one, zero, metrics.CompareOptions{})), metrics.ErrUndefined},
		"no variance":            {two(metrics.CompareMeans(flat, flat, metrics.CompareOptions{})), metrics.ErrUndefined},
		"relative to mean 0":     {two(metrics.CompareMeans(zero, neg, metrics.CompareOptions{Scale: metrics.ScaleRelative})), metrics.ErrUndefined},
		"ratio of negatives":     {two(metrics.CompareMeans(neg, zero, metrics.CompareOptions{Scale: metrics.ScaleRatio})), metrics.ErrUndefined},
		"more successes than n":  {np(metrics.NewProportion(3, 2)), metrics.ErrRange},
		"negative successes":     {np(metrics.NewProportion(-1, 2)), metrics.ErrRange},
		"negative variance":      {nm(metrics.NewMoments(3, 0, -1)), metrics.ErrRange},
		"NaN mean":               {nm(metrics.NewMoments(3, math.NaN(), 1)), metrics.ErrNotFinite},
		"NaN value":              {nm(metrics.MomentsOf([]float64{1, math.NaN()})), metrics.ErrNotFinite},
		"arms overflow together": {two(metrics.CompareProportions(proportion(1, math.MaxInt64), ok, metrics.CompareOptions{})), metrics.ErrOverflow},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	e, err := metrics.CompareMeans(neg, zero, metrics.CompareOptions{Scale: metrics.ScaleRelative})
	if err != nil || !slices.Contains(e.Warnings, metrics.WarnNegativeBaseline) || !testkit.Close(e.Estimate, 1, 1e-12, 0) {
		t.Errorf("negative baseline: %+v, %v", e, err)
	}
	e, err = metrics.CompareMeans(flat, zero, metrics.CompareOptions{})
	if err != nil || !slices.Contains(e.Warnings, metrics.WarnZeroVarianceArm) || e.DF != 9 {
		t.Errorf("one arm without variance: %+v, %v", e, err)
	}
	e, err = metrics.CompareProportions(proportion(0, 10), proportion(10, 10), metrics.CompareOptions{})
	if err != nil || !(e.PValue < 1e-4) || e.Low < .5 || e.High != 1 || !slices.Contains(e.Warnings, metrics.WarnZeroVarianceArm) {
		t.Errorf("rates 0 and 1: %+v, %v", e, err)
	}
}

// An estimator outside that fills an Effect gets what the ones inside get.
func TestEffectOfOnesOwn(t *testing.T) {
	a, _ := metrics.NewMoments(50, 10, 4)
	b, _ := metrics.NewMoments(60, 12, 9)
	for _, scale := range []metrics.Scale{metrics.ScaleAbsolute, metrics.ScaleRelative, metrics.ScaleRatio} {
		opt, err := metrics.CompareOptions{Scale: scale}.Resolve("here")
		if err != nil || opt.Level != .95 {
			t.Fatalf("%+v, %v", opt, err)
		}
		want := ok[metrics.Effect](t)(metrics.CompareMeans(a, b, opt))
		seA, seB := math.Sqrt(4./50), math.Sqrt(9./60)
		e := metrics.Effect{Scale: scale, Estimate: 2, SE: math.Sqrt(4./50 + 9./60), MeanA: 10, MeanB: 12}
		if err := e.Rescale(seA, seB); err != nil {
			t.Fatal(err)
		}
		e.Infer(opt.Level, want.DF)
		relNear(t, "estimate", e.Estimate, want.Estimate, 1e-14)
		relNear(t, "SE", e.SE, want.SE, 1e-14)
		relNear(t, "low", e.Low, want.Low, 1e-12)
		relNear(t, "high", e.High, want.High, 1e-12)
		relNear(t, "statistic", e.Statistic, want.Statistic, 1e-13)
		relNear(t, "p", e.PValue, want.PValue, 1e-11)
	}
	for name, bad := range map[string]metrics.CompareOptions{"scale": {Scale: 9}, "level": {Level: 1}, "NaN": {Level: math.NaN()}} {
		if _, err := bad.Resolve("here"); !errors.Is(err, metrics.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := metrics.Effect{Scale: metrics.ScaleRatio, MeanA: -1, MeanB: 2}
	if err := e.Rescale(1, 1); !errors.Is(err, metrics.ErrUndefined) {
		t.Errorf("ratio to a negative mean: %v", err)
	}
}
