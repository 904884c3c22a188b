package audience

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/geo"
)

// Explanation says how a rule came out for one user.
type Explanation struct {
	Rule   string        // the rule or clause
	Result Truth         //
	Value  string        // of a clause: what is known about the user, or "missing"
	Parts  []Explanation // of And, Or, Not
	// Turns is when the user enters or leaves the audience though nothing happens, as the
	// clock alone changes the rule; zero for never, and in Parts.
	Turns time.Time
	// Nearest is the smallest set of clauses whose change turns the verdict: brings in who is
	// out, whatever is false or unknown, or takes out who is in. Of clauses about one number
	// there is a number for which all of them, those that are not named too, turn the verdict;
	// others are taken each by itself, though a purchase may count in several. Nil where there
	// is none, as for clauses that contradict each other, and in Parts. Where a clause occurs
	// more than once, or the first set found is not possible, 5,000 are tried at most, fewer in
	// a rule of more than 400 clauses, and then that one stands if it is.
	Nearest []Turn
	op      op
	asOf    int64
}

// Explain evaluates the rule for one user, keeps every step, and says when that will change
// by itself and what is nearest to change it. A user who does not exist is ErrUnknownID.
func (p *Program) Explain(user int32) (Explanation, error) {
	if err := p.made("audience: Program.Explain"); err != nil {
		return Explanation{}, err
	}
	if err := p.table.user(user); err != nil {
		return Explanation{}, fmt.Errorf("audience: Program.Explain: %w", err)
	}
	e := p.explain(p.root, user)
	e.Nearest, e.asOf = p.nearest(p.root, user), p.asOf
	if at := p.turns(p.root, user, func(t Truth) bool { return t == True }); at != never {
		e.Turns = time.Unix(0, at).UTC()
	}
	return e, nil
}

// explain evaluates b for one user without a short cut, so that every part shows.
func (p *Program) explain(b *bound, u int32) Explanation {
	e := Explanation{Rule: Rule{b.node}.String(), op: b.op}
	if b.op > opNot {
		e.Result, e.Value = p.clause(b, u), p.value(b, u)
		return e
	}
	for _, k := range b.kids {
		e.Parts = append(e.Parts, p.explain(k, u))
	}
	e.Result = e.Parts[0].Result
	for _, k := range e.Parts[1:] {
		if b.op == opAnd {
			e.Result = min(e.Result, k.Result)
		} else {
			e.Result = max(e.Result, k.Result)
		}
	}
	if b.op == opNot {
		e.Result = True - e.Result
	}
	return e
}

// value says what is known about a user that a clause looks at, in words.
func (p *Program) value(b *bound, u int32) string {
	c := b.col
	if b.op == opThen {
		return p.steps(b, u)
	}
	if !p.known(c, u) || b.col2 != nil && !b.col2.known.Has(u) {
		return "missing"
	}
	switch {
	case c.kind == idColumn:
		return c.ids.text(u)
	case b.op == opNear:
		return fmt.Sprintf("%.1f km away", geo.Kilometers(c.numbers[u], b.col2.numbers[u], b.a, b.b))
	case b.op == opFrequency:
		sure, maybe := p.count(b, u)
		if p.less(b, u) {
			return fmt.Sprintf("%d or more", sure)
		}
		if maybe > sure {
			return fmt.Sprintf("%d to %d", sure, maybe)
		}
		return fmt.Sprint(sure)
	case c.kind == numberColumn:
		return number(c.numbers[u])
	case c.kind == textColumn:
		texts := make([]string, 0, 1)
		for _, id := range c.textsOf(u) {
			texts = append(texts, c.values.Key(id))
		}
		return strings.Join(texts, ", ")
	case b.op == opRecency:
		return p.last(b, u)
	case c.kind == eventsColumn && p.live != nil:
		return "events" // how many is not kept
	case c.kind == eventsColumn:
		return fmt.Sprintf("%d events", c.start[u+1]-c.start[u])
	}
	return time.Unix(0, c.times[u]).UTC().Format(time.RFC3339)
}

// last says how long ago the last event was that counts, or may.
func (p *Program) last(b *bound, u int32) string {
	o := p.events(b, u)
	may, dropped := "", p.newestDropped(b, u)
	ago := func(t int64) string {
		if age := since(t, p.asOf); age <= math.MaxInt64 {
			return spanText(time.Duration(age)) + " ago"
		}
		return "long ago"
	}
	perhaps := func(t int64) {
		if may == "" {
			may = "perhaps " + ago(t) + ", else "
		}
	}
	for i := len(o.times) - 1; i >= 0; i-- {
		t := o.counts(i)
		if t == False {
			continue
		}
		if o.times[i] < dropped { // where that counted surely, a later one is kept
			perhaps(dropped)
		}
		if t == True {
			return may + ago(o.times[i])
		}
		perhaps(o.times[i])
	}
	if dropped != longAgo {
		perhaps(dropped)
	}
	return may + "never"
}

// steps says how often each step of a sequence happened, whenever that was.
func (p *Program) steps(b *bound, u int32) string {
	words := make([]string, len(b.kids))
	for i, k := range b.kids {
		if words[i] = k.attr + " missing"; !p.known(k.col, u) {
			continue
		}
		ever := *k.node
		ever.to = 0
		if i == 0 {
			ever.to = k.to
		}
		all := &bound{node: &ever, where: k.where, col: k.col, slot: k.slot}
		sure, maybe := p.count(all, u)
		words[i] = fmt.Sprintf("%s %d", k.attr, sure)
		if p.less(all, u) {
			words[i] += " or more"
		} else if maybe > sure {
			words[i] += fmt.Sprintf(" to %d", maybe)
		}
	}
	return strings.Join(words, ", ")
}

// Deciding returns the clauses that settled the result: all parts of an And that
// is true, the false ones of an And that is false, and so on down to clauses, 64 levels
// at most.
func (e Explanation) Deciding() []Explanation { return e.deciding(maxRuleDepth) }

func (e Explanation) deciding(levels int) []Explanation {
	if len(e.Parts) == 0 || levels == 0 {
		e.Turns, e.Nearest = time.Time{}, nil // those of the whole rule
		return []Explanation{e}
	}
	var out []Explanation
	for _, k := range e.Parts {
		if e.op == opNot || k.Result == e.Result {
			out = append(out, k.deciding(levels-1)...)
		}
	}
	return out
}

// String writes the explanation as an indented tree, one rule a line, of 64 levels at
// most, which is as deep as Compile lets a rule be; then, where it is known, in how long the
// user enters or leaves, and what is nearest to change that.
func (e Explanation) String() string {
	var b strings.Builder
	var walk func(e Explanation, depth int)
	walk = func(e Explanation, depth int) {
		fmt.Fprintf(&b, "%s%s: ", strings.Repeat("  ", depth), e.Result)
		if len(e.Parts) > 0 && depth >= maxRuleDepth {
			b.WriteString("…\n")
			return
		}
		if len(e.Parts) > 0 {
			fmt.Fprintf(&b, "%s\n", opNames[e.op])
			for _, k := range e.Parts {
				walk(k, depth+1)
			}
			return
		}
		fmt.Fprintf(&b, "%s (%s)\n", e.Rule, e.Value)
	}
	walk(e, 0)
	verb := "enters"
	if e.Result == True {
		verb = "leaves"
	}
	if !e.Turns.IsZero() {
		fmt.Fprintf(&b, "%s in %s if nothing happens\n", verb, spanText(e.Turns.Sub(time.Unix(0, e.asOf))))
	}
	for i, t := range e.Nearest {
		if i == 0 {
			fmt.Fprintf(&b, "%s with", verb)
		}
		fmt.Fprintf(&b, " [%s: %s]", t.Rule, t.Text)
		if i == len(e.Nearest)-1 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
