package metrics_test

import (
	"fmt"
	"os"

	"github.com/aislekit/aisle/metrics"
)

func ExampleRanking() {
	r, err := metrics.NewRanking[string](metrics.LightGCN(2, 3))
	if err != nil {
		panic(err)
	}
	// What each user was shown, best first, and what they went on to buy.
	_ = r.AddSet([]string{"tea", "mug", "pot"}, []string{"mug"})
	_ = r.AddSet([]string{"tea", "jam", "mug"}, []string{"tea", "mug", "pot"})
	_ = r.AddSet([]string{"tea"}, nil) // bought nothing: skipped
	res, err := r.Result()
	if err != nil {
		panic(err)
	}
	for _, a := range res.Cutoffs {
		fmt.Printf("k=%d recall %.4f ndcg %.4f\n", a.K, a.Recall, a.NDCG)
	}
	fmt.Println(res.Users, "users,", res.Skipped, "skipped")
	// Output:
	// k=2 recall 0.6667 ndcg 0.6220
	// k=3 recall 0.8333 ndcg 0.6674
	// 2 users, 1 skipped
}

func ExampleDenseRanking() {
	// One accumulator per goroutine, merged in a fixed order.
	a, err := metrics.NewDenseRanking(1000, metrics.RankingOptions{K: []int{3}, KeepUsers: true})
	if err != nil {
		panic(err)
	}
	b, _ := metrics.NewDenseRanking(1000, metrics.RankingOptions{K: []int{3}, KeepUsers: true})
	_ = a.Add([]int32{7, 9, 4}, []int32{9})
	_ = b.Add([]int32{1, 2, 3}, []int32{3, 1})
	if err := a.Merge(b); err != nil {
		panic(err)
	}
	res, _ := a.Result()
	at, _ := res.At(3)
	users, _ := a.PerUser(metrics.RankMRR, 3)
	fmt.Printf("hit rate %.2f, MRR %.2f of %v\n", at.HitRate, at.MRR, users)
	// Output: hit rate 1.00, MRR 0.75 of [0.5 1]
}

func ExampleRankingResult_Table() {
	r, _ := metrics.NewRanking[int](metrics.RankingOptions{K: []int{2}})
	_ = r.AddSet([]int{1, 2}, []int{1})
	res, _ := r.Result()
	_ = res.Table().WriteText(os.Stdout)
	// Output:
	//   k  precision  recall  hitrate  map  mrr  ndcg  auc  rbp  rprecision
	// ---  ---------  ------  -------  ---  ---  ----  ---  ---  ----------
	//   2        0.5       1        1    1    1     1  n/a  0.2           1
}

func ExampleNDCGAt() {
	stars := map[string]float64{"a": 3, "b": 2, "c": 1}
	x, err := metrics.NDCGAt([]string{"b", "x", "a"}, stars, 3, metrics.GainLinear)
	fmt.Printf("%.4f %v\n", x, err)
	// Output: 0.7350 <nil>
}

func ExampleBeyond() {
	b, err := metrics.NewBeyond(metrics.BeyondOptions[string]{
		K: 2, Items: 4, Users: 100, Popularity: map[string]int64{"tea": 50, "mug": 25, "jam": 5},
	})
	if err != nil {
		panic(err)
	}
	_ = b.Add([]string{"tea", "mug"})
	_ = b.Add([]string{"tea", "jam"})
	r, _ := b.Result()
	fmt.Printf("coverage %.2f, novelty %.3f bits, popularity %.1f, personalisation %.2f\n", r.Coverage, r.Novelty, r.ARP, r.Personalization)
	// Output: coverage 0.75, novelty 2.080 bits, popularity 32.5, personalisation 0.50
}

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

func ExampleCounts() {
	var campaign metrics.Counts
	_ = campaign.Add(metrics.Counts{Impressions: 20_000, Clicks: 400, Orders: 12, Revenue: 60_000, Cost: 15_000})
	_ = campaign.Add(metrics.Counts{Impressions: 5_000, Clicks: 200, Orders: 8, Revenue: 30_000, Cost: 5_000})
	fmt.Println("CTR ", campaign.CTR())
	fmt.Println("AOV ", campaign.AOV())
	fmt.Println("ROAS", campaign.ROAS())
	_, err := campaign.CAC().Value()
	fmt.Println(err)
	// Output:
	// CTR  0.024 (600/25000)
	// AOV  4500 (90000/20)
	// ROAS 4.5 (90000/20000)
	// metrics: Ratio: 20000/0: result is undefined
}

func ExampleRatio() {
	var ctr metrics.Ratio
	_ = ctr.Add(3, 100) // clicks, impressions of Monday
	_ = ctr.Add(1, 900)
	x, err := ctr.Value()
	fmt.Println(x, err, ctr.N())
	// Output: 0.004 <nil> 2
}

func ExampleCustomers() {
	var march, april metrics.Customers[string]
	_ = march.Add("ann", 1200)
	_ = march.Add("ann", 800)
	_ = march.Add("bob", 500)
	_ = april.Add("bob", 700)
	fmt.Println("repeat purchase", march.RepeatPurchaseRate())
	fmt.Println("repurchase     ", march.RepurchaseRate(&april))
	fmt.Println("per customer   ", march.ARPPU())
	// Output:
	// repeat purchase 0.5 (1/2)
	// repurchase      0.5 (1/2)
	// per customer    1250 (2500/2)
}

func ExampleRetention() {
	fmt.Println(metrics.Retention([]int{1, 2, 3, 4}, []int{2, 4, 4, 9}))
	// Output: 0.5 (2/4)
}

func ExampleCompareProportions() {
	control, _ := metrics.NewProportion(400, 10_000)
	treated, _ := metrics.NewProportion(470, 10_000)
	e, err := metrics.CompareProportions(control, treated, metrics.CompareOptions{Scale: metrics.ScaleRelative})
	if err != nil {
		panic(err)
	}
	fmt.Println(e)
	// Output: +17.5% relative, 95% interval +2.176% to +32.82%, p = 0.0252, n = 20000, two-proportion z (delta method)
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
	// | metric     | control | treatment | effect | scale    |        low |     high |        p |   n | method                                            |
	// | ---------- | ------: | --------: | -----: | -------- | ---------: | -------: | -------: | --: | ------------------------------------------------- |
	// | conversion |     0.4 |       0.5 |    0.1 | absolute | -0.0371975 | 0.237197 | 0.155218 | 200 | two-proportion z (pooled test, unpooled interval) |
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
