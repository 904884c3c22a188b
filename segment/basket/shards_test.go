package basket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/basket"
)

// binary is the bytes of a state.
func binary(x interface{ MarshalBinary() ([]byte, error) }) []byte {
	return promised(x.MarshalBinary())
}

// Shards mined in two passes, through bytes, give exactly what one pass over all gives.
func TestPartitionProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, all := drawn(t)
		share := basket.Fraction{Num: rapid.Int64Range(1, 20).Draw(t, "num"), Den: 20}
		maxLen := rapid.IntRange(0, 4).Draw(t, "max")
		opt := basket.MineOptions{MinSupport: share, MaxLen: maxLen}
		shards := make([]basket.Baskets[int], rapid.IntRange(1, 4).Draw(t, "shards"))
		for _, r := range rows {
			must(shards[rapid.IntRange(0, len(shards)-1).Draw(t, "shard")].Add(r))
		}
		var first basket.TwoPass[int]
		for i := range shards {
			if shards[i].Len() == 0 {
				continue
			}
			s, err := basket.Mine(bg, &shards[i], opt)
			must(err)
			var one, shard basket.TwoPass[int]
			must(one.Propose(s))
			must(shard.UnmarshalBinary(binary(&one)))
			must(first.Merge(&shard))
		}
		sum := basket.TwoPass[int]{}
		for i := range shards {
			var p basket.TwoPass[int]
			must(p.UnmarshalBinary(binary(&first)))
			must(p.Count(bg, &shards[i]))
			if sum.Len() == 0 && i == 0 {
				sum = p
				continue
			}
			var q basket.TwoPass[int]
			must(q.UnmarshalBinary(binary(&p)))
			must(sum.Merge(&q))
		}
		got, err := sum.Result()
		must(err)
		want, err := basket.Mine(bg, all, opt)
		must(err)
		same(t, "partition", mined(got), mined(want))
		i, order := 0, ranked(mined(want))
		for x := range got.All() {
			if key(x.Items) != order[i] {
				t.Fatal("other order")
			}
			i++
		}
		if got.MinCount() != want.MinCount() || got.Baskets() != want.Baskets() {
			t.Fatal("other counts")
		}
	})
}

func TestPartitionRefuses(t *testing.T) {
	half := basket.Fraction{Num: 1, Den: 2}
	mine := func(opt basket.MineOptions) *basket.Sets[string] { return promised(basket.Mine(bg, shelf(), opt)) }
	var p basket.TwoPass[string]
	for name, s := range map[string]*basket.Sets[string]{
		"a count": mine(basket.MineOptions{MinCount: 3}), "closed": mine(basket.MineOptions{MinSupport: half, Keep: basket.KeepClosed}),
		"top": mine(basket.MineOptions{MinSupport: half, Top: 2}), "pairs": mine(basket.MineOptions{MinSupport: half, MinLen: 2}),
		"categories": promised(basket.MineTaxonomy(bg, shelf(), map[string][]string{"a": {"x"}}, basket.MineOptions{MinSupport: half})),
	} {
		if err := p.Propose(s); !errors.Is(err, basket.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(p.Propose(mine(basket.MineOptions{MinSupport: half})))
	if err := p.Propose(mine(basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 3}})); !errors.Is(err, basket.ErrMismatch) {
		t.Error("another share:", err)
	}
	if _, err := p.Result(); !errors.Is(err, basket.ErrMismatch) {
		t.Error("nothing counted:", err)
	}
	must(p.Count(bg, shelf()))
	promised(p.Result())
	if err := p.Propose(mine(basket.MineOptions{MinSupport: half})); !errors.Is(err, basket.ErrMismatch) {
		t.Error("proposed after counting:", err)
	}
	must(p.Count(bg, shelf()))
	if _, err := p.Result(); !errors.Is(err, basket.ErrMismatch) {
		t.Error("counted twice:", err)
	}
}

// The taxonomy is Apriori of baskets with categories in, less sets of an item and one above.
func TestMineTaxonomyProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, b := drawn(t)
		parents := map[int][]int{}
		for x := range 18 { // items 0–11, categories 12–17 and 18–20, of one to two levels
			for range rapid.IntRange(0, 2).Draw(t, "parents") {
				if x < 12 {
					parents[x] = append(parents[x], rapid.IntRange(12, 17).Draw(t, "parent"))
				} else {
					parents[x] = append(parents[x], rapid.IntRange(18, 20).Draw(t, "parent"))
				}
			}
		}
		above := func(x int) (out []int) {
			for _, p := range parents[x] {
				out = append(append(out, p), parents[p]...)
			}
			return out
		}
		wide := make([][]int, len(rows))
		for i, r := range rows {
			for _, x := range r {
				wide[i] = append(append(wide[i], x), above(x)...)
			}
		}
		least := int64(rapid.IntRange(max(1, len(rows)/3), len(rows)+1).Draw(t, "least"))
		want := apriori(wide, least, func(x, y int) bool { return !slices.Contains(above(x), y) && !slices.Contains(above(y), x) })
		if len(want) > 2000 {
			t.Skip("slow")
		}
		for _, a := range []basket.Algorithm{basket.FPGrowth, basket.Eclat} {
			s, err := basket.MineTaxonomy(bg, b, parents, basket.MineOptions{MinCount: least, Algorithm: a})
			must(err)
			same(t, a.String(), mined(s), want)
			rules, err := s.Rules(bg, basket.RuleOptions{})
			must(err)
			for r := range rules.All() {
				for _, x := range r.Antecedent {
					if slices.Contains(above(x), r.Consequent[0]) || slices.Contains(above(r.Consequent[0]), x) {
						t.Fatalf("%v → %v", r.Antecedent, r.Consequent)
					}
				}
			}
		}
	})
	if _, err := basket.MineTaxonomy(bg, shelf(), map[string][]string{"a": {"x"}, "x": {"y"}, "y": {"a"}}, basket.MineOptions{MinCount: 1}); !errors.Is(err, basket.ErrRange) {
		t.Error("a circle:", err)
	}
}

// What came in another order is the same store, the same sets and the same rules, to the byte,
// at any GOMAXPROCS.
func TestPermuted(t *testing.T) {
	rows := noise(3, 400, 12)
	sum := func(rows [][]int) []byte {
		b := fill(rows)
		out := binary(b)
		for _, keep := range []basket.KeepSets{basket.KeepAll, basket.KeepClosed} {
			for _, a := range []basket.Algorithm{basket.FPGrowth, basket.Eclat} {
				out = append(out, binary(promised(basket.Mine(bg, b, basket.MineOptions{MinCount: 8, Keep: keep, Algorithm: a, Top: 200})))...)
			}
		}
		rules := promised(promised(basket.Mine(bg, b, basket.MineOptions{MinCount: 8})).Rules(bg, basket.RuleOptions{}))
		for r := range rules.All() {
			out = fmt.Append(out, r)
		}
		return out
	}
	want := sum(rows)
	testkit.AtGOMAXPROCS(t, func() []byte {
		other := slices.Clone(rows)
		slices.Reverse(other)
		for i := range other {
			other[i] = slices.Clone(other[i])
			slices.Reverse(other[i])
		}
		got := sum(other)
		if !bytes.Equal(got, want) {
			t.Error("another order gives other bytes")
		}
		return got
	})
}

// The explosion of a set with itself ends before it takes memory; so does working memory.
func TestTooLarge(t *testing.T) {
	var b basket.Baskets[int]
	long := make([]int, 400)
	for i := range long {
		long[i] = i
	}
	must(b.Add(long))
	must(b.Add(long))
	for _, a := range []basket.Algorithm{basket.FPGrowth, basket.Eclat} {
		for name, opt := range map[string]basket.MineOptions{
			"sets": {MinCount: 2, MaxSets: 20_000, Algorithm: a}, "memory": {MinCount: 2, MaxMemory: 4 << 20, Algorithm: a}, "little": {MinCount: 2, MaxMemory: 1000, Algorithm: a},
		} {
			if _, err := basket.Mine(bg, &b, opt); !errors.Is(err, basket.ErrTooLarge) {
				t.Errorf("%v, %s: %v", a, name, err)
			}
		}
		s, err := basket.Mine(bg, &b, basket.MineOptions{MinCount: 2, MaxLen: 1, Algorithm: a})
		if err != nil || s.Len() != 400 {
			t.Errorf("%v: %d single items, %v", a, s.Len(), err)
		}
		if s, err = basket.Mine(bg, &b, basket.MineOptions{MinCount: 3, Algorithm: a}); err != nil || s.Len() != 0 {
			t.Errorf("%v: %d sets above every count, %v", a, s.Len(), err)
		}
	}
	s := promised(basket.Mine(bg, &b, basket.MineOptions{MinCount: 2, MaxLen: 2}))
	if _, err := s.Rules(bg, basket.RuleOptions{MaxRules: 1000}); !errors.Is(err, basket.ErrTooLarge) {
		t.Errorf("rules: %v", err)
	}
}

// What is above items counts, before it is all there: a chain of n has n²/2 pairs.
func TestTaxonomyTooLarge(t *testing.T) {
	parents := map[int][]int{}
	for x := range 1500 {
		parents[x] = []int{x + 1}
	}
	b := fill([][]int{{0}})
	if _, err := basket.MineTaxonomy(bg, b, parents, basket.MineOptions{MinCount: 2, MaxMemory: 8 << 20}); !errors.Is(err, basket.ErrTooLarge) {
		t.Error(err)
	}
	if _, err := basket.MineTaxonomy(bg, b, parents, basket.MineOptions{MinCount: 2, MaxMemory: 16 << 20}); err != nil {
		t.Error(err)
	}
}

// The choice is named: bitmaps where the items fill them, a tree where they do not.
func TestAlgorithmChosen(t *testing.T) {
	dense, sparse := make([][]int, 500), make([][]int, 500)
	for i := range sparse {
		sparse[i] = []int{i % 100, 100 + i%90}
		dense[i] = []int{1, 2 + i%2, 4}
	}
	for want, rows := range map[basket.Algorithm][][]int{basket.Eclat: dense, basket.FPGrowth: sparse} {
		s, err := basket.Mine(bg, fill(rows), basket.MineOptions{MinCount: 2})
		must(err)
		if s.Algorithm() != want {
			t.Errorf("%v, want %v", s.Algorithm(), want)
		}
	}
}

func TestForget(t *testing.T) {
	b := of("ab", "ba", "c", "")
	must(b.Forget([]string{"b", "a", "a"}))
	must(b.Forget(nil))
	must(b.Forget([]string{"c"}))
	if err := b.Forget([]string{"c"}); !errors.Is(err, basket.ErrUnknownID) {
		t.Error(err)
	}
	if !bytes.Equal(binary(b), binary(of("ab"))) {
		t.Error("something is left of what was forgotten")
	}
	var s basket.Journeys[string]
	at := time.Unix(1e9, 0)
	steps := []basket.Visit[string]{{At: at, Items: []string{"b"}}, {At: at.Add(1), Items: []string{"a"}}}
	must(s.Add(steps))
	must(s.Add([]basket.Visit[string]{{Items: []string{"z"}}}))
	must(s.Forget([]basket.Visit[string]{steps[1], steps[0]}))
	if err := s.Forget(steps); !errors.Is(err, basket.ErrUnknownID) {
		t.Error(err)
	}
	var want basket.Journeys[string]
	must(want.Add([]basket.Visit[string]{{Items: []string{"z"}}}))
	if !bytes.Equal(binary(&s), binary(&want)) {
		t.Error("something is left of what was forgotten")
	}
}

func TestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "basket.Mine", Looks: 5, Do: func(ctx context.Context, size int) error {
			b := fill(noise(1, 8000*size, 40))
			testkit.Start(ctx)
			_, err := basket.Mine(ctx, b, basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 200}, Algorithm: basket.FPGrowth})
			return err
		}},
		{Name: "basket.Mine/Eclat", Looks: 4, Do: func(ctx context.Context, size int) error {
			b := fill(noise(1, 8000*size, 40))
			testkit.Start(ctx)
			_, err := basket.Mine(ctx, b, basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 200}, Algorithm: basket.Eclat})
			return err
		}},
		{Name: "basket.Sets.Rules", Looks: 2, Do: func(ctx context.Context, size int) error {
			s := promised(basket.Mine(bg, fill(noise(1, 8000*size, 40)), basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 200}}))
			testkit.Start(ctx)
			_, err := s.Rules(ctx, basket.RuleOptions{})
			return err
		}},
		{Name: "basket.MineSequences", Looks: 4, Do: func(ctx context.Context, size int) error {
			var s basket.Journeys[int]
			for _, r := range noise(1, 8000*size, 20) {
				var steps []basket.Visit[int]
				for _, x := range r {
					steps = append(steps, basket.Visit[int]{Items: []int{x}})
				}
				must(s.Add(steps))
			}
			testkit.Start(ctx)
			_, err := basket.MineSequences(ctx, &s, basket.SequenceOptions{MinSupport: basket.Fraction{Num: 1, Den: 100}})
			return err
		}},
		{Name: "basket.Mine/sort", Looks: 12, Do: func(ctx context.Context, size int) error {
			row := make([]int, 16)
			for i := range row {
				row[i] = i
			}
			b := fill([][]int{row, row})
			testkit.Start(ctx)
			for range size {
				if _, err := basket.Mine(ctx, b, basket.MineOptions{MinCount: 2}); err != nil {
					return err
				}
			}
			return nil
		}},
		{Name: "basket.MineTaxonomy", Looks: 12, Do: func(ctx context.Context, size int) error {
			b, parents := fill(noise(1, 8000*size, 40)), map[int][]int{}
			for x := range 400 {
				parents[x] = []int{x + 40}
			}
			testkit.Start(ctx)
			_, err := basket.MineTaxonomy(ctx, b, parents, basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 2}, MaxLen: 1})
			return err
		}},
		{Name: "basket.TwoPass.Count/one candidate", Looks: 2, Do: func(ctx context.Context, size int) error {
			b := fill(noise(1, 30_000*size, 40))
			var p basket.TwoPass[int]
			must(p.Propose(promised(basket.Mine(bg, fill([][]int{{39}}), basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 2}}))))
			testkit.Start(ctx)
			return p.Count(ctx, b)
		}},
		{Name: "basket.TwoPass.Count", Looks: 2, Do: func(ctx context.Context, size int) error {
			b := fill(noise(1, 8000*size, 40))
			var p basket.TwoPass[int]
			must(p.Propose(promised(basket.Mine(bg, b, basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 200}}))))
			testkit.Start(ctx)
			return p.Count(ctx, b)
		}},
	})
}
