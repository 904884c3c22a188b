package experiment_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

type experiment2Golden struct {
	Clopper []struct {
		X, N  int64
		Level float64
		CI    [2]float64
	}
	PowerMeans []struct {
		D, NA, NB, Alpha, Power float64
		One                     bool
	} `json:"power_means"`
	SizeMeans    []struct{ D, Power, Ratio, N float64 } `json:"size_means"`
	SizeUnpooled []struct{ PA, PB, N float64 }          `json:"size_unpooled"`
	Adjust       []struct{ P, Bonferroni, Holm, Hochberg, BH, BY []float64 }
	Beta         []struct {
		Case                 [6]float64
		Better, LossA, LossB float64
		Interval             [2]float64
	}
	Cuped []struct {
		X, Y                                     [2][]float64
		Theta, Diff, T, P, Low, High, Rel, RelSE float64
	}
	Ratio []struct {
		Arms      [2][2][]float64
		Value, SE [2]float64
	}
	CupedRatio []struct {
		Arms             [2][4][]float64
		Theta, Diff, Rel float64
		SE               [2]float64
	} `json:"cuped_ratio"`
	Gauss []struct {
		In                             [4]float64
		Mean, SD, Better, LossA, LossB float64
	}
}

func TestExperiments2Golden(t *testing.T) {
	var g experiment2Golden
	testkit.Golden(t, "plans.json", &g)
	f := ok[float64](t)
	for _, c := range g.Clopper {
		p := proportion(c.X, c.N)
		iv := ok[metrics.Interval](t)(p.ClopperPearson(c.Level))
		relNear(t, "Clopper-Pearson low", iv.Low, c.CI[0], 1e-8)
		relNear(t, "Clopper-Pearson high", iv.High, c.CI[1], 1e-8)
	}
	for _, c := range g.PowerMeans {
		relNear(t, "power", f(experiment.PowerMeans(c.D*3, 3, c.NA, c.NB, experiment.PowerOptions{Alpha: c.Alpha, OneSided: c.One})), c.Power, 1e-7)
	}
	for _, c := range g.SizeMeans {
		relNear(t, "size", ok[experiment.SampleSize](t)(experiment.SampleSizeMeans(c.D, 1, experiment.PowerOptions{Power: c.Power, Ratio: c.Ratio})).N, c.N, 1e-6)
	}
	for _, c := range g.SizeUnpooled {
		relNear(t, "arcsine", ok[experiment.SampleSize](t)(experiment.SampleSizeProportions(c.PA, c.PB, experiment.PowerOptions{Method: experiment.PowerArcsine})).N, c.N, 1e-5) // statsmodels counts the far tail
	}
	for _, c := range g.Adjust {
		for method, want := range map[experiment.Correction][]float64{experiment.Bonferroni: c.Bonferroni, experiment.Holm: c.Holm, experiment.Hochberg: c.Hochberg, experiment.BenjaminiHochberg: c.BH, experiment.BenjaminiYekutieli: c.BY} {
			got := ok[[]float64](t)(experiment.AdjustPValues(c.P, method))
			for i := range want {
				testkit.Near(t, method.String(), got[i], want[i], 1e-14)
			}
		}
	}
	for _, c := range g.Beta {
		a, b := proportion(int64(c.Case[0]), int64(c.Case[1])), proportion(int64(c.Case[2]), int64(c.Case[3]))
		p := ok[experiment.Posterior](t)(experiment.BayesProportions(a, b, experiment.BetaPrior{c.Case[4], c.Case[5]}, 0))
		testkit.Near(t, "P(B>A)", p.BetterB, c.Better, 1e-9)
		testkit.Near(t, "loss A", p.LossA, c.LossA, 1e-10)
		testkit.Near(t, "loss B", p.LossB, c.LossB, 1e-10)
		testkit.Near(t, "low", p.Low, c.Interval[0], 1e-9)
		testkit.Near(t, "high", p.High, c.Interval[1], 1e-9)
	}
	for _, c := range g.Cuped {
		var arms [2]experiment.CUPED
		for i := range arms {
			for j, y := range c.Y[i] {
				if err := arms[i].Add(y, c.X[i][j]); err != nil {
					t.Fatal(err)
				}
			}
		}
		e := ok[experiment.CUPEDEffect](t)(experiment.CompareCUPED(arms[0], arms[1], metrics.CompareOptions{}))
		for name, x := range map[string][2]float64{
			"θ": {e.Theta, c.Theta}, "difference": {e.Estimate, c.Diff}, "t": {e.Statistic, c.T},
			"p": {e.PValue, c.P}, "low": {e.Low, c.Low}, "high": {e.High, c.High},
		} {
			relNear(t, "CUPED "+name, x[0], x[1], 1e-9)
		}
		e = ok[experiment.CUPEDEffect](t)(experiment.CompareCUPED(arms[0], arms[1], metrics.CompareOptions{Scale: metrics.ScaleRelative}))
		relNear(t, "CUPED lift", e.Estimate, c.Rel, 1e-9)
		relNear(t, "CUPED lift SE", e.SE, c.RelSE, 1e-7)
	}
	for _, c := range g.Ratio {
		var arms [2]experiment.RatioMoments
		for i := range arms {
			for j, num := range c.Arms[i][0] {
				if err := arms[i].Add(num, c.Arms[i][1][j]); err != nil {
					t.Fatal(err)
				}
			}
			relNear(t, "ratio", f(arms[i].Value()), c.Value[i], 1e-12)
			relNear(t, "ratio SE", math.Sqrt(f(arms[i].Variance())), c.SE[i], 1e-7)
		}
		e := ok[metrics.Effect](t)(experiment.CompareRatios(arms[0], arms[1], metrics.CompareOptions{}))
		relNear(t, "SE of the difference", e.SE, math.Hypot(c.SE[0], c.SE[1]), 1e-7)
		e = ok[metrics.Effect](t)(experiment.CompareRatios(arms[0], arms[1], metrics.CompareOptions{Scale: metrics.ScaleRelative}))
		relNear(t, "lift", e.Estimate, c.Value[1]/c.Value[0]-1, 1e-10)
		relNear(t, "SE of the lift", e.SE, math.Hypot(c.SE[1]/c.Value[0], c.SE[0]*c.Value[1]/c.Value[0]/c.Value[0]), 1e-7)
	}
	for _, c := range g.CupedRatio {
		var arms [2]experiment.CUPEDRatio
		for i := range arms {
			for j := range c.Arms[i][0] {
				if err := arms[i].Add(c.Arms[i][0][j], c.Arms[i][1][j], c.Arms[i][2][j], c.Arms[i][3][j]); err != nil {
					t.Fatal(err)
				}
			}
		}
		e := ok[experiment.CUPEDEffect](t)(experiment.CompareCUPEDRatios(arms[0], arms[1], metrics.CompareOptions{}))
		relNear(t, "θ", e.Theta, c.Theta, 1e-9)
		relNear(t, "difference", e.Estimate, c.Diff, 1e-9)
		relNear(t, "SE", e.SE, c.SE[0], 1e-6)
		e = ok[experiment.CUPEDEffect](t)(experiment.CompareCUPEDRatios(arms[0], arms[1], metrics.CompareOptions{Scale: metrics.ScaleRelative}))
		relNear(t, "lift", e.Estimate, c.Rel, 1e-9)
		relNear(t, "SE of the lift", e.SE, c.SE[1], 1e-6)
	}
	for _, c := range g.Gauss {
		p := ok[experiment.Posterior](t)(experiment.BayesEffect(metrics.Effect{Estimate: c.In[0], SE: c.In[1], N: 9}, experiment.GaussianPrior{c.In[2], c.In[3]}))
		relNear(t, "mean", p.Estimate, c.Mean, 1e-12)
		relNear(t, "SD", p.SE, c.SD, 1e-12)
		testkit.Near(t, "P(B>A)", p.BetterB, c.Better, 1e-12)
		testkit.Near(t, "loss A", p.LossA, c.LossA, 1e-12)
		testkit.Near(t, "loss B", p.LossB, c.LossB, 1e-12)
	}
}
