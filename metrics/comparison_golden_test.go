package metrics_test

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/drift"
	"github.com/aislekit/aisle/metrics/experiment"
)

// TestRGolden compares with R and packages of it: testdata/golden_r.R.
func TestRGolden(t *testing.T) {
	var g struct {
		Proportions []struct {
			K                    []float64
			Statistic, P, Fisher float64
			CI, CI90             [2]float64
		}
		Rates []struct {
			K                                []float64
			Wilson, Wilson99, Exact, Exact80 [2]float64
		}
		Welch []struct {
			A, B     []float64
			T, DF, P float64
			CI, CI90 [2]float64
		}
		Adjust    []map[string][]float64
		Powerprop []struct {
			K                                   []float64
			N, OneSided, Power, H, ArcsinePower float64
		}
		Detectprop []struct {
			K  []float64
			P2 float64
		}
		Powert []struct {
			K                                  []float64
			Power, OneSided, Unequal, N, Delta float64
		}
		Srm []struct {
			Counts            []int64
			Weights, Expected []float64
			Chi, DF, P        float64
		}
		Groupseq []struct {
			Fractions, Two, One, Spent []float64
			Type                       string
			Inflation90                float64
		}
		Series []struct {
			Y, Coef []float64
			At      int
			Lags    []int
			SE      [][]float64
			Rho     float64
		}
		Clusters struct {
			K, B       []int
			Y          []float64
			Effect, SE float64
		}
		Did struct {
			U, T, After []int
			Y           []float64
			Effect, SE  float64
		}
		Cluster struct {
			X             [][]float64
			Labels, Other []int
			CH, ARI       float64
		}
		Roc struct {
			Score   []float64
			Y       []int
			AUC, KS float64
		}
		Forecast struct {
			History, Actual, Forecast []float64
			Season                    int
			MAE, RMSE, MAPE, MASE     float64
		}
		KS struct {
			A, B []float64
			D, P float64
		}
	}
	testkit.Golden(t, "r.json", &g)
	const exact = 1e-9 // R prints 15 digits; its own solvers stop at 1e-10 or so
	for _, c := range g.Proportions {
		a, b := proportion(int64(c.K[0]), int64(c.K[1])), proportion(int64(c.K[2]), int64(c.K[3]))
		e := ok[metrics.Effect](t)(metrics.CompareProportions(a, b, metrics.CompareOptions{Inference: metrics.InferWald}))
		e9 := ok[metrics.Effect](t)(metrics.CompareProportions(a, b, metrics.CompareOptions{Level: .9, Inference: metrics.InferWald}))
		name := fmt.Sprintf("prop.test %v ", c.K)
		relNear(t, name+"χ²", e.Statistic*e.Statistic, c.Statistic, exact)
		relNear(t, name+"p", e.PValue, c.P, 1e-7)
		if len(e.Warnings) > 0 { // small cells
			e0 := ok[metrics.Effect](t)(metrics.CompareProportions(a, b, metrics.CompareOptions{}))
			relNear(t, name+"Fisher", e0.PValue, c.Fisher, 1e-7)
		}
		for i, iv := range [2]metrics.Interval{{Low: e.Low, High: e.High}, {Low: e9.Low, High: e9.High}} {
			want := [2][2]float64{c.CI, c.CI90}[i]
			testkit.Near(t, name+"low", iv.Low, want[0], 1e-12)
			testkit.Near(t, name+"high", iv.High, want[1], 1e-12)
		}
	}
	for _, c := range g.Rates {
		p := proportion(int64(c.K[0]), int64(c.K[1]))
		for _, x := range []struct {
			name  string
			f     func(float64) (metrics.Interval, error)
			level float64
			want  [2]float64
		}{{"Wilson", p.Wilson, .95, c.Wilson}, {"Wilson", p.Wilson, .99, c.Wilson99}, {"exact", p.ClopperPearson, .95, c.Exact}, {"exact", p.ClopperPearson, .8, c.Exact80}} {
			iv := ok[metrics.Interval](t)(x.f(x.level))
			testkit.Near(t, fmt.Sprintf("%s %v low", x.name, c.K), iv.Low, x.want[0], 1e-12)
			testkit.Near(t, fmt.Sprintf("%s %v high", x.name, c.K), iv.High, x.want[1], 1e-12)
		}
	}
	for _, c := range g.Welch {
		a, b := ok[metrics.Moments](t)(metrics.MomentsOf(c.A)), ok[metrics.Moments](t)(metrics.MomentsOf(c.B))
		e := ok[metrics.Effect](t)(metrics.CompareMeans(a, b, metrics.CompareOptions{}))
		e9 := ok[metrics.Effect](t)(metrics.CompareMeans(a, b, metrics.CompareOptions{Level: .9}))
		for name, x := range map[string][2]float64{
			"t": {e.Statistic, c.T}, "df": {e.DF, c.DF}, "p": {e.PValue, c.P}, "low": {e.Low, c.CI[0]}, "high": {e.High, c.CI[1]},
			"low 90": {e9.Low, c.CI90[0]}, "high 90": {e9.High, c.CI90[1]},
		} {
			relNear(t, "t.test "+name, x[0], x[1], 1e-7)
		}
	}
	for _, c := range g.Adjust {
		for m, name := range map[experiment.Correction]string{experiment.Holm: "holm", experiment.Hochberg: "hochberg", experiment.Bonferroni: "bonferroni", experiment.BenjaminiHochberg: "BH", experiment.BenjaminiYekutieli: "BY"} {
			q := ok[[]float64](t)(experiment.AdjustPValues(c["p"], m))
			for i, x := range q {
				testkit.Near(t, "p.adjust "+name, x, c[name][i], 1e-14)
			}
		}
	}
	for _, c := range g.Powerprop {
		o := experiment.PowerOptions{Alpha: c.K[2], Power: c.K[3]}
		relNear(t, "power.prop.test n", ok[experiment.SampleSize](t)(experiment.SampleSizeProportions(c.K[0], c.K[1], o)).N, c.N, exact)
		// R counts the near tail unless strict = TRUE: that of half the level.
		near := experiment.PowerOptions{Alpha: c.K[2] / 2, OneSided: true}
		relNear(t, "power.prop.test power", ok[float64](t)(experiment.PowerProportions(c.K[0], c.K[1], 400, 400, near)), c.Power, exact)
		o.OneSided = true
		relNear(t, "power.prop.test one-sided", ok[experiment.SampleSize](t)(experiment.SampleSizeProportions(c.K[0], c.K[1], o)).N, c.OneSided, exact)
		o.Method = experiment.PowerArcsine
		testkit.Near(t, "ES.h", experiment.CohenH(c.K[0], c.K[1]), c.H, 1e-14)
		relNear(t, "pwr.2p2n.test", ok[float64](t)(experiment.PowerProportions(c.K[0], c.K[1], 300, 500, o)), c.ArcsinePower, exact)
	}
	for _, c := range g.Detectprop {
		d := ok[float64](t)(experiment.DetectableProportion(c.K[1], c.K[0], experiment.PowerOptions{Alpha: c.K[2], Power: c.K[3]}))
		relNear(t, "detectable rate", c.K[1]+d, c.P2, exact)
	}
	for _, c := range g.Powert {
		o := experiment.PowerOptions{Alpha: c.K[3], Power: .85}
		relNear(t, "power.t.test", ok[float64](t)(experiment.PowerMeans(c.K[0], c.K[1], c.K[2], c.K[2], o)), c.Power, 1e-8)
		relNear(t, "pwr.t2n.test", ok[float64](t)(experiment.PowerMeans(c.K[0], c.K[1], c.K[2], 2*c.K[2], o)), c.Unequal, 1e-8)
		relNear(t, "power.t.test n", ok[experiment.SampleSize](t)(experiment.SampleSizeMeans(c.K[0], c.K[1], o)).N, c.N, 1e-6)
		relNear(t, "power.t.test delta", ok[float64](t)(experiment.DetectableMean(c.K[1], c.K[2], o)), c.Delta, 1e-6)
		o.OneSided = true
		relNear(t, "power.t.test one-sided", ok[float64](t)(experiment.PowerMeans(c.K[0], c.K[1], c.K[2], c.K[2], o)), c.OneSided, 1e-8)
	}
	for _, c := range g.Srm {
		s := ok[experiment.SRM](t)(experiment.SampleRatio(c.Counts, c.Weights))
		relNear(t, "chisq.test", s.ChiSquared, c.Chi, exact)
		relNear(t, "chisq.test p", s.PValue, c.P, exact)
		testkit.Near(t, "chisq.test df", float64(s.DF), c.DF, 0)
		for i, x := range s.Expected {
			relNear(t, "expected", x, c.Expected[i], exact)
		}
	}
	for _, c := range g.Groupseq {
		spend := map[string]experiment.Spending{"asOF": experiment.SpendOBrienFleming, "asP": experiment.SpendPocock, "OF": experiment.BoundsOBrienFleming, "P": experiment.BoundsPocock}[c.Type]
		two := ok[*experiment.GroupSequential](t)(experiment.NewGroupSequential(c.Fractions, experiment.GroupSequentialOptions{Spending: spend}))
		one := ok[*experiment.GroupSequential](t)(experiment.NewGroupSequential(c.Fractions, experiment.GroupSequentialOptions{Spending: spend, OneSided: true, Alpha: .025}))
		for i, l := range two.Looks() {
			testkit.Near(t, "rpact "+c.Type, infer.NormalCDF(-l.Z), infer.NormalCDF(-c.Two[i]), 1e-7) // its tolerance
			testkit.Near(t, "rpact one-sided "+c.Type, infer.NormalCDF(-one.Looks()[i].Z), infer.NormalCDF(-c.One[i]), 1e-7)
			testkit.Near(t, "rpact spent "+c.Type, l.Spent, c.Spent[i], 2e-8)
		}
		relNear(t, "rpact inflation "+c.Type, ok[float64](t)(two.Inflation(.9)), c.Inflation90, 2e-5)
	}
	for _, c := range g.Series {
		relNear(t, "gls corAR1 by REML", ok[causal.Interrupted](t)(causal.InterruptedSeries(c.Y, c.At, causal.InterruptedOptions{})).Rho, c.Rho, 1e-4)
		for j, lags := range c.Lags {
			if lags == 0 {
				lags = -1
			}
			r := ok[causal.Interrupted](t)(causal.InterruptedSeries(c.Y, c.At, causal.InterruptedOptions{Errors: causal.ErrorsNeweyWest, Lags: lags}))
			for i, x := range [4]float64{r.Intercept, r.Trend, r.Level.Estimate, r.Slope.Estimate} {
				relNear(t, "lm", x, c.Coef[i], 1e-8)
			}
			relNear(t, "NeweyWest level", r.Level.SE, c.SE[j][0], 1e-8)
			relNear(t, "NeweyWest slope", r.Slope.SE, c.SE[j][1], 1e-8)
		}
	}
	var arms [2]experiment.Clusters[int]
	for i, y := range g.Clusters.Y {
		must(t, arms[g.Clusters.B[i]].Add(g.Clusters.K[i], y))
	}
	e := ok[metrics.Effect](t)(experiment.CompareClusters(&arms[0], &arms[1], metrics.CompareOptions{}))
	relNear(t, "vcovCL effect", e.Estimate, g.Clusters.Effect, exact)
	relNear(t, "vcovCL SE", e.SE, g.Clusters.SE, exact)
	var d causal.DiffInDiff[int]
	for i, y := range g.Did.Y {
		must(t, d.Add(g.Did.U[i], g.Did.T[i] == 1, g.Did.After[i] == 1, y))
	}
	e = ok[metrics.Effect](t)(d.Result(metrics.CompareOptions{}))
	relNear(t, "difference in differences", e.Estimate, g.Did.Effect, exact)
	relNear(t, "difference in differences, vcovCL", e.SE, g.Did.SE, exact)
	relNear(t, "fpc calinhara", ok[metrics.Separation](t)(metrics.SeparationOf(g.Cluster.X, g.Cluster.Labels)).CalinskiHarabasz, g.Cluster.CH, exact)
	relNear(t, "mclust ARI", ok[metrics.AgreementResult](t)(metrics.CompareLabels(g.Cluster.Labels, g.Cluster.Other)).ARI, g.Cluster.ARI, exact)
	actual := make([]bool, len(g.Roc.Y))
	for i, y := range g.Roc.Y {
		actual[i] = y == 1
	}
	relNear(t, "pROC AUC", ok[float64](t)(metrics.AUC(actual, g.Roc.Score, nil)), g.Roc.AUC, exact)
	relNear(t, "pROC KS", ok[float64](t)(metrics.KS(actual, g.Roc.Score, nil)), g.Roc.KS, exact)
	f := ok[metrics.ForecastScore](t)(metrics.ScoreForecast(g.Forecast.Actual, g.Forecast.Forecast, g.Forecast.History, g.Forecast.Season))
	for name, x := range map[string][2]float64{"MAE": {f.MAE, g.Forecast.MAE}, "RMSE": {f.RMSE, g.Forecast.RMSE}, "MAPE": {f.MAPE, g.Forecast.MAPE}, "MASE": {f.MASE, g.Forecast.MASE}} {
		relNear(t, "forecast "+name, x[0], x[1], exact)
	}
	dist, p, err := drift.KSTest(g.KS.A, g.KS.B)
	must(t, err)
	relNear(t, "ks.test D", dist, g.KS.D, exact)
	relNear(t, "ks.test p", p, g.KS.P, 1e-5)
}
