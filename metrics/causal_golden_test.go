package metrics_test

import (
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/experiment"
)

type causalGolden struct {
	Cluster struct {
		G, T     []int
		Y        []float64
		Diff, SE float64
	}
	Did struct {
		Unit, Post, Treated []int
		Y                   []float64
		Diff, SE            float64
	}
	Its []struct {
		Y             []float64
		At, Lags      int
		Params, SE, P []float64
		CI            [4][2]float64
	}
	AR1 []struct {
		Y       []float64
		At      int
		Rho     float64
		Params  []float64
		Effects [2][5]float64 // estimate, SE, low, high, p
	}
	Q struct {
		Est, SE    []float64
		Mean, Q, P float64
	}
	Winsor struct {
		A, B      []float64
		Cap, T, P float64
	}
}

func TestCausalGolden(t *testing.T) {
	var g causalGolden
	testkit.Golden(t, "causal.json", &g)
	var arms [2]experiment.Clusters[int]
	for i, y := range g.Cluster.Y {
		if err := arms[g.Cluster.T[i]].Add(g.Cluster.G[i], y); err != nil {
			t.Fatal(err)
		}
	}
	e := ok[metrics.Effect](t)(experiment.CompareClusters(&arms[0], &arms[1], metrics.CompareOptions{}))
	relNear(t, "cluster difference", e.Estimate, g.Cluster.Diff, 1e-10)
	relNear(t, "cluster SE", e.SE, g.Cluster.SE, 1e-10)
	if !slices.Contains(e.Warnings, metrics.WarnFewClusters) || e.N != int64(len(g.Cluster.Y)) {
		t.Errorf("%+v", e)
	}

	var d causal.DiffInDiff[int]
	for i, y := range g.Did.Y {
		if err := d.Add(g.Did.Unit[i], g.Did.Treated[i] == 1, g.Did.Post[i] == 1, y); err != nil {
			t.Fatal(err)
		}
	}
	e = ok[metrics.Effect](t)(d.Result(metrics.CompareOptions{}))
	relNear(t, "DiD", e.Estimate, g.Did.Diff, 1e-9)
	relNear(t, "DiD SE", e.SE, g.Did.SE, 1e-9)

	for _, c := range g.AR1 {
		r := ok[causal.Interrupted](t)(causal.InterruptedSeries(c.Y, c.At, causal.InterruptedOptions{}))
		relNear(t, "ρ", r.Rho, c.Rho, 1e-6)
		relNear(t, "intercept", r.Intercept, c.Params[0], 1e-6)
		relNear(t, "trend", r.Trend, c.Params[1], 1e-6)
		for i, x := range []metrics.Effect{r.Level, r.Slope} {
			for j, y := range [5]float64{x.Estimate, x.SE, x.Low, x.High, x.PValue} {
				relNear(t, x.Method+[5]string{": estimate", ": SE", ": low", ": high", ": p"}[j], y, c.Effects[i][j], [5]float64{1e-4, 1e-3, 1e-3, 1e-3, 1e-2}[j]) // a grid of 96 points against 4000
			}
		}
	}
	for _, c := range g.Its {
		lags := c.Lags
		if lags == 0 {
			lags = -1
		}
		r := ok[causal.Interrupted](t)(causal.InterruptedSeries(c.Y, c.At, causal.InterruptedOptions{Errors: causal.ErrorsNeweyWest, Lags: lags}))
		relNear(t, "intercept", r.Intercept, c.Params[0], 1e-9)
		relNear(t, "trend", r.Trend, c.Params[1], 1e-9)
		for i, x := range []metrics.Effect{r.Level, r.Slope} {
			relNear(t, "estimate", x.Estimate, c.Params[2+i], 1e-8)
			relNear(t, "SE", x.SE, c.SE[2+i], 1e-8)
			// The peer's p-value and interval take n−4 degrees of freedom; ours are wider.
			df := float64(len(c.Y) - 4)
			relNear(t, "p", infer.StudentTwoSided(x.Statistic, df), c.P[2+i], 1e-6)
			relNear(t, "low", x.Estimate-infer.StudentQuantile(.975, df)*x.SE, c.CI[2+i][0], 1e-7)
			if !(x.Low < c.CI[2+i][0] && x.High > c.CI[2+i][1] && x.PValue > c.P[2+i] && x.DF < df) {
				t.Errorf("corrected interval %v to %v, p %v", x.Low, x.High, x.PValue)
			}
		}
		m := 0.0
		for i := c.At; i < len(c.Y); i++ {
			m += (c.Y[i] - r.Counterfactual[i-c.At]) / float64(len(c.Y)-c.At)
		}
		relNear(t, "average effect", r.Average.Estimate, m, 1e-9)
		relNear(t, "average by means", r.Average.MeanB-r.Average.MeanA, m, 1e-9)
	}

	var effects []metrics.Effect
	for i, x := range g.Q.Est {
		e := metrics.Effect{Estimate: x, SE: g.Q.SE[i]}
		e.Infer(.95, math.Inf(1))
		effects = append(effects, e)
	}
	h := ok[experiment.Heterogeneity](t)(experiment.CompareSegments(effects, experiment.Holm))
	relNear(t, "pooled", h.Pooled.Estimate, g.Q.Mean, 1e-12)
	relNear(t, "Q", h.Q, g.Q.Q, 1e-12)
	relNear(t, "p", h.PValue, g.Q.P, 1e-9)
	if h.I2 != 1-3/h.Q || h.Adjusted[2] != 4*effects[2].PValue {
		t.Errorf("%+v", h)
	}

	w := ok[experiment.WinsorEffect](t)(experiment.CompareWinsorized(g.Winsor.A, g.Winsor.B, experiment.WinsorOptions{Quantile: .95}))
	relNear(t, "cap", w.Cap, g.Winsor.Cap, 1e-12)
	relNear(t, "t", w.Statistic, g.Winsor.T, 1e-10)
	relNear(t, "p", w.PValue, g.Winsor.P, 1e-8)
	removed := 0.0
	for _, x := range g.Winsor.A {
		removed += math.Max(x-w.Cap, 0)
	}
	relNear(t, "removed", w.RemovedA, removed, 1e-12)
	if w.CappedA+w.CappedB != 9 {
		t.Errorf("%d and %d values capped", w.CappedA, w.CappedB)
	}
}
