package audience

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
)

// Truth is a value of three-valued logic.
type Truth uint8

// The truth values.
const (
	False Truth = iota
	Unknown
	True
)

// String returns the name in lower case.
func (t Truth) String() string {
	switch t {
	case False:
		return "false"
	case Unknown:
		return "unknown"
	case True:
		return "true"
	}
	return fmt.Sprintf("Truth(%d)", uint8(t))
}

// Options configures Compile.
type Options struct {
	// AsOf is the instant of evaluation: events after it have not happened yet.
	// Required by Recency and Frequency; a year from 1678 to 2261.
	AsOf time.Time

	// MinSize is the number of members below which a Set is Small, and what is published
	// about it refused (ErrPrivacy); -1 for no such floor. Default 50.
	MinSize int
}

func (o Options) withDefaults() Options {
	o.MinSize = check.Default(o.MinSize, DefaultMinSize)
	return o
}

func (o *Options) validate(needsAsOf bool) error {
	var c check.Options
	c.Require(o.MinSize > 0 || o.MinSize == -1, "MinSize", o.MinSize, "> 0, or -1 for no floor")
	c.Require(!needsAsOf || !o.AsOf.IsZero(), "AsOf", "the zero time", "an instant, since the rule asks for recency or frequency")
	c.Require(o.AsOf.IsZero() || nanosFit(o.AsOf), "AsOf", o.AsOf, "a year from 1678 to 2261")
	return c.Err("audience: Compile")
}

// Program is a rule bound to a table and an instant. It is immutable and safe
// for concurrent use, as long as no columns are added to the table. What Compile did not
// make is ErrEmpty.
type Program struct {
	table   *Attributes
	root    *bound
	minSize int
	asOf    int64 // nanoseconds since 1970
}

// bound is a node with its columns and values looked up.
type bound struct {
	*node
	kids []*bound
	col  *column
	col2 *column
	ids  []int32 // in: the values that occur in the column, ascending
}

// Compile checks rule against the table: unknown attributes are ErrUnknownID,
// attributes of the wrong kind ErrMismatch, bad clauses ErrRange, ErrEmpty or
// ErrNotFinite, and an instant that is needed but missing ErrOption. Values of
// In that occur nowhere are allowed.
func Compile(rule Rule, table *Attributes, opt Options) (*Program, error) {
	if table == nil {
		return nil, fmt.Errorf("audience: Compile: table is nil: %w", ErrEmpty)
	}
	if err := rule.check(); err != nil {
		return nil, fmt.Errorf("audience: Compile: %w", err)
	}
	opt = opt.withDefaults()
	p := &Program{table: table, minSize: floor(opt.MinSize), asOf: opt.AsOf.UnixNano()}
	needsAsOf := false
	var err error
	if p.root, err = bind(rule.n, table, &needsAsOf); err != nil {
		return nil, fmt.Errorf("audience: Compile: %w", err)
	}
	if err := opt.validate(needsAsOf); err != nil {
		return nil, err
	}
	return p, nil
}

// made refuses nil and what Compile did not make, for the method where.
func (p *Program) made(where string) error {
	if p == nil || p.root == nil {
		return fmt.Errorf("%s: not made by Compile: %w", where, ErrEmpty)
	}
	return nil
}

// bind looks up the columns and values of a rule and of all below it, and notes
// whether any of them asks for the instant of evaluation.
func bind(n *node, t *Attributes, needsAsOf *bool) (*bound, error) {
	b := &bound{node: n}
	for _, k := range n.kids {
		kid, err := bind(k, t, needsAsOf)
		if err != nil {
			return nil, err
		}
		b.kids = append(b.kids, kid)
	}
	var err error
	switch n.op {
	case opAnd, opOr, opNot:
	case opIn:
		if b.col, err = t.column(n.attr, textColumn); err == nil {
			for _, v := range n.values {
				if id := b.col.values.Index(v); id >= 0 {
					b.ids = append(b.ids, id)
				}
			}
			slices.Sort(b.ids)
		}
	case opRecency:
		*needsAsOf = true
		b.col, err = t.column(n.attr, timeColumn, eventsColumn)
	case opFrequency:
		*needsAsOf = true
		b.col, err = t.column(n.attr, eventsColumn)
	case opHas, opMissing:
		b.col, err = t.column(n.attr)
	case opNear:
		if b.col2, err = t.column(n.attr2, numberColumn); err == nil {
			b.col, err = t.column(n.attr, numberColumn)
		}
	default:
		b.col, err = t.column(n.attr, numberColumn)
	}
	return b, err
}

// Select returns the users for whom the rule is true. An empty audience says
// why: because clauses contradict each other, or which clause leaves nobody.
// Cost is one pass over a column per clause and a few words per 64 users for
// each combination.
func (p *Program) Select(ctx context.Context) (*Set, error) {
	if err := p.made("audience: Program.Select"); err != nil {
		return nil, err
	}
	t, _, err := p.eval(ctx, p.root)
	if err != nil {
		return nil, err
	}
	a := &Set{set: t, min: p.minSize}
	if a.size() == 0 {
		if a.reason, err = p.whyEmpty(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// eval returns the users for whom b is true and those for whom it is false.
func (p *Program) eval(ctx context.Context, b *bound) (t, f *bitset.Set, err error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	switch b.op {
	case opNot:
		f, t, err = p.eval(ctx, b.kids[0])
		return t, f, err
	case opAnd, opOr:
		for i, k := range b.kids {
			kt, kf, err := p.eval(ctx, k)
			switch {
			case err != nil:
				return nil, nil, err
			case i == 0:
				t, f = kt, kf
			case b.op == opAnd:
				t.And(kt)
				f.Or(kf)
			default:
				t.Or(kt)
				f.And(kf)
			}
		}
		return t, f, nil
	case opHas, opMissing:
		t, f = b.col.known.Clone(), b.col.known.Clone()
		if b.op == opHas {
			f.Not()
		} else {
			t.Not()
		}
		return t, f, nil
	case opIn:
		t = bitset.New(p.table.n)
		rare := false
		for _, id := range b.ids {
			if m := b.col.members[id]; m != nil {
				t.Or(m)
			} else {
				rare = true
			}
		}
		if rare {
			for u := range int32(p.table.n) {
				if p.clause(b, u) == True {
					t.Add(u)
				}
			}
		}
	default:
		t = bitset.New(p.table.n)
		for u := range int32(p.table.n) {
			if p.clause(b, u) == True {
				t.Add(u)
			}
		}
	}
	f = b.col.known.Clone()
	if b.col2 != nil {
		f.And(b.col2.known)
	}
	f.AndNot(t)
	return t, f, nil
}

func truth(ok bool) Truth {
	if ok {
		return True
	}
	return False
}

// clause evaluates a clause for one user.
func (p *Program) clause(b *bound, u int32) Truth {
	c := b.col
	switch b.op {
	case opHas:
		return truth(c.known.Has(u))
	case opMissing:
		return truth(!c.known.Has(u))
	}
	if !c.known.Has(u) || b.col2 != nil && !b.col2.known.Has(u) {
		return Unknown
	}
	switch b.op {
	case opLess:
		return truth(c.numbers[u] < b.a)
	case opAtMost:
		return truth(c.numbers[u] <= b.a)
	case opMore:
		return truth(c.numbers[u] > b.a)
	case opAtLeast:
		return truth(c.numbers[u] >= b.a)
	case opEqual:
		return truth(c.numbers[u] == b.a)
	case opUnequal:
		return truth(c.numbers[u] != b.a)
	case opBetween:
		return truth(c.numbers[u] >= b.a && c.numbers[u] <= b.b)
	case opIn:
		for _, id := range c.texts[u] {
			if _, ok := slices.BinarySearch(b.ids, id); ok {
				return True
			}
		}
		return False
	case opRecency:
		age, ok := p.age(c, u)
		return truth(ok && age >= uint64(b.from) && (b.to == 0 || age < uint64(b.to)))
	case opFrequency:
		n := p.frequency(c, u, b.to)
		return truth(n >= b.min && (b.max < 0 || n <= b.max))
	case opNear:
		return truth(kilometres(c.numbers[u], b.col2.numbers[u], b.a, b.b) <= b.km)
	}
	return Unknown
}

// past returns the user's events that have happened.
func (p *Program) past(c *column, u int32) []int64 {
	all := c.times[c.start[u]:c.start[u+1]]
	n, _ := slices.BinarySearchFunc(all, p.asOf, func(t, asOf int64) int {
		if t <= asOf {
			return -1
		}
		return 1
	})
	return all[:n]
}

// age is the time since the last event; it may exceed a Duration.
func (p *Program) age(c *column, u int32) (uint64, bool) {
	past := p.past(c, u)
	if len(past) == 0 {
		return 0, false
	}
	return uint64(p.asOf) - uint64(past[len(past)-1]), true
}

func (p *Program) frequency(c *column, u int32, within time.Duration) int {
	past := p.past(c, u)
	if within == 0 {
		return len(past)
	}
	n := 0
	for i := len(past) - 1; i >= 0 && uint64(p.asOf)-uint64(past[i]) < uint64(within); i-- {
		n++
	}
	return n
}

// kilometres is the great-circle distance (haversine).
func kilometres(lat1, lon1, lat2, lon2 float64) float64 {
	const rad, radius = math.Pi / 180, 6371.0088
	s := math.Sin((lat2 - lat1) * rad / 2)
	t := math.Sin((lon2 - lon1) * rad / 2)
	h := s*s + math.Cos(lat1*rad)*math.Cos(lat2*rad)*t*t
	return 2 * radius * math.Asin(math.Sqrt(min(1, h)))
}

// Explanation says how a rule came out for one user.
type Explanation struct {
	Rule   string        // the rule or clause
	Result Truth         //
	Value  string        // of a clause: what is known about the user, or "missing"
	Parts  []Explanation // of And, Or, Not
	op     op
}

// Explain evaluates the rule for one user and keeps every step. A user who does
// not exist is ErrUnknownID.
func (p *Program) Explain(user int32) (Explanation, error) {
	if err := p.made("audience: Program.Explain"); err != nil {
		return Explanation{}, err
	}
	if err := p.table.user(user); err != nil {
		return Explanation{}, fmt.Errorf("audience: Program.Explain: %w", err)
	}
	return p.explain(p.root, user), nil
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
	if !c.known.Has(u) || b.col2 != nil && !b.col2.known.Has(u) {
		return "missing"
	}
	switch {
	case b.op == opNear:
		return fmt.Sprintf("%.1f km away", kilometres(c.numbers[u], b.col2.numbers[u], b.a, b.b))
	case b.op == opFrequency:
		return fmt.Sprint(p.frequency(c, u, b.to))
	case c.kind == numberColumn:
		return number(c.numbers[u])
	case c.kind == textColumn:
		texts := make([]string, len(c.texts[u]))
		for i, id := range c.texts[u] {
			texts[i] = c.values.Key(id)
		}
		return strings.Join(texts, ", ")
	case b.op == opRecency:
		if age, ok := p.age(c, u); ok && age <= math.MaxInt64 {
			return durationText(time.Duration(age)) + " ago"
		} else if ok {
			return "long ago"
		}
		return "never"
	case c.kind == eventsColumn:
		return fmt.Sprintf("%d events", c.start[u+1]-c.start[u])
	}
	return time.Unix(0, c.times[c.start[u]]).UTC().Format(time.RFC3339)
}

// Deciding returns the clauses that settled the result: all parts of an And that
// is true, the false ones of an And that is false, and so on down to clauses, 64 levels
// at most.
func (e Explanation) Deciding() []Explanation { return e.deciding(maxRuleDepth) }

func (e Explanation) deciding(levels int) []Explanation {
	if len(e.Parts) == 0 || levels == 0 {
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
// most, which is as deep as Compile lets a rule be.
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
	return b.String()
}

// Estimate is a guess at the size of an audience.
type Estimate struct {
	Count     float64 // best guess
	Low, High float64 // 95 % interval
	Sampled   int     // users looked at
}

// Estimate evaluates the rule for sample users drawn without replacement, and
// scales up, with a 95 % Wilson interval corrected for the finite population. A
// sample of all users or more gives the exact count. A guess below Options.MinSize,
// though not 0, is ErrPrivacy.
func (p *Program) Estimate(ctx context.Context, sample int, seed uint64) (Estimate, error) {
	if err := p.made("audience: Program.Estimate"); err != nil {
		return Estimate{}, err
	}
	n := p.table.n
	if sample < 1 {
		return Estimate{}, fmt.Errorf("audience: Program.Estimate: sample is %d, want > 0: %w", sample, ErrOption)
	}
	if n == 0 {
		return Estimate{}, fmt.Errorf("audience: Program.Estimate: the table has no users: %w", ErrUndefined)
	}
	if sample >= n {
		t, _, err := p.eval(ctx, p.root)
		if err != nil {
			return Estimate{}, err
		}
		if check.Few(t.Count(), p.minSize) {
			return Estimate{}, p.tooFew()
		}
		c := float64(t.Count())
		return Estimate{c, c, c, n}, nil
	}
	// Floyd's sampling: every subset of the size is equally likely.
	s := rng.New(seed, stageEstimate, 0)
	drawn := make(map[int32]struct{}, sample)
	hits := 0
	for i := n - sample; i < n; i++ {
		if (i-n+sample)%4096 == 0 && ctx.Err() != nil {
			return Estimate{}, context.Cause(ctx)
		}
		u := int32(s.Intn(i + 1))
		if _, ok := drawn[u]; ok {
			u = int32(i)
		}
		drawn[u] = struct{}{}
		if p.truth(p.root, u) == True {
			hits++
		}
	}
	total, k := float64(n), float64(sample)
	share := float64(hits) / k
	if hits > 0 && share*total < float64(p.minSize) {
		return Estimate{}, p.tooFew()
	}
	// The correction for the finite population shrinks the variance as if the sample
	// were larger.
	low, high := infer.Wilson(share, k*(total-1)/(total-k), 0.95)
	// What has been seen is certain: hits users match, sample-hits do not.
	return Estimate{
		Count:   share * total,
		Low:     max(low, float64(hits)/total) * total,
		High:    min(high, 1-float64(sample-hits)/total) * total,
		Sampled: sample,
	}, nil
}

func (p *Program) tooFew() error {
	return fmt.Errorf("audience: Program.Estimate: fewer than %d members: %w", p.minSize, ErrPrivacy)
}

const stageEstimate = 0x657374

// truth evaluates a rule for one user.
func (p *Program) truth(b *bound, u int32) Truth {
	switch b.op {
	case opNot:
		return True - p.truth(b.kids[0], u)
	case opAnd:
		t := True
		for _, k := range b.kids {
			if t = min(t, p.truth(k, u)); t == False {
				break
			}
		}
		return t
	case opOr:
		t := False
		for _, k := range b.kids {
			if t = max(t, p.truth(k, u)); t == True {
				break
			}
		}
		return t
	}
	return p.clause(b, u)
}
