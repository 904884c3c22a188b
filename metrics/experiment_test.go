package metrics

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
)

func prop(t testing.TB, x, n int64) Proportion {
	t.Helper()
	p, err := NewProportion(x, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fromSums makes the arm of n values with the given sum and sum of squares.
func fromSums(t testing.TB, sum, sumsq float64, n int64) Moments {
	t.Helper()
	mean := sum / float64(n)
	m, err := NewMoments(n, mean, (sumsq-sum*mean)/float64(n-1))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCompareProportionsReference(t *testing.T) {
	e, err := CompareProportions(prop(t, 40, 100), prop(t, 50, 100), CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "z", e.Statistic, 1.421338, 5e-7)
	testkit.Near(t, "p", e.PValue, 0.155218, 5e-7)
	testkit.Near(t, "unpooled z", e.Estimate/e.SE, 1.428571, 5e-7)
	testkit.Near(t, "unpooled p", infer.NormalTwoSided(e.Estimate/e.SE), 0.153127, 5e-7)
	testkit.Near(t, "low", e.Low, 0.1-1.959963984540054*0.07, 1e-12)
	if e.Significant() || e.N != 200 || e.Scale != ScaleAbsolute || len(e.Warnings) != 0 {
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
		p := prop(t, c.x, c.n)
		iv, err := p.Wilson(0)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "low", iv.Low, c.low, c.tol)
		testkit.Near(t, "high", iv.High, c.high, c.tol)
	}
}

func TestCompareMeansReference(t *testing.T) {
	a, b := fromSums(t, 1396.87, 52377.9767, 3407), fromSums(t, 2422.7, 134698.29, 3461)
	abs, err := CompareMeans(a, b, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "difference", abs.Estimate, 0.29, 5e-6)
	testkit.Near(t, "SE", abs.SE, 0.124784, 5e-7)
	testkit.Near(t, "p", abs.PValue, 0.0201584, 5e-8)
	testkit.Near(t, "low", abs.Low, 0.04538, 5e-6)
	testkit.Near(t, "high", abs.High, 0.53462, 5e-6)
	rel, err := CompareMeans(a, b, CompareOptions{Scale: ScaleRelative})
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
	ratio, err := CompareMeans(a, b, CompareOptions{Scale: ScaleRatio})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "ratio", ratio.Estimate, 1+rel.Estimate, 1e-12)
	testkit.Near(t, "ratio low", ratio.Low, 1+rel.Low, 1e-12)
	testkit.Near(t, "ratio p", ratio.PValue, rel.PValue, 1e-12)
}

func TestSampleRatioReference(t *testing.T) {
	for _, c := range []struct {
		counts  []int64
		weights []float64
		chi, p  float64
		chiTol  float64
		alarm   bool
	}{
		{[]int64{9463, 7681}, nil, 185.2266, 3.5e-42, 5e-5, true},
		{[]int64{5100, 4900}, []float64{1, 1}, 4.0, 0.0455, 1e-12, false},
		{[]int64{821588, 815482}, []float64{0.5, 0.5}, 22.774, 1.82e-6, 1e-3, true},
		{[]int64{5100, 0, 4900}, []float64{0.5, 0, 0.5}, 4.0, 0.0455, 1e-12, false}, // an arm without weight is no degree of freedom
	} {
		r, err := SampleRatio(c.counts, c.weights)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "χ²", r.ChiSquared, c.chi, c.chiTol)
		if !testkit.Close(r.PValue, c.p, 0, 0.02) || r.DF != 1 || r.Alarm != c.alarm {
			t.Errorf("%v: %+v, want p %v", c.counts, r, c.p)
		}
	}
	r, err := SampleRatio([]int64{500, 3, 500}, []float64{1, 0, 1})
	if err != nil || !r.Alarm || !slices.Contains(r.Warnings, WarnUnplannedArm) {
		t.Errorf("users in an arm of weight 0: %+v, %v", r, err)
	}
}

func TestExperimentBadInput(t *testing.T) {
	ok := prop(t, 5, 10)
	one, _ := NewMoments(1, 3, 0)
	flat, _ := NewMoments(10, 3, 0)
	zero, _ := NewMoments(10, 0, 1)
	neg, _ := NewMoments(10, -2, 1)
	two := func(_ Effect, err error) error { return err }
	srm := func(_ SRM, err error) error { return err }
	np := func(_ Proportion, err error) error { return err }
	nm := func(_ Moments, err error) error { return err }
	for name, c := range map[string]struct{ got, want error }{
		"empty arm":              {two(CompareProportions(Proportion{}, ok, CompareOptions{})), ErrUndefined},
		"no successes at all":    {two(CompareProportions(prop(t, 0, 9), prop(t, 0, 8), CompareOptions{})), ErrUndefined},
		"all successes":          {two(CompareProportions(prop(t, 9, 9), prop(t, 8, 8), CompareOptions{})), ErrUndefined},
		"relative to rate 0":     {two(CompareProportions(prop(t, 0, 9), ok, CompareOptions{Scale: ScaleRelative})), ErrUndefined},
		"level 1":                {two(CompareProportions(ok, ok, CompareOptions{Level: 1})), ErrOption},
		"level NaN":              {two(CompareMeans(zero, neg, CompareOptions{Level: math.NaN()})), ErrOption},
		"scale 9":                {two(CompareMeans(zero, neg, CompareOptions{Scale: 9})), ErrOption},
		"n=1 arm":                {two(CompareMeans(one, zero, CompareOptions{})), ErrUndefined},
		"no variance":            {two(CompareMeans(flat, flat, CompareOptions{})), ErrUndefined},
		"relative to mean 0":     {two(CompareMeans(zero, neg, CompareOptions{Scale: ScaleRelative})), ErrUndefined},
		"ratio of negatives":     {two(CompareMeans(neg, zero, CompareOptions{Scale: ScaleRatio})), ErrUndefined},
		"more successes than n":  {np(NewProportion(3, 2)), ErrRange},
		"negative successes":     {np(NewProportion(-1, 2)), ErrRange},
		"negative variance":      {nm(NewMoments(3, 0, -1)), ErrRange},
		"NaN mean":               {nm(NewMoments(3, math.NaN(), 1)), ErrNotFinite},
		"NaN value":              {nm(MomentsOf([]float64{1, math.NaN()})), ErrNotFinite},
		"SRM no arms":            {srm(SampleRatio(nil, nil)), ErrEmpty},
		"SRM one arm":            {srm(SampleRatio([]int64{4}, nil)), ErrUndefined},
		"SRM no users":           {srm(SampleRatio([]int64{0, 0}, nil)), ErrUndefined},
		"SRM lengths":            {srm(SampleRatio([]int64{1, 2}, []float64{1})), ErrShape},
		"SRM negative weight":    {srm(SampleRatio([]int64{1, 2}, []float64{1, -1})), ErrRange},
		"SRM negative count":     {srm(SampleRatio([]int64{1, -2}, nil)), ErrRange},
		"SRM counts overflow":    {srm(SampleRatio([]int64{math.MaxInt64, 1}, nil)), ErrOverflow},
		"arms overflow together": {two(CompareProportions(prop(t, 1, math.MaxInt64), ok, CompareOptions{})), ErrOverflow},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	e, err := CompareMeans(neg, zero, CompareOptions{Scale: ScaleRelative})
	if err != nil || !slices.Contains(e.Warnings, WarnNegativeBaseline) || !testkit.Close(e.Estimate, 1, 1e-12, 0) {
		t.Errorf("negative baseline: %+v, %v", e, err)
	}
	e, err = CompareMeans(flat, zero, CompareOptions{})
	if err != nil || !slices.Contains(e.Warnings, WarnZeroVarianceArm) || e.DF != 9 {
		t.Errorf("one arm without variance: %+v, %v", e, err)
	}
	e, err = CompareProportions(prop(t, 0, 10), prop(t, 10, 10), CompareOptions{})
	if err != nil || !(e.PValue < 1e-4) || e.Low != 1 || !slices.Contains(e.Warnings, WarnZeroVarianceArm) {
		t.Errorf("rates 0 and 1: %+v, %v", e, err)
	}
}
