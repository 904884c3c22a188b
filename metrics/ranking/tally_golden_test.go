package ranking_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/ranking"
)

type rankingGolden struct {
	Items   int
	K       []int
	Lists   [][]int32
	Truth   []map[string]float64
	Ranx    map[string]float64
	Full    []int
	Sklearn map[string]struct{ NDCG []float64 }
	Lenskit map[string]float64
	AUC     []float64
}

func (g rankingGolden) truth(t testing.TB, u int) (map[int32]float64, []int32, []float64) {
	t.Helper()
	m := map[int32]float64{}
	var ids []int32
	var gains []float64
	for s, x := range g.Truth[u] {
		i, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		m[int32(i)] = x
		ids = append(ids, int32(i))
		gains = append(gains, x)
	}
	return m, ids, gains
}

// run evaluates all users with both accumulators, which must agree to the bit.
func (g rankingGolden) run(t testing.TB, o ranking.Options, graded bool) ranking.Result {
	t.Helper()
	r, err := ranking.New[int32](o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ranking.NewDense(g.Items, o)
	if err != nil {
		t.Fatal(err)
	}
	for u, l := range g.Lists {
		m, ids, gains := g.truth(t, u)
		if graded {
			err = d.AddGraded(l, ids, gains)
			if err == nil {
				err = r.Add(l, m)
			}
		} else {
			err = d.Add(l, ids)
			if err == nil {
				err = r.AddSet(l, ids)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Result()
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("generic and dense differ:\n%+v\n%+v", a, b)
	}
	return a
}

func TestTallyGolden(t *testing.T) {
	var g rankingGolden
	testkit.Golden(t, "ranking.json", &g)
	trec := g.run(t, ranking.TREC(g.K...), true)
	exp := ranking.TREC(g.K...)
	exp.Gain, exp.Persistence = ranking.GainExponential, 0.5
	burges := g.run(t, exp, true)
	lk := g.run(t, ranking.LensKit(g.K...), false)
	if trec.Users != 40 || trec.Skipped != 0 {
		t.Errorf("users %d, skipped %d", trec.Users, trec.Skipped)
	}
	for _, k := range g.K {
		a, _ := trec.At(k)
		e, _ := burges.At(k)
		l, _ := lk.At(k)
		at := func(n string) string { return fmt.Sprintf("%s@%d", n, k) }
		for n, x := range map[string]float64{
			"precision": a.Precision, "recall": a.Recall, "hit_rate": a.HitRate, "map": a.MAP, "mrr": a.MRR,
			"ndcg": a.NDCG, "ndcg_burges": e.NDCG,
		} {
			testkit.Near(t, "ranx "+at(n), x, g.Ranx[at(n)], 1e-12)
		}
		testkit.Near(t, "ranx r-precision", a.RPrecision, g.Ranx["r-precision"], 1e-12)
		for n, x := range map[string]float64{
			"precision": l.Precision, "recall": l.Recall, "hitrate": l.HitRate, "map": l.MAP, "mrr": l.MRR,
			"ndcg": l.NDCG, "rbp": l.RBP,
		} {
			testkit.Near(t, "LensKit "+at(n), x, g.Lenskit[at(n)], 1e-6) // LensKit keeps float32 scores
		}
		if k == 20 {
			testkit.Near(t, "ranx rbp.80", a.RBP, g.Ranx["rbp.80"], 1e-12)
			testkit.Near(t, "ranx rbp.50", e.RBP, g.Ranx["rbp.50"], 1e-12)
		}
		for j, u := range g.Full {
			m, _, _ := g.truth(t, u)
			x, err := ranking.NDCGAt(g.Lists[u], m, k, ranking.GainLinear)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Near(t, "scikit-learn ndcg", x, g.Sklearn[strconv.Itoa(k)].NDCG[j], 1e-12)
		}
	}
	for j, u := range g.Full {
		m, _, _ := g.truth(t, u)
		x, err := ranking.AUCAt(g.Lists[u], m, 20, g.Items)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "scikit-learn AUC", x, g.AUC[j], 1e-12)
	}
}

func TestBeyondGolden(t *testing.T) {
	var g struct {
		Items, K                                                         int
		TrainUsers                                                       int64 `json:"train_users"`
		Pop                                                              []int64
		Lists, Truth                                                     [][]int
		Coverage, MIUF, ARP, Serendipity, Entropy, Gini, Personalization float64
	}
	testkit.Golden(t, "beyond.json", &g)
	pop := map[int]int64{}
	for i, n := range g.Pop {
		pop[i] = n
	}
	b, err := ranking.NewBeyond(ranking.BeyondOptions[int]{K: g.K, Items: g.Items, Popularity: pop, Users: g.TrainUsers})
	if err != nil {
		t.Fatal(err)
	}
	for u, l := range g.Lists {
		rel := map[int]float64{}
		for _, i := range g.Truth[u] {
			rel[i] = 1
		}
		if err := b.AddRelevant(l, rel); err != nil {
			t.Fatal(err)
		}
	}
	r, err := b.Result()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "coverage", r.Coverage, g.Coverage, 1e-12)
	testkit.Near(t, "novelty", r.Novelty, g.MIUF, 1e-12)
	testkit.Near(t, "ARP", r.ARP, g.ARP, 1e-12)
	testkit.Near(t, "serendipity", r.Serendipity, g.Serendipity, 1e-12)
	testkit.Near(t, "entropy", r.Entropy, g.Entropy, 1e-12)
	testkit.Near(t, "Gini", r.Gini, g.Gini, 1e-12)
	testkit.Near(t, "personalisation", r.Personalization, g.Personalization, 1e-12)
}
