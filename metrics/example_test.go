package metrics_test

import (
	"fmt"
	"math"
	"os"

	"github.com/aislekit/aisle/metrics"
)

// The program of the package comment.
func Example() {
	type customer struct{ Mailed, Bought bool }
	var users []customer
	for i := range 1000 {
		mailed := i%2 == 1
		users = append(users, customer{mailed, i*7919%100 < 10 || mailed && i*31%100 < 8})
	}
	bought, score := []bool{true, false, true, false}, []float64{0.9, 0.4, 0.35, 0.1}

	auc, err := metrics.AUC(bought, score, nil) // did buyers get the higher scores?
	if err != nil {
		panic(err)
	}
	var control, mailed metrics.Proportion
	for _, u := range users {
		if u.Mailed {
			mailed.Add(u.Bought)
		} else {
			control.Add(u.Bought)
		}
	}
	lift, err := metrics.CompareProportions(control, mailed, metrics.CompareOptions{Scale: metrics.ScaleRelative})
	if err != nil {
		panic(err)
	}
	fmt.Printf("AUC %.2f, %v\n", auc, lift)
	// Output:
	// AUC 0.75, +80% relative, 95% interval +30.69% to +148.5%, p = 0.000267, n = 1000, two-proportion z, score interval
}

// Everything a score can be asked before anybody draws a line in it.
func ExampleROC() {
	bought := []bool{true, true, false, true, false, false, false, false}
	score := []float64{0.9, 0.8, 0.8, 0.6, 0.5, 0.3, 0.2, 0.1}
	curve, err := metrics.ROC(bought, score, nil)
	if err != nil {
		panic(err)
	}
	for _, p := range curve[:4] {
		fmt.Printf("at %.1f: %.2f of the buyers, %.2f of the others\n", p.Threshold, p.TPR, p.FPR)
	}
	gini, _ := metrics.Gini(bought, score, nil)
	ap, _ := metrics.AveragePrecision(bought, score, nil)
	ks, _ := metrics.KS(bought, score, nil)
	lift, _ := metrics.LiftAt(bought, score, nil, 0.25)
	fmt.Printf("Gini %.2f, average precision %.2f, KS %.2f, lift in the best quarter %.1f\n", gini, ap, ks, lift)
	// Output:
	// at +Inf: 0.00 of the buyers, 0.00 of the others
	// at 0.9: 0.33 of the buyers, 0.00 of the others
	// at 0.8: 0.67 of the buyers, 0.20 of the others
	// at 0.6: 1.00 of the buyers, 0.20 of the others
	// Gini 0.80, average precision 0.81, KS 0.80, lift in the best quarter 2.0
}

// Probabilities, and how well they are calibrated.
func ExampleLogLoss() {
	actual, p := []bool{true, false, true, false}, []float64{0.9, 0.2, 0.6, 0.4}
	loss, clipped, err := metrics.LogLoss(actual, p, nil)
	if err != nil {
		panic(err)
	}
	brier, _ := metrics.Brier(actual, p, nil)
	fmt.Printf("log-loss %.3f, %d clipped, Brier %.4f\n", loss, clipped, brier)
	b, err := metrics.NewBinaryLoss(metrics.BinaryLossOptions{Bins: 2})
	if err != nil {
		panic(err)
	}
	for i := range p {
		_ = b.Add(actual[i], p[i])
	}
	r, err := b.Result()
	if err != nil {
		panic(err)
	}
	for _, bin := range r.Bins {
		fmt.Printf("%.1f to %.1f: predicted %.2f, happened %.2f\n", bin.Low, bin.High, bin.Predicted, bin.Observed)
	}
	// Output:
	// log-loss 0.338, 0 clipped, Brier 0.0925
	// 0.0 to 0.5: predicted 0.30, happened 0.00
	// 0.5 to 1.0: predicted 0.75, happened 1.00
}

func ExampleConfusion_Scores() {
	scores := metrics.Confusion{TP: 30, FP: 20, FN: 10, TN: 40}.Scores(0)
	fmt.Printf("precision %.2f, recall %.2f, F1 %.3f, MCC %.3f\n", scores.Precision, scores.Recall, scores.F1, scores.MCC)
	// Output:
	// precision 0.60, recall 0.75, F1 0.667, MCC 0.408
}

// One forecast and then many, on one scale.
func ExampleScoreForecast() {
	history := []float64{10, 12, 14, 11, 13, 15}
	actual, forecast := []float64{12, 14, 16}, []float64{11, 14, 17}
	mae, rmse, err := metrics.NaiveScale(history, 3)
	if err != nil {
		panic(err)
	}
	rmsse, _ := metrics.RMSSE(actual, forecast, history, 3)
	s, err := metrics.ScoreForecast(actual, forecast, history, 3)
	if err != nil {
		panic(err)
	}
	fmt.Printf("naive %.1f and %.1f, MASE %.2f, RMSSE %.2f = %.2f\n", mae, rmse, s.MASE, s.RMSSE, rmsse)
	smape, _ := metrics.SMAPE(actual, forecast)
	wmae, _ := metrics.WMAE(actual, forecast, []float64{1, 1, 5}) // holidays count five times
	fmt.Printf("sMAPE %.2f, weighted MAE %.2f\n", smape, wmae)

	var all metrics.Forecasts
	for range 2 {
		if _, err := all.Add(actual, forecast, history, 3, 1); err != nil {
			panic(err)
		}
	}
	r, err := all.Result()
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d series, MASE %.2f, WAPE %.3f\n", r.Series, r.MASE, r.WAPE)
	_ = metrics.ForecastTable([]string{"tea"}, []metrics.ForecastScore{s}).WriteText(os.Stdout)
	// Output:
	// naive 1.0 and 1.0, MASE 0.67, RMSSE 0.82 = 0.82
	// sMAPE 4.92, weighted MAE 0.86
	// 2 series, MASE 0.67, WAPE 0.048
	// series    n       MAE      RMSE  bias      WAPE    sMAPE      MASE     RMSSE
	// ------  ---  --------  --------  ----  --------  -------  --------  --------
	// tea       3  0.666667  0.816497     0  0.047619  4.91875  0.666667  0.816497
}

// Intervals and quantiles of a forecast.
func ExampleScoreIntervals() {
	actual := []float64{10, 12, 20, 11}
	low, high := []float64{8, 10, 9, 9}, []float64{13, 14, 15, 13}
	s, err := metrics.ScoreIntervals(actual, low, high, 0.8)
	if err != nil {
		panic(err)
	}
	loss, _ := metrics.PinballLoss(actual, high, 0.9)
	fmt.Printf("covered %v, width %.2f, Winkler %.2f, pinball loss of the upper end %.3f\n", s.Coverage, s.Width, s.Winkler, loss)
	// Output:
	// covered 0.75 (3/4), width 4.75, Winkler 17.25, pinball loss of the upper end 1.300
}

// Clusters with known classes and without.
func ExampleSeparationOf() {
	x := [][]float64{{0, 0}, {0, 2}, {1, 1}, {9, 0}, {9, 2}, {10, 1}}
	clusters := []int{0, 0, 0, 1, 1, 1}
	s, err := metrics.SeparationOf(x, clusters)
	if err != nil {
		panic(err)
	}
	fmt.Printf("Calinski-Harabasz %.1f, Davies-Bouldin %.3f\n", s.CalinskiHarabasz, s.DaviesBouldin)
	a, err := metrics.CompareLabels([]int{1, 1, 1, 2, 2, 1}, clusters)
	if err != nil {
		panic(err)
	}
	fmt.Printf("ARI %.3f, purity %.3f\n", a.ARI, a.Purity)
	// Output:
	// Calinski-Harabasz 91.1, Davies-Bouldin 0.206
	// ARI 0.324, purity 0.833
}

// Ratios add up, averages of ratios do not.
func ExampleNewRatio() {
	small, large := metrics.NewRatio(9, 10), metrics.RatioOf(100, 1000, 5) // one record and five
	_ = large.Merge(&small)
	rate, err := large.Value()
	fmt.Printf("%.4f of %d records %v\n", rate, large.N(), err)
	// Output:
	// 0.1079 of 6 records <nil>
}

// Warnings come with a result; they are no errors.
func ExampleWarning() {
	a, _ := metrics.NewProportion(1, 30)
	b, _ := metrics.NewProportion(4, 30)
	e, err := metrics.CompareProportions(a, b, metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	for _, w := range e.Warnings {
		if w == metrics.WarnSmallExpected {
			fmt.Println(e.Method+":", w)
		}
	}
	// Output:
	// Fisher exact test, exact interval: an expected cell is below 5: normal approximations are poor
}

// An estimator of one's own answers in the same form: here the difference of two
// medians with standard errors from elsewhere.
func ExampleEffect_Infer() {
	opt, err := metrics.CompareOptions{Scale: metrics.ScaleRelative}.Resolve("shop: medians")
	if err != nil {
		panic(err)
	}
	const seA, seB = 0.8, 0.9
	e := metrics.Effect{Scale: opt.Scale, MeanA: 40, MeanB: 43, Estimate: 3, SE: math.Hypot(seA, seB), N: 2000, NA: 1000, NB: 1000, Method: "medians"}
	if err := e.Rescale(seA, seB); err != nil {
		panic(err)
	}
	e.Infer(opt.Level, math.Inf(1))
	fmt.Println(e)
	// Output:
	// +7.5% relative, 95% interval +1.4% to +13.6%, p = 0.01595, n = 2000, medians
}
