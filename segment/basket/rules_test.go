package basket_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/basket"
)

// noise is baskets of items that have nothing to do with each other, of various frequency.
func noise(seed uint64, n, items int) [][]int {
	r := rng.New(seed, 0, 0)
	rows := make([][]int, n)
	for i := range rows {
		for x := range items {
			if r.Bool(.05 + .3*float64(x)/float64(items)) {
				rows[i] = append(rows[i], x)
			}
		}
	}
	return rows
}

func fill(rows [][]int) *basket.Baskets[int] {
	var b basket.Baskets[int]
	for _, r := range rows {
		must(b.Add(r))
	}
	return &b
}

// On 200 data sets without a rule at most 7 % report any at a false-discovery rate of .05;
// without the correction, and with one for only those rules that support, confidence and lift
// have left, more do.
func TestNoRules(t *testing.T) {
	const sets, q = 200, .05
	any := map[string]int{}
	for seed := range uint64(sets) {
		b := fill(noise(seed, 500, 14))
		s, err := basket.Mine(bg, b, basket.MineOptions{MinCount: 10, MaxLen: 3})
		must(err)
		for name, opt := range map[string]basket.RuleOptions{
			"corrected": {FDR: q}, "several consequents": {FDR: q, MaxConsequent: 2}, "productive": {FDR: q, NonRedundant: true},
		} {
			rules, err := s.Rules(bg, opt)
			must(err)
			if rules.Len() > 0 {
				any[name]++
			}
		}
		left, err := s.Rules(bg, basket.RuleOptions{MinConfidence: basket.Fraction{Num: 3, Den: 10}, MinLift: 1.2})
		must(err)
		var ps []float64
		for r := range left.All() {
			ps = append(ps, r.P)
		}
		slices.Sort(ps)
		if len(ps) > 0 && ps[0] <= q {
			any["uncorrected"]++
		}
		for i, p := range ps {
			if p*float64(len(ps)) <= q*float64(i+1) {
				any["corrected for those left"]++
				break
			}
		}
	}
	t.Log(any)
	for _, name := range []string{"corrected", "several consequents", "productive"} {
		if any[name] > sets*7/100 {
			t.Errorf("%s: %d of %d data sets report a rule, want at most 7 %%", name, any[name], sets)
		}
	}
	for _, name := range []string{"uncorrected", "corrected for those left"} {
		if any[name] <= sets*7/100 {
			t.Errorf("%s: %d of %d data sets report a rule: the test would not see a fault", name, any[name], sets)
		}
	}
}

// Planted rules are found, and few others, over ten seeds. The sizes were fixed before: 4,000
// baskets, 30 items that mean nothing, 8 pairs and 4 triples that are bought together three
// times as often as chance has it.
func TestPlantedRules(t *testing.T) {
	planted, found, reported, false_ := 0, 0, 0, 0
	for seed := range uint64(10) {
		rows := noise(1000+seed, 4000, 30)
		r := rng.New(seed, 7, 0)
		group := map[int]int{} // item → group
		var want []string
		for g := range 12 {
			items := []int{30 + 3*g, 31 + 3*g, 32 + 3*g}[:2+g/8]
			for _, x := range items {
				group[x] = g + 1
			}
			for i := range rows {
				// One basket in 25 holds the group as a whole, one in 12 each item by itself.
				together := r.Bool(.04)
				for _, x := range items {
					if together || r.Bool(.08) {
						rows[i] = append(rows[i], x)
					}
				}
			}
			want = append(want, fmt.Sprint(items[:len(items)-1], items[len(items)-1:]))
		}
		s, err := basket.Mine(bg, fill(rows), basket.MineOptions{MinSupport: basket.Fraction{Num: 1, Den: 100}})
		must(err)
		rules, err := s.Rules(bg, basket.RuleOptions{FDR: .05, NonRedundant: true})
		must(err)
		got := map[string]bool{}
		for x := range rules.All() {
			got[fmt.Sprint(x.Antecedent, x.Consequent)] = true
			reported++
			one := group[x.Consequent[0]]
			if one == 0 || slices.ContainsFunc(x.Antecedent, func(i int) bool { return group[i] != one }) {
				false_++
			}
		}
		for _, w := range want {
			planted++
			if got[w] {
				found++
			}
		}
	}
	t.Logf("%d of %d planted rules, %d of %d reported are none", found, planted, false_, reported)
	if float64(found) < .95*float64(planted) || float64(false_) > .05*float64(reported) {
		t.Errorf("%d of %d planted rules found, %d of %d reported are none", found, planted, false_, reported)
	}
}

// Rules, candidates, p-values, Q, improvement and redundancy against their definitions.
func TestRulesProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, b := drawn(t)
		least := int64(rapid.IntRange(max(1, len(rows)/4), len(rows)).Draw(t, "least"))
		opt := basket.RuleOptions{
			MaxConsequent: rapid.IntRange(0, 3).Draw(t, "consequents"), NonRedundant: rapid.Bool().Draw(t, "productive"),
			MinConfidence: basket.Fraction{Num: rapid.Int64Range(0, 5).Draw(t, "confidence"), Den: 5}, FDR: rapid.SampledFrom([]float64{0, .05, .5}).Draw(t, "q"),
			MinImprovement: rapid.SampledFrom([]float64{0, 0, .125}).Draw(t, "improvement"), MinLift: rapid.SampledFrom([]float64{0, 1.1}).Draw(t, "lift"),
		}
		maxLen := rapid.IntRange(2, 5).Draw(t, "max")
		s, err := basket.Mine(bg, b, basket.MineOptions{MinCount: least, MaxLen: maxLen})
		must(err)
		if s.Len() > 60 {
			t.Skip("slow")
		}
		rules, err := s.Rules(bg, opt)
		must(err)
		want, candidates := slowRules(s, len(rows), maxLen, opt)
		if rules.Candidates() != candidates {
			t.Fatalf("%d candidates, want %d", rules.Candidates(), candidates)
		}
		n := 0
		for r := range rules.All() {
			n++
			w, ok := want[fmt.Sprint(r.Antecedent, r.Consequent)]
			if !ok || math.Abs(r.P-w[0]) > 1e-9 || math.Abs(r.Q-w[2]) > 1e-9 || math.Abs(r.ImprovementP-w[1]) > 1e-9 {
				t.Fatalf("%v → %v: %v %v %v, want %v", r.Antecedent, r.Consequent, r.P, r.ImprovementP, r.Q, w)
			}
		}
		if n != len(want) || n != rules.Len() {
			t.Fatalf("%d rules, want %d", n, len(want))
		}
	})
}

// tail is Fisher's one-sided p-value, summed term by term.
func tail(n, a, c, k int64) float64 {
	p := 0.0
	for i := k; i <= min(a, c); i++ {
		if c-i <= n-a {
			p += math.Exp(infer.LogHypergeometric(float64(i), float64(a), float64(n-a), float64(c)))
		}
	}
	return min(p, 1)
}

// slowRules returns P, ImprovementP and Q by rule, and the number of candidates.
func slowRules(s *basket.Sets[int], n, maxLen int, opt basket.RuleOptions) (map[string][3]float64, int64) {
	count := func(items ...int) int64 {
		if len(items) == 0 {
			return int64(n)
		}
		x, _ := s.Count(items...)
		return x
	}
	type tested struct {
		name  string
		p     [2]float64
		value float64
		pass  bool
	}
	var all []tested
	candidates := int64(0)
	for a := range s.All() {
		for c := range s.All() {
			if len(c.Items) > max(1, opt.MaxConsequent) || len(a.Items)+len(c.Items) > maxLen || slices.ContainsFunc(c.Items, func(x int) bool { return slices.Contains(a.Items, x) }) {
				continue
			}
			candidates++
			k := count(slices.Concat(a.Items, c.Items)...)
			if k == 0 {
				continue
			}
			r := tested{name: fmt.Sprint(a.Items, c.Items), pass: true}
			r.p[0] = tail(int64(n), a.Count, c.Count, k)
			r.p[1] = r.p[0]
			if len(a.Items) > 1 {
				r.p[1] = 0
				for i := range a.Items {
					rest := slices.Delete(slices.Clone(a.Items), i, i+1)
					r.p[1] = max(r.p[1], tail(count(rest...), a.Count, count(append(rest, c.Items...)...), k))
				}
			}
			r.value = r.p[0]
			if opt.NonRedundant {
				r.value = max(r.p[0], r.p[1])
			}
			conf := float64(k) / float64(a.Count)
			r.pass = 5*k >= opt.MinConfidence.Num*a.Count && (opt.MinLift == 0 || conf/(float64(c.Count)/float64(n)) >= opt.MinLift)
			for mask := range 1<<len(a.Items) - 1 {
				var part []int
				for i, x := range a.Items {
					if mask>>i&1 == 1 {
						part = append(part, x)
					}
				}
				m, both := count(part...), count(append(slices.Clone(part), c.Items...)...)
				if opt.NonRedundant && k*m <= both*a.Count || opt.MinImprovement > 0 && conf-float64(both)/float64(m) < opt.MinImprovement {
					r.pass = false
				}
			}
			all = append(all, r)
		}
	}
	out := map[string][3]float64{}
	for _, r := range all {
		q := 1.0
		for _, x := range all {
			if x.value >= r.value {
				rank := 0
				for _, y := range all {
					if y.value <= x.value*(1+1e-12) {
						rank++
					}
				}
				q = min(q, x.value*float64(candidates)/float64(rank))
			}
		}
		if r.pass && (opt.FDR == 0 || q <= opt.FDR*(1+1e-12)) {
			out[r.name] = [3]float64{r.p[0], r.p[1], q}
		}
	}
	return out, candidates
}

// Suggest gives the consequents of rules that a basket fulfils, once each, by confidence.
func TestSuggest(t *testing.T) {
	s, err := basket.Mine(bg, shelf(), basket.MineOptions{MinCount: 2})
	must(err)
	rules, err := s.Rules(bg, basket.RuleOptions{MaxConsequent: 2})
	must(err)
	for _, cart := range []string{"", "a", "bd", "e", "abcde", "zz", "ca"} {
		best := map[string]float64{}
		for r := range rules.All() {
			if slices.ContainsFunc(r.Antecedent, func(x string) bool { return !slices.Contains(letters(cart), x) }) {
				continue
			}
			for _, c := range r.Consequent {
				if !slices.Contains(letters(cart), c) {
					best[c] = max(best[c], r.Confidence)
				}
			}
		}
		got := rules.Suggest(nil, letters(cart), 10)
		for i, x := range got {
			if best[x.Item] != x.Score || i > 0 && got[i-1].Score < x.Score {
				t.Errorf("%s: %v, want scores %v", cart, got, best)
			}
		}
		if len(got) != len(best) {
			t.Errorf("%s: %v, want %v", cart, got, best)
		}
		if few := rules.Suggest(got[:0:0], letters(cart), 1); len(few) != min(1, len(got)) || len(few) > 0 && few[0] != got[0] {
			t.Errorf("%s: best %v of %v", cart, few, got)
		}
	}
}

// Rules take no more memory than they may: what is live afterwards, and all that was allocated,
// beside what was asked for; a little less is refused.
func TestRulesMemory(t *testing.T) {
	sets := promised(basket.Mine(bg, fill(noise(5, 600, 25)), basket.MineOptions{MinCount: 12}))
	for _, consequents := range []int{1, 2} {
		enough := int64(1 << 12)
		for ; ; enough += enough / 4 {
			_, err := sets.Rules(bg, basket.RuleOptions{MaxConsequent: consequents, MaxMemory: enough})
			if err == nil {
				break
			}
			if !errors.Is(err, basket.ErrTooLarge) || !strings.Contains(err.Error(), "MaxMemory") {
				t.Fatal(err)
			}
		}
		if testkit.Race {
			continue
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		rules := promised(sets.Rules(bg, basket.RuleOptions{MaxConsequent: consequents, MaxMemory: enough}))
		runtime.GC()
		runtime.ReadMemStats(&after)
		live, total := int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(after.TotalAlloc-before.TotalAlloc)
		if rules.Len() < 1000 || live > enough || total > 3*enough {
			t.Errorf("%d rules of %d consequents: %d bytes live, %d taken, of %d", rules.Len(), consequents, live, total, enough)
		}
		runtime.KeepAlive(rules)
	}
}
