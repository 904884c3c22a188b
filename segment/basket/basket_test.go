package basket_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/basket"
)

var bg = context.Background()

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// of returns baskets of one letter an item.
func of(words ...string) *basket.Baskets[string] {
	var b basket.Baskets[string]
	for _, w := range words {
		must(b.Add(letters(w)))
	}
	return &b
}

func letters(w string) []string {
	out := make([]string, 0, len(w))
	for _, r := range w {
		out = append(out, string(r))
	}
	return out
}

// shelf is the example of DEFINITIONS 1.12.
func shelf() *basket.Baskets[string] {
	return of("abc", "abd", "ab", "acd", "bcd", "abcd", "a", "bc", "abcde", "de")
}

// text is sets as a map from their letters to their count.
func text(s *basket.Sets[string]) map[string]int64 {
	out := map[string]int64{}
	for x := range s.All() {
		key := ""
		for _, i := range x.Items {
			key += i
		}
		out[key] = x.Count
	}
	return out
}

// apriori is the oracle: sets of one item more are joined from frequent ones and counted by
// looking at every basket.
func apriori(baskets [][]int, least int64, apart func(a, b int) bool) map[string]int64 {
	count := func(set []int) (n int64) {
		for _, b := range baskets {
			if !slices.ContainsFunc(set, func(x int) bool { return !slices.Contains(b, x) }) {
				n++
			}
		}
		return n
	}
	out := map[string]int64{}
	var level [][]int
	for x := range 40 {
		if n := count([]int{x}); n >= least {
			level = append(level, []int{x})
			out[key([]int{x})] = n
		}
	}
	singles := slices.Clone(level)
	for len(level) > 0 {
		var next [][]int
		for _, set := range level {
			for _, s := range singles {
				x := s[0]
				if x <= set[len(set)-1] || slices.ContainsFunc(set, func(y int) bool { return !apart(x, y) }) {
					continue
				}
				more := append(slices.Clone(set), x)
				if n := count(more); n >= least {
					next = append(next, more)
					out[key(more)] = n
				}
			}
		}
		level = next
	}
	return out
}

func key(set []int) string {
	out := ""
	for _, x := range set {
		out += string(rune('A' + x))
	}
	return out
}

// mined is sets by the same keys.
func mined(s *basket.Sets[int]) map[string]int64 {
	out := map[string]int64{}
	for x := range s.All() {
		out[key(x.Items)] = x.Count
	}
	return out
}

func same(t interface{ Fatalf(string, ...any) }, what string, got, want map[string]int64) {
	for k, n := range want {
		if got[k] != n {
			t.Fatalf("%s: %s in %d baskets, want %d", what, k, got[k], n)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d sets, want %d", what, len(got), len(want))
	}
}

// closed and maximal by their definitions.
func kept(sets map[string]int64, keep basket.KeepSets) map[string]int64 {
	within := func(a, b string) bool {
		for _, r := range a {
			if !slices.Contains([]rune(b), r) {
				return false
			}
		}
		return len(a) < len(b)
	}
	out := map[string]int64{}
	for a, n := range sets {
		drop := false
		for b, m := range sets {
			drop = drop || within(a, b) && (keep == basket.KeepMaximal || n == m)
		}
		if !drop || keep == basket.KeepAll {
			out[a] = n
		}
	}
	return out
}

// drawn is baskets of up to 12 items, some in nearly all of them.
func drawn(t *rapid.T) ([][]int, *basket.Baskets[int]) {
	var b basket.Baskets[int]
	items := rapid.IntRange(1, 11).Draw(t, "items")
	dense := rapid.Float64Range(.05, .95).Draw(t, "dense")
	r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
	rows := make([][]int, rapid.IntRange(1, 70).Draw(t, "baskets"))
	for i := range rows {
		for x := range items {
			if r.Bool(dense) {
				rows[i] = append(rows[i], x)
			}
		}
		must(b.Add(append(slices.Clone(rows[i]), rows[i]...)))
	}
	return rows, &b
}

// Both algorithms find what Apriori finds: all sets, closed and maximal ones, the top.
func TestMineProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, b := drawn(t)
		least := int64(rapid.IntRange(1+len(rows)/8, len(rows)+1).Draw(t, "least"))
		all := apriori(rows, least, func(int, int) bool { return true })
		if len(all) > 500 {
			t.Skip("slow")
		}
		maxLen := rapid.IntRange(0, 4).Draw(t, "max")
		minLen := 0
		if maxLen > 0 {
			minLen = rapid.IntRange(0, maxLen).Draw(t, "min")
		}
		top := rapid.IntRange(0, 9).Draw(t, "top")
		for _, keep := range []basket.KeepSets{basket.KeepAll, basket.KeepClosed, basket.KeepMaximal} {
			want := kept(all, keep)
			for k := range want {
				if len(k) < minLen || maxLen > 0 && len(k) > maxLen {
					delete(want, k)
				}
			}
			order := ranked(want)
			if top > 0 && top < len(order) {
				for _, k := range order[top:] {
					delete(want, k)
				}
			}
			for _, a := range []basket.Algorithm{basket.FPGrowth, basket.Eclat} {
				s, err := basket.Mine(bg, b, basket.MineOptions{MinCount: least, Keep: keep, Algorithm: a, MinLen: minLen, MaxLen: maxLen, Top: top})
				must(err)
				same(t, a.String(), mined(s), want)
				i := 0
				for x := range s.All() {
					if key(x.Items) != order[i] {
						t.Fatalf("%v: set %d is %s, want %s", a, i, key(x.Items), order[i])
					}
					if n, ok := s.Count(x.Items...); !ok || n != x.Count {
						t.Fatalf("Count of %v is %d %v", x.Items, n, ok)
					}
					i++
				}
				if s.Algorithm() != a || s.Baskets() != int64(len(rows)) || s.MinCount() != least {
					t.Fatal(s.Algorithm(), s.Baskets(), s.MinCount())
				}
			}
		}
	})
}

func ranked(sets map[string]int64) []string {
	var out []string
	for k := range sets {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(cmp.Compare(sets[b], sets[a]), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return out
}

func TestMineDefinitions(t *testing.T) {
	s, err := basket.Mine(bg, shelf(), basket.MineOptions{MinCount: 3})
	must(err)
	same(t, "3", text(s), map[string]int64{
		"a": 7, "b": 7, "c": 6, "d": 6, "ab": 5, "bc": 5, "ac": 4, "ad": 4, "bd": 4, "cd": 4, "abc": 3, "abd": 3, "acd": 3, "bcd": 3,
	})
	for _, c := range []struct {
		least int64
		keep  basket.KeepSets
		want  int
	}{{3, basket.KeepMaximal, 4}, {2, basket.KeepAll, 17}, {2, basket.KeepClosed, 16}, {2, basket.KeepMaximal, 2}} {
		s, err := basket.Mine(bg, shelf(), basket.MineOptions{MinCount: c.least, Keep: c.keep})
		must(err)
		if s.Len() != c.want {
			t.Errorf("count %d, keep %d: %d sets, want %d", c.least, c.keep, s.Len(), c.want)
		}
	}
}

// The measures of DEFINITIONS 1.7, of mlxtend's five baskets.
func TestMeasures(t *testing.T) {
	m, err := basket.MeasureRule(5, 3, 4, 3) // onion → eggs
	must(err)
	for name, x := range map[string][2]float64{
		"support": {m.Support, .6}, "confidence": {m.Confidence, 1}, "lift": {m.Lift, 1.25}, "leverage": {m.Leverage, .12}, "zhang": {m.Zhang, .5},
		"jaccard": {m.Jaccard, .75}, "certainty": {m.Certainty, 1}, "kulczynski": {m.Kulczynski, .875},
	} {
		testkit.Near(t, name, x[0], x[1], 1e-15)
	}
	if !math.IsInf(m.Conviction, 1) {
		t.Error(m.Conviction)
	}
	m, err = basket.MeasureRule(5, 4, 5, 4) // eggs → kidney beans
	must(err)
	if m.Lift != 1 || m.Zhang != 0 || m.Kulczynski != .9 || m.Leverage != 0 || m.Certainty != 0 || m.P != 1 {
		t.Errorf("%+v", m)
	}
	s, err := basket.Mine(bg, shelf(), basket.MineOptions{MinCount: 2})
	must(err)
	rules, err := s.Rules(bg, basket.RuleOptions{MaxConsequent: 3})
	must(err)
	seen := map[string]basket.Rule[string]{}
	for r := range rules.All() {
		seen[word(r.Antecedent)+">"+word(r.Consequent)] = r
	}
	if r := seen["bd>c"]; r.Confidence != .75 || r.Lift != 1.25 {
		t.Errorf("%+v", r)
	}
	testkit.Near(t, "a>b", seen["a>b"].P, .708333, 1e-6)
	testkit.Near(t, "c>d", seen["c>d"].P, .547619, 1e-6)
}

// The p-value of counts however large takes the terms that count, where the first is 0 and where
// it is subnormal as well.
func TestFisherLarge(t *testing.T) {
	for _, n := range []int64{1e9, 1e12, 1 << 62} {
		for both, want := range map[int64]float64{n / 10 * 3: 0, n / 10 * 2: 1} {
			if m := promised(basket.MeasureRule(n, n/2, n/2, both)); m.P != want {
				t.Errorf("%d of %d: P %v, want %v", both, n, m.P, want)
			}
		}
	}
	if m := promised(basket.MeasureRule(1e12, 5e11, 5e11, 25e10+9_525_000)); m.P < 1e-318 || m.P > 1e-315 {
		t.Errorf("38.1 deviations: P %v, want some 1e-317", m.P)
	}
}

// A least count whose sets their decoder would refuse is no option.
func TestMinCountLargest(t *testing.T) {
	s := promised(basket.Mine(bg, shelf(), basket.MineOptions{MinCount: 1 << 62}))
	must(new(basket.Sets[string]).UnmarshalBinary(binary(s)))
	if _, err := basket.Mine(bg, shelf(), basket.MineOptions{MinCount: 1<<62 + 1}); !errors.Is(err, basket.ErrOption) {
		t.Error(err)
	}
}

// The top is found where the counts of all sets tie, and holds no more than MaxSets meanwhile.
func TestTopOfTies(t *testing.T) {
	row := make([]int, 15)
	for i := range row {
		row[i] = 14 - i
	}
	all := ranked(mined(promised(basket.Mine(bg, fill(noise(3, 1000, 30)), basket.MineOptions{MinCount: 8}))))
	for _, a := range []basket.Algorithm{basket.FPGrowth, basket.Eclat} {
		for _, most := range []int{0, 40, 40_000} {
			s, err := basket.Mine(bg, fill([][]int{row, row}), basket.MineOptions{Top: 17, Algorithm: a, MaxSets: most, MaxMemory: 1 << 19})
			if err != nil {
				t.Errorf("%v, MaxSets %d: %v", a, most, err)
				continue
			}
			if want := append(letters("ABCDEFGHIJKLMNO"), "AB", "AC"); !slices.Equal(ranked(mined(s)), want) {
				t.Errorf("%v, MaxSets %d: %v", a, most, ranked(mined(s)))
			}
		}
		for _, top := range []int{1, 90, 1200, len(all) - 1, math.MaxInt} {
			s := promised(basket.Mine(bg, fill(noise(3, 1000, 30)), basket.MineOptions{MinCount: 8, Top: top, Algorithm: a}))
			if !slices.Equal(ranked(mined(s)), all[:min(top, len(all))]) {
				t.Errorf("%v: other top %d of %d", a, top, len(all))
			}
		}
	}
}

// Thirty items that are always together are in 2³⁰ sets, all of one count. Few of them are
// looked at for the top; where the length asked for leaves millions to choose from, that is
// said and not tried.
func TestTopLooksAtFew(t *testing.T) {
	row := make([]int, 30)
	for i := range row {
		row[i] = 29 - i
	}
	b := fill([][]int{row, row, row[:1]})
	for _, a := range []basket.Algorithm{basket.FPGrowth, basket.Eclat} {
		for _, top := range []int{1, 30, 31, 200, 466} {
			s, err := basket.Mine(bg, b, basket.MineOptions{Top: top, Algorithm: a, MaxSets: 1000})
			if err != nil || s.Len() != top {
				t.Errorf("%v, top %d: %d sets, %v", a, top, s.Len(), err)
			}
		}
		if _, err := basket.Mine(bg, b, basket.MineOptions{Top: 9, MinLen: 15, Algorithm: a, MaxSets: 5000}); !errors.Is(err, basket.ErrTooLarge) {
			t.Errorf("%v: %v", a, err)
		}
	}
}

// Closed and maximal sets are the same where all frequent ones are too many to hold: with
// blocks of items that are always together, against those picked from all.
func TestClosedBeyondAll(t *testing.T) {
	done := 0
	rapid.Check(t, func(t *rapid.T) {
		r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		rows := make([][]int, rapid.IntRange(1, 40).Draw(t, "n"))
		items, density := rapid.IntRange(2, 9).Draw(t, "items"), rapid.Float64Range(.1, .95).Draw(t, "density")
		for i := range rows {
			for x := range items {
				if r.Bool(density) {
					rows[i] = append(rows[i], x)
					if x < 2 {
						rows[i] = append(rows[i], 20+x, 30+x)
					}
				}
			}
		}
		opt := basket.MineOptions{
			MinCount: int64(rapid.IntRange(1, 4).Draw(t, "least")), MinLen: rapid.IntRange(1, 3).Draw(t, "minLen"), MaxLen: rapid.IntRange(3, 9).Draw(t, "maxLen"),
			Keep: rapid.SampledFrom([]basket.KeepSets{basket.KeepClosed, basket.KeepMaximal}).Draw(t, "keep"), Top: rapid.SampledFrom([]int{0, 3}).Draw(t, "top"),
		}
		b := fill(rows)
		for _, opt.Algorithm = range []basket.Algorithm{basket.FPGrowth, basket.Eclat} {
			opt.MaxSets = 0
			want := ranked(mined(promised(basket.Mine(bg, b, opt))))
			for _, opt.MaxSets = range []int{1, 4, 16, 64, 256} {
				s, err := basket.Mine(bg, b, opt)
				if errors.Is(err, basket.ErrTooLarge) {
					continue
				}
				must(err)
				if done++; !slices.Equal(ranked(mined(s)), want) {
					t.Fatalf("%+v: %v, want %v", opt, ranked(mined(s)), want)
				}
			}
		}
	})
	row := make([]int, 40) // in 2⁴⁰ sets
	for i := range row {
		row[i] = i
	}
	for _, a := range []basket.Algorithm{basket.FPGrowth, basket.Eclat} {
		for keep, want := range map[basket.KeepSets]int{basket.KeepClosed: 2, basket.KeepMaximal: 1} {
			s, err := basket.Mine(bg, fill([][]int{row, row, row[:7]}), basket.MineOptions{MinCount: 2, Keep: keep, Algorithm: a, MaxSets: 100})
			if err != nil || s.Len() != want {
				t.Errorf("%v, keep %d: %d sets, %v", a, keep, s.Len(), err)
			}
		}
	}
}

func TestFractionOf(t *testing.T) {
	for x, want := range map[float64]basket.Fraction{0: {Num: 0, Den: 1}, .001: {Num: 1, Den: 1000}, 1: {Num: 1, Den: 1}, 1e-18: {Num: 1, Den: 1e18}, 5e-19: {Num: 1, Den: 2e18}} {
		if got, err := basket.FractionOf(x); err != nil || got != want {
			t.Errorf("%v: %v %v", x, got, err)
		}
	}
	for _, x := range []float64{1e-19, 3e-19, -.1, 1.5} {
		if got, err := basket.FractionOf(x); !errors.Is(err, basket.ErrRange) {
			t.Errorf("%v: %v %v", x, got, err)
		}
	}
}

func word(xs []string) string {
	out := ""
	for _, x := range xs {
		out += x
	}
	return out
}
