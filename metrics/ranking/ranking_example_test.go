package ranking_test

import (
	"fmt"
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
