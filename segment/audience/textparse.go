package audience

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ParseText reads a rule as people write it:
//
//	bought(category="tea", within=90d) >= 2 and not visited(within=7d)
//
// Of clauses there are, for attributes of numbers, texts, instants and events:
//
//	age >= 18                    also <  <=  >  ==  =  !=
//	age between 18 and 25        both included
//	region = "north"             region in {"north", "south"}    region != "north"
//	bought(within=90d) >= 2      >  <  <=  ==  !=  between 1 and 3; alone: at least 1;
//	                             without within: ever
//	last(visit) < 30d            last(visit) >= 30d    1d <= last(visit) < 30d
//	viewed(within=7d) >= 2 then not bought()           see Then
//	email is known               has(email)
//	email is missing             missing(email)
//	(lat, lon) within 25 km of (48.1, 11.6)            near(lat, lon, 48.1, 11.6, 25km)
//	customer in {17, 23}         a list of users, see AddIDs
//	sample(customer, 10%, "spring")                    see Sample
//	propensity >= 0.7 and segment = "loyal"            scores and segments of a model: attributes
//
// What an event has to satisfy stands among the arguments of bought(…) and last(bought, …),
// beside within: rules about its properties, of which all must hold. Clauses are put
// together by not, and, or, in this order of precedence, and parentheses, or by all(…) and
// any(…) of several; then binds more closely than not. Names that are no words, or words of
// the language, stand between backquotes. Texts stand between " or ' and have the escapes
// of Go. Durations are 2w, 90d, 36h, 30m or several of these; a day is of 24 hours. Words
// of the language may be written in capitals.
//
// Errors are a TextError with the place, what was found, what was wanted and what may have been
// meant: ErrCorrupt, ErrMismatch for a value of the wrong kind, ErrTooLarge beyond 1 MiB,
// 64 levels or 10,000 rules, and what Compile says of clauses. Cost is one pass.
func ParseText(text string) (Rule, error) {
	r, err := parseText(text)
	if err != nil {
		return Rule{}, fmt.Errorf("audience: ParseText: %w", err)
	}
	return r, nil
}

// parseText reads and checks a whole text.
func parseText(text string) (Rule, error) {
	p := &textParser{lexer: lexer{src: text, line: 1, column: 1}}
	valid := 0 // bytes of text in UTF-8, up to the limit
	for valid < min(len(text), maxRuleBytes+1) {
		r, size := utf8.DecodeRuneInString(text[valid:])
		if r == utf8.RuneError && size == 1 || valid+size > maxRuleBytes {
			break
		}
		valid += size
	}
	if len(text) > maxRuleBytes {
		p.move(valid)
		return Rule{}, p.here().wrap(fmt.Errorf("%d bytes, want at most %d: %w", len(text), maxRuleBytes, ErrTooLarge))
	}
	if valid < len(text) {
		p.move(valid)
		return Rule{}, found(p.here(), text[valid:valid+1], "text in UTF-8", "", ErrCorrupt)
	}
	if err := p.advance(); err != nil {
		return Rule{}, err
	}
	n, err := p.or()
	if err != nil {
		return Rule{}, err
	}
	if p.tok.kind != tokenEnd {
		return Rule{}, p.fail("and, or, then, or the end of the text", "and", "or", "then")
	}
	r := Rule{n}
	return r, r.check()
}

// textParser reads a rule by recursive descent, one token ahead.
type textParser struct {
	lexer
	tok   token
	depth int // of rules within rules
}

// advance goes to the next token.
func (p *textParser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

// fail is the error about the token at hand; words are those that could stand there.
func (p *textParser) fail(want string, words ...string) error {
	suggestion := ""
	if p.tok.kind == tokenName {
		suggestion = nearestName(p.tok.raw, words)
	}
	return found(p.tok.at, p.tok.raw, want, suggestion, ErrCorrupt)
}

// kind is the error about a value of another kind than wanted.
func (p *textParser) kind(want string) error {
	if p.tok.kind < tokenText || p.tok.kind == tokenSign {
		return p.fail(want)
	}
	is := map[tokenKind]string{tokenText: "a text", tokenNumber: "a number", tokenSpan: "a duration", tokenKM: "a distance"}[p.tok.kind]
	return found(p.tok.at, p.tok.raw, want+", not "+is, "", ErrMismatch)
}

func (p *textParser) is(word string) bool {
	return (p.tok.kind == tokenKeyword || p.tok.kind == tokenSign || p.tok.kind == tokenName && p.tok.raw == p.tok.value) && p.tok.value == word
}

// take goes over a word or sign if it stands here.
func (p *textParser) take(word string) (bool, error) {
	if !p.is(word) {
		return false, nil
	}
	return true, p.advance()
}

// expect goes over a word or sign that must stand here.
func (p *textParser) expect(word string) error {
	ok, err := p.take(word)
	if err == nil && !ok {
		err = p.fail(strconv.Quote(word), word)
	}
	return err
}

// deeper counts the levels, of which parentheses may make some more than Compile allows.
func (p *textParser) deeper() error {
	if p.depth++; p.depth > 4*maxRuleDepth {
		return p.tok.at.wrap(fmt.Errorf("rules are nested deeper than %d: %w", maxRuleDepth, ErrTooLarge))
	}
	return nil
}

func (p *textParser) or() (*node, error)  { return p.chain(opOr, (*textParser).and) }
func (p *textParser) and() (*node, error) { return p.chain(opAnd, (*textParser).not) }

// chain reads rules joined by one word; one alone stays what it is.
func (p *textParser) chain(o op, part func(*textParser) (*node, error)) (*node, error) {
	at := p.tok.at
	n, err := part(p)
	if err != nil || !p.is(opNames[o]) {
		return n, err
	}
	all := &node{op: o, kids: []*node{n}, at: at}
	for p.is(opNames[o]) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		k, err := part(p)
		if err != nil {
			return nil, err
		}
		all.kids = append(all.kids, k)
	}
	return all, nil
}

// not reads a rule and the words not before it.
func (p *textParser) not() (*node, error) {
	if !p.is("not") {
		return p.sequence()
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	n := &node{op: opNot, at: p.tok.at}
	if err := p.advance(); err != nil {
		return nil, err
	}
	k, err := p.not()
	n.kids = []*node{k}
	return n, err
}

// sequence reads a clause, or several joined by then; a step with not before it is one
// that did not happen.
func (p *textParser) sequence() (*node, error) {
	at := p.tok.at
	n, err := p.unit()
	if err != nil || !p.is("then") {
		return n, err
	}
	all := &node{op: opThen, kids: []*node{n}, at: at}
	for p.is("then") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		at := p.tok.at
		never, err := p.take("not")
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokenName {
			return nil, p.fail("an event, such as bought(within=7d)")
		}
		k, err := p.events()
		if err != nil {
			return nil, err
		}
		if k.at = at; never {
			k.min, k.max = 0, 0
		} else if k, err = p.howOften(k); err != nil {
			return nil, err
		}
		all.kids = append(all.kids, k)
	}
	return all, nil
}

// unit reads one clause, or rules in brackets.
func (p *textParser) unit() (*node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	at := p.tok.at
	switch {
	case p.is("("):
		return p.bracket()
	case p.is("all"), p.is("any"):
		n := &node{op: opAnd, at: at}
		if p.is("any") {
			n.op = opOr
		}
		return n, p.arguments(func() error {
			k, err := p.or()
			n.kids = append(n.kids, k)
			return err
		})
	case p.is("has"), p.is("missing"):
		n := &node{op: opHas, at: at}
		if p.is("missing") {
			n.op = opMissing
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		open, err := p.take("(")
		if err == nil {
			n.attr, n.at, err = p.name()
		}
		if err == nil && open {
			err = p.expect(")")
		}
		return n, err
	case p.is("near"):
		return p.near()
	case p.is("sample"):
		return p.sample()
	case p.is("last"), p.tok.kind == tokenSpan:
		return p.recency()
	case p.tok.kind == tokenName:
		return p.named()
	}
	if p.tok.kind == tokenKeyword && p.tok.value != "not" {
		return nil, found(p.tok.at, p.tok.raw, "a clause (a name that is a word of the language stands between backquotes)", "`"+p.tok.raw+"`", ErrCorrupt)
	}
	if p.tok.kind == tokenNumber {
		return nil, p.turned()
	}
	return nil, p.fail("a clause, such as age >= 18 or bought(within=90d)")
}

// bracket reads a rule in parentheses, or the place of a user: (lat, lon) within … .
func (p *textParser) bracket() (*node, error) {
	open := *p
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenName {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.is(",") {
			*p = open
			return p.place()
		}
		*p = open
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n, err := p.or()
	if err == nil && !p.is(")") {
		err = p.fail("and, or, then, or )", "and", "or", "then")
	}
	if err != nil {
		return nil, err
	}
	return n, p.advance()
}

// arguments reads a list in parentheses after the word at hand, with each for a member.
func (p *textParser) arguments(each func() error) error {
	if err := p.advance(); err != nil {
		return err
	}
	if err := p.expect("("); err != nil {
		return err
	}
	return p.members(")", each)
}

// members reads a list up to its closing bracket, with each for a member.
func (p *textParser) members(closing string, each func() error) error {
	for {
		if err := each(); err != nil {
			return err
		}
		switch {
		case p.is(closing):
			return p.advance()
		case !p.is(","):
			return p.fail(`"," or "` + closing + `"`)
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
}

// name reads the name of an attribute.
func (p *textParser) name() (string, place, error) {
	t := p.tok
	if t.kind == tokenKeyword {
		return "", t.at, found(t.at, t.raw, "a name (one that is a word of the language stands between backquotes)", "`"+t.raw+"`", ErrCorrupt)
	}
	if t.kind != tokenName {
		return "", t.at, p.fail("the name of an attribute")
	}
	return t.value, t.at, p.advance()
}

// number reads a number; km says that it may be written with its unit.
func (p *textParser) number(km bool) (float64, error) {
	t := p.tok
	if t.kind != tokenNumber && !(km && t.kind == tokenKM) {
		return 0, p.kind("a number")
	}
	x, err := strconv.ParseFloat(t.value, 64)
	if err != nil {
		return 0, p.fail("a number within ±1.8e308")
	}
	if err := p.advance(); err != nil {
		return 0, err
	}
	if km && t.kind == tokenNumber {
		_, err = p.take("km")
	}
	return x, err
}

// count reads a number of events.
func (p *textParser) count() (int, error) {
	if p.tok.kind != tokenNumber {
		return 0, p.kind("a number of events")
	}
	x, err := strconv.ParseInt(p.tok.raw, 10, 32)
	if err != nil || x < 0 {
		return 0, p.fail("a whole number of events below 2³¹")
	}
	return int(x), p.advance()
}

// duration takes a length of time such as 90d, and tells a number without its unit apart.
func (p *textParser) duration() (time.Duration, error) {
	if t := p.tok; t.kind == tokenNumber {
		raw, suggestion := t.raw, meantSpan(t.raw+"d")
		if p.advance() == nil && p.tok.kind == tokenName { // 30 days
			if s := meantSpan(t.raw + p.tok.raw); s != "" {
				raw, suggestion = p.since(t.at), s
			}
		}
		return 0, found(t.at, raw, "a duration such as 90d, not a number", suggestion, ErrMismatch)
	} else if t.kind != tokenSpan {
		return 0, p.kind("a duration such as 90d")
	}
	d := p.tok.span
	return d, p.advance()
}

// named reads a clause that begins with the name of an attribute.
func (p *textParser) named() (*node, error) {
	start := *p
	n := &node{}
	var err error
	if n.attr, n.at, err = p.name(); err != nil {
		return nil, err
	}
	t := p.tok
	switch {
	case p.is("("):
		*p = start
		if n, err = p.events(); err != nil {
			return nil, err
		}
		return p.howOften(n)
	case t.kind == tokenSign && (slices.Contains(opNames[opLess:opUnequal+1], t.value) || t.value == "="):
		return p.comparison(n)
	case p.is("between"):
		n.op = opBetween
		if err = p.advance(); err == nil {
			n.a, err = p.number(false)
		}
		if err == nil {
			err = p.expect("and")
		}
		if err == nil {
			n.b, err = p.number(false)
		}
		return n, err
	case p.is("in"):
		return n, p.texts(n)
	case p.is("not"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.is("in") {
			return nil, p.fail(`"in"`, "in")
		}
		return &node{op: opNot, kids: []*node{n}, at: n.at}, p.texts(n)
	case p.is("is"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if n.op = opHas; p.is("missing") {
			n.op = opMissing
		} else if !p.is("known") {
			return nil, p.known()
		}
		return n, p.advance()
	}
	want := "an operator after " + excerpt(n.attr) + ": <, <=, >, >=, ==, !=, =, between, in, is, or ( for events"
	if t.kind == tokenName || t.kind == tokenEnd || t.kind == tokenKeyword || t.value == ")" {
		// A misspelt word of the language was taken for an attribute.
		if near := nearestName(n.attr, keywords); near != "" && !strings.EqualFold(near, n.attr) {
			return nil, found(n.at, n.attr, want, near, ErrCorrupt)
		}
	}
	return nil, p.fail(want, "between", "in", "is", "not")
}

// comparison reads the operator and what an attribute is compared with.
func (p *textParser) comparison(n *node) (*node, error) {
	sign := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	equal, unequal := sign.value == "=" || sign.value == "==", sign.value == "!="
	if p.tok.kind == tokenText && (equal || unequal) {
		if n.op, n.values = opIn, []string{p.tok.value}; unequal {
			n = &node{op: opNot, kids: []*node{n}, at: n.at}
		}
		return n, p.advance()
	}
	if n.op = opEqual; !equal {
		n.op = op(slices.Index(opNames[:], sign.value))
	}
	if p.tok.kind == tokenSpan {
		sign := map[string]string{">": ">=", ">=": ">="}[sign.value] // those of last(…)
		suggestion := "last(" + nameText(n.attr) + ") " + cmp.Or(sign, "<") + " " + p.tok.raw
		return nil, found(p.tok.at, p.tok.raw, "a number (when something happened is asked for by last("+nameText(n.attr)+"))", suggestion, ErrMismatch)
	}
	if err := p.date(n.attr, sign.value); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenName && (equal || unequal) {
		return nil, found(p.tok.at, p.tok.raw, "a number or a text between quotes", strconv.Quote(p.tok.value), ErrCorrupt)
	}
	var err error
	n.a, err = p.number(false)
	return n, err
}

// texts reads "in" and a list in any brackets. Whole numbers are texts too: identifiers.
func (p *textParser) texts(n *node) error {
	n.op = opIn
	if err := p.advance(); err != nil {
		return err
	}
	closing := map[string]string{"{": "}", "(": ")", "[": "]"}[p.tok.value]
	if p.tok.kind != tokenSign || closing == "" {
		return p.fail(`a list, such as {"north", "south"}`)
	}
	if err := p.advance(); err != nil {
		return err
	}
	err := p.members(closing, func() error {
		if p.tok.kind != tokenText && p.tok.kind != tokenNumber {
			return p.kind("a text between quotes or a number")
		}
		n.values = append(n.values, p.tok.value)
		return p.advance()
	})
	slices.Sort(n.values)
	n.values = slices.Compact(n.values)
	return err
}

// events reads the name of events and, in parentheses, which of them count.
func (p *textParser) events() (*node, error) {
	n := &node{op: opFrequency, min: 1, max: -1}
	var err error
	if n.attr, n.at, err = p.name(); err != nil || !p.is("(") {
		return n, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is(")") {
		return n, p.advance()
	}
	return n, p.conditions(n)
}

// conditions reads the arguments of events up to the closing parenthesis.
func (p *textParser) conditions(n *node) error {
	var where []*node
	within := false
	err := p.members(")", func() error {
		if !p.is("within") {
			k, err := p.or()
			where = append(where, k)
			return err
		}
		if within || n.op == opRecency {
			return p.fail("one within, and none in last(…)")
		}
		within = true
		if err := p.advance(); err != nil {
			return err
		}
		if err := p.expect("="); err != nil {
			return err
		}
		at, raw := p.tok.at, p.tok.raw
		d, err := p.duration()
		if n.to = d; err == nil && d == 0 {
			return found(at, raw, "a duration above 0 (leave within out for ever)", "", ErrRange)
		}
		return err
	})
	switch {
	case err != nil:
	case len(where) == 1:
		n.where = where[0]
	case len(where) > 1:
		n.where = &node{op: opAnd, kids: where, at: where[0].at}
	}
	return err
}

// howOften reads the number of events wanted; none means at least 1.
func (p *textParser) howOften(n *node) (*node, error) {
	if p.is("between") {
		err := p.advance()
		if err == nil {
			n.min, err = p.count()
		}
		if err == nil {
			err = p.expect("and")
		}
		if err == nil {
			n.max, err = p.count()
		}
		return n, err
	}
	sign := p.tok
	if sign.kind != tokenSign || !slices.Contains([]string{"<", "<=", ">", ">=", "=", "==", "!="}, sign.value) {
		return n, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	at, raw := p.tok.at, p.tok.raw
	x, err := p.count()
	if err != nil {
		return nil, err
	}
	switch sign.value {
	case ">=":
		n.min, n.max = x, -1
	case ">":
		if n.min, n.max = x+1, -1; x == math.MaxInt32 {
			return nil, found(at, raw, "a number of events that can be exceeded", "", ErrRange)
		}
	case "<=":
		n.min, n.max = 0, x
	case "<":
		if n.min, n.max = 0, x-1; x == 0 {
			return nil, found(at, raw, "at least 1: no number of events is below 0", "", ErrRange)
		}
	default:
		if n.min, n.max = x, x; sign.value == "!=" {
			n = &node{op: opNot, kids: []*node{n}, at: n.at}
		}
	}
	return n, nil
}

// recency reads last(visit) < 30d, with a lower bound before it or not.
func (p *textParser) recency() (*node, error) {
	n := &node{op: opRecency}
	below := p.tok.kind == tokenSpan
	var err error
	if below {
		if n.from, err = p.duration(); err == nil {
			err = p.expect("<=")
		}
		if err == nil && !p.is("last") {
			err = p.fail("last(…)", "last")
		}
		if err != nil {
			return nil, err
		}
	}
	if err = p.advance(); err == nil {
		err = p.expect("(")
	}
	if err == nil {
		n.attr, n.at, err = p.name()
	}
	if err != nil {
		return nil, err
	}
	if p.is(",") {
		if err = p.advance(); err == nil {
			err = p.conditions(n)
		}
	} else {
		err = p.expect(")")
	}
	if err != nil {
		return nil, err
	}
	sign := p.tok
	want, to := "< or >= and a duration", &n.to
	if below {
		want = "< and a duration"
	}
	switch {
	case p.is("<"):
	case p.is(">=") && !below:
		to = &n.from
	case p.is("<="):
		return nil, found(sign.at, sign.raw, want, "<", ErrCorrupt)
	case p.is(">"):
		return nil, found(sign.at, sign.raw, want, ">=", ErrCorrupt)
	default:
		return nil, p.fail(want)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	at, raw := p.tok.at, p.tok.raw
	if *to, err = p.duration(); err == nil && to == &n.to && n.to == 0 {
		return nil, found(at, raw, "a duration above 0", "", ErrRange)
	}
	return n, err
}

// place reads (lat, lon) within 25 km of (48.1, 11.6).
func (p *textParser) place() (*node, error) {
	n := &node{op: opNear, at: p.tok.at}
	var err error
	step := func(f func() error) {
		if err == nil {
			err = f()
		}
	}
	word := func(w string) { step(func() error { return p.expect(w) }) }
	number := func(to *float64, km bool) {
		step(func() error { var err error; *to, err = p.number(km); return err })
	}
	word("(")
	step(func() error { var err error; n.attr, _, err = p.name(); return err })
	word(",")
	step(func() error { var err error; n.attr2, n.at2, err = p.name(); return err })
	word(")")
	word("within")
	number(&n.km, true)
	word("of")
	word("(")
	number(&n.a, false)
	word(",")
	number(&n.b, false)
	word(")")
	return n, err
}

// near reads near(lat, lon, 48.1, 11.6, 25km).
func (p *textParser) near() (*node, error) {
	n := &node{op: opNear, at: p.tok.at}
	i := 0
	err := p.arguments(func() (err error) {
		switch i++; i {
		case 1:
			n.attr, _, err = p.name()
		case 2:
			n.attr2, n.at2, err = p.name()
		case 3:
			n.a, err = p.number(false)
		case 4:
			n.b, err = p.number(false)
		case 5:
			if n.km, err = p.number(true); err == nil && !p.is(")") {
				err = p.fail(`")"`)
			}
		}
		if err == nil && i < 5 && !p.is(",") {
			err = p.fail(`"," and the rest of near(lat, lon, 48.1, 11.6, 25km)`)
		}
		return err
	})
	return n, err
}

// sample reads sample(customer, 10%, "spring").
func (p *textParser) sample() (*node, error) {
	n := &node{op: opSample, at: p.tok.at}
	i := 0
	err := p.arguments(func() (err error) {
		switch i++; {
		case i == 1:
			if n.attr, n.at, err = p.name(); err == nil && !p.is(",") {
				err = p.fail(`"," and the share, such as 10%`)
			}
		case i == 2:
			if p.tok.kind != tokenNumber {
				return p.kind("a share, such as 10% or 0.1")
			}
			t := p.tok
			if err = p.advance(); err != nil {
				return err
			}
			text := t.value
			percent, err := p.take("%")
			if percent && !strings.ContainsAny(text, "eE") {
				text += "e-2" // rounds once
			} else if percent {
				return found(t.at, t.raw, "a percentage without an exponent", "", ErrCorrupt)
			}
			if err == nil {
				n.a, err = strconv.ParseFloat(text, 64)
			}
			return err
		case i == 3 && p.tok.kind == tokenText:
			n.attr2 = p.tok.value
			err = p.advance()
		default:
			err = p.fail(`a text as salt, or ")"`)
		}
		return err
	})
	return n, err
}
