package predict_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

// TestNeighborsProp: answers are those of all distances sorted, what is left shared by all that are as far as the last, and rows in another order or repeated where
// they weigh more are the same bytes.
func TestNeighborsProp(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		n, d, k := rapid.IntRange(1, 120).Draw(t, "n"), rapid.IntRange(1, 4).Draw(t, "d"), rapid.IntRange(1, 12).Draw(t, "k")
		s := rng.New(rapid.Uint64().Draw(t, "seed"), 1, 0)
		grid := rapid.SampledFrom([]float64{0, 1}).Draw(t, "grid") // many ties
		rows, y, weights := make([][]float64, n), make([]float64, n), make([]float64, n)
		for i := range rows {
			rows[i] = make([]float64, d)
			for j := range rows[i] {
				if rows[i][j] = s.Normal(); grid > 0 {
					rows[i][j] = math.Round(rows[i][j])
				}
			}
			y[i], weights[i] = float64(s.Intn(3)), float64(1+s.Intn(2))
		}
		opt := predict.NeighborsOptions{K: k, Classes: 3, Weights: weights, Manhattan: rapid.Bool().Draw(t, "manhattan")}
		m := promised(predict.FitNeighbors(ctx, rows, y, opt))
		var rr [][]float64
		var ry []float64
		for i := range rows {
			for range int(weights[i]) {
				rr, ry = append(rr, rows[i]), append(ry, y[i])
			}
		}
		perm := rapid.Permutation(indices(len(ry))).Draw(t, "perm")
		other := opt
		other.Weights = nil
		again := promised(predict.FitNeighbors(ctx, predict.Pick(rr, perm), predict.Pick(ry, perm), other))
		if !slices.Equal(promised(m.MarshalBinary()), promised(again.MarshalBinary())) {
			t.Fatal("repeated and permuted rows give other bytes")
		}
		query := make([]float64, d)
		for j := range query {
			query[j] = math.Round(2*s.Normal()) / 2
		}
		all := indices(len(ry))
		far := func(i int) (sum float64) {
			for j, v := range rr[i] {
				e := math.Abs(v - query[j])
				if !opt.Manhattan {
					e *= e
				}
				sum += e
			}
			return sum
		}
		slices.SortFunc(all, func(a, b int) int { return cmp.Compare(far(a), far(b)) })
		want := make([]float64, 3)
		wanted := min(k, len(all))
		last := far(all[wanted-1])
		sure := slices.IndexFunc(all, func(i int) bool { return far(i) == last })
		ties := 0
		for _, i := range all[sure:] {
			if far(i) == last {
				ties++
			}
		}
		for k, i := range all[:sure+ties] {
			share := 1.0
			if k >= sure {
				share = float64(wanted-sure) / float64(ties)
			}
			want[int(ry[i])] += share / float64(wanted)
		}
		got := promised(m.Prob(nil, [][]float64{query}))
		for c := range want {
			if math.Abs(got[c]-want[c]) > 1e-12 {
				t.Fatalf("%v, want %v", got, want)
			}
		}
	})
}

// What customers like a new one have spent.
func ExampleFitNeighbors() {
	rows := [][]float64{{20, 1}, {24, 2}, {31, 1}, {55, 6}, {58, 7}, {61, 5}}
	spent := []float64{10, 20, 15, 80, 90, 100}
	var m *predict.Neighbors
	m, err := predict.FitNeighbors(context.Background(), rows, spent, predict.NeighborsOptions{K: 3, Standardize: true, Names: []string{"age", "orders"}})
	if err != nil {
		panic(err)
	}
	mean, err := m.Predict(nil, [][]float64{{57, 6}, {22, 1}})
	fmt.Println(mean, err)
	// Output:
	// [90 15] <nil>
}
