package recommend

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// Written by testdata/golden_ratings_recpack.py: similarities of all pairs, those
// that are not above 0 included.
func TestCentredSimilaritiesGoldenRecpack(t *testing.T) {
	var g struct {
		Users, Items                                         int
		Ratings                                              []float32
		ItemPearson, UserPearson, ItemAdjusted, UserAdjusted []float64
	}
	testkit.Golden(t, "ratings_recpack.json", &g)
	ptr := []int64{0}
	var cols []int32
	var vals []float32
	for u := range g.Users {
		for i := range g.Items {
			if v := g.Ratings[u*g.Items+i]; v != 0 {
				cols, vals = append(cols, int32(i)), append(vals, v)
			}
		}
		ptr = append(ptr, int64(len(cols)))
	}
	x, err := NewInteractions(g.Users, g.Items, ptr, cols, vals)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		similarity  Similarity
		items, user []float64
	}{{"pearson", Pearson, g.ItemPearson, g.UserPearson}, {"adjusted", AdjustedCosine, g.ItemAdjusted, g.UserAdjusted}} {
		t.Run(c.name, func(t *testing.T) {
			m, err := FitItemKNN(context.Background(), x, ItemKNNOptions{Similarity: c.similarity})
			if err != nil {
				t.Fatal(err)
			}
			for i := range g.Items {
				got := make([]float64, g.Items)
				near, err := m.AppendSimilar(nil, int32(i), g.Items)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range near {
					got[n.Item] = float64(n.Score)
				}
				for j, v := range got {
					if want := max(c.items[i*g.Items+j], 0); math.Abs(v-want) > 1e-6 {
						t.Errorf("items %d and %d: %v, want %v", i, j, v, want)
					}
				}
			}
			k, err := FitUserKNN(context.Background(), x, UserKNNOptions{Similarity: c.similarity})
			if err != nil {
				t.Fatal(err)
			}
			for u := range g.Users {
				got := make([]float64, g.Users)
				near, err := k.AppendNeighbors(nil, x.Query(u), g.Users)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range near {
					got[n.User] = float64(n.Score)
				}
				for v, s := range got {
					if want := max(c.user[u*g.Users+v], 0); math.Abs(s-want) > 1e-6 {
						t.Errorf("users %d and %d: %v, want %v", u, v, s, want)
					}
				}
			}
		})
	}
}

// Rows that do not differ from their means have no neighbours, whatever rounding
// does to the mean; nor does anything else become NaN.
func TestCentredSimilaritiesWithoutDifferences(t *testing.T) {
	const users, items = 40, 7
	for _, rating := range []float32{1, 3.3, 0.1, 1e-30, 1e6} {
		ptr, cols, vals := []int64{0}, []int32(nil), []float32(nil)
		for u := range users {
			for i := range items {
				v := rating
				if i == 0 {
					v *= float32(1 + u%3) // the one item that differs
				}
				cols, vals = append(cols, int32(i)), append(vals, v)
			}
			ptr = append(ptr, int64(len(cols)))
		}
		x, err := NewInteractions(users, items, ptr, cols, vals)
		if err != nil {
			t.Fatal(err)
		}
		m, err := FitItemKNN(context.Background(), x, ItemKNNOptions{Similarity: Pearson})
		if err != nil {
			t.Fatal(err)
		}
		if m.near.Len() != 0 {
			t.Errorf("ratings of %v: %d neighbours, want none: %v", rating, m.near.Len(), m.near.Val)
		}
		k, err := FitUserKNN(context.Background(), x, UserKNNOptions{Similarity: AdjustedCosine})
		if err != nil {
			t.Fatal(err)
		}
		near, err := k.AppendNeighbors(nil, x.Query(0), users)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range near { // alike in the one item that tells users apart
			if n.User%3 != 0 || math.Abs(float64(n.Score)-1) > 1e-5 {
				t.Errorf("ratings of %v: user 0 is like user %d by %v", rating, n.User, n.Score)
			}
		}
		if want := (users+2)/3 - 1; len(near) != want {
			t.Errorf("ratings of %v: %d neighbours of user 0, want %d", rating, len(near), want)
		}
	}
}
