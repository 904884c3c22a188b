package recommend

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

func contains(s, sub string) bool { return strings.Contains(s, sub) }

// slowSimilarity computes a similarity from the definitions, on dense columns.
func slowSimilarity(x *Interactions, opt ItemKNNOptions, i, j int) float64 {
	users, items := x.occupied()
	n := float64(users)
	binary := opt.Weighting == Binary || opt.Similarity.counts()
	byItem := x.byItem()
	total := 0.0
	for _, v := range byItem.Val {
		total += float64(v)
	}
	col := func(i int) []float64 {
		out := make([]float64, x.Users())
		users, vals := byItem.Row(i)
		sum := 0.0
		for _, v := range vals {
			sum += float64(v)
		}
		for k, u := range users {
			w := float64(vals[k])
			idf := math.Log(float64(items) / (1 + float64(x.users.RowLen(int(u)))))
			switch {
			case binary:
				w = 1
			case opt.Weighting == TFIDF:
				w = math.Sqrt(w) * idf
			case opt.Weighting == BM25:
				w = w * (opt.K1 + 1) / (opt.K1*(1-opt.B+opt.B*sum/(total/float64(items))) + w) * idf
			}
			out[u] = w
		}
		return out
	}
	mean := func(vals []float64) float64 {
		sum, n := 0.0, 0.0
		for _, v := range vals {
			if v != 0 {
				sum += v
				n++
			}
		}
		return sum / max(n, 1)
	}
	a, b := col(i), col(j)
	if opt.Similarity == Pearson {
		for _, vals := range [][]float64{a, b} {
			mean := mean(vals)
			for u, v := range vals {
				if v != 0 {
					vals[u] = v - mean
				}
			}
		}
	}
	if opt.Similarity == AdjustedCosine {
		all := make([][]float64, x.Items())
		for k := range all {
			all[k] = col(k)
		}
		for u := range a {
			var row []float64
			for k := range all {
				row = append(row, all[k][u])
			}
			for _, vals := range [][]float64{a, b} {
				if vals[u] != 0 {
					vals[u] -= mean(row)
				}
			}
		}
	}
	var s, aa, bb float64
	for u := range a {
		s += a[u] * b[u]
		aa += a[u] * a[u]
		bb += b[u] * b[u]
	}
	h := max(opt.Shrinkage, 0)
	ratio := func(p, q float64) float64 {
		if q <= 0 {
			return 0
		}
		return p / q
	}
	switch opt.Similarity {
	case Cosine, Pearson, AdjustedCosine:
		for _, v := range []*float64{&aa, &bb} { // rounding alone
			if *v < 1e-12 {
				*v = 0
			}
		}
		return ratio(s, math.Sqrt(aa)*math.Sqrt(bb)+h)
	case AsymmetricCosine:
		return ratio(s*math.Pow(ratio(aa, bb), 0.5-opt.Alpha), math.Sqrt(aa*bb)+h)
	case Dot:
		return s
	case Jaccard:
		return ratio(s, aa+bb-s+h)
	case Tversky:
		return ratio(s, s+opt.Alpha*(aa-s)+opt.Beta*(bb-s)+h)
	case Lift:
		return ratio(s*n, aa*bb+h)
	}
	// Dunning, as the sum of observed·ln(observed/expected) over the 2×2 table.
	if s*n <= aa*bb {
		return 0
	}
	g := 0.0
	for _, c := range [][3]float64{{s, aa, bb}, {aa - s, aa, n - bb}, {bb - s, n - aa, bb}, {n - aa - bb + s, n - aa, n - bb}} {
		if c[0] > 0 {
			g += 2 * c[0] * math.Log(c[0]*n/(c[1]*c[2]))
		}
	}
	return 1 - 1/(1+g)
}

func TestItemKNNProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		x := groups(rapid.IntRange(3, 20).Draw(t, "users"), rapid.IntRange(9, 20).Draw(t, "items"), 3, seed)
		r := rng.New(seed, 1, 0)
		for p := range x.users.Val {
			x.users.Val[p] = float32(1 + r.Intn(5))
		}
		opt := ItemKNNOptions{
			Neighbors:  rapid.IntRange(1, 25).Draw(t, "k"),
			Similarity: Similarity(rapid.IntRange(int(Cosine), int(AdjustedCosine)).Draw(t, "similarity")),
			Weighting:  Weighting(rapid.IntRange(int(Unweighted), int(BM25)).Draw(t, "weighting")),
			Shrinkage:  rapid.SampledFrom([]float64{-1, 0.5, 10}).Draw(t, "h"),
			Alpha:      rapid.Float64Range(0.1, 0.9).Draw(t, "alpha"),
			Beta:       rapid.Float64Range(0.1, 2).Draw(t, "beta"),
			K1:         2, B: 0.4,
		}
		if opt.Similarity.centres() && opt.Weighting == Binary {
			opt.Weighting = Unweighted
		}
		m, err := FitItemKNN(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := range x.Items() {
			kept, worst := 0, math.Inf(1)
			best := 0.0 // of those left out
			for j := range x.Items() {
				want := slowSimilarity(x, opt, i, j)
				p := m.near.Find(i, int32(j))
				if p < 0 {
					if i != j {
						best = max(best, want)
					}
					continue
				}
				got := float64(m.near.Val[p])
				if i == j || math.Abs(got-want) > 1e-4*max(1, math.Abs(want)) {
					t.Fatalf("sim(%d, %d) = %v, want %v", i, j, got, want)
				}
				kept++
				worst = min(worst, got)
			}
			if kept > opt.Neighbors || kept < opt.Neighbors && best > 1e-6 || best > worst+1e-4*max(1, worst) {
				t.Fatalf("item %d: kept %d, worst %v, best left out %v", i, kept, worst, best)
			}
		}
	})
}

func TestItemKNNOptions(t *testing.T) {
	_, err := FitItemKNN(context.Background(), groups(10, 9, 2, 1), ItemKNNOptions{Neighbors: -1, Similarity: 99, Weighting: -1, Shrinkage: math.NaN(), K1: math.Inf(1), B: 2})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Neighbors", "Similarity", "Weighting", "Shrinkage", "K1", "B is 2"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

// The neighbour models give the same bytes at any number of goroutines and for
// users in any order, on a matrix with several blocks of items and all the ways
// to find the best of a row.
func TestNeighboursSameBytes(t *testing.T) {
	x := groups(900, 400, 12, 5)
	r := rng.New(3, 0, 0)
	order := make([]int, x.Users())
	for u := range order {
		order[u] = u
	}
	r.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
	rows := make([][]int32, x.Users())
	for n, u := range order {
		items, _ := x.Row(u)
		rows[n] = append([]int32(nil), items...)
		r.Shuffle(len(rows[n]), func(a, b int) { rows[n][a], rows[n][b] = rows[n][b], rows[n][a] })
	}
	shuffled, err := InteractionsFromRows(x.Items(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, similarity := range []Similarity{Cosine, Jaccard} {
		var first []byte
		for _, data := range []*Interactions{x, shuffled} {
			testkit.AtGOMAXPROCS(t, func() []byte {
				m, err := FitItemKNN(context.Background(), data, ItemKNNOptions{Neighbors: 30, Similarity: similarity})
				if err != nil {
					t.Fatal(err)
				}
				b, err := m.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = b
				} else if !bytes.Equal(first, b) {
					t.Fatalf("similarity %d: users in another order give other bytes", similarity)
				}
				return b
			})
		}
	}
}

func BenchmarkFitItemKNN(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	for _, set := range []struct {
		name string
		opt  ItemKNNOptions
	}{
		{"neighbors=50", ItemKNNOptions{Neighbors: 50, Similarity: Cosine}}, // whatever the defaults are
		{"settings=default", ItemKNNOptions{}},
	} {
		b.Run("users=10k/items=3k/entries=400k/"+set.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := FitItemKNN(context.Background(), x, set.opt); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(x.Len())*float64(b.N)/b.Elapsed().Seconds(), "interactions/s")
		})
	}
}
