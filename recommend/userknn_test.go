package recommend

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
)

// slowUserSimilarity is slowSimilarity of the rows of x.
func slowUserSimilarity(x *Interactions, opt ItemKNNOptions, u, v int) float64 {
	return slowSimilarity(&Interactions{users: x.byItem()}, opt, u, v)
}

func TestUserKNNProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		x := groups(rapid.IntRange(4, 20).Draw(t, "users"), rapid.IntRange(9, 20).Draw(t, "items"), 3, seed)
		r := rng.New(seed, 1, 0)
		for p := range x.users.Val {
			x.users.Val[p] = float32(1 + r.Intn(5))
		}
		opt := UserKNNOptions{
			Neighbors:  rapid.IntRange(1, 25).Draw(t, "k"),
			Similarity: Similarity(rapid.IntRange(int(Cosine), int(AdjustedCosine)).Draw(t, "similarity")),
			Weighting:  Weighting(rapid.IntRange(int(Unweighted), int(BM25)).Draw(t, "weighting")),
			Shrinkage:  rapid.SampledFrom([]float64{0, 0.5, 10}).Draw(t, "h"),
			Power:      rapid.SampledFrom([]float64{1, 2.5}).Draw(t, "power"),
			Alpha:      rapid.Float64Range(0.1, 0.9).Draw(t, "alpha"),
			Beta:       rapid.Float64Range(0.1, 2).Draw(t, "beta"),
			K1:         2, B: 0.4,
		}
		if opt.Similarity.centres() && opt.Weighting == Binary {
			opt.Weighting = Unweighted
		}
		m, err := FitUserKNN(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		u := r.Intn(x.Users() - 1)
		q := x.Query(u)
		near, err := m.AppendNeighbors(nil, q, x.Users())
		if err != nil {
			t.Fatal(err)
		}
		// The neighbours are the best by the definition, up to rounding.
		sims := make([]float64, x.Users())
		var all []float64
		for v := range sims {
			if s := slowUserSimilarity(x, opt.rows(), u, v); v != u && s > 0 {
				sims[v] = math.Pow(s, opt.Power)
				all = append(all, sims[v])
			}
		}
		slices.SortFunc(all, func(a, b float64) int { return cmp.Compare(b, a) })
		tol := 1e-3 * max(1, slices.Max(append(all, 0)))
		if want := min(len(all), opt.Neighbors); len(near) > want || len(near) < want && all[len(near)] > tol {
			t.Fatalf("%d neighbours, want %d of %v", len(near), want, all)
		}
		scores, want := make([]float32, x.Items()), make([]float64, x.Items())
		for k, n := range near {
			if math.Abs(float64(n.Score)-sims[n.User]) > tol || math.Abs(float64(n.Score)-all[k]) > tol {
				t.Fatalf("neighbour %d is user %d with %v, want %v; the best %v", k, n.User, n.Score, sims[n.User], all[k])
			}
			items, weights := x.Row(int(n.User))
			for j, i := range items {
				want[i] += sims[n.User] * float64(weights[j])
			}
		}
		if err := m.Score(scores, q); err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			if math.Abs(float64(scores[i])-w) > 20*tol {
				t.Fatalf("score of item %d is %v, want %v", i, scores[i], w)
			}
		}
		// A stranger with the same history sees the same users and the twin.
		q.User = Stranger
		twin, err := m.AppendNeighbors(nil, q, 1)
		if err != nil {
			t.Fatal(err)
		}
		if opt.Similarity == Cosine && opt.Shrinkage == 0 && opt.Weighting == Unweighted && math.Abs(float64(twin[0].Score)-1) > 1e-5 {
			t.Fatalf("the user with this very history has similarity %v", twin[0].Score)
		}
	})
}

func TestUserKNNNeighborsErrors(t *testing.T) {
	m, err := FitUserKNN(context.Background(), groups(20, 9, 2, 1), UserKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		q    Query
		want error
	}{
		"no history":     {Query{User: 1}, ErrEmpty},
		"unknown item":   {Query{Items: []int32{9}}, ErrRange},
		"negative item":  {Query{Items: []int32{-1}}, ErrRange},
		"weights length": {Query{Items: []int32{1}, Weights: []float32{1, 2}}, ErrShape},
	} {
		if got, err := m.AppendNeighbors(nil, c.q, 3); !errors.Is(err, c.want) || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := m.AppendNeighbors(nil, Query{Items: []int32{1}}, -1); err != nil || len(got) != 0 {
		t.Errorf("k=-1: %v, %v", got, err)
	}
}

func TestUserKNNOptions(t *testing.T) {
	for _, c := range []struct {
		opt   UserKNNOptions
		field string
	}{
		{UserKNNOptions{Neighbors: -1}, "Neighbors"},
		{UserKNNOptions{Power: -1}, "Power"},
		{UserKNNOptions{Power: math.NaN()}, "Power"},
		{UserKNNOptions{Similarity: 99}, "Similarity"},
		{UserKNNOptions{Weighting: -1}, "Weighting"},
		{UserKNNOptions{Shrinkage: -1}, "Shrinkage"},
	} {
		_, err := FitUserKNN(context.Background(), groups(10, 9, 2, 1), c.opt)
		if !errors.Is(err, ErrOption) || !contains(err.Error(), c.field) {
			t.Errorf("%+v: %v", c.opt, err)
		}
	}
}

func BenchmarkUserKNN(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	m, err := FitUserKNN(context.Background(), x, UserKNNOptions{})
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float32, x.Items())
	b.Run("users=10k/items=3k/entries=400k/neighbors=200", func(b *testing.B) {
		b.ReportAllocs()
		u := 0
		for b.Loop() {
			if err := m.Score(dst, x.Query(u%9_999)); err != nil {
				b.Fatal(err)
			}
			u++
		}
	})
}
