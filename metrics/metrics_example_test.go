package metrics_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/aislekit/aisle/metrics"
)

func ExampleConfusion() {
	c := metrics.Confusion{TP: 30, FP: 20, FN: 10, TN: 40}
	f1, _ := c.F1()
	mcc, _ := c.MCC()
	fmt.Printf("F1 %.4f, MCC %.4f\n", f1, mcc)
	_, err := metrics.Confusion{TN: 5}.Precision()
	fmt.Println(err)
	// Output:
	// F1 0.6667, MCC 0.4082
	// metrics: Confusion: precision: 0/0: result is undefined
}

func ExampleAUC() {
	bought := []bool{false, false, true, true}
	score := []float64{0.1, 0.4, 0.35, 0.8}
	auc, err := metrics.AUC(bought, score, nil)
	fmt.Println(auc, err)
	// Output: 0.75 <nil>
}

func ExampleGains() {
	bought := []bool{true, true, false, true, false, false, false, false, false, false}
	score := []float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	g, err := metrics.Gains(bought, score, nil, 5)
	if err != nil {
		panic(err)
	}
	fmt.Printf("the best %.0f%% hold %.0f%% of the buyers, lift %.2f\n", 100*g[0].Share, 100*g[0].Captured, g[0].Lift)
	// Output: the best 20% hold 67% of the buyers, lift 3.33
}

func ExampleBinaryLoss() {
	b, err := metrics.NewBinaryLoss(metrics.BinaryLossOptions{})
	if err != nil {
		panic(err)
	}
	for _, x := range []struct {
		churned bool
		p       float64
	}{{false, 0.1}, {true, 0.9}, {true, 0.8}, {false, 0.3}} {
		if err := b.Add(x.churned, x.p); err != nil {
			panic(err)
		}
	}
	r, _ := b.Result()
	fmt.Printf("log-loss %.4f, Brier %.4f, predicted/observed %.2f\n", r.LogLoss, r.Brier, r.CalibrationRatio)
	// Output: log-loss 0.1976, Brier 0.0375, predicted/observed 1.05
}

func ExampleScoreHistogram() {
	h, err := metrics.NewScoreHistogram(0, 1, 1000)
	if err != nil {
		panic(err)
	}
	_ = h.Add(false, 0.1)
	_ = h.Add(false, 0.4)
	_ = h.Add(true, 0.35)
	_ = h.Add(true, 0.8)
	auc, bound, _ := h.AUC()
	fmt.Println(auc, "±", bound)
	// Output: 0.75 ± 0
}

func ExampleRegression() {
	var r metrics.Regression
	_ = r.Add(100, 110)
	_ = r.Add(200, 180)
	res, _ := r.Result()
	fmt.Printf("MAE %.1f, RMSE %.2f, WAPE %.2f\n", res.MAE, res.RMSE, res.WAPE)
	// Output: MAE 15.0, RMSE 15.81, WAPE 0.10
}

func ExampleMASE() {
	history := []float64{10, 12, 11, 13}
	m, err := metrics.MASE([]float64{12, 14}, []float64{12, 13}, history, 1)
	fmt.Printf("%.2f %v\n", m, err)
	// Output: 0.30 <nil>
}

func ExampleRatio() {
	var ctr metrics.Ratio
	_ = ctr.Add(3, 100) // clicks, impressions of Monday
	_ = ctr.Add(1, 900)
	x, err := ctr.Value()
	fmt.Println(x, err, ctr.N())
	// Output: 0.004 <nil> 2
}

func ExampleCompareProportions() {
	control, _ := metrics.NewProportion(400, 10_000)
	treated, _ := metrics.NewProportion(470, 10_000)
	e, err := metrics.CompareProportions(control, treated, metrics.CompareOptions{Scale: metrics.ScaleRelative})
	if err != nil {
		panic(err)
	}
	fmt.Println(e)
	// Output: +17.5% relative, 95% interval +3.144% to +33.86%, p = 0.01524, n = 20000, two-proportion z, score interval
}

func ExampleEffect() {
	a, _ := metrics.NewMoments(3407, 0.41, 15.2)
	b, _ := metrics.NewMoments(3461, 0.70, 38.4)
	// One difference, three scales: an effect always says which it is on.
	for _, s := range []metrics.Scale{metrics.ScaleAbsolute, metrics.ScaleRelative, metrics.ScaleRatio} {
		e, err := metrics.CompareMeans(a, b, metrics.CompareOptions{Scale: s})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%-8v %.3f (%.3f to %.3f) significant %v\n", e.Scale, e.Estimate, e.Low, e.High, e.Significant())
	}
	// Output:
	// absolute 0.290 (0.045 to 0.535) significant true
	// relative 0.707 (-0.035 to 1.450) significant false
	// ratio    1.707 (0.965 to 2.450) significant false
}

func ExampleProportion() {
	var clicks metrics.Proportion
	for i := range 38 {
		clicks.Add(i%2 == 0)
	}
	iv, err := clicks.Wilson(0.95)
	fmt.Printf("%.4f to %.4f %v\n", iv.Low, iv.High, err)
	// Output: 0.3485 to 0.6515 <nil>
}

func ExampleMoments() {
	control, _ := metrics.MomentsOf([]float64{12, 0, 30, 8, 15, 0, 22, 9})
	treated, _ := metrics.MomentsOf([]float64{25, 14, 0, 41, 33, 18, 27, 30})
	e, err := metrics.CompareMeans(control, treated, metrics.CompareOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%+.2f per customer, %.2f to %.2f, p = %.3f\n", e.Estimate, e.Low, e.High, e.PValue)
	// Output: +11.50 per customer, -0.95 to 23.95, p = 0.067
}

func ExampleEffectTable() {
	a, _ := metrics.NewProportion(40, 100)
	b, _ := metrics.NewProportion(50, 100)
	e, _ := metrics.CompareProportions(a, b, metrics.CompareOptions{})
	_ = metrics.EffectTable([]string{"conversion"}, []metrics.Effect{e}).WriteMarkdown(os.Stdout)
	// Output:
	// | metric     | control | treatment | effect | scale    |        low |     high |        p |   n | method                           |
	// | ---------- | ------: | --------: | -----: | -------- | ---------: | -------: | -------: | --: | -------------------------------- |
	// | conversion |     0.4 |       0.5 |    0.1 | absolute | -0.0378105 | 0.234111 | 0.155218 | 200 | two-proportion z, score interval |
}

func ExampleTable() {
	t := metrics.NewTable("segment", "buyers", "rate")
	t.AddRow("new", 120, 0.0312)
	t.AddRow("loyal", 80, 0.21)
	_ = t.WriteText(os.Stdout)
	// Output:
	// segment  buyers    rate
	// -------  ------  ------
	// new         120  0.0312
	// loyal        80    0.21
}

func ExampleFairness() {
	var f metrics.Fairness[string]
	for i := range 100 {
		f.Add("north", i%2 == 0, i%4 == 0)
		f.Add("south", i%2 == 0, i%5 == 0)
	}
	f.Add("isles", true, false)
	r, err := f.Result(30)
	fmt.Printf("selection %.2f against %.2f, ratio %.2f, unknown %v, %v\n", r.Groups[1].SelectionRate, r.Groups[2].SelectionRate, r.ParityRatio, r.Unknown, err)
	// Output: selection 0.25 against 0.20, ratio 0.80, unknown [isles], <nil>
}

func ExampleDistinct() {
	var monday, tuesday metrics.Distinct
	for i := range 1000 {
		monday.AddUint64(uint64(i))
		tuesday.AddUint64(uint64(i + 500))
	}
	if err := monday.Merge(&tuesday); err != nil {
		panic(err)
	}
	fmt.Printf("about %.0f users in two days, of 1500\n", monday.Count())
	// Output: about 1503 users in two days, of 1500
}

func ExampleQuantiles() {
	var q metrics.Quantiles
	for i := range 1000 {
		_ = q.Add(float64(i + 1))
	}
	p90, _ := q.Quantile(0.9)
	fmt.Printf("%.0f\n", p90)
	// Output: 907
}

func ExampleAgreement() {
	var a metrics.Agreement
	for _, p := range [][2]int{{0, 0}, {0, 0}, {1, 1}, {1, 2}} {
		a.Add(p[0], p[1])
	}
	r, _ := a.Result()
	fmt.Printf("ARI %.4f, purity %.0f\n", r.ARI, r.Purity)
	// Output: ARI 0.5714, purity 1
}

func ExampleForecasts() {
	var f metrics.Forecasts
	history := []float64{10, 12, 11, 13}
	s, err := f.Add([]float64{12, 14}, []float64{13, 13}, history, 1, 1)
	fmt.Printf("MASE %.2f, WAPE %.3f %v\n", s.MASE, s.WAPE, err)
	// Output: MASE 0.60, WAPE 0.077 <nil>
}

func ExampleInference() {
	control, _ := metrics.NewProportion(10, 1000)
	treated, _ := metrics.NewProportion(0, 1000) // nobody converts
	for _, how := range []metrics.Inference{metrics.InferByCount, metrics.InferScore, metrics.InferExact, metrics.InferMidP, metrics.InferWald} {
		e, err := metrics.CompareProportions(control, treated, metrics.CompareOptions{Scale: metrics.ScaleRatio, Inference: how})
		if err != nil {
			fmt.Println(errors.Is(err, metrics.ErrUndefined))
			continue
		}
		fmt.Printf("%.2f to %.2f, p %.4f\n", e.Low, e.High, e.PValue)
	}
	odds, _ := metrics.CompareProportions(control, treated, metrics.CompareOptions{Scale: metrics.ScaleOdds})
	fmt.Printf("odds ratio %v to %.2f\n", odds.Low, odds.High)
	// Output:
	// 0.00 to 0.35, p 0.0019
	// 0.00 to 0.38, p 0.0015
	// 0.00 to 0.45, p 0.0019
	// 0.00 to 0.35, p 0.0019
	// true
	// odds ratio 0 to 0.35
}
