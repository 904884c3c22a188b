package recommend_test

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fixed"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"pgregory.net/rapid"
)

// alsHouse is what one party keeps: its users' items and vectors.
type alsHouse struct {
	items   [][]int32
	vectors []float32
}

const alsHouseItems = 14

var alsHouseOptions = recommend.ALSOptions{Factors: 4, Unobserved: .2, Regularization: .1, Solver: recommend.Cholesky, Seed: 3, Workers: 1}

// alsHouses deals users with planted tastes to parties.
func alsHouses(users, parties int, seed uint64, to func(u int) int) []*alsHouse {
	r := rng.New(seed, 0, 0)
	out := make([]*alsHouse, parties)
	for k := range out {
		out[k] = new(alsHouse)
	}
	for u := range users {
		var items []int32
		for i := range int32(alsHouseItems - 1) { // nobody has the last
			if r.Bool(.1) || int(i)%3 == u%3 && r.Bool(.6) {
				items = append(items, i)
			}
		}
		h := out[to(u)]
		h.items = append(h.items, items)
		h.vectors = append(h.vectors, make([]float32, alsHouseOptions.Factors)...)
	}
	return out
}

// alsRounds makes rounds over the parties, but for those that absent names, and returns the item vectors.
func alsRounds(t testing.TB, houses []*alsHouse, rounds int, absent func(round, party int) bool) []float32 {
	t.Helper()
	ctx, f := context.Background(), alsHouseOptions.Factors
	fail := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	items := make([]float32, 0, alsHouseItems*f)
	for i := range alsHouseItems {
		v, r := make([]float32, f), rng.New(7, uint64(i), 0)
		for j := range v {
			v[j] = float32(r.Normal() / 10)
		}
		items = append(items, v...)
	}
	for round := range rounds {
		known, err := recommend.Gram(ctx, items, f, 1) // of the items, by anybody
		fail(err)
		gram := must(recommend.NewGramian(f))(t)
		blocks := []*recommend.ALSItems{must(recommend.NewALSItems(0, 9, alsHouseOptions))(t), must(recommend.NewALSItems(9, alsHouseItems-9, alsHouseOptions))(t)}
		for k := range houses {
			k = (k + round) % len(houses)
			h := houses[k]
			if len(h.items) == 0 || absent != nil && absent(round, k) {
				continue
			}
			rows, err := recommend.InteractionsFromRows(alsHouseItems, h.items)
			fail(err)
			fail(recommend.SolveALS(ctx, h.vectors, rows, items, known.Result(), alsHouseOptions))
			mine := must(recommend.NewGramian(f))(t)
			for u := range h.items {
				fail(mine.Add(h.vectors[u*f : u*f+f]))
			}
			fail(gram.Merge(mine))
			for b, first := range []int{0, 9} {
				part := must(recommend.NewALSItems(first, []int{9, alsHouseItems - 9}[b], alsHouseOptions))(t)
				for u, list := range h.items {
					fail(part.Add(h.vectors[u*f:u*f+f], list, nil))
				}
				sent := new(recommend.ALSItems) // over the wire
				fail(sent.UnmarshalBinary(must(part.MarshalBinary())(t)))
				fail(blocks[b].Merge(sent))
			}
		}
		fail(blocks[0].Result(items[:9*f], gram))
		fail(blocks[1].Result(items[9*f:], gram))
	}
	return items
}

// alsItemsFrame is the state of two users and two items.
func alsItemsFrame() testkit.Frame {
	return testkit.Frame{
		Kind: codec.KindALSItems,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			s := must(recommend.NewALSItems(1, 2, recommend.ALSOptions{Factors: 2, Unobserved: .25, Regularization: .5}))(t)
			for _, v := range [][]float32{{1, -2}, {.5, 3}} {
				if err := s.Add(v, []int32{1, 2}, []float32{2, 1}); err != nil {
					t.Fatal(err)
				}
			}
			return s
		},
		Values: func(t testing.TB, state any) any {
			s := state.(*recommend.ALSItems)
			return map[string]any{"users": s.Len(), "words": s.Words(nil)}
		},
	}
}

// FuzzALSItemsUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzALSItemsUnmarshal(f *testing.F) {
	testkit.FuzzFrames(f, []testkit.Frame{alsItemsFrame()})
}

// TestALSItemsParties: parties that own their users get the item vectors of one machine, to the bit, whatever the split, also where one
// of them misses a round: then those of one machine that leaves its users out of that round.
func TestALSItemsParties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		users, seed := rapid.IntRange(8, 40).Draw(rt, "users"), rapid.Uint64().Draw(rt, "seed")
		four := func(u int) int { return (u*u + u/3) % 4 }
		one := alsRounds(t, alsHouses(users, 1, seed, func(int) int { return 0 }), 3, nil)
		if !slices.Equal(one, alsRounds(t, alsHouses(users, 4, seed, four), 3, nil)) {
			rt.Fatal("four parties have other vectors than one")
		}
		two := func(u int) int { return min(four(u), 1) } // the first of four, and all others as one
		missing := alsRounds(t, alsHouses(users, 4, seed, four), 3, func(round, party int) bool { return round == 1 && party == 0 })
		if !slices.Equal(missing, alsRounds(t, alsHouses(users, 2, seed, two), 3, func(round, party int) bool { return round == 1 && party == 0 })) {
			rt.Fatal("a missing party gives other vectors than its users left out")
		}
		if slices.ContainsFunc(one[(alsHouseItems-1)*alsHouseOptions.Factors:], func(v float32) bool { return v != 0 }) {
			rt.Fatal("an item without users has a vector")
		}
	})
}

// TestALSItemsOracle: a half-step is that of SolveALS on the rows of the items, and of the normal equations added up in float64, weights included.
func TestALSItemsOracle(t *testing.T) {
	const users, items, f = 40, 9, 3
	opt := recommend.ALSOptions{Factors: f, Alpha: 2, Unobserved: .3, Regularization: .2, FrequencyExponent: .7, Solver: recommend.Cholesky, Workers: 1}
	r := rng.New(5, 0, 0)
	vectors, s, gram := make([]float32, users*f), must(recommend.NewALSItems(0, items, opt))(t), must(recommend.NewGramian(f))(t)
	for k := range vectors {
		vectors[k] = float32(r.Normal())
	}
	type entry struct {
		user   int
		weight float32
	}
	rows := make([][]entry, items)
	for u := range users {
		var list []int32
		var weights []float32
		for i := range items {
			if r.Bool(.3) {
				w := float32(1 + r.Intn(3))
				list, weights, rows[i] = append(list, int32(i)), append(weights, w), append(rows[i], entry{u, w})
			}
		}
		v := vectors[u*f : u*f+f]
		if err := errors.Join(s.Add(v, list, weights), gram.Add(v)); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]float32, items*f)
	if err := s.Result(got, gram); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		// A·y = b by Gauss elimination.
		var a [f][f + 1]float64
		for j := range f {
			for k := range f {
				for u := range users {
					a[j][k] += .3 * float64(vectors[u*f+j]) * float64(vectors[u*f+k])
				}
			}
			a[j][j] += .2 * math.Pow(float64(len(row))+.3*users, .7)
			for _, e := range row {
				c, x := 2*float64(e.weight), vectors[e.user*f:]
				a[j][f] += c * float64(x[j])
				for k := range f {
					a[j][k] += (c - .3) * float64(x[j]) * float64(x[k])
				}
			}
		}
		for j := range f {
			for l := range f {
				if factor := a[l][j] / a[j][j]; l != j {
					for k := j; k <= f; k++ {
						a[l][k] -= factor * a[j][k]
					}
				}
			}
		}
		for j := range f {
			if want := a[j][f] / a[j][j]; math.Abs(float64(got[i*f+j])-want) > 1e-6*math.Max(1, math.Abs(want)) {
				t.Errorf("item %d: factor %d is %v, want %v", i, j, got[i*f+j], want)
			}
		}
	}
}

// TestALSItemsErrors: what is refused leaves the state as it was; words come back, and masks in them are found.
func TestALSItemsErrors(t *testing.T) {
	s := must(recommend.NewALSItems(2, 3, alsHouseOptions))(t)
	v := []float32{1, 2, 3, 4}
	if err := s.Add(v, []int32{0, 2, 4, 9}, nil); err != nil {
		t.Fatal(err)
	}
	before := must(s.MarshalBinary())(t)
	nan, big := float32(math.NaN()), float32(3e9)
	mask := s.Words(nil)
	mask[3] ^= 1 << 63
	other := must(recommend.NewALSItems(2, 4, alsHouseOptions))(t)
	none := new(recommend.ALSItems)
	twice := must(recommend.NewGramian(4))(t)
	if err := errors.Join(twice.Add(v), twice.Add(v)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ err, want error }{
		"short":        {s.Add(v[:3], nil, nil), recommend.ErrShape},
		"weights":      {s.Add(v, []int32{1}, []float32{}), recommend.ErrShape},
		"NaN":          {s.Add([]float32{1, 2, 3, nan}, nil, nil), recommend.ErrNotFinite},
		"weight NaN":   {s.Add(v, []int32{1}, []float32{nan}), recommend.ErrNotFinite},
		"weight":       {s.Add(v, []int32{2}, []float32{-1}), recommend.ErrRange},
		"item":         {s.Add(v, []int32{2, -1}, nil), recommend.ErrRange},
		"item twice":   {s.Add(v, []int32{2, 2}, nil), recommend.ErrDuplicate},
		"overflow":     {s.Add(v, []int32{2, 3}, []float32{1, big}), recommend.ErrOverflow},
		"merge":        {s.Merge(other), recommend.ErrMismatch},
		"merge itself": {s.Merge(s), recommend.ErrMismatch},
		"merge none":   {s.Merge(none), recommend.ErrMismatch},
		"no state":     {none.Add(v, nil, nil), recommend.ErrEmpty},
		"no users":     {other.Result(make([]float32, 16), twice), recommend.ErrEmpty},
		"dst":          {s.Result(make([]float32, 11), twice), recommend.ErrShape},
		"other users":  {s.Result(make([]float32, 12), twice), recommend.ErrMismatch},
		"no Gramian":   {s.Result(make([]float32, 12), nil), recommend.ErrMismatch},
		"words":        {s.SetWords(mask[:4]), recommend.ErrShape},
		"masks":        {s.SetWords(mask), recommend.ErrCorrupt},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
	if !slices.Equal(before, must(s.MarshalBinary())(t)) {
		t.Error("a refused call changed the state")
	}
	for name, make := range map[string]func() (*recommend.ALSItems, error){
		"no factors": func() (*recommend.ALSItems, error) { return recommend.NewALSItems(0, 3, recommend.ALSOptions{}) },
		"no items":   func() (*recommend.ALSItems, error) { return recommend.NewALSItems(0, 0, alsHouseOptions) },
		"far items":  func() (*recommend.ALSItems, error) { return recommend.NewALSItems(math.MaxInt32, 1, alsHouseOptions) },
		"many items": func() (*recommend.ALSItems, error) { return recommend.NewALSItems(0, 1<<26, alsHouseOptions) },
	} {
		if got, err := make(); err == nil || got != nil {
			t.Errorf("%s: no error", name)
		}
	}
	// The words of two add up to those of both.
	a, both := must(recommend.NewALSItems(2, 3, alsHouseOptions))(t), must(recommend.NewALSItems(2, 3, alsHouseOptions))(t)
	if err := errors.Join(a.Add([]float32{-1, .5, 0, -3}, []int32{2, 3}, nil), both.Add(v, []int32{0, 2, 4, 9}, nil), both.Add([]float32{-1, .5, 0, -3}, []int32{2, 3}, nil)); err != nil {
		t.Fatal(err)
	}
	words := s.Words(nil)
	x, y := make(fixed.Sums, len(words)/2), make(fixed.Sums, len(words)/2)
	x.SetWords(words)
	y.SetWords(a.Words(nil))
	for i := range x {
		x[i], _ = x[i].Plus(y[i])
	}
	if err := a.SetWords(x.Words(nil)); err != nil || !slices.Equal(must(a.MarshalBinary())(t), must(both.MarshalBinary())(t)) {
		t.Errorf("words do not add up: %v", err)
	}
}

// Two parties own their users; the item vectors of the next round come from sums alone.
func ExampleNewALSItems() {
	opt := recommend.ALSOptions{Factors: 2, Unobserved: .1, Regularization: .1}
	type party struct {
		vectors [][]float32 // from recommend.SolveALS, against the item vectors of the last round
		items   [][]int32
	}
	var sums []*recommend.ALSItems
	var grams []*recommend.Gramian
	for _, p := range []party{
		{[][]float32{{1, 0}, {.9, .1}}, [][]int32{{0, 1}, {0}}},
		{[][]float32{{0, 1}}, [][]int32{{2}}},
	} {
		s, err := recommend.NewALSItems(0, 3, opt)
		if err != nil {
			panic(err)
		}
		g, err := recommend.NewGramian(2)
		if err != nil {
			panic(err)
		}
		for u, v := range p.vectors {
			if err := errors.Join(s.Add(v, p.items[u], nil), g.Add(v)); err != nil {
				panic(err)
			}
		}
		sums, grams = append(sums, s), append(grams, g)
	}
	if err := errors.Join(sums[0].Merge(sums[1]), grams[0].Merge(grams[1])); err != nil {
		panic(err)
	}
	items := make([]float32, 3*2)
	if err := sums[0].Result(items, grams[0]); err != nil {
		panic(err)
	}
	fmt.Printf("%.2f of %d users\n", items, sums[0].Len())
	// Output:
	// [0.97 0.05 0.84 -0.04 -0.03 0.90] of 3 users
}
