package recommend_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
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
	seeds := testkit.Seeds(24)
	for seed := range seeds {
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
	if outside > int(seeds)/6 || known < int(seeds)*5/6 { // more than 4 of 24 at 5 % has a chance of 3 in 100
		t.Errorf("without taste %d of %d intervals leave one half out, %d are below .55", outside, seeds, known)
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

// Models that know that popularity is all are not worse than it by more than noise, nor by more
// than two in a hundred, on dense data and on sparse where most pairs of items never meet.
func TestPopularityIsAll(t *testing.T) {
	if testkit.Race { // the same fits, on less
		popularityIsAll(t, popularityOnly(t, 600, 160, 0, 0.8, 3))
		return
	}
	t.Run("dense", func(t *testing.T) { popularityIsAll(t, popularityOnly(t, 1500, 400, 0, 0.8, 3)) })
	t.Run("sparse", func(t *testing.T) { popularityIsAll(t, popularityOnly(t, 1500, 1200, 0, 0.6, 4)) })
}

// sharedUserKNN checks what is special about m, fitted where popularity is all: its frame keeps that the users who have
// nothing in common count, an item that the user alone has scores 0 but for rounding, and what goes
// together is asked of those who have something in common.
func sharedUserKNN(t *testing.T, x *recommend.Interactions, m *recommend.UserKNN) {
	t.Helper()
	var back recommend.UserKNN
	if err := back.UnmarshalBinary(must(m.MarshalBinary())(t)); err != nil {
		t.Fatal(err)
	}
	if !same(t, m, &back) {
		t.Error("user-KNN: the frame written again differs")
	}
	a, b := make([]float32, x.Items()), make([]float32, x.Items())
	known := map[int32]bool{}
	for u := 0; u < x.Users(); u += 40 {
		q := x.Query(u)
		if len(q.Items) == 0 {
			continue
		}
		if err := errors.Join(m.Score(a, q), back.Score(b, q)); err != nil || !slices.Equal(a, b) || slices.Min(a) < 0 {
			t.Fatalf("user-KNN: user %d: %v, decoded %v, %v", u, a[:5], b[:5], err)
		}
		clear(known)
		for v := range x.Users() { // who shares an item
			if r := x.Query(v).Items; v != u && slices.ContainsFunc(r, func(i int32) bool { return slices.Contains(q.Items, i) }) {
				for _, i := range r {
					known[i] = true
				}
			}
		}
		for _, s := range must(m.AppendSimilar(nil, q.Items[0], 10))(t) {
			if !known[s.Item] {
				t.Fatalf("user-KNN: item %d is called similar to %d, and nobody has both", s.Item, q.Items[0])
			}
		}
	}
}

func popularityIsAll(t *testing.T, x *recommend.Interactions) {
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
		whole := 0.0
		for _, v := range popular {
			whole += v / n
		}
		t.Logf("%s: %.4f of popular", name, 1+mean/whole)
		if se := math.Sqrt(squares/n-mean*mean) / math.Sqrt(n); mean < -2.6*se || mean < -0.02*whole {
			t.Errorf("%s is %.4f below popularity of %.4f, standard error %.4f", name, -mean, whole, se)
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
	nmf, err := recommend.FitNMF(ctx, s.Train, recommend.NMFOptions{})
	check("NMF", nmf, err)
	near, err := recommend.FitUserKNN(ctx, s.Train, recommend.UserKNNOptions{})
	check("user-KNN", near, err)
	sharedUserKNN(t, s.Train, near)
	gfcf, err := recommend.FitGFCF(ctx, s.Train, recommend.GFCFOptions{})
	check("GFCF", gfcf, err)
	bspm, err := recommend.FitBSPM(ctx, s.Train, recommend.BSPMOptions{})
	check("BSPM", bspm, err)
	turbo, err := recommend.FitTurboCF(ctx, s.Train, recommend.TurboCFOptions{})
	check("TurboCF", turbo, err)
	slim, err := recommend.FitSLIM(ctx, s.Train, recommend.SLIMOptions{})
	check("SLIM", slim, err)
	sparse, err := recommend.FitSparseEASE(ctx, s.Train, recommend.SparseEASEOptions{})
	check("SparseEASE", sparse, err)
	ease, err := recommend.FitEASE(ctx, s.Train, recommend.EASEOptions{})
	check("EASE", ease, err)
	// What a model says of its options gives the model again here too.
	g, err1 := recommend.FitGFCF(ctx, s.Train, gfcf.Options())
	k, err2 := recommend.FitItemKNN(ctx, s.Train, knn.Options())
	w, err3 := recommend.FitRP3Beta(ctx, s.Train, walk.Options())
	l, err4 := recommend.FitSLIM(ctx, s.Train, slim.Options())
	e, err5 := recommend.FitSparseEASE(ctx, s.Train, sparse.Options())
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil || !same(t, gfcf, g) || !same(t, knn, k) || !same(t, walk, w) || !same(t, slim, l) || !same(t, sparse, e) {
		t.Errorf("the options that models say make others: %v", err)
	}
	// Settings that were asked for stay as they are: no share of what is popular.
	if own, err := recommend.FitSLIM(ctx, s.Train, recommend.SLIMOptions{L2: 100}); err != nil || own.Options().L1 == 0 || same(t, slim, own) {
		t.Errorf("SLIM with a penalty of its own: %+v, %v", own.Options(), err)
	}
	// Similar items of item-KNN are still those that go together: as without what is popular.
	asked := knn.Options()
	asked.Similarity, asked.Weighting = recommend.AsymmetricCosine, recommend.Unweighted
	bare, err := recommend.FitItemKNN(ctx, s.Train, asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int32{0, 7, 60, int32(s.Train.Items() - 40)} {
		top, err1 := knn.AppendSimilar(nil, i, 5)
		all, err2 := bare.AppendSimilar(nil, i, s.Train.Items())
		if err := errors.Join(err1, err2); err != nil || len(top) != 5 || len(all) < 10 {
			t.Fatalf("similar to %d: %v of %d, %v", i, top, len(all), err)
		}
		for _, got := range top {
			k := slices.IndexFunc(all, func(b recommend.Scored) bool { return b.Item == got.Item })
			if k < 0 || float64(all[k].Score) < 0.99*float64(all[4].Score) {
				t.Errorf("similar to %d: %v, want %v", i, top, all[:5])
			}
		}
	}
}
