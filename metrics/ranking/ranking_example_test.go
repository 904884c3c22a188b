package ranking_test

import (
	"fmt"
	"math"
	"os"

	"github.com/aislekit/aisle/metrics/ranking"
)

func ExampleTally() {
	r, err := ranking.New[string](ranking.LightGCN(2, 3))
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

func ExampleDense() {
	// One accumulator per goroutine, merged in a fixed order.
	a, err := ranking.NewDense(1000, ranking.Options{K: []int{3}, KeepUsers: true})
	if err != nil {
		panic(err)
	}
	b, _ := ranking.NewDense(1000, ranking.Options{K: []int{3}, KeepUsers: true})
	_ = a.Add([]int32{7, 9, 4}, []int32{9})
	_ = b.Add([]int32{1, 2, 3}, []int32{3, 1})
	if err := a.Merge(b); err != nil {
		panic(err)
	}
	res, _ := a.Result()
	at, _ := res.At(3)
	users, _ := a.PerUser(ranking.MRR, 3)
	fmt.Printf("hit rate %.2f, MRR %.2f of %v\n", at.HitRate, at.MRR, users)
	// Output: hit rate 1.00, MRR 0.75 of [0.5 1]
}

func ExampleResult_Table() {
	r, _ := ranking.New[int](ranking.Options{K: []int{2}})
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
	x, err := ranking.NDCGAt([]string{"b", "x", "a"}, stars, 3, ranking.GainLinear)
	fmt.Printf("%.4f %v\n", x, err)
	// Output: 0.7350 <nil>
}

func ExampleBeyond() {
	b, err := ranking.NewBeyond(ranking.BeyondOptions[string]{
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

func ExampleListOverlap() {
	o, err := ranking.ListOverlap([]string{"tea", "pot", "cup"}, []string{"cup", "milk", "tea"}, 3)
	fmt.Printf("%d shared, Jaccard %.2f %v\n", o.Shared, o.Jaccard, err)
	// Output: 2 shared, Jaccard 0.50 <nil>
}

func ExampleExposure() {
	// Items 0 and 1 are best sellers, 2 to 4 the tail.
	e, err := ranking.NewExposure([]int32{0, 0, 1, 1, 1})
	if err != nil {
		panic(err)
	}
	_ = e.Add([]int32{0, 1}, []int32{1}, nil)
	_ = e.Add([]int32{1, 3}, []int32{4}, []int32{0})
	r, _ := e.Result()
	fmt.Printf("chance to be shown %.2f and %.2f, PopRSP %.2f\n", r.Groups[0].RSP, r.Groups[1].RSP, r.PopRSP)
	// Output: chance to be shown 1.00 and 0.17, PopRSP 0.71
}

// The program of the package documentation.
func Example() {
	users := []string{"ann", "bob"}
	heldOut := map[string][]string{"ann": {"mug"}, "bob": {"tea", "pot"}}
	recommend := func(string) []string { return []string{"tea", "mug", "jam"} }

	tally, err := ranking.New[string](ranking.LightGCN(2, 3))
	if err != nil {
		panic(err)
	}
	for _, u := range users {
		if err := tally.AddSet(recommend(u), heldOut[u]); err != nil {
			panic(err)
		}
	}
	result, err := tally.Result()
	if err != nil {
		panic(err)
	}
	_ = result.Table().WriteText(os.Stdout)
	// Output:
	// k  precision  recall  hitrate  map   mrr      ndcg  auc   rbp  rprecision
	// ---  ---------  ------  -------  ---  ----  --------  ---  ----  ----------
	//   2        0.5    0.75        1  0.5  0.75  0.622038  n/a  0.18        0.25
	//   3   0.333333    0.75        1  0.5  0.75  0.622038  n/a  0.18        0.25
}

// One list under each convention in use.
func ExampleOptions() {
	list, relevant := []int{1, 2}, []int{2, 7, 8, 9}
	for _, c := range []struct {
		name string
		opt  ranking.Options
	}{
		{"TREC", ranking.TREC(3)},
		{"Liang2018", ranking.Liang2018(3)},
		{"LightGCN", ranking.LightGCN(3)},
		{"LensKit", ranking.LensKit(3)},
		{"NCF", ranking.NCF(99, 3)},
		{"by hand", ranking.Options{
			K: []int{3}, Precision: ranking.PrecisionByLength, Recall: ranking.RecallByMinK,
			AP: ranking.APByTruth, Gain: ranking.GainLinear, Discount: ranking.DiscountLog2Clipped,
		}},
	} {
		tally, err := ranking.New[int](c.opt)
		if err != nil {
			panic(err)
		}
		_ = tally.AddSet(list, relevant)
		r, _ := tally.Result()
		a, _ := r.At(3)
		fmt.Printf("%-9s precision %.3f, recall %.3f, MAP %.3f, NDCG %.3f\n", c.name, a.Precision, a.Recall, a.MAP, a.NDCG)
	}
	// Output:
	// TREC      precision 0.333, recall 0.250, MAP 0.125, NDCG 0.296
	// Liang2018 precision 0.333, recall 0.333, MAP 0.167, NDCG 0.296
	// LightGCN  precision 0.333, recall 0.250, MAP 0.167, NDCG 0.296
	// LensKit   precision 0.500, recall 0.333, MAP 0.250, NDCG 0.380
	// NCF       precision 0.333, recall 0.250, MAP 0.167, NDCG 0.296
	// by hand   precision 0.500, recall 0.333, MAP 0.125, NDCG 0.380
}

// The denominators differ for lists shorter than the cut-off, and for users with more
// relevant items than it.
func ExamplePrecisionDenominator() {
	for _, p := range []ranking.PrecisionDenominator{ranking.PrecisionByK, ranking.PrecisionByLength} {
		for _, r := range []ranking.RecallDenominator{ranking.RecallByTruth, ranking.RecallByMinK} {
			tally, err := ranking.New[int](ranking.Options{K: []int{4}, Precision: p, Recall: r})
			if err != nil {
				panic(err)
			}
			_ = tally.AddSet([]int{1, 2}, []int{2, 3, 4, 5, 6})
			x, _ := tally.Result()
			fmt.Printf("precision %.2f, recall %.2f\n", x.Cutoffs[0].Precision, x.Cutoffs[0].Recall)
		}
	}
	// Output:
	// precision 0.25, recall 0.20
	// precision 0.25, recall 0.25
	// precision 0.50, recall 0.20
	// precision 0.50, recall 0.25
}

func ExampleAPDenominator() {
	bought := map[int]float64{2: 1, 3: 1, 4: 1, 5: 1}
	for _, d := range []ranking.APDenominator{ranking.APByMinK, ranking.APByTruth, ranking.APByLength} {
		x, err := ranking.AveragePrecisionAt([]int{1, 2}, bought, 3, d)
		fmt.Printf("%.4f %v\n", x, err)
	}
	// Output:
	// 0.1667 <nil>
	// 0.1250 <nil>
	// 0.2500 <nil>
}

// LensKit discounts ranks 1 and 2 alike.
func ExampleDiscount() {
	for _, d := range []ranking.Discount{ranking.DiscountLog2, ranking.DiscountLog2Clipped} {
		tally, err := ranking.New[int](ranking.Options{K: []int{3}, Discount: d})
		if err != nil {
			panic(err)
		}
		_ = tally.AddSet([]int{1, 2, 3}, []int{2})
		x, _ := tally.Result()
		fmt.Printf("%.4f\n", x.Cutoffs[0].NDCG)
	}
	// Output:
	// 0.6309
	// 1.0000
}

// Every measure of one list at one cut-off.
func ExampleRecallAt() {
	list := []string{"tea", "mug", "pot", "jam"}
	bought := map[string]float64{"mug": 1, "jam": 1, "cup": 1}
	show := func(name string, x float64, err error) { fmt.Printf("%-17s %.4f %v\n", name, x, err) }
	x, err := ranking.PrecisionAt(list, bought, 3)
	show("precision", x, err)
	x, err = ranking.RecallAt(list, bought, 3, ranking.RecallByTruth)
	show("recall", x, err)
	x, err = ranking.HitAt(list, bought, 3)
	show("hit", x, err)
	x, err = ranking.AveragePrecisionAt(list, bought, 3, ranking.APByMinK)
	show("average precision", x, err)
	x, err = ranking.ReciprocalRankAt(list, bought, 3)
	show("reciprocal rank", x, err)
	x, err = ranking.RBPAt(list, bought, 3, .8)
	show("RBP", x, err)
	x, err = ranking.AUCAt(list, bought, 3, 50)
	show("AUC", x, err)
	x, err = ranking.RPrecisionOf(list, bought)
	show("R-precision", x, err)
	// Output:
	// precision         0.3333 <nil>
	// recall            0.3333 <nil>
	// hit               1.0000 <nil>
	// average precision 0.1667 <nil>
	// reciprocal rank   0.5000 <nil>
	// RBP               0.1600 <nil>
	// AUC               0.6454 <nil>
	// R-precision       0.3333 <nil>
}

// A model that cannot tell two candidates apart gets no luck.
func ExampleNDCGOfScores() {
	relevance := []float64{0, 3, 1}
	clear, err := ranking.NDCGOfScores(relevance, []float64{.1, .9, .5}, 0, ranking.GainLinear)
	if err != nil {
		panic(err)
	}
	tied, err := ranking.NDCGOfScores(relevance, []float64{.5, .5, .5}, 0, ranking.GainLinear)
	fmt.Printf("%.3f and %.3f %v\n", clear, tied, err)
	// Output: 1.000 and 0.783 <nil>
}

// What one list offers beyond hits.
func ExampleEPCAt() {
	list := []string{"tea", "mug", "jam"}
	epc, err := ranking.EPCAt(list, nil, map[string]int64{"tea": 80, "mug": 20}, 100, 3)
	if err != nil {
		panic(err)
	}
	price := map[string]float64{"tea": 3, "mug": 9, "jam": 5}
	diversity, err := ranking.IntraListDiversity(list, func(a, b string) float64 { return math.Abs(price[a] - price[b]) })
	if err != nil {
		panic(err)
	}
	// The user bought 70 % food, the list holds two thirds.
	kl, err := ranking.CalibrationKL([]float64{.7, .3}, []float64{2, 1}, 0)
	fmt.Printf("unfamiliar %.3f, mean distance %.1f, miscalibration %.4f %v\n", epc, diversity, kl, err)
	// Output: unfamiliar 0.565, mean distance 4.0, miscalibration 0.0025 <nil>
}
