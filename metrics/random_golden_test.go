package metrics_test

import (
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/drift"
	"github.com/aislekit/aisle/metrics/experiment"
	"github.com/aislekit/aisle/metrics/ranking"
)

// Random cases against the packages people would compare with.
func TestRandomGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Seed   int
			Scores struct {
				Y                                []int
				P, W                             []float64
				AUC, AP, LogLoss, Brier, KS, ECE float64
			}
			Ties struct {
				Rel, S []float64
				K      []int
				NDCG   []float64
			}
			Lists struct {
				Lists [][]int
				Truth []map[string]float64
				Ranx  map[string]float64
			}
			Welch struct {
				A, B                    []float64
				T, P, DF, Low, High, KS float64
			}
			Prop struct {
				N, X              []int64
				Z, P              float64
				CI, Wilson, Exact [2]float64
			}
			Ratio struct {
				Arms     [2]struct{ Num, Den []float64 }
				Value    [2]float64
				Diff, SE float64
			}
			CUPED struct {
				X, Y                       [2][]float64
				Theta, T, P, DF, Low, High float64
			}
			SRM struct {
				Counts  []int64
				Weights []float64
				Chi2, P float64
			}
			Many struct {
				P, Holm, Bonferroni []float64
				BH                  []float64 `json:"fdr_bh"`
				BY                  []float64 `json:"fdr_by"`
				Hochberg            []float64 `json:"simes-hochberg"`
			}
			Regression struct {
				Y, F                []float64
				MAE, RMSE, R2, MAPE float64
			}
			Uplift struct {
				Y, T         []int
				S            []float64
				Qini, Uplift float64
			}
		}
	}
	testkit.Golden(t, "random.json", &g)
	f := ok[float64](t)
	for _, c := range g.Cases {
		near := func(name string, got, want float64) {
			t.Helper()
			relNear(t, "case "+strconv.Itoa(c.Seed)+": "+name, got, want, 1e-9)
		}
		s := c.Scores
		y := bools(s.Y)
		if len(s.W) == 0 {
			s.W = nil
		}
		near("AUC", f(metrics.AUC(y, s.P, s.W)), s.AUC)
		near("average precision", f(metrics.AveragePrecision(y, s.P, s.W)), s.AP)
		near("Brier", f(metrics.Brier(y, s.P, s.W)), s.Brier)
		near("KS", f(metrics.KS(y, s.P, s.W)), s.KS)
		l, _, err := metrics.LogLoss(y, s.P, s.W)
		must(t, err)
		near("log-loss", l, s.LogLoss)
		loss := ok[*metrics.BinaryLoss](t)(metrics.NewBinaryLoss(metrics.BinaryLossOptions{Bins: 10}))
		for i, p := range s.P {
			w := 1.0
			if s.W != nil {
				w = s.W[i]
			}
			must(t, loss.AddWeighted(y[i], p, w))
		}
		r := ok[metrics.BinaryLossResult](t)(loss.Result())
		near("ECE", r.ECE, s.ECE)
		near("log-loss, added up", r.LogLoss, s.LogLoss)

		for i, k := range c.Ties.K {
			near("NDCG of scores", f(ranking.NDCGOfScores(c.Ties.Rel, c.Ties.S, k, ranking.GainLinear)), c.Ties.NDCG[i])
		}
		for gain, name := range map[ranking.Gain]string{ranking.GainLinear: "ndcg@7", ranking.GainExponential: "ndcg_burges@7"} {
			o := ranking.TREC(7)
			o.Gain = gain
			rank := ok[*ranking.Tally[string]](t)(ranking.New[string](o))
			for u, l := range c.Lists.Lists {
				var list []string
				for _, i := range l {
					list = append(list, strconv.Itoa(i))
				}
				must(t, rank.Add(list, c.Lists.Truth[u]))
			}
			x, _ := ok[ranking.Result](t)(rank.Result()).At(7)
			near(name, x.NDCG, c.Lists.Ranx[name])
			near("MAP", x.MAP, c.Lists.Ranx["map@7"])
			near("MRR", x.MRR, c.Lists.Ranx["mrr@7"])
			near("precision", x.Precision, c.Lists.Ranx["precision@7"])
			near("recall", x.Recall, c.Lists.Ranx["recall@7"])
			near("hit rate", x.HitRate, c.Lists.Ranx["hit_rate@7"])
			near("R-precision", x.RPrecision, c.Lists.Ranx["r-precision"])
		}

		a, b := ok[metrics.Moments](t)(metrics.MomentsOf(c.Welch.A)), ok[metrics.Moments](t)(metrics.MomentsOf(c.Welch.B))
		e := ok[metrics.Effect](t)(metrics.CompareMeans(a, b, metrics.CompareOptions{Level: .9}))
		near("Welch t", e.Statistic, c.Welch.T)
		near("Welch p", e.PValue, c.Welch.P)
		near("Welch df", e.DF, c.Welch.DF)
		near("Welch low", e.Low, c.Welch.Low)
		near("Welch high", e.High, c.Welch.High)
		d, _, err := drift.KSTest(c.Welch.A, c.Welch.B)
		must(t, err)
		near("KS of samples", d, c.Welch.KS)

		pa, pb := proportion(c.Prop.X[0], c.Prop.N[0]), proportion(c.Prop.X[1], c.Prop.N[1])
		e = ok[metrics.Effect](t)(metrics.CompareProportions(pa, pb, metrics.CompareOptions{Inference: metrics.InferWald}))
		near("z", e.Statistic, c.Prop.Z)
		near("p of proportions", e.PValue, c.Prop.P)
		near("low of proportions", e.Low, c.Prop.CI[0])
		near("high of proportions", e.High, c.Prop.CI[1])
		iv := ok[metrics.Interval](t)(pa.Wilson(0))
		near("Wilson low", iv.Low, c.Prop.Wilson[0])
		near("Wilson high", iv.High, c.Prop.Wilson[1])
		iv = ok[metrics.Interval](t)(pb.ClopperPearson(0))
		near("Clopper-Pearson low", iv.Low, c.Prop.Exact[0])
		near("Clopper-Pearson high", iv.High, c.Prop.Exact[1])

		var ratios [2]experiment.RatioMoments
		var cuped [2]experiment.CUPED
		for i := range 2 {
			for j, x := range c.Ratio.Arms[i].Num {
				must(t, ratios[i].Add(x, c.Ratio.Arms[i].Den[j]))
			}
			near("ratio", f(ratios[i].Value()), c.Ratio.Value[i])
			for j, x := range c.CUPED.X[i] {
				must(t, cuped[i].Add(c.CUPED.Y[i][j], x))
			}
		}
		e = ok[metrics.Effect](t)(experiment.CompareRatios(ratios[0], ratios[1], metrics.CompareOptions{}))
		near("difference of ratios", e.Estimate, c.Ratio.Diff)
		near("SE of ratios", e.SE, c.Ratio.SE)
		q := ok[experiment.CUPEDEffect](t)(experiment.CompareCUPED(cuped[0], cuped[1], metrics.CompareOptions{}))
		near("θ", q.Theta, c.CUPED.Theta)
		near("CUPED t", q.Statistic, c.CUPED.T)
		near("CUPED p", q.PValue, c.CUPED.P)
		near("CUPED df", q.DF, c.CUPED.DF)
		near("CUPED low", q.Low, c.CUPED.Low)
		near("CUPED high", q.High, c.CUPED.High)

		split := ok[experiment.SRM](t)(experiment.SampleRatio(c.SRM.Counts, c.SRM.Weights))
		near("χ²", split.ChiSquared, c.SRM.Chi2)
		near("p of the split", split.PValue, c.SRM.P)
		for method, want := range map[experiment.Correction][]float64{
			experiment.Holm: c.Many.Holm, experiment.BenjaminiHochberg: c.Many.BH, experiment.BenjaminiYekutieli: c.Many.BY,
			experiment.Bonferroni: c.Many.Bonferroni, experiment.Hochberg: c.Many.Hochberg,
		} {
			for i, x := range ok[[]float64](t)(experiment.AdjustPValues(c.Many.P, method)) {
				near(method.String(), x, want[i])
			}
		}
		var reg metrics.Regression
		for i, x := range c.Regression.Y {
			must(t, reg.Add(x, c.Regression.F[i]))
		}
		z := ok[metrics.RegressionResult](t)(reg.Result())
		near("MAE", z.MAE, c.Regression.MAE)
		near("RMSE", z.RMSE, c.Regression.RMSE)
		near("R²", z.R2, c.Regression.R2)
		near("MAPE", z.MAPE, c.Regression.MAPE)
		u := ok[causal.UpliftCurves](t)(causal.Uplift(floats(c.Uplift.Y), bools(c.Uplift.T), c.Uplift.S))
		near("Qini", u.Qini.Normalized, c.Uplift.Qini)
		near("uplift", u.Uplift.Normalized, c.Uplift.Uplift)
	}
}
