package audience

import (
	"cmp"
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
	happened        bool // Recency: a clause needs that it ever happened
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

// take narrows the limits by one clause about the quantity.
func (r *limits) take(l literal) {
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
		r.happened = true
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
	}
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
	k := knowledge{
		parts: conjuncts(nil, b, neg), said: map[string]literal{}, known: map[string]literal{}, missing: map[string]literal{},
		limits: map[string]*limits{},
	}
	for _, l := range k.parts {
		if why := k.learn(l); why != "" {
			return why
		}
	}
	return cmp.Or(k.presence(), k.choices(), k.ranges(), k.sets())
}

func clash(a, b literal) string { return fmt.Sprintf("%v contradicts %v", a, b) }

// knowledge is what parts that must all hold say together: which attributes must
// be known and which must not, within which limits quantities lie, and what sets
// of texts are asked for. Each of its questions returns why the parts cannot all
// hold, or "".
type knowledge struct {
	parts   []literal
	said    map[string]literal // by the text of the rule, without its negation
	known   map[string]literal // attribute → the first clause that needs it known
	missing map[string]literal // attribute → a clause that needs it missing
	limits  map[string]*limits // by quantity
	order   []string           // the quantities, as they are first spoken of
	texts   []literal          // the clauses about sets of texts
}

// learn takes in one part, and says why it contradicts itself or the negation of
// an earlier one.
func (k *knowledge) learn(l literal) string {
	key := Rule{l.node}.String()
	if o, ok := k.said[key]; ok && o.neg != l.neg {
		return clash(o, l)
	}
	k.said[key] = l
	if l.op <= opNot {
		return contradiction(l.bound, l.neg)
	}
	if !l.neg && l.where != nil && (l.op == opRecency || l.min > 0) {
		if why := contradiction(l.where, false); why != "" {
			return why
		}
	}
	if l.op == opMissing && !l.neg || l.op == opHas && l.neg {
		k.missing[l.attr] = l
	} else {
		for _, attr := range attributes(l) {
			if _, ok := k.known[attr]; !ok {
				k.known[attr] = l
			}
		}
	}
	if l.op == opIn {
		k.texts = append(k.texts, l)
	}
	q := quantity(l)
	r := k.limits[q]
	if r == nil {
		r = &limits{low: math.Inf(-1), high: math.Inf(1)}
		k.limits[q] = r
		k.order = append(k.order, q)
	}
	r.take(l)
	return ""
}

// attributes returns the names that a clause is about.
func attributes(l literal) []string {
	switch l.op {
	case opNear:
		return []string{l.attr, l.attr2}
	case opThen:
		names := make([]string, len(l.kids))
		for i, k := range l.kids {
			names[i] = k.attr
		}
		return names
	}
	return []string{l.attr}
}

// ageOf marks the quantity of Recency, the time since the last event.
const ageOf = "\x00age"

// quantity names what a clause bounds: a number, the time since an event, or the
// number of events within a span.
func quantity(l literal) string {
	where := ""
	if l.node.where != nil {
		where = "\x00" + Rule{l.node.where}.String()
	}
	switch l.op {
	case opRecency:
		return l.attr + where + ageOf
	case opFrequency:
		return l.attr + where + "\x00" + l.to.String()
	}
	return l.attr
}

// presence looks for an attribute that must be both known and missing.
func (k *knowledge) presence() string {
	for _, l := range k.parts {
		if l.op <= opNot {
			continue
		}
		if m, ok := k.missing[l.attr]; ok {
			if o, ok := k.known[l.attr]; ok {
				return clash(o, m)
			}
		}
		if l.op != opNear && l.op != opThen {
			continue
		}
		for _, attr := range attributes(l) {
			if m, ok := k.missing[attr]; ok {
				return clash(l, m)
			}
		}
	}
	return ""
}

// choices looks for a choice of which every branch is denied by another part.
func (k *knowledge) choices() string {
	for _, l := range k.parts {
		if l.op != opOr && l.op != opAnd {
			continue
		}
		var by literal
		denied := 0
		for _, branch := range l.kids {
			if o, ok := k.said[Rule{branch.node}.String()]; ok && o.neg != l.neg {
				by = o
				denied++
			}
		}
		if denied == len(l.kids) {
			return clash(l, by)
		}
	}
	return ""
}

// ranges looks for a quantity with nothing left between its limits.
func (k *knowledge) ranges() string {
	for _, q := range k.order {
		r := k.limits[q]
		if r.low == r.high {
			for _, l := range r.not {
				if l.a == r.low {
					return clash(r.lowBy, l)
				}
			}
		}
		if !r.empty() || strings.HasSuffix(q, ageOf) && !r.happened {
			continue // negations of Recency hold for one who never did
		}
		return clash(r.lowBy, r.highBy)
	}
	return ""
}

// sets looks for a clause whose texts are all excluded by negated ones and, where
// a user has one text only, for clauses without a text in common.
func (k *knowledge) sets() string {
	excluded := map[string]map[string]literal{} // attribute → text → by whom
	for _, l := range k.texts {
		if l.neg {
			if excluded[l.attr] == nil {
				excluded[l.attr] = map[string]literal{}
			}
			for _, v := range l.values {
				excluded[l.attr][v] = l
			}
		}
	}
	possible := map[string][]string{} // attribute → what all clauses so far leave
	for _, l := range k.texts {
		if l.neg {
			continue
		}
		var by literal
		var left []string
		for _, v := range l.values {
			if e, out := excluded[l.attr][v]; out {
				by = e
			} else {
				left = append(left, v)
			}
		}
		if len(left) == 0 {
			return clash(l, by)
		}
		if !l.col.single {
			continue
		}
		if before, ok := possible[l.attr]; ok {
			left = slices.DeleteFunc(left, func(v string) bool { return !slices.Contains(before, v) })
			if len(left) == 0 {
				i := slices.IndexFunc(k.texts, func(o literal) bool { return o.attr == l.attr && !o.neg && o.node != l.node })
				return clash(k.texts[i], l)
			}
		}
		possible[l.attr] = left
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
		want := True
		if l.neg {
			want = False
		}
		t, err := p.where(ctx, l.bound, want)
		if err != nil {
			return "", err
		}
		if t.Count() == 0 {
			f, err := p.where(ctx, l.bound, True-want)
			if err != nil {
				return "", err
			}
			why := fmt.Sprintf("no user satisfies %v", l)
			switch f.Count() {
			case p.table.n:
			case 0:
				why += " (unknown for all)"
			default: // how many is not told: they may be few
				why += " (unknown for some)"
			}
			return why, nil
		}
		if i == 0 {
			left = t
			continue
		}
		left.And(t)
		if left.Count() == 0 {
			return fmt.Sprintf("%v holds for none of the users who satisfy what stands before it", l), nil
		}
	}
	return "no user satisfies the rule", nil
}
