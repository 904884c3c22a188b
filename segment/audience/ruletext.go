package audience

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// String writes the rule as the text that ParseText reads, canonical: the same rule gives
// the same text, and the text the same rule. Of a rule that Compile would refuse it is
// for people only; what lies deeper than 64 levels, or comes after 10,000 clauses, is "…".
func (r Rule) String() string {
	w := ruleWriter{left: maxRuleNodes}
	w.rule(r.n, maxRuleDepth, false)
	return w.b.String()
}

// ruleWriter writes one rule and counts down what may still be written of it.
type ruleWriter struct {
	b        strings.Builder
	left     int
	property bool // among the conditions of an event
}

func (w *ruleWriter) printf(format string, args ...any) { fmt.Fprintf(&w.b, format, args...) }

// rule appends a rule, as many levels of it as asked for, in parentheses where it is
// nested and holds others.
func (w *ruleWriter) rule(n *node, levels int, nested bool) {
	if n == nil {
		w.b.WriteString("(no rule)")
		return
	}
	if w.left--; levels == 0 || w.left < 0 {
		w.b.WriteString("…")
		return
	}
	switch n.op {
	case opAnd, opOr, opThen:
		open, between := "(", " "+opNames[n.op]+" "
		if len(n.kids) < 2 && n.op == opAnd {
			open = "all("
		} else if len(n.kids) < 2 && n.op == opOr {
			open = "any("
		} else if !nested {
			open = ""
		}
		w.b.WriteString(open)
		w.list(n, between, levels)
		if open != "" {
			w.b.WriteByte(')')
		}
	case opNot:
		w.b.WriteString("not ")
		w.rule(n.kids[0], levels-1, true)
	default:
		w.clause(n, levels)
	}
}

// list appends the parts of a rule.
func (w *ruleWriter) list(n *node, between string, levels int) {
	for i, k := range n.kids {
		if i > 0 {
			w.b.WriteString(between)
		}
		if w.left <= 0 { // one sign for all that would follow
			w.b.WriteString("…")
			return
		}
		if n.op == opThen && i > 0 && k != nil && k.op == opFrequency && k.min == 0 && k.max == 0 {
			w.b.WriteString("not ")
			w.events(k, levels-1)
			continue
		}
		w.rule(k, levels-1, true)
	}
}

// clause appends a rule that holds no others but conditions of events.
func (w *ruleWriter) clause(n *node, levels int) {
	name := nameText(n.attr)
	switch n.op {
	case opLess, opAtMost, opMore, opAtLeast, opEqual, opUnequal:
		w.printf("%s %s %s", name, opNames[n.op], number(n.a))
	case opBetween:
		w.printf("%s between %s and %s", name, number(n.a), number(n.b))
	case opIn:
		w.in(n, name)
	case opRecency:
		if n.from > 0 && n.to > 0 {
			w.printf("%s <= ", spanText(n.from))
		}
		w.b.WriteString("last(")
		w.b.WriteString(name)
		w.conditions(n.where, levels, true)
		if w.b.WriteByte(')'); n.to > 0 {
			w.printf(" < %s", spanText(n.to))
		} else {
			w.printf(" >= %s", spanText(n.from))
		}
	case opFrequency:
		w.events(n, levels)
		switch {
		case n.min == 1 && n.max < 0:
		case n.max < 0:
			w.printf(" >= %d", n.min)
		case n.max == n.min:
			w.printf(" == %d", n.min)
		case n.min == 0:
			w.printf(" <= %d", n.max)
		default:
			w.printf(" between %d and %d", n.min, n.max)
		}
	case opNear:
		w.printf("(%s, %s) within %s km of (%s, %s)", name, nameText(n.attr2), number(n.km), number(n.a), number(n.b))
	case opSample:
		w.printf("sample(%s, %s", name, number(n.a))
		if n.attr2 != "" {
			w.printf(", %s", strconv.Quote(n.attr2))
		}
		w.b.WriteByte(')')
	case opHas:
		w.printf("%s is known", name)
	case opMissing:
		w.printf("%s is missing", name)
	default:
		w.printf("(unknown operator %q)", n.attr)
	}
}

// in appends a list of texts: one of one text is an equation.
func (w *ruleWriter) in(n *node, name string) {
	if len(n.values) == 1 {
		if w.property {
			w.printf("%s=%s", name, strconv.Quote(n.values[0]))
		} else {
			w.printf("%s = %s", name, strconv.Quote(n.values[0]))
		}
		return
	}
	w.printf("%s in {", name)
	for i, v := range n.values {
		if i > 0 {
			w.b.WriteString(", ")
		}
		w.b.WriteString(strconv.Quote(v))
	}
	w.b.WriteByte('}')
}

// events appends the events that a Frequency counts, without how many it wants.
func (w *ruleWriter) events(n *node, levels int) {
	w.b.WriteString(nameText(n.attr))
	w.b.WriteByte('(')
	w.conditions(n.where, levels, false)
	if n.to > 0 {
		if n.where != nil {
			w.b.WriteString(", ")
		}
		w.printf("within=%s", spanText(n.to))
	}
	w.b.WriteByte(')')
}

// conditions appends the conditions of events as arguments, after others or not.
func (w *ruleWriter) conditions(n *node, levels int, after bool) {
	if n == nil {
		return
	}
	if after {
		w.b.WriteString(", ")
	}
	w.property = true
	if n.op == opAnd && len(n.kids) > 1 && levels > 1 {
		w.left--
		w.list(n, ", ", levels-1)
	} else {
		w.rule(n, levels-1, true)
	}
	w.property = false
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// keywords are the words of the language, in any case; as names they are quoted.
var keywords = []string{"all", "and", "any", "between", "has", "in", "is", "last", "missing", "near", "not", "or", "sample", "then", "within"}

// nameText writes the name of an attribute: as it is, or, where it would not be read back
// as a name, between backquotes with the escapes of a Go string.
func nameText(name string) string {
	plain := name != "" && !slices.Contains(keywords, strings.ToLower(name))
	for i, r := range name {
		plain = plain && (nameStart(r) || i > 0 && nameRune(r))
	}
	if plain {
		return name
	}
	q := strconv.Quote(name)
	q = strings.ReplaceAll(q[1:len(q)-1], "`", `\x60`)
	return "`" + strings.ReplaceAll(q, `\"`, `"`) + "`"
}

func nameStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func nameRune(r rune) bool {
	return nameStart(r) || r == '.' || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// durationText writes whole days as "30d", anything else as Go does.
func durationText(d time.Duration) string {
	if d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return d.String()
}

// spanText is durationText in the text form: "36h" where Go writes "36h0m0s".
func spanText(d time.Duration) string {
	s := durationText(d)
	if t, ok := strings.CutSuffix(s, "m0s"); ok {
		s = t + "m"
		if t, ok := strings.CutSuffix(s, "h0m"); ok {
			s = t + "h"
		}
	}
	return s
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
