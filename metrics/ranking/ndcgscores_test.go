package ranking

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func TestNDCGOfScoresGolden(t *testing.T) {
	var g struct {
		Rows []struct {
			Rel, Score []float64
			NDCG       map[int]float64
			Exp        map[int]float64
		}
	}
	testkit.Golden(t, "ndcgscores.json", &g)
	for _, row := range g.Rows {
		for k, want := range row.NDCG {
			x, err := NDCGOfScores(row.Rel, row.Score, k, GainLinear)
			must(t, err)
			testkit.Near(t, "NDCG", x, want, 1e-13)
			x, err = NDCGOfScores(row.Rel, row.Score, k, GainExponential)
			must(t, err)
			testkit.Near(t, "NDCG, exponential", x, row.Exp[k], 1e-13)
		}
	}
}

func TestNDCGOfScoresBadInput(t *testing.T) {
	one := []float64{1}
	for name, c := range map[string]struct{ got, want error }{
		"empty":      {second(NDCGOfScores(nil, nil, 1, GainLinear)), ErrEmpty},
		"lengths":    {second(NDCGOfScores(one, nil, 1, GainLinear)), ErrShape},
		"k -1":       {second(NDCGOfScores(one, one, -1, GainLinear)), ErrOption},
		"gain":       {second(NDCGOfScores(one, one, 1, 9)), ErrOption},
		"score NaN":  {second(NDCGOfScores(one, []float64{math.NaN()}, 1, GainLinear)), ErrNotFinite},
		"Inf":        {second(NDCGOfScores([]float64{math.Inf(1)}, one, 1, GainLinear)), ErrNotFinite},
		"irrelevant": {second(NDCGOfScores([]float64{0, -1}, []float64{1, 2}, 1, GainLinear)), ErrUndefined},
		"overflow":   {second(NDCGOfScores([]float64{2000}, one, 1, GainExponential)), ErrOverflow},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

// Without ties it is NDCGAt of the sorted list; with ties the mean over orders.
func TestNDCGOfScoresProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		k := rapid.IntRange(1, n+2).Draw(t, "k")
		perm := rapid.Permutation(seq(n)).Draw(t, "order")
		rel, score := make([]float64, n), make([]float64, n)
		truth := map[int32]float64{}
		for i := range n {
			rel[i] = float64(rapid.IntRange(0, 3).Draw(t, "relevance"))
			truth[int32(i)] = rel[i]
		}
		for r, i := range perm {
			score[i] = -float64(r)
		}
		want, err := NDCGAt(perm, truth, k, GainLinear)
		got, err2 := NDCGOfScores(rel, score, k, GainLinear)
		if err != nil || err2 != nil {
			if !errors.Is(err, ErrUndefined) || !errors.Is(err2, ErrUndefined) {
				t.Fatal(err, err2)
			}
			return
		}
		if math.Abs(got-want) > 1e-12 {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// Long lists with many ties, or scores that differ in their last bits only,
// against the definition.
func TestNDCGSortedProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		n := rapid.IntRange(minSorted-2, 300).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		if k == 0 {
			k = n // as the function has it
		}
		kind := rapid.IntRange(0, 3).Draw(t, "scores")
		share := rapid.SampledFrom([]float64{.02, .3, 1}).Draw(t, "relevant")
		rel, score := make([]float64, n), make([]float64, n)
		for i := range n {
			switch kind {
			case 0:
				score[i] = float64(r.Intn(5)) - 2
			case 1:
				score[i] = 1 + float64(r.Intn(200))*0x1p-52
			case 2:
				score[i] = r.Normal()
			case 3:
				score[i] = math.Copysign(0, float64(r.Intn(2))-.5)
			}
			if r.Bool(share) {
				rel[i] = float64(r.Intn(4))
			}
		}
		dcg, ideal := 0.0, 0.0
		for i, x := range score { // the mean discount over the places candidate i may take
			above, tied := 0, 0
			better := 0
			for j, y := range score {
				if y > x {
					above++
				} else if y == x {
					tied++
				}
				if rel[j] > rel[i] || rel[j] == rel[i] && j < i {
					better++
				}
			}
			for p := above; p < min(above+tied, k); p++ {
				dcg += rel[i] / math.Log2(float64(p+2)) / float64(tied)
			}
			if better < k {
				ideal += rel[i] / math.Log2(float64(better+2))
			}
		}
		got, err := NDCGOfScores(rel, score, k, GainLinear)
		if ideal == 0 {
			if !errors.Is(err, ErrUndefined) {
				t.Fatal(got, err)
			}
			return
		}
		if err != nil || math.Abs(got-dcg/ideal) > 1e-12 {
			t.Fatalf("%v, want %v, %v", got, dcg/ideal, err)
		}
	})
}

func BenchmarkNDCGOfScores(b *testing.B) {
	const users = 100
	for _, c := range []struct{ items, k int }{{100, 10}, {1000, 10}, {1000, 100}, {1000, 0}} {
		r := rng.New(1, 0, 0)
		rel, score := make([][]float64, users), make([][]float64, users)
		for u := range users {
			for range c.items {
				rel[u] = append(rel[u], float64(r.Intn(20)/19))
				score[u] = append(score[u], r.Float64())
			}
		}
		b.Run(fmt.Sprintf("items=%d/k=%d", c.items, c.k), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for u := range users {
					if _, err := NDCGOfScores(rel[u], score[u], c.k, GainLinear); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N)*users/b.Elapsed().Seconds(), "users/s")
		})
	}
}
