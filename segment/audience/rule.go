package audience

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"
)

// Rule is a condition on one user's attributes: a clause (Compare, Between, In,
// Recency, Frequency, Then, Near, Sample, Has, Missing) or a combination of rules
// (And, Or, Not). It is an immutable value; the zero Rule is no rule and is refused by
// Compile. Three forms say the same: Go values; text, String and ParseText; JSON,
// MarshalJSON and ParseRule.
//
// Logic is three-valued (Kleene): a clause about an attribute that is missing is
// neither true nor false but unknown. Not keeps unknown; And is false if any
// part is false, else unknown if any is unknown; Or is true if any part is true,
// else unknown if any is unknown. An audience holds the users for whom the rule
// is true. So Not(In("region", "north")) leaves out users whose region is not
// known; Or(Missing("region"), …) takes them in.
//
// An event whose properties leave a condition of Where unknown may count or not: the
// clause is true or false where that does not matter, else unknown. A sequence is
// unknown where the events of any of its steps are missing.
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
	opThen
	opSample
)

var opNames = [...]string{"and", "or", "not", "<", "<=", ">", ">=", "==", "!=", "between", "in", "recency", "frequency", "near", "has", "missing", "then", "sample"}

// node is one rule; which fields count depends on op.
type node struct {
	op       op
	kids     []*node  // then: the steps
	where    *node    // recency, frequency: which events count
	attr     string   // near: latitude
	attr2    string   // near: longitude; sample: the salt
	a, b     float64  // compare: value; between: low, high; near: latitude, longitude; sample: the share
	km       float64  // near
	values   []string // in: sorted, without repeats
	from, to time.Duration
	min, max int
	at, at2  place // in the text that it was read from, and of attr2 of a Near
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
// several texts, if any of them is. Of identifiers (AddIDs) it is a list of users, of
// numbers a list of numbers; both are written as in Go: "17".
func In(attribute string, values ...string) Rule {
	v := slices.Clone(values)
	slices.Sort(v)
	return Rule{&node{op: opIn, attr: attribute, values: slices.Compact(v)}}
}

// Recency is true if the time since an instant (or since the last of several
// events) is at least atLeast and below below, as seen from the instant of the
// evaluation; below 0 means no upper bound. Instants after the evaluation have
// not happened yet. For an event that is known never to have happened the clause
// is false. Where counts some events only.
func Recency(attribute string, atLeast, below time.Duration) Rule {
	return Rule{&node{op: opRecency, attr: attribute, from: atLeast, to: below}}
}

// Frequency is true if at least atLeast and at most atMost events lie less than
// within before the evaluation, and not after it. within 0 means ever, atMost
// -1 no upper bound. An attribute of one instant is one event, and may be asked for
// whether it happened: once or never. Where counts some events only.
func Frequency(attribute string, within time.Duration, atLeast, atMost int) Rule {
	return Rule{&node{op: opFrequency, attr: attribute, to: within, min: atLeast, max: atMost}}
}

// Where counts, in r, only events whose properties (AddEventRows) satisfy all the rules, made
// of Compare, Between, In, Has, Missing, And, Or and Not about properties instead of
// attributes. r is a Recency or a Frequency; any other rule is then refused by Compile.
func (r Rule) Where(properties ...Rule) Rule {
	if r.n == nil {
		return r
	}
	n, list := *r.n, kids(properties)
	if w := n.where; w != nil && w.op == opAnd {
		list = append(slices.Clone(w.kids), list...)
	} else if w != nil {
		list = append([]*node{w}, list...)
	}
	if n.where = (&node{op: opAnd, kids: list}); len(list) == 1 {
		n.where = list[0]
	}
	if n.where == nil {
		n.where = &node{op: opAnd, kids: list} // the zero Rule, for Compile to refuse
	}
	return Rule{&n}
}

// Then is true if the steps happened one after the other: "viewed twice in 7 days and
// did not buy" is Then(Frequency("viewed", 7*day, 2, -1), Frequency("bought", 0, 0, 0)).
// Each step is a Frequency, narrowed by Where or not. The first, of at least n, is
// reached at the n-th of the events that lie within its span before the evaluation; each
// later one counts events after the instant at which the step before was reached, and
// less than its own span after that (0: however long after). All but the last are of at
// least 1 without an upper bound; the last is of any number, 0 to 0 for "and did not". As
// ever, events after the evaluation have not happened yet. At the same instant is not after.
// 2 to 16 steps.
func Then(steps ...Rule) Rule { return Rule{&node{op: opThen, kids: kids(steps)}} }

// Sample is true for a share of the users, strictly between 0 and 1: those for whom a
// hash of salt and of an attribute, identifiers (AddIDs) or one text each, falls below
// it. It depends on nothing else: the same people whatever the table, the order, or the
// day; a larger share with the same salt holds all of a smaller one. Neither salt nor
// hash is a secret, see HoldOutKeyed.
func Sample(attribute string, share float64, salt string) Rule {
	return Rule{&node{op: opSample, attr: attribute, attr2: salt, a: share}}
}

// Equal reports whether two rules are the same, in the order of their parts too; where
// they were read from does not matter. Rules that Compile refuses equal no other.
func (r Rule) Equal(other Rule) bool {
	x, err := r.MarshalJSON()
	y, err2 := other.MarshalJSON()
	return err == nil && err2 == nil && bytes.Equal(x, y)
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
	maxSteps     = 16
)

// check validates a whole rule and reports every bad clause.
func (r Rule) check() error {
	nodes := 0
	var errs []error
	var walk func(n, parent *node, depth int, property bool) bool
	walk = func(n, parent *node, depth int, property bool) bool {
		nodes++
		large := error(nil)
		switch {
		case depth > maxRuleDepth:
			large = fmt.Errorf("rules are nested deeper than %d: %w", maxRuleDepth, ErrTooLarge)
		case nodes > maxRuleNodes:
			large = fmt.Errorf("more than %d clauses: %w", maxRuleNodes, ErrTooLarge)
		}
		if large != nil {
			if n != nil {
				large = n.at.wrap(large)
			}
			errs = append(errs, large)
			return false
		}
		err := n.check()
		if err == nil && property && (n.op >= opRecency && n.op <= opNear || n.op >= opThen) {
			err = n.bad("%s asks for more than the property of an event", opNames[n.op])
		}
		if err == nil && parent != nil && parent.op == opThen {
			err = n.checkStep(n == parent.kids[len(parent.kids)-1])
		}
		if err != nil {
			if n != nil {
				err = n.at.wrap(err)
			}
			errs = append(errs, err)
			return len(errs) < 20
		}
		if n.where != nil && !walk(n.where, n, depth+1, true) {
			return false
		}
		for _, k := range n.kids {
			if !walk(k, n, depth+1, property) {
				return false
			}
		}
		return true
	}
	walk(r.n, nil, 1, false)
	return errors.Join(errs...)
}

// bad is an error about a node.
func (n *node) bad(format string, args ...any) error {
	name := n.attr
	if n.op <= opNot || n.op == opThen {
		name = opNames[n.op]
	}
	return fmt.Errorf("rule on %q: %s: %w", name, fmt.Sprintf(format, args...), ErrRange)
}

// checkStep validates a node as a step of a sequence.
func (n *node) checkStep(last bool) error {
	switch {
	case n.op != opFrequency:
		return n.bad("a step of a sequence is how often an event happened, found %v", Rule{n})
	case !last && (n.min < 1 || n.max != -1):
		return n.bad("a step before the last of a sequence is of at least 1, without an upper bound")
	}
	return nil
}

// check validates the fields of one node.
func (n *node) check() error {
	if n == nil {
		return fmt.Errorf("the zero Rule is no rule: %w", ErrEmpty)
	}
	bad := n.bad
	if int(n.op) >= len(opNames) {
		return bad(`unknown operator, want "<", "<=", ">", ">=", "==" or "!="`)
	}
	if n.where != nil && n.op != opRecency && n.op != opFrequency {
		return bad("Where is for Recency and Frequency")
	}
	if n.op <= opNot {
		if len(n.kids) == 0 {
			return fmt.Errorf("%q without rules: %w", opNames[n.op], ErrEmpty)
		}
		return nil
	}
	if n.op == opThen {
		if len(n.kids) < 2 || len(n.kids) > maxSteps {
			return bad("%d steps, want 2 to %d", len(n.kids), maxSteps)
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
	case opSample:
		if !(n.a > 0 && n.a < 1) {
			return bad("a sample of %v, want a share strictly between 0 and 1", n.a)
		}
		if !utf8.ValidString(n.attr2) {
			return bad("the salt is no text")
		}
	}
	return nil
}
