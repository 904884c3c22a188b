package audience

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

var (
	_ json.Marshaler   = Rule{}
	_ json.Unmarshaler = (*Rule)(nil)
)

// ruleFields lists, per operation, the members of its JSON object beside "op".
var ruleFields = [...][]string{
	opAnd: {"rules"}, opOr: {"rules"}, opNot: {"rule"},
	opLess: {"attr", "value"}, opAtMost: {"attr", "value"}, opMore: {"attr", "value"},
	opAtLeast: {"attr", "value"}, opEqual: {"attr", "value"}, opUnequal: {"attr", "value"},
	opBetween: {"attr", "low", "high"}, opIn: {"attr", "values"},
	opRecency: {"attr", "from", "below"}, opFrequency: {"attr", "within", "least", "most"},
	opNear: {"lat_attr", "lon_attr", "lat", "lon", "km"}, opHas: {"attr"}, opMissing: {"attr"},
	opThen: {"rules"}, opSample: {"attr", "share", "salt"},
}

// MarshalJSON writes the rule in the form that ParseRule reads. A rule that
// Compile would refuse is an error.
func (r Rule) MarshalJSON() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("audience: Rule.MarshalJSON: %w", err)
	}
	var b bytes.Buffer
	r.n.json(&b)
	return b.Bytes(), nil
}

// json appends the object of a rule that has been checked, its members in the order
// of ruleFields: equal rules give equal bytes.
func (n *node) json(b *bytes.Buffer) {
	text := func(s string) {
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		_ = e.Encode(s) // a valid string into memory cannot fail
		b.Truncate(b.Len() - 1)
	}
	b.WriteString(`{"op":`)
	text(opNames[n.op])
	for _, f := range ruleFields[n.op] {
		b.WriteString(`,"` + f + `":`)
		switch f {
		case "rule":
			n.kids[0].json(b)
		case "rules":
			b.WriteByte('[')
			for i, k := range n.kids {
				if i > 0 {
					b.WriteByte(',')
				}
				k.json(b)
			}
			b.WriteByte(']')
		case "values":
			b.WriteByte('[')
			for i, v := range n.values {
				if i > 0 {
					b.WriteByte(',')
				}
				text(v)
			}
			b.WriteByte(']')
		case "attr", "lat_attr":
			text(n.attr)
		case "lon_attr", "salt":
			text(n.attr2)
		case "value", "low", "lat", "share":
			b.WriteString(number(n.a))
		case "high", "lon":
			b.WriteString(number(n.b))
		case "km":
			b.WriteString(number(n.km))
		case "from":
			text(durationText(n.from))
		case "below", "within":
			text(durationText(n.to))
		case "least":
			b.WriteString(strconv.Itoa(n.min))
		case "most":
			b.WriteString(strconv.Itoa(n.max))
		}
	}
	if n.where != nil {
		b.WriteString(`,"where":`)
		n.where.json(b)
	}
	b.WriteByte('}')
}

// UnmarshalJSON is ParseRule into r, which stays as it is on an error.
func (r *Rule) UnmarshalJSON(data []byte) error {
	if err := check.Receiver("audience: Rule.UnmarshalJSON", r); err != nil {
		return err
	}
	p, err := ParseRule(data)
	if err != nil {
		return err
	}
	*r = p
	return nil
}

// ParseRule reads a rule from JSON, ParseText one that people wrote. Each rule is an object whose member "op" is
// the operation; the others depend on it, and all of them are required:
//
//	{"op":"and","rules":[…]}   {"op":"or","rules":[…]}   {"op":"not","rule":{…}}
//	{"op":">=","attr":"age","value":18}           also <  <=  >  ==  !=
//	{"op":"between","attr":"age","low":18,"high":25}
//	{"op":"in","attr":"region","values":["north","south"]}
//	{"op":"recency","attr":"visit","from":"0d","below":"30d"}      "0d" below: no bound
//	{"op":"frequency","attr":"purchases","within":"90d","least":3,"most":-1}
//	{"op":"near","lat_attr":"lat","lon_attr":"lon","lat":48.1,"lon":11.6,"km":25}
//	{"op":"has","attr":"email"}   {"op":"missing","attr":"email"}
//	{"op":"then","rules":[…]}     {"op":"sample","attr":"customer","share":0.1,"salt":"spring"}
//
// Recency and frequency may have a member "where", a rule about the properties of events.
// Durations are whole days ("30d") or Go's notation ("36h30m"). Decoding is
// strict: unknown, missing or repeated members, wrong types and trailing text
// are ErrCorrupt with the place; more than 1 MiB, 64 levels or 10,000 rules is
// ErrTooLarge; values that Compile would refuse are refused here.
func ParseRule(data []byte) (Rule, error) {
	if len(data) > maxRuleBytes {
		return Rule{}, fmt.Errorf("audience: ParseRule: %d bytes, want at most %d: %w", len(data), maxRuleBytes, ErrTooLarge)
	}
	p := ruleParser{dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	tok, err := p.token()
	var n *node
	if err == nil {
		n, err = p.rule(tok, 1)
	}
	if err == nil {
		if _, e := p.dec.Token(); e != io.EOF {
			err = p.fail("text after the rule")
		}
	}
	r := Rule{n}
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Rule{}, fmt.Errorf("audience: ParseRule: %w", err)
	}
	return r, nil
}

// ruleParser reads one rule from a stream of tokens and counts what it has read.
type ruleParser struct {
	dec   *json.Decoder
	nodes int
}

func (p *ruleParser) fail(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s: %w", p.dec.InputOffset(), fmt.Sprintf(format, args...), ErrCorrupt)
}

func (p *ruleParser) token() (json.Token, error) {
	t, err := p.dec.Token()
	if err != nil {
		return nil, p.fail("%v", err)
	}
	return t, nil
}

// rule reads one object whose opening token is tok. The operation need not come
// first, so members are collected before they are judged.
func (p *ruleParser) rule(tok json.Token, depth int) (*node, error) {
	if p.nodes++; p.nodes > maxRuleNodes {
		return nil, fmt.Errorf("more than %d rules: %w", maxRuleNodes, ErrTooLarge)
	}
	if depth > maxRuleDepth {
		return nil, fmt.Errorf("rules are nested deeper than %d: %w", maxRuleDepth, ErrTooLarge)
	}
	if tok != json.Delim('{') {
		return nil, p.fail("found %v, want a rule object", tok)
	}
	n := &node{}
	var name string
	var seen []string
	for p.dec.More() {
		t, err := p.token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if slices.Contains(seen, key) {
			return nil, p.fail("member %q is repeated", key)
		}
		seen = append(seen, key)
		if err := p.member(n, key, &name, depth); err != nil {
			return nil, err
		}
	}
	if _, err := p.token(); err != nil { // the closing brace
		return nil, err
	}
	o := slices.Index(opNames[:], name)
	if o < 0 {
		return nil, p.fail("operation %q is unknown%s", name, meantName(name, opNames[:]))
	}
	n.op = op(o)
	for _, f := range ruleFields[o] {
		if !slices.Contains(seen, f) {
			return nil, p.fail("%q needs the member %q", name, f)
		}
	}
	want := len(ruleFields[o]) + 1
	if n.where != nil && (n.op == opRecency || n.op == opFrequency) {
		want++
	}
	if len(seen) != want {
		return nil, p.fail("%q takes the members %q, found %q", name, ruleFields[o], seen)
	}
	return n, nil
}

// memberNames are those of all operations.
var memberNames = []string{"op", "rule", "rules", "attr", "value", "low", "high", "values", "from", "below", "within", "least", "most", "lat_attr", "lon_attr", "lat", "lon", "km", "share", "salt", "where"}

// meantName is the part of an error that suggests a name, "" where none is near.
func meantName(name string, names []string) string {
	if near := nearestName(name, names); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// member reads the value of one member into its field of n; "op" goes into name.
func (p *ruleParser) member(n *node, key string, name *string, depth int) error {
	if key == "rules" || key == "values" {
		return p.list(n, key, depth)
	}
	t, err := p.token()
	if err != nil {
		return err
	}
	switch key {
	case "op":
		return p.text(t, key, name)
	case "attr", "lat_attr":
		return p.text(t, key, &n.attr)
	case "lon_attr", "salt":
		return p.text(t, key, &n.attr2)
	case "value", "low", "lat", "share":
		return p.number(t, key, &n.a)
	case "high", "lon":
		return p.number(t, key, &n.b)
	case "km":
		return p.number(t, key, &n.km)
	case "from":
		return p.duration(t, key, &n.from)
	case "below", "within":
		return p.duration(t, key, &n.to)
	case "least":
		return p.count(t, key, &n.min)
	case "most":
		return p.count(t, key, &n.max)
	case "rule":
		k, err := p.rule(t, depth+1)
		n.kids = []*node{k}
		return err
	case "where":
		n.where, err = p.rule(t, depth+1)
		return err
	}
	return p.fail("unknown member %q%s", key, meantName(key, memberNames))
}

// list reads the rules of an and or an or, or the values of an in, which are sorted
// and freed of repeats as In does.
func (p *ruleParser) list(n *node, key string, depth int) error {
	t, err := p.token()
	if err != nil {
		return err
	}
	if t != json.Delim('[') {
		return p.fail("%q is %v, want a list", key, t)
	}
	for p.dec.More() {
		if t, err = p.token(); err != nil {
			return err
		}
		if key == "rules" {
			k, err := p.rule(t, depth+1)
			if err != nil {
				return err
			}
			n.kids = append(n.kids, k)
			continue
		}
		var v string
		if err := p.text(t, key, &v); err != nil {
			return err
		}
		n.values = append(n.values, v)
	}
	slices.Sort(n.values)
	n.values = slices.Compact(n.values)
	_, err = p.token() // the closing bracket
	return err
}

func (p *ruleParser) text(t json.Token, key string, to *string) error {
	s, ok := t.(string)
	if !ok {
		return p.fail("%q is %v, want text", key, t)
	}
	*to = s
	return nil
}

func (p *ruleParser) number(t json.Token, key string, to *float64) error {
	s, ok := t.(json.Number)
	if !ok {
		return p.fail("%q is %v, want a number", key, t)
	}
	x, err := s.Float64()
	if err != nil {
		return p.fail("%q is %v, beyond what a number can hold", key, t)
	}
	*to = x
	return nil
}

func (p *ruleParser) count(t json.Token, key string, to *int) error {
	s, ok := t.(json.Number)
	if !ok {
		return p.fail("%q is %v, want a whole number", key, t)
	}
	x, err := strconv.ParseInt(s.String(), 10, 32)
	if err != nil {
		return p.fail("%q is %v, want a whole number below 2³¹", key, t)
	}
	*to = int(x)
	return nil
}

func (p *ruleParser) duration(t json.Token, key string, to *time.Duration) error {
	s, ok := t.(string)
	if !ok {
		return p.fail(`%q is %v, want a duration such as "30d"`, key, t)
	}
	d, err := parseDuration(s)
	if err != nil {
		return fmt.Errorf("byte %d: %q: %w", p.dec.InputOffset(), key, err)
	}
	*to = d
	return nil
}
