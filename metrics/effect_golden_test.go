package metrics_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

func TestEffectGolden(t *testing.T) {
	var g struct {
		Proportions []struct {
			A, B             [2]int64
			Z, P, Fisher     float64
			Wilson, Wilson90 [2]float64
		}
		Means []struct {
			NA, NB         int64
			MA, VA, MB, VB float64
			Level          float64
			T, DF, P       float64
			CI             [2]float64
		}
		Tails     []struct{ T, DF, P float64 }
		Quantiles []struct{ P, DF, Q float64 }
	}
	testkit.Golden(t, "effects.json", &g)
	rel := func(name string, got, want, tol float64) {
		t.Helper()
		if !testkit.Close(got, want, 0, tol) {
			t.Errorf("%s = %.15g, want %.15g", name, got, want)
		}
	}
	exact := 0
	for _, c := range g.Proportions {
		a, b := proportion(c.A[0], c.A[1]), proportion(c.B[0], c.B[1])
		e, err := metrics.CompareProportions(a, b, metrics.CompareOptions{Inference: metrics.InferWald})
		if err != nil {
			t.Fatal(err)
		}
		rel("z", e.Statistic, c.Z, 1e-12)
		rel("p", e.PValue, c.P, 1e-9)
		if slices.Contains(e.Warnings, metrics.WarnSmallExpected) {
			exact++
			e0, err := metrics.CompareProportions(a, b, metrics.CompareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			rel("Fisher", e0.PValue, c.Fisher, 1e-9)
		}
		rel("fisherExact", infer.FisherExact(a.Successes(), a.N(), b.Successes(), b.N()), c.Fisher, 1e-7)
		for level, want := range map[float64][2]float64{0.95: c.Wilson, 0.9: c.Wilson90} {
			iv, err := b.Wilson(level)
			if err != nil {
				t.Fatal(err)
			}
			rel("Wilson low", iv.Low, want[0], 1e-12)
			rel("Wilson high", iv.High, want[1], 1e-12)
		}
	}
	if exact != 2 {
		t.Errorf("%d of the cases fell back to the exact test, want 2", exact)
	}
	for _, c := range g.Means {
		a, _ := metrics.NewMoments(c.NA, c.MA, c.VA)
		b, _ := metrics.NewMoments(c.NB, c.MB, c.VB)
		e, err := metrics.CompareMeans(a, b, metrics.CompareOptions{Level: c.Level})
		if err != nil {
			t.Fatal(err)
		}
		rel("t", e.Statistic, c.T, 1e-9)
		rel("df", e.DF, c.DF, 1e-9)
		rel("p", e.PValue, c.P, 1e-9)
		rel("low", e.Low, c.CI[0], 1e-8)
		rel("high", e.High, c.CI[1], 1e-8)
	}
	for _, c := range g.Tails {
		rel(fmt.Sprintf("P(|t_%v| > %v)", c.DF, c.T), infer.StudentTwoSided(c.T, c.DF), c.P, 1e-9)
	}
	for _, c := range g.Quantiles {
		rel(fmt.Sprintf("t_%v quantile %v", c.DF, c.P), infer.StudentQuantile(c.P, c.DF), c.Q, 1e-9)
	}
	if q := infer.StudentQuantile(0.975, math.Inf(1)); !testkit.Close(q, 1.959963984540054, 1e-14, 0) {
		t.Errorf("normal quantile %v", q)
	}
}
