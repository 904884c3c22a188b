package audience

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Rule is a condition on one user's attributes: a clause (Compare, Between, In,
// Recency, Frequency, Near, Has, Missing) or a combination of rules (And, Or,
// Not). It is an immutable value; the zero Rule is no rule and is refused by
// Compile. String writes it for people, MarshalJSON and ParseRule for storage.
//
// Logic is three-valued (Kleene): a clause about an attribute that is missing is
// neither true nor false but unknown. Not keeps unknown; And is false if any
// part is false, else unknown if any is unknown; Or is true if any part is true,
// else unknown if any is unknown. An audience holds the users for whom the rule
// is true. So Not(In("region", "north")) leaves out users whose region is not
// known; Or(Missing("region"), …) takes them in.
type Rule struct{ n *node }

type op uint8

const (
	opAnd op = iota
	opOr
	opNot
	opLess
	opAtMost
	opMore
	opAtLeast
	opEqual
	opUnequal
	opBetween
	opIn
	opRecency
	opFrequency
	opNear
	opHas
	opMissing
)

var opNames = [...]string{"and", "or", "not", "<", "<=", ">", ">=", "==", "!=", "between", "in", "recency", "frequency", "near", "has", "missing"}

// node is one rule; which fields count depends on op.
type node struct {
	op       op
	kids     []*node
	attr     string   // near: latitude
	attr2    string   // near: longitude
	a, b     float64  // compare: value; between: low, high; near: latitude, longitude
	km       float64  // near
	values   []string // in: sorted, without repeats
	from, to time.Duration
	min, max int
}

// And is true if all rules are. It needs at least one.
func And(rules ...Rule) Rule { return Rule{&node{op: opAnd, kids: kids(rules)}} }

// Or is true if any rule is. It needs at least one.
func Or(rules ...Rule) Rule { return Rule{&node{op: opOr, kids: kids(rules)}} }

// Not is true if the rule is false, and unknown if it is unknown.
func Not(rule Rule) Rule { return Rule{&node{op: opNot, kids: []*node{rule.n}}} }

// kids returns the nodes of rules, nil for the zero Rule.
func kids(rules []Rule) []*node {
	out := make([]*node, len(rules))
	for i, r := range rules {
		out[i] = r.n
	}
	return out
}

// Compare compares a numeric attribute with a number; operator is "<", "<=",
// ">", ">=", "==" or "!=". A missing value is unknown for all of them, so "!=" leaves it
// out, where pandas takes NaN != x for true.
func Compare(attribute, operator string, value float64) Rule {
	o := slices.Index(opNames[:], operator)
	if o < int(opLess) || o > int(opUnequal) {
		return Rule{&node{op: op(len(opNames)), attr: operator}}
	}
	return Rule{&node{op: op(o), attr: attribute, a: value}}
}

// Between is true if low <= attribute <= high for a numeric attribute.
func Between(attribute string, low, high float64) Rule {
	return Rule{&node{op: opBetween, attr: attribute, a: low, b: high}}
}

// In is true if a text attribute is one of the values, or, where users have
// several texts, if any of them is.
func In(attribute string, values ...string) Rule {
	v := slices.Clone(values)
	slices.Sort(v)
	return Rule{&node{op: opIn, attr: attribute, values: slices.Compact(v)}}
}

// Recency is true if the time since an instant (or since the last of several
// events) is at least atLeast and below below, as seen from the instant of the
// evaluation; below 0 means no upper bound. Instants after the evaluation have
// not happened yet. For an event that is known never to have happened the clause
// is false.
func Recency(attribute string, atLeast, below time.Duration) Rule {
	return Rule{&node{op: opRecency, attr: attribute, from: atLeast, to: below}}
}

// Frequency is true if at least atLeast and at most atMost events lie less than
// within before the evaluation, and not after it. within 0 means ever, atMost
// -1 no upper bound.
func Frequency(attribute string, within time.Duration, atLeast, atMost int) Rule {
	return Rule{&node{op: opFrequency, attr: attribute, to: within, min: atLeast, max: atMost}}
}

// Near is true if the place given by two numeric attributes in degrees lies at
// most km kilometres from (latitude, longitude), along a great circle on a
// sphere of 6371.0088 km.
func Near(latitudeAttribute, longitudeAttribute string, latitude, longitude, km float64) Rule {
	return Rule{&node{op: opNear, attr: latitudeAttribute, attr2: longitudeAttribute, a: latitude, b: longitude, km: km}}
}

// Has is true if the attribute is known, else false; it is never unknown.
func Has(attribute string) Rule { return Rule{&node{op: opHas, attr: attribute}} }

// Missing is true if the attribute is not known, else false.
func Missing(attribute string) Rule { return Rule{&node{op: opMissing, attr: attribute}} }

// Limits of a rule, whether built or parsed.
const (
	maxRuleDepth = 64
	maxRuleNodes = 10000
	maxRuleBytes = 1 << 20
)

// check validates a whole rule and reports every bad clause.
func (r Rule) check() error {
	nodes := 0
	var errs []error
	var walk func(n *node, depth int) bool
	walk = func(n *node, depth int) bool {
		nodes++
		switch {
		case depth > maxRuleDepth:
			errs = append(errs, fmt.Errorf("rules are nested deeper than %d: %w", maxRuleDepth, ErrTooLarge))
			return false
		case nodes > maxRuleNodes:
			errs = append(errs, fmt.Errorf("more than %d clauses: %w", maxRuleNodes, ErrTooLarge))
			return false
		}
		if err := n.check(); err != nil {
			errs = append(errs, err)
			return len(errs) < 20
		}
		for _, k := range n.kids {
			if !walk(k, depth+1) {
				return false
			}
		}
		return true
	}
	walk(r.n, 1)
	return errors.Join(errs...)
}

// check validates the fields of one node.
func (n *node) check() error {
	if n == nil {
		return fmt.Errorf("the zero Rule is no rule: %w", ErrEmpty)
	}
	bad := func(format string, args ...any) error {
		name := n.attr
		if n.op <= opNot {
			name = opNames[n.op]
		}
		return fmt.Errorf("rule on %q: %s: %w", name, fmt.Sprintf(format, args...), ErrRange)
	}
	if int(n.op) >= len(opNames) {
		return bad(`unknown operator, want "<", "<=", ">", ">=", "==" or "!="`)
	}
	if n.op <= opNot {
		if len(n.kids) == 0 {
			return fmt.Errorf("%q without rules: %w", opNames[n.op], ErrEmpty)
		}
		return nil
	}
	if n.attr == "" || !utf8.ValidString(n.attr) {
		return bad("the attribute name is no text")
	}
	for _, x := range []float64{n.a, n.b, n.km} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("rule on %q: %v: %w", n.attr, x, ErrNotFinite)
		}
	}
	switch n.op {
	case opBetween:
		if n.a > n.b {
			return bad("between %v and %v, want low <= high", n.a, n.b)
		}
	case opIn:
		if len(n.values) == 0 {
			return fmt.Errorf("rule on %q: no values: %w", n.attr, ErrEmpty)
		}
		for _, v := range n.values {
			if v == "" || !utf8.ValidString(v) {
				return bad("value %q, want text", v)
			}
		}
	case opRecency:
		if n.from < 0 || n.to < 0 || n.to != 0 && n.to <= n.from {
			return bad("recency from %v to below %v, want 0 <= from < below (0 for no bound)", n.from, n.to)
		}
	case opFrequency:
		if n.to < 0 || n.min < 0 || n.max < -1 || n.max >= 0 && n.max < n.min || n.min > math.MaxInt32 || n.max > math.MaxInt32 {
			return bad("frequency of %d to %d within %v, want 0 <= least <= most (-1 for no bound), within >= 0", n.min, n.max, n.to)
		}
	case opNear:
		if n.attr2 == "" || !utf8.ValidString(n.attr2) {
			return bad("the attribute name of the longitude is no text")
		}
		if math.Abs(n.a) > 90 || math.Abs(n.b) > 180 || n.km <= 0 {
			return bad("near (%v, %v) within %v km, want degrees and a distance > 0", n.a, n.b, n.km)
		}
	}
	return nil
}

// String writes the rule for people, such as
// (age >= 18 and region in {"north", "south"}). What lies deeper than 64 levels, or
// comes after 10,000 clauses, which Compile would refuse, is "…".
func (r Rule) String() string {
	var b strings.Builder
	left := maxRuleNodes
	r.n.write(&b, maxRuleDepth, &left)
	return b.String()
}

// write appends the rule for people, as many levels and clauses of it as asked for; a
// change of wording changes no stored rule.
func (n *node) write(b *strings.Builder, levels int, left *int) {
	if n == nil {
		b.WriteString("(no rule)")
		return
	}
	if *left--; levels == 0 || *left < 0 {
		b.WriteString("…")
		return
	}
	switch n.op {
	case opAnd, opOr:
		b.WriteByte('(')
		for i, k := range n.kids {
			if i > 0 {
				b.WriteString(" " + opNames[n.op] + " ")
			}
			if *left <= 0 { // one sign for all that would follow
				b.WriteString("…")
				break
			}
			k.write(b, levels-1, left)
		}
		b.WriteByte(')')
	case opNot:
		b.WriteString("not ")
		n.kids[0].write(b, levels-1, left)
	case opLess, opAtMost, opMore, opAtLeast, opEqual, opUnequal:
		fmt.Fprintf(b, "%s %s %s", n.attr, opNames[n.op], number(n.a))
	case opBetween:
		fmt.Fprintf(b, "%s between %s and %s", n.attr, number(n.a), number(n.b))
	case opIn:
		fmt.Fprintf(b, "%s in {", n.attr)
		for i, v := range n.values {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(strconv.Quote(v))
		}
		b.WriteByte('}')
	case opRecency:
		switch {
		case n.to == 0:
			fmt.Fprintf(b, "last %s at least %s ago", n.attr, durationText(n.from))
		case n.from == 0:
			fmt.Fprintf(b, "last %s less than %s ago", n.attr, durationText(n.to))
		default:
			fmt.Fprintf(b, "last %s at least %s and less than %s ago", n.attr, durationText(n.from), durationText(n.to))
		}
	case opFrequency:
		switch {
		case n.max < 0:
			fmt.Fprintf(b, "at least %d %s", n.min, n.attr)
		case n.max == n.min:
			fmt.Fprintf(b, "exactly %d %s", n.min, n.attr)
		case n.min == 0:
			fmt.Fprintf(b, "at most %d %s", n.max, n.attr)
		default:
			fmt.Fprintf(b, "%d to %d %s", n.min, n.max, n.attr)
		}
		if n.to > 0 {
			fmt.Fprintf(b, " in the last %s", durationText(n.to))
		}
	case opNear:
		fmt.Fprintf(b, "(%s, %s) within %s km of (%s, %s)", n.attr, n.attr2, number(n.km), number(n.a), number(n.b))
	case opHas:
		fmt.Fprintf(b, "%s is known", n.attr)
	case opMissing:
		fmt.Fprintf(b, "%s is missing", n.attr)
	default:
		fmt.Fprintf(b, "(unknown operator %q)", n.attr)
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// durationText writes whole days as "30d", anything else as Go does.
func durationText(d time.Duration) string {
	if d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return d.String()
}

func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 32)
		if err == nil && n <= uint64(math.MaxInt64/day) {
			return time.Duration(n) * day, nil
		}
		return 0, fmt.Errorf("duration %q: %w", s, ErrRange)
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("duration %q: %w", s, ErrRange)
	}
	return d, nil
}
