package segment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/bitset"
)

// literal is a clause, or the negation of one.
type literal struct {
	*bound
	neg bool
}

func (l literal) String() string {
	s := Rule{l.node}.String()
	if l.neg {
		return "not " + s
	}
	return s
}

// conjuncts splits b (negated if neg) into parts that must all hold, looking
// through And, Not, and negated Or (De Morgan holds in three-valued logic).
func conjuncts(dst []literal, b *bound, neg bool) []literal {
	switch {
	case b.op == opNot:
		return conjuncts(dst, b.kids[0], !neg)
	case b.op == opAnd && !neg, b.op == opOr && neg:
		for _, k := range b.kids {
			dst = conjuncts(dst, k, neg)
		}
		return dst
	}
	return append(dst, literal{b, neg})
}

// limits is what the clauses seen so far leave for one quantity.
type limits struct {
	low, high       float64
	not             []literal // single values excluded
	lowOut, highOut bool      // the end itself is excluded
	lowBy, highBy   literal
	needs           *literal // a clause that only a known value of the quantity satisfies
}

func (l *limits) atLeast(v float64, open bool, by literal) {
	if v > l.low || v == l.low && open {
		l.low, l.lowOut, l.lowBy = v, open, by
	}
}

func (l *limits) atMost(v float64, open bool, by literal) {
	if v < l.high || v == l.high && open {
		l.high, l.highOut, l.highBy = v, open, by
	}
}

func (l *limits) empty() bool {
	return l.low > l.high || l.low == l.high && (l.lowOut || l.highOut)
}

// contradiction returns why no user at all can satisfy b (negated if neg), or
// "". It is sound, not complete: it sees bounds on one quantity, sets of values
// of one attribute, presence against absence, and a rule against its negation.
func contradiction(b *bound, neg bool) string {
	if b.op == opNot {
		return contradiction(b.kids[0], !neg)
	}
	if b.op == opOr && !neg || b.op == opAnd && neg {
		var all []string
		for _, k := range b.kids {
			why := contradiction(k, neg)
			if why == "" {
				return ""
			}
			if !slices.Contains(all, why) {
				all = append(all, why)
			}
		}
		return strings.Join(all, "; and ")
	}
	parts := conjuncts(nil, b, neg)
	var (
		seen     = map[string]literal{}
		ranges   = map[string]*limits{}
		order    []string
		known    = map[string]literal{} // attribute → a clause that needs it known
		missing  = map[string]literal{}
		allowed  = map[string]map[string]bool{} // single-valued text attribute → values still possible
		excluded = map[string]map[string]literal{}
		texts    []literal
	)
	clash := func(a, b literal) string { return fmt.Sprintf("%v contradicts %v", a, b) }
	for _, l := range parts {
		key := Rule{l.node}.String()
		if o, ok := seen[key]; ok && o.neg != l.neg {
			return clash(o, l)
		}
		seen[key] = l
		if l.op <= opNot {
			if why := contradiction(l.bound, l.neg); why != "" {
				return why
			}
			continue
		}
		if l.op == opMissing && !l.neg || l.op == opHas && l.neg {
			missing[l.attr] = l
		} else {
			if _, ok := known[l.attr]; !ok {
				known[l.attr] = l
			}
			if l.op == opNear {
				if _, ok := known[l.attr2]; !ok {
					known[l.attr2] = l
				}
			}
		}
		quantity := l.attr
		switch l.op {
		case opRecency:
			quantity += "\x00age"
		case opFrequency:
			quantity += "\x00" + l.to.String()
		}
		r := ranges[quantity]
		if r == nil {
			r = &limits{low: math.Inf(-1), high: math.Inf(1)}
			ranges[quantity] = r
			order = append(order, quantity)
		}
		switch o := l.op; {
		case o == opLess && !l.neg, o == opAtLeast && l.neg:
			r.atMost(l.a, true, l)
		case o == opAtMost && !l.neg, o == opMore && l.neg:
			r.atMost(l.a, false, l)
		case o == opMore && !l.neg, o == opAtMost && l.neg:
			r.atLeast(l.a, true, l)
		case o == opAtLeast && !l.neg, o == opLess && l.neg:
			r.atLeast(l.a, false, l)
		case o == opEqual && !l.neg, o == opUnequal && l.neg:
			r.atLeast(l.a, false, l)
			r.atMost(l.a, false, l)
		case o == opUnequal || o == opEqual:
			r.not = append(r.not, l)
		case o == opBetween && !l.neg:
			r.atLeast(l.a, false, l)
			r.atMost(l.b, false, l)
		case o == opRecency && !l.neg:
			r.needs = &l
			r.atLeast(float64(l.from), false, l)
			if l.to > 0 {
				r.atMost(float64(l.to), true, l)
			}
		case o == opRecency && l.neg && l.from == 0 && l.to > 0:
			r.atLeast(float64(l.to), false, l) // or it never happened
		case o == opRecency && l.neg && l.to == 0:
			r.atMost(float64(l.from), true, l) // or it never happened
		case o == opFrequency && !l.neg:
			r.atLeast(float64(l.min), false, l)
			if l.max >= 0 {
				r.atMost(float64(l.max), false, l)
			}
		case o == opFrequency && l.neg && l.max < 0:
			r.atMost(float64(l.min), true, l)
		case o == opFrequency && l.neg && l.min == 0:
			r.atLeast(float64(l.max), true, l)
		case o == opIn:
			texts = append(texts, l)
		}
	}
	for _, l := range parts {
		if l.op > opNot {
			if m, ok := missing[l.attr]; ok {
				if k, ok := known[l.attr]; ok {
					return clash(k, m)
				}
			}
			if l.op == opNear {
				if m, ok := missing[l.attr2]; ok {
					return clash(l, m)
				}
			}
		}
	}
	for _, l := range parts { // a choice of which every branch is denied elsewhere
		if l.op != opOr && l.op != opAnd {
			continue
		}
		var by literal
		denied := 0
		for _, k := range l.kids {
			if o, ok := seen[Rule{k.node}.String()]; ok && o.neg != l.neg {
				by = o
				denied++
			}
		}
		if denied == len(l.kids) {
			return clash(l, by)
		}
	}
	for _, q := range order {
		r := ranges[q]
		if r.low == r.high {
			for _, l := range r.not {
				if l.a == r.low {
					return clash(r.lowBy, l)
				}
			}
		}
		if !r.empty() {
			continue
		}
		if strings.HasSuffix(q, "\x00age") && r.needs == nil {
			continue // all are negations, and one who never did satisfies them
		}
		return clash(r.lowBy, r.highBy)
	}
	// Texts: what positive clauses allow, less what negated ones exclude.
	for _, l := range texts {
		if l.neg {
			if excluded[l.attr] == nil {
				excluded[l.attr] = map[string]literal{}
			}
			for _, v := range l.values {
				excluded[l.attr][v] = l
			}
		}
	}
	for _, l := range texts {
		if l.neg {
			continue
		}
		var by literal
		left := 0
		for _, v := range l.values {
			if e, ok := excluded[l.attr][v]; ok {
				by = e
			} else {
				left++
			}
		}
		if left == 0 {
			return clash(l, by)
		}
		if !l.col.single {
			continue
		}
		ok := map[string]bool{}
		for _, v := range l.values {
			before, any := allowed[l.attr]
			if _, out := excluded[l.attr][v]; !out && (!any || before[v]) {
				ok[v] = true
			}
		}
		if len(ok) == 0 {
			for _, o := range texts {
				if o.attr == l.attr && !o.neg && o.node != l.node {
					return clash(o, l)
				}
			}
		}
		allowed[l.attr] = ok
	}
	return ""
}

// whyEmpty says why nobody satisfies the rule.
func (p *Program) whyEmpty(ctx context.Context) (string, error) {
	if p.table.n == 0 {
		return "the table has no users", nil
	}
	if why := contradiction(p.root, false); why != "" {
		return why, nil
	}
	parts := conjuncts(nil, p.root, false)
	var left *bitset.Set
	for i, l := range parts {
		t, f, err := p.eval(ctx, l.bound)
		if err != nil {
			return "", err
		}
		if l.neg {
			t, f = f, t
		}
		if t.Count() == 0 {
			unknown := p.table.n - f.Count()
			return fmt.Sprintf("no user satisfies %v (unknown for %d of %d)", l, unknown, p.table.n), nil
		}
		if i == 0 {
			left = t
			continue
		}
		before := left.Count()
		left.And(t)
		if left.Count() == 0 {
			return fmt.Sprintf("%v holds for none of the %d users who satisfy what stands before it", l, before), nil
		}
	}
	return "no user satisfies the rule", nil
}
