package recommend

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

// slowBaskets is the formula of the type's comment on dense vectors.
func slowBaskets(s *Sequences, users []int32, o NextBasketOptions, who int) []float64 {
	n := int(slices.Max(users)) + 1
	order := make([]int, s.Len())
	for k := range order {
		order[k] = k
	}
	if s.times != nil {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.times[a], s.times[b]) })
	}
	v := make([][]float64, n)
	has := make([]bool, n)
	for u := range v {
		v[u] = make([]float64, s.items)
		var baskets [][]int32
		for _, k := range order {
			if int(users[k]) == u && len(s.Sequence(k)) > 0 {
				baskets = append(baskets, s.Sequence(k))
			}
		}
		has[u] = len(baskets) > 0
		var groups [][][]int32 // from the last back
		for len(baskets) > 0 {
			cut := max(0, len(baskets)-o.Group)
			groups = append(groups, baskets[cut:])
			baskets = baskets[:cut]
		}
		for age, g := range groups {
			for j, b := range g {
				for i := range int32(s.items) {
					if slices.Contains(b, i) {
						v[u][i] += math.Pow(o.GroupDecay, float64(age)) / float64(len(groups)) * math.Pow(o.BasketDecay, float64(len(g)-1-j)) / float64(len(g))
					}
				}
			}
		}
	}
	type near struct {
		u int
		d float64
	}
	var all []near
	for u := range v {
		if u == who || !has[u] {
			continue
		}
		d := 0.0
		for i := range v[u] {
			d += (v[u][i] - v[who][i]) * (v[u][i] - v[who][i])
		}
		all = append(all, near{u, d})
	}
	// Distances that differ by rounding alone are ties.
	slices.SortStableFunc(all, func(a, b near) int {
		if math.Abs(a.d-b.d) < 1e-6 {
			return cmp.Compare(a.u, b.u)
		}
		return cmp.Compare(a.d, b.d)
	})
	k := min(o.Neighbors, len(all))
	if k < len(all) && math.Abs(all[k-1].d-all[k].d) < 1e-5 {
		return nil // who is the last neighbour is up to rounding
	}
	out := make([]float64, s.items)
	for i := range out {
		out[i] = o.Own * v[who][i]
		for _, nb := range all[:k] {
			out[i] += (1 - o.Own) * v[nb.u][i] / float64(k)
		}
	}
	return out
}

func TestNextBasketProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSequences(t)
		users := rapid.SliceOfN(rapid.Int32Range(0, 4), s.Len(), s.Len()).Draw(t, "users")
		opt := NextBasketOptions{
			Neighbors: rapid.IntRange(1, 6).Draw(t, "neighbors"), Group: rapid.IntRange(1, 4).Draw(t, "group"),
			BasketDecay: rapid.SampledFrom([]float64{0.5, 0.9, 1}).Draw(t, "rb"), GroupDecay: rapid.SampledFrom([]float64{0.3, 0.7, 1}).Draw(t, "rg"),
			Own: rapid.SampledFrom([]float64{-1, 0.4, 1}).Draw(t, "own"),
		}
		m, err := FitNextBasket(context.Background(), s, users, opt)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, s.items)
		for u := range m.Users() {
			want := slowBaskets(s, users, opt.withDefaults(), u)
			err := m.Score(got, Query{User: int32(u)})
			if items, _ := m.users.Row(u); len(items) == 0 {
				if !errors.Is(err, ErrEmpty) {
					t.Fatalf("user %d without baskets: %v", u, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if math.Abs(float64(got[i])-want[i]) > 1e-5 {
					t.Fatalf("user %d item %d scores %v, want %v", u, i, got[i], want[i])
				}
			}
		}
	})
}

// A stranger with single-item baskets is scored as that user would be.
func TestNextBasketStranger(t *testing.T) {
	s, _ := SequencesFromRows(4, [][]int32{{0, 1, 0, 2}, {3, 3}, {0, 1}})
	m, err := FitNextBasket(context.Background(), s, nil, NextBasketOptions{Group: 3, Own: 1})
	if err != nil {
		t.Fatal(err)
	}
	known, stranger := make([]float32, 4), make([]float32, 4)
	if err := errors.Join(m.Score(known, Query{User: 0}), m.Score(stranger, Query{User: Stranger, Items: []int32{0, 1, 0, 2}})); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(known, stranger) {
		t.Errorf("known %v, stranger %v", known, stranger)
	}
	// By hand: groups {0} and {1, 0, 2} with decays 0.7 and 0.9.
	want := []float64{0.7/2 + 0.9/3/2, 0.81 / 3 / 2, 1.0 / 3 / 2, 0}
	for i := range want {
		if math.Abs(float64(known[i])-want[i]) > 1e-6 {
			t.Errorf("item %d scores %v, want %v", i, known[i], want[i])
		}
	}
}

func TestNextBasketGolden(t *testing.T) {
	var g struct {
		Items   int
		Baskets [][]int32
		Users   []int32
		Options NextBasketOptions
		Scores  [][]float64
	}
	testkit.Golden(t, "nextbasket.json", &g)
	s, err := SequencesFromRows(g.Items, g.Baskets)
	if err != nil {
		t.Fatal(err)
	}
	m, err := FitNextBasket(context.Background(), s, g.Users, g.Options)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, g.Items)
	for u, want := range g.Scores {
		if err := m.Score(got, Query{User: int32(u)}); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if math.Abs(float64(got[i])-want[i]) > 1e-6 {
				t.Errorf("user %d item %d scores %v, want %v", u, i, got[i], want[i])
			}
		}
	}
}

func TestNextBasketBadInput(t *testing.T) {
	s, _ := SequencesFromRows(3, [][]int32{{0, 1}, {2}})
	_, err := FitNextBasket(context.Background(), s, nil, NextBasketOptions{Neighbors: -1, Group: -1, BasketDecay: 2, GroupDecay: math.NaN(), Own: 1.5})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Neighbors", "Group", "BasketDecay", "GroupDecay", "Own"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
	if _, err := FitNextBasket(context.Background(), s, []int32{0}, NextBasketOptions{}); !errors.Is(err, ErrShape) {
		t.Errorf("one user for two baskets: %v", err)
	}
	if _, err := FitNextBasket(context.Background(), s, []int32{0, -1}, NextBasketOptions{}); !errors.Is(err, ErrRange) {
		t.Errorf("negative user: %v", err)
	}
}

func BenchmarkNextBasket(b *testing.B) {
	s := clicks(40_000, 3_000, 1)
	users := make([]int32, s.Len())
	for k := range users {
		users[k] = int32(k % 4000)
	}
	b.Run("fit/baskets=40k/users=4k", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitNextBasket(context.Background(), s, users, NextBasketOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(s.Events())*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("score/baskets=40k/users=4k", func(b *testing.B) {
		m, err := FitNextBasket(context.Background(), s, users, NextBasketOptions{})
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]float32, m.Items())
		u := int32(0)
		b.ReportAllocs()
		for b.Loop() {
			if err := m.Score(dst, Query{User: u}); err != nil {
				b.Fatal(err)
			}
			u = (u + 1) % 4000
		}
	})
}
