package basket

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/parallel"
)

// RuleOptions configures Sets.Rules. The zero value gives every rule with one consequent.
type RuleOptions struct {
	// MinConfidence is the least confidence, compared in whole numbers. The zero value: none.
	MinConfidence Fraction
	// MinLift is the least lift, >= 0. 0: none.
	MinLift float64
	// MinImprovement is the least difference, in [0, 1], between the confidence and that of
	// every rule with the same consequent and a part of the antecedent, the empty part, whose
	// confidence is the share of baskets with the consequent, included. 0: none asked for.
	MinImprovement float64
	// NonRedundant keeps rules that say more than simpler ones: with a confidence above that
	// of every part of the antecedent as under MinImprovement, and with Rule.Q from the larger
	// of P and ImprovementP, so that items that only stand beside a rule give no other one.
	NonRedundant bool
	// MaxConsequent is the largest number of consequents; 0: 1.
	MaxConsequent int
	// FDR is the share of false rules to be expected among those returned, in [0, 1): rules
	// with a larger Q are left out. 0: Q is told, and none is left out.
	FDR float64
	// MaxRules is the largest number of rules looked at; 0: 10 million. One more is ErrTooLarge.
	MaxRules int
	// MaxMemory bounds the bytes of the rules and of the work on them, less the sets themselves;
	// 0: 4 GiB. What would take more is ErrTooLarge before it is taken.
	MaxMemory int64
}

// withDefaults returns o with its defaults.
func (o RuleOptions) withDefaults() RuleOptions {
	o.MaxConsequent = check.Default(o.MaxConsequent, 1)
	o.MaxRules = check.Default(o.MaxRules, 10_000_000)
	o.MaxMemory = check.Default(o.MaxMemory, 4<<30)
	return o
}

// validate reports every bad field.
func (o RuleOptions) validate(where string) error {
	var c check.Options
	c.Require(o.MinConfidence == (Fraction{}) || o.MinConfidence.valid(), "MinConfidence", o.MinConfidence, "a fraction in [0, 1]")
	check.NonNegative(&c, "MinLift", o.MinLift)
	c.Require(o.MinImprovement >= 0 && o.MinImprovement <= 1, "MinImprovement", o.MinImprovement, "in [0, 1]")
	c.Require(o.MaxConsequent >= 1, "MaxConsequent", o.MaxConsequent, ">= 0")
	c.Require(o.FDR >= 0 && o.FDR < 1, "FDR", o.FDR, "in [0, 1)")
	c.Require(o.MaxRules >= 1, "MaxRules", o.MaxRules, ">= 0")
	c.Require(o.MaxMemory >= 1, "MaxMemory", o.MaxMemory, ">= 0")
	return c.Err(where)
}

// Rule says: who has all of the antecedent often has all of the consequent, too.
type Rule[I ID] struct {
	Antecedent, Consequent []I // ascending, no item in both
	// Baskets with both, with the antecedent, and with the consequent.
	Count, AntecedentCount, ConsequentCount int64
	Measures
	// ImprovementP is the largest p-value, over the items of the antecedent, of Fisher's test
	// that among the baskets with its other items this one goes with the consequent (Webb
	// 2007). Of one item it is P.
	ImprovementP float64
	// Q is the p-value adjusted for all Rules.Candidates (Benjamini, Hochberg 1995).
	Q float64
}

// Rules are rules by descending confidence, then count, then ascending antecedent and
// consequent, shorter first. They are immutable and safe for concurrent use.
type Rules[I ID] struct {
	sets       *Sets[I]
	candidates int64
	rules      []rule
	first      []int32 // rules by the first item of their antecedent, in order
	start      []int32
}

// rule is one by numbers.
type rule struct {
	ante, cons      []int32
	both, a, c      int64
	p, improve, adj float64
}

// Rules returns the rules of these sets: each parts a frequent set into antecedent and
// consequent.
//
// Candidates counts every rule that the search could have returned before it looked at how
// often antecedent and consequent meet: all pairs of frequent sets without a common item,
// of up to MaxConsequent consequents and, together, of up to MaxLen items. Q is adjusted for
// them all: those that are not frequent together count as if their p-value were 1.
// Correcting for the rules that support, confidence and lift have left would select by the
// very data that is tested, and let chance through.
//
// ErrOption for bad options, ErrMismatch for sets that were mined with Keep, Top or MinLen,
// since these lack counts, ErrTooLarge beyond MaxRules or MaxMemory, ErrEmpty for nil, and
// context.Cause(ctx) when ctx ends. No rule is no error. Cost: some look-ups for each rule,
// with several consequents 2ⁿ rules for each set of n items.
func (s *Sets[I]) Rules(ctx context.Context, opt RuleOptions) (*Rules[I], error) {
	const where = "basket: Sets.Rules"
	if err := check.Receiver(where, s); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	switch err := opt.validate(where); {
	case err != nil:
		return nil, err
	case s.index == nil:
		return nil, fmt.Errorf("%s: sets made by no function: %w", where, ErrEmpty)
	case !s.whole:
		return nil, fmt.Errorf("%s: sets mined with Keep, Top or MinLen: %w", where, ErrMismatch)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	out := &Rules[I]{sets: s}
	g := ruler{opt: opt, baskets: s.baskets, meter: parallel.NewMeter(ctx), budget: budget{left: opt.MaxMemory}}
	for i := range s.count {
		set := s.set(i)
		if len(set) < 2 {
			continue
		}
		if err := g.split(s.index, s.count, i, set); err != nil {
			return nil, wrap(where, err)
		}
	}
	var err error
	if out.candidates, err = s.candidates(opt.MaxConsequent, g.meter, &g.budget); err != nil {
		return nil, wrap(where, err)
	}
	if err := g.budget.take(8*int64(len(g.ps)) + 4*int64(len(g.rules)) + 8*int64(len(s.items)+1)); err != nil { // of adjust and list
		return nil, wrap(where, err)
	}
	out.rules = g.adjust(out.candidates)
	slices.SortFunc(out.rules, func(x, y rule) int {
		return cmp.Or(compareShares(y.both, y.a, x.both, x.a), cmp.Compare(y.both, x.both), compareSets(x.ante, y.ante), compareSets(x.cons, y.cons))
	})
	out.list(len(s.items))
	return out, nil
}

// compareShares orders a/b and c/d exactly; b and d > 0.
func compareShares(a, b, c, d int64) int {
	h1, l1 := bits.Mul64(uint64(a), uint64(d))
	h2, l2 := bits.Mul64(uint64(c), uint64(b))
	return cmp.Or(cmp.Compare(h1, h2), cmp.Compare(l1, l2))
}

// ruler makes rules of sets.
type ruler struct {
	opt     RuleOptions
	baskets int64
	meter   *parallel.Meter
	budget  budget
	ps      []float64 // of all rules looked at
	rules   []rule    // those that pass all but FDR
	items   []int32   // room for the items of the next rules
	part    []int32
	halves  [2][]int32 // of the rule looked at
}

// split looks at every rule of one set.
func (g *ruler) split(x *index, count []int64, at int, set []int32) error {
	n, both := len(set), count[at]
	if n > 62 {
		return fmt.Errorf("a set of %d items: %w", n, ErrTooLarge)
	}
	for size := 1; size <= min(g.opt.MaxConsequent, n-1); size++ {
		for mask := uint64(1)<<size - 1; mask < 1<<n; mask = after(mask) {
			if len(g.ps) == g.opt.MaxRules {
				return fmt.Errorf("more than MaxRules %d rules: %w", g.opt.MaxRules, ErrTooLarge)
			}
			if err := g.meter.Did(1000 * len(set)); err != nil {
				return err
			}
			g.halves = [2][]int32{pick(g.halves[0][:0], set, ^mask), pick(g.halves[1][:0], set, mask)}
			ante, cons := g.halves[0], g.halves[1]
			r := rule{ante: ante, cons: cons, both: both, a: count[x.find(ante)], c: count[x.find(cons)]}
			r.p = infer.FisherUpper(g.baskets, r.a, r.c, both)
			r.improve = r.p
			if len(ante) > 1 {
				r.improve = 0
				for k := range ante {
					rest := append(append(g.part[:0], ante[:k]...), ante[k+1:]...)
					a := count[x.find(rest)]
					rest = append(rest, cons...)
					slices.Sort(rest)
					g.part = rest
					r.improve = max(r.improve, infer.FisherUpper(a, r.a, count[x.find(rest)], both))
				}
			}
			if err := g.keep(x, count, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep notes the p-value of a rule, and the rule itself where it passes.
func (g *ruler) keep(x *index, count []int64, r rule) error {
	var err error
	if g.ps, err = grown(&g.budget, g.ps); err != nil {
		return err
	}
	g.ps = append(g.ps, g.tested(&r))
	if !g.passes(x, count, &r) {
		return nil
	}
	if n := len(r.ante) + len(r.cons); cap(g.items)-len(g.items) < n { // what is full stays where its rules have it
		if err := g.budget.take(4 << 12); err != nil {
			return err
		}
		g.items = make([]int32, 0, 1<<12)
	}
	if g.rules, err = grown(&g.budget, g.rules); err != nil {
		return err
	}
	start, middle := len(g.items), len(g.items)+len(r.ante)
	g.items = append(append(g.items, r.ante...), r.cons...)
	r.ante, r.cons = g.items[start:middle:middle], g.items[middle:len(g.items):len(g.items)]
	g.rules = append(g.rules, r)
	return nil
}

// after returns the next larger number with as many bits (Gosper).
func after(mask uint64) uint64 {
	low := mask & -mask
	next := mask + low
	return next | (mask^next)>>2/low
}

// pick appends the items of the bits of mask.
func pick(dst, set []int32, mask uint64) []int32 {
	for k, v := range set {
		if mask>>k&1 == 1 {
			dst = append(dst, v)
		}
	}
	return dst
}

// tested returns the p-value that is adjusted.
func (g *ruler) tested(r *rule) float64 {
	if g.opt.NonRedundant {
		return max(r.p, r.improve)
	}
	return r.p
}

// passes reports whether r has the confidence, lift and improvement asked for.
func (g *ruler) passes(x *index, count []int64, r *rule) bool {
	o := &g.opt
	if o.MinConfidence.Den > 0 && !o.MinConfidence.reached(r.both, r.a) {
		return false
	}
	if o.MinLift > 0 && float64(r.both)/float64(r.a)/(float64(r.c)/float64(g.baskets)) < o.MinLift {
		return false
	}
	if !o.NonRedundant && o.MinImprovement == 0 {
		return true
	}
	better := func(k, n int64) bool { // than a part in n baskets, k of them with the consequent
		if o.NonRedundant && compareShares(r.both, r.a, k, n) <= 0 {
			return false
		}
		return float64(r.both)/float64(r.a)-float64(k)/float64(n) >= o.MinImprovement
	}
	if !better(r.c, g.baskets) {
		return false
	}
	var part []int32
	for mask := uint64(1); mask < 1<<len(r.ante)-1; mask++ {
		part = pick(part[:0], r.ante, mask)
		n := count[x.find(part)]
		part = append(part, r.cons...)
		slices.Sort(part)
		if !better(count[x.find(part)], n) {
			return false
		}
	}
	return true
}

// adjust sets Q by the step-up procedure over m candidates, of which those in g.ps have a
// p-value and the others 1, and returns the rules within FDR.
func (g *ruler) adjust(m int64) []rule {
	slices.Sort(g.ps)
	q := make([]float64, len(g.ps))
	least := 1.0
	for i := len(q) - 1; i >= 0; i-- {
		least = min(least, g.ps[i]*float64(m)/float64(i+1))
		q[i] = least
	}
	kept := g.rules[:0]
	for _, r := range g.rules {
		r.adj = q[sort.SearchFloat64s(g.ps, g.tested(&r))]
		// Rounding of a p-value must not decide where the bound is met exactly.
		if g.opt.FDR == 0 || r.adj <= g.opt.FDR*(1+1e-12) {
			kept = append(kept, r)
		}
	}
	return kept
}

// candidates counts the pairs of sets without a common item, of k and of l <= most items,
// k+l <= maxLen. With f_k(S) the number of sets of k items that hold S, they are the sum of
// ±f_k(S)·f_l(S) over all sets S, minus for an odd number of items.
func (s *Sets[I]) candidates(most int, meter *parallel.Meter, room *budget) (int64, error) {
	longest := 0
	for i := range s.count {
		longest = max(longest, len(s.set(i)))
	}
	of := make([]float64, longest+1) // sets by length
	for i := range s.count {
		of[len(s.set(i))]++
	}
	total := 0.0
	if most == 1 { // every item of a frequent set is frequent itself
		for k := 1; k <= longest && k < s.maxLen; k++ {
			total += of[k] * (of[1] - float64(k))
		}
		return int64(total), nil
	}
	add := func(sign float64, f []float64) {
		for k := 1; k < len(f); k++ {
			for l := 1; l <= min(most, len(f)-1, s.maxLen-k); l++ {
				total += sign * f[k] * f[l]
			}
		}
	}
	add(1, of)
	if err := room.take(8 * int64(len(s.count)) * int64(longest+1)); err != nil {
		return 0, err
	}
	f := make([]float64, len(s.count)*(longest+1))
	var part []int32
	for i := range s.count {
		set := s.set(i)
		for mask := uint64(1); mask < 1<<len(set); mask++ {
			if err := meter.Did(64); err != nil {
				return 0, err
			}
			part = pick(part[:0], set, mask)
			f[s.index.find(part)*(longest+1)+len(set)]++
		}
	}
	for i := range s.count {
		sign := 1.0
		if len(s.set(i))%2 == 1 {
			sign = -1
		}
		add(sign, f[i*(longest+1):(i+1)*(longest+1)])
	}
	return int64(min(total, math.MaxInt64/2)), nil
}

// list sorts the rules by the first item of their antecedent, for Suggest.
func (r *Rules[I]) list(items int) {
	r.start = make([]int32, items+1)
	for i := range r.rules {
		r.start[r.rules[i].ante[0]+1]++
	}
	for x := range items {
		r.start[x+1] += r.start[x]
	}
	r.first = make([]int32, len(r.rules))
	at := slices.Clone(r.start)
	for i := range r.rules {
		x := r.rules[i].ante[0]
		r.first[at[x]] = int32(i)
		at[x]++
	}
}

// Len returns the number of rules.
func (r *Rules[I]) Len() int {
	if r == nil {
		return 0
	}
	return len(r.rules)
}

// Candidates returns the number of rules that Q is adjusted for, see Sets.Rules.
func (r *Rules[I]) Candidates() int64 {
	if r == nil {
		return 0
	}
	return r.candidates
}

// All yields the rules in order.
func (r *Rules[I]) All() iter.Seq[Rule[I]] {
	return func(yield func(Rule[I]) bool) {
		for i := range r.Len() {
			x := &r.rules[i]
			if !yield(Rule[I]{
				Antecedent: r.sets.named(x.ante), Consequent: r.sets.named(x.cons),
				Count: x.both, AntecedentCount: x.a, ConsequentCount: x.c,
				Measures: measure(r.sets.baskets, x.a, x.c, x.both), ImprovementP: x.improve, Q: x.adj,
			}) {
				return
			}
		}
	}
}

// Suggestion is an item to complete a basket with.
type Suggestion[I ID] struct {
	Item  I       // not in the basket
	Score float64 // confidence of the best rule that leads to it, in (0, 1]
	Lift  float64 // of that rule
}

// Suggest appends to dst the k best items to complete basket with, which may be a single
// item whose page is shown: the consequents, not in the basket, of the rules whose whole
// antecedent is in it. Each item has the score of the rule of the highest confidence that
// leads to it, of equal ones that of more baskets; equal scores go by more lift, then by
// item. Items that no rule knows are passed over. Cost: the rules that begin with an item
// of the basket. This is how "bought together" becomes a source of recommendations; Rules
// are safe for concurrent use.
func (r *Rules[I]) Suggest(dst []Suggestion[I], basket []I, k int) []Suggestion[I] {
	if r == nil || r.sets == nil || k <= 0 {
		return dst
	}
	var room [64]int32
	have := room[:0]
	for _, x := range basket {
		if at, ok := slices.BinarySearch(r.sets.items, x); ok {
			have = append(have, int32(at))
		}
	}
	slices.Sort(have)
	have = slices.Compact(have)
	in := func(x int32) bool { _, ok := slices.BinarySearch(have, x); return ok }
	from := len(dst)
	best := map[int32]int32{} // consequent → its first rule, which is its best
	for _, x := range have {
		for _, i := range r.first[r.start[x]:r.start[x+1]] {
			if !all(r.rules[i].ante, in) {
				continue
			}
			for _, c := range r.rules[i].cons {
				if old, ok := best[c]; !in(c) && (!ok || i < old) {
					best[c] = i
				}
			}
		}
	}
	for c, i := range best {
		x := &r.rules[i]
		score := float64(x.both) / float64(x.a)
		dst = append(dst, Suggestion[I]{r.sets.items[c], score, score / (float64(x.c) / float64(r.sets.baskets))})
	}
	slices.SortFunc(dst[from:], func(a, b Suggestion[I]) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Lift, a.Lift), cmp.Compare(a.Item, b.Item))
	})
	return dst[:from+min(len(dst)-from, k)]
}

// all reports whether f holds for each of xs.
func all(xs []int32, f func(int32) bool) bool {
	for _, x := range xs {
		if !f(x) {
			return false
		}
	}
	return true
}
