package ranking_test

import (
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/ranking"
	"pgregory.net/rapid"
)

func rankNumbers(r ranking.Result) []float64 {
	out := testkit.Numbers(r.Users, r.Skipped, r.Missing)
	for _, a := range r.Cutoffs {
		out = append(out, a.Precision, a.Recall, a.HitRate, a.MAP, a.MRR, a.NDCG, a.AUC, a.RBP, a.RPrecision)
	}
	return out
}

func TestTallyMerge(t *testing.T) {
	make := func(o ranking.Options) func() *ranking.Dense {
		return func() *ranking.Dense {
			r, err := ranking.NewDense(12, o)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	testkit.Laws[*ranking.Dense]{
		Empty: make(ranking.Options{K: []int{5, 2}, Candidates: 12, KeepUsers: true}),
		Other: make(ranking.Options{K: []int{5, 3}, Candidates: 12, KeepUsers: true}),
		Add: func(t *rapid.T) func(*ranking.Dense) {
			l, rel := drawList(t, 12, 8), drawList(t, 12, 12)
			return func(r *ranking.Dense) {
				if err := r.Add(l, rel); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *ranking.Dense) error { return a.Merge(b) },
		Result: func(r *ranking.Dense) []float64 {
			x, _ := r.Result()
			users, err := r.PerUser(ranking.NDCG, 2)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(users)
			return append(rankNumbers(x), users...)
		},
		Tol: 1e-12,
	}.Check(t)
}

func TestBeyondMerge(t *testing.T) {
	make := func(k int) func() *ranking.Beyond[int32] {
		return func() *ranking.Beyond[int32] {
			b, err := ranking.NewBeyond(ranking.BeyondOptions[int32]{K: k, Items: 12, Users: 9, Popularity: map[int32]int64{0: 9, 1: 7, 2: 7, 3: 1}})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	testkit.Laws[*ranking.Beyond[int32]]{
		Empty: make(4),
		Other: make(5),
		Add: func(t *rapid.T) func(*ranking.Beyond[int32]) {
			l, rel := drawList(t, 12, 8), drawList(t, 12, 12)
			m := map[int32]float64{}
			for _, i := range rel {
				m[i] = 1
			}
			return func(b *ranking.Beyond[int32]) {
				if err := b.AddRelevant(l, m); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *ranking.Beyond[int32]) error { return a.Merge(b) },
		Result: func(b *ranking.Beyond[int32]) []float64 {
			r, _ := b.Result()
			return testkit.Numbers(r.Lists, r.Distinct, r.UserCoverage, r.Coverage, r.Gini, r.Entropy, r.Novelty, r.ARP, r.APLT, r.ACLT, r.Serendipity, r.Personalization)
		},
		Tol: 1e-11,
	}.Check(t)
}
