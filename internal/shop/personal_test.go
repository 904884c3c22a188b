package shop_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
)

// What users buy in the last 60 days is found better by their tastes than by
// popularity, and better by their earlier purchases than by popularity: the shop
// rewards a recommender.
func TestRecommendersHaveSomethingToFind(t *testing.T) {
	s := get(t, large)
	n := len(s.Items)
	cut := s.Config.Days - 60
	past, future := map[int]map[int]bool{}, map[int]map[int]bool{}
	popular := make([]float64, n)
	for _, l := range linesOf(s) {
		m := past
		if l.day >= cut {
			m = future
		} else {
			popular[l.item]++
		}
		if m[l.user] == nil {
			m[l.user] = map[int]bool{}
		}
		m[l.user][l.item] = true
	}
	co := make([]float64, n*n)
	count := make([]float64, n)
	for u := range s.Users {
		for a := range past[u] {
			count[a]++
			for b := range past[u] {
				co[a*n+b]++
			}
		}
	}
	recall := func(score func(u, i int) float64) float64 {
		hits, users := 0.0, 0.0
		order, v := make([]int, n), make([]float64, n)
		for u := range s.Users {
			if len(past[u]) < 5 || len(future[u]) == 0 {
				continue
			}
			relevant := 0.0
			for i := range n {
				order[i], v[i] = i, score(u, i)
				if past[u][i] {
					v[i] = math.Inf(-1)
				} else if future[u][i] {
					relevant++
				}
			}
			if relevant == 0 {
				continue
			}
			slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(v[b], v[a]), cmp.Compare(a, b)) })
			h := 0.0
			for _, i := range order[:20] {
				if future[u][i] {
					h++
				}
			}
			hits += h / relevant
			users++
		}
		if users < 200 {
			t.Fatalf("%g users to judge by", users)
		}
		return hits / users
	}
	byCount := recall(func(u, i int) float64 { return popular[i] })
	byNeighbours := recall(func(u, i int) float64 {
		sum := 0.0
		for a := range past[u] {
			sum += co[a*n+i] / math.Sqrt(count[a]*max(count[i], 1))
		}
		return math.Round(sum*1e9) / 1e9 // whatever the order of the map
	})
	byTaste := recall(func(u, i int) float64 {
		x, y := &s.Truth.Users[u], &s.Truth.Items[i]
		d := 0.0
		for k := range x.Style {
			d += x.Style[k] * y.Style[k]
		}
		return x.Taste[y.Category] * y.Popularity * math.Exp(d)
	})
	t.Logf("recall@20: popular %.3f, neighbours %.3f, truth %.3f", byCount, byNeighbours, byTaste)
	if byNeighbours < 1.2*byCount || byTaste < 1.8*byCount || byTaste < byNeighbours {
		t.Errorf("recall@20: popular %.3f, neighbours %.3f, truth %.3f", byCount, byNeighbours, byTaste)
	}
}
