package ranking

import (
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func rankNumbers(r Result) []float64 {
	out := testkit.Numbers(r.Users, r.Skipped, r.Missing)
	for _, a := range r.Cutoffs {
		out = append(out, a.Precision, a.Recall, a.HitRate, a.MAP, a.MRR, a.NDCG, a.AUC, a.RBP, a.RPrecision)
	}
	return out
}

func TestRankingMerge(t *testing.T) {
	make := func(o Options) func() *Dense {
		return func() *Dense {
			r, err := NewDense(12, o)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	testkit.Laws[*Dense]{
		Empty: make(Options{K: []int{5, 2}, Candidates: 12, KeepUsers: true}),
		Other: make(Options{K: []int{5, 3}, Candidates: 12, KeepUsers: true}),
		Add: func(t *rapid.T) func(*Dense) {
			l, rel := drawList(t, 12, 8), drawList(t, 12, 12)
			return func(r *Dense) {
				if err := r.Add(l, rel); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Dense) error { return a.Merge(b) },
		Result: func(r *Dense) []float64 {
			x, _ := r.Result()
			users, err := r.PerUser(NDCG, 2)
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
	make := func(k int) func() *Beyond[int32] {
		return func() *Beyond[int32] {
			b, err := NewBeyond(BeyondOptions[int32]{K: k, Items: 12, Users: 9, Popularity: map[int32]int64{0: 9, 1: 7, 2: 7, 3: 1}})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	testkit.Laws[*Beyond[int32]]{
		Empty: make(4),
		Other: make(5),
		Add: func(t *rapid.T) func(*Beyond[int32]) {
			l, rel := drawList(t, 12, 8), drawList(t, 12, 12)
			m := map[int32]float64{}
			for _, i := range rel {
				m[i] = 1
			}
			return func(b *Beyond[int32]) {
				if err := b.AddRelevant(l, m); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Beyond[int32]) error { return a.Merge(b) },
		Result: func(b *Beyond[int32]) []float64 {
			r, _ := b.Result()
			return testkit.Numbers(r.Lists, r.Distinct, r.UserCoverage, r.Coverage, r.Gini, r.Entropy, r.Novelty, r.ARP, r.APLT, r.ACLT, r.Serendipity, r.Personalization)
		},
		Tol: 1e-11,
	}.Check(t)
}
