package recommend_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/evaluate"
	"github.com/aislekit/aisle/recommend/split"
)

// popularityOnly draws users of different activity who take items without any taste, by
// popularity alone (Gumbel keys are draws without replacement), or, with groups, from
// their own group's items five times as readily.
func popularityOnly(t testing.TB, users, items, groups int, exponent float64, seed uint64) *recommend.Interactions {
	t.Helper()
	r := rng.New(seed, 7, 1)
	rows := make([][]int32, users)
	keys := make([]float64, items)
	order := make([]int32, items)
	for u := range rows {
		n := min(max(int(15*math.Exp(0.7*r.Normal())), 1), items/3)
		for i := range keys {
			keys[i] = -exponent*math.Log(float64(i+1)) - math.Log(r.Exp())
			if groups > 0 && i%groups == u%groups {
				keys[i] += math.Log(5)
			}
			order[i] = int32(i)
		}
		slices.SortFunc(order, func(a, b int32) int {
			if keys[a] > keys[b] {
				return -1
			}
			return 1
		})
		rows[u] = slices.Clone(order[:n])
	}
	x, err := recommend.InteractionsFromRows(items, rows)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Without taste the interval covers one half about as often as it says, whatever the
// popularity; with some it does not.
func TestBeyondPopularity(t *testing.T) {
	outside, known := 0, 0
	for seed := range uint64(24) {
		x := popularityOnly(t, 600, 200, 0, []float64{0, 0.6, 1}[seed%3], seed)
		share, margin, err := x.BeyondPopularity()
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(share-0.5) > margin {
			outside++
		}
		if share+margin < 0.55 {
			known++
		}
	}
	if outside > 4 || known < 20 { // more than 4 of 24 at 5 % has a chance of 3 in 100
		t.Errorf("without taste %d of 24 intervals leave one half out, %d are below .55", outside, known)
	}
	x := popularityOnly(t, 600, 200, 4, 0.8, 5)
	share, margin, err := x.BeyondPopularity()
	if err != nil || share-margin < 0.55 {
		t.Errorf("with four groups %.3f ± %.3f, %v", share, margin, err)
	}
	var none *recommend.Interactions
	if _, _, err := none.BeyondPopularity(); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("nil: %v", err)
	}
	lone, _ := recommend.InteractionsFromRows(3, [][]int32{{0}, {1}, {2}})
	if share, margin, err := lone.BeyondPopularity(); share != 0.5 || margin != 0.5 || err != nil {
		t.Errorf("users of one item: %v ± %v, %v", share, margin, err)
	}
}

// Models that know that popularity is all are not worse than it by more than noise.
func TestPopularityIsAll(t *testing.T) {
	x := popularityOnly(t, 1500, 400, 0, 0.8, 3)
	s, err := split.Random(x, 0.2, 3)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	recall := func(m recommend.Model, err error) []float64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var out []float64
		_, err = evaluate.Lists(ctx, m, s.Train, s.Test, func(got, relevant []int32) error {
			hits := 0.0
			for _, i := range got {
				if slices.Contains(relevant, i) {
					hits++
				}
			}
			out = append(out, hits/float64(len(relevant)))
			return nil
		}, evaluate.Options{K: 20})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	popular := recall(recommend.FitPopular(ctx, s.Train, recommend.PopularOptions{}))
	check := func(name string, m recommend.Model, err error) {
		t.Helper()
		sum, squares := 0.0, 0.0
		got := recall(m, err)
		for k := range got {
			d := got[k] - popular[k]
			sum += d
			squares += d * d
		}
		n := float64(len(got))
		mean := sum / n
		if se := math.Sqrt(squares/n-mean*mean) / math.Sqrt(n); mean < -2.6*se {
			t.Errorf("%s is %.4f below popularity, standard error %.4f", name, -mean, se)
		}
	}
	als, err := recommend.FitALS(ctx, s.Train, recommend.ALSOptions{})
	check("ALS", als, err)
	knn, err := recommend.FitItemKNN(ctx, s.Train, recommend.ItemKNNOptions{})
	check("item-KNN", knn, err)
	walk, err := recommend.FitRP3Beta(ctx, s.Train, recommend.RP3BetaOptions{})
	check("RP3beta", walk, err)
	svd, err := recommend.FitPureSVD(ctx, s.Train, recommend.PureSVDOptions{})
	check("PureSVD", svd, err)
}
