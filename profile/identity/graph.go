package identity

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// ID is one identifier: a value and the kind of thing it identifies. Both are compared
// byte by byte: bring them to one form before (see package profile/clean).
type ID struct {
	Kind  string // "login", "cookie", "phone", … as in Options.Kinds; required
	Value string // required
}

func (a ID) compare(b ID) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
}

// Evidence says that two identifiers were seen together.
type Evidence struct {
	A, B   ID        // two identifiers, in any order; not the same
	Source string    // who says so: "web", "crm", …; may be empty
	At     time.Time // when; kept to Options.Grain
	Weight float64   // probability that this alone is right, in (0, 1]; 0: Options.Weight
}

// Rule is what is true of one kind of identifiers.
type Rule struct {
	Person bool          // one of them is never of two persons, and persons differ where these do: logins
	Gap    time.Duration // silence after which another person may have it; 0: 60 days, negative: it is never recycled
}

// Options configures a Graph. Graphs merge only where all of it is equal.
type Options struct {
	// Kinds are the rules by kind. Nil: login, customer and loyalty are of persons, every
	// other kind is used by them, as are kinds that are not listed. At most 64 of persons.
	Kinds map[string]Rule
	// Grain is the unit of time that is kept, of the Unix clock in whole seconds: what is seen
	// twice within it counts once. Default 24 h; 1 s to 365 days.
	Grain time.Duration
	// Weight is that of evidence without a Weight, in (0, 1]. Default 0.6.
	Weight float64
	// Threshold is the confidence from which two identifiers are joined, in (0, 1]. Default 0.5.
	Threshold float64
	// Dominant is the share of the days (grains) of an identifier from which on it is of one person
	// although others were seen on it, in (0.5, 1]. Default 0.85.
	Dominant float64
	// MaxPartners is the number of identifiers other than persons that one may be seen with; above, it is a
	// shared place (an address of a café) and joins nobody. Default 50.
	MaxPartners int
	// Limit is the number of different pieces of evidence that are held; Add and Merge refuse more.
	// Default 10 million, which take about 2 GB.
	Limit int
}

// withDefaults fills in what is zero; the kinds are copied.
func (o Options) withDefaults() Options {
	if o.Kinds == nil {
		o.Kinds = map[string]Rule{"login": {Person: true}, "customer": {Person: true}, "loyalty": {Person: true}}
	} else {
		o.Kinds = maps.Clone(o.Kinds)
	}
	o.Grain = check.Default(o.Grain, 24*time.Hour)
	o.Weight = check.Default(o.Weight, 0.6)
	o.Threshold = check.Default(o.Threshold, 0.5)
	o.Dominant = check.Default(o.Dominant, 0.85)
	o.MaxPartners = check.Default(o.MaxPartners, 50)
	o.Limit = check.Default(o.Limit, 10_000_000)
	return o
}

// validate names every field out of its range.
func (o Options) validate(where string) error {
	var c check.Options
	persons := 0
	for kind, rule := range o.Kinds {
		c.Require(kind != "", "Kinds", kind, "a name")
		if rule.Person {
			persons++
		}
	}
	c.Require(persons <= 64, "Kinds", persons, "at most 64 of persons")
	c.Require(o.Grain >= time.Second && o.Grain <= 365*24*time.Hour && o.Grain%time.Second == 0, "Grain", o.Grain, "whole seconds, 1 s to 365 days")
	c.Require(o.Weight > 0 && o.Weight <= 1, "Weight", o.Weight, "in (0, 1]")
	c.Require(o.Threshold > 0 && o.Threshold <= 1, "Threshold", o.Threshold, "in (0, 1]")
	c.Require(o.Dominant > 0.5 && o.Dominant <= 1, "Dominant", o.Dominant, "in (0.5, 1]")
	c.Require(o.MaxPartners >= 1 && o.MaxPartners <= math.MaxInt32, "MaxPartners", o.MaxPartners, "1 to 2^31-1")
	c.Require(o.Limit >= 1 && o.Limit <= math.MaxInt32, "Limit", o.Limit, "1 to 2^31-1")
	return c.Err(where)
}

// same reports whether graphs with these options may be merged.
func (o *Options) same(p *Options) bool {
	return maps.Equal(o.Kinds, p.Kinds) && o.Grain == p.Grain && o.Weight == p.Weight && o.Threshold == p.Threshold &&
		o.Dominant == p.Dominant && o.MaxPartners == p.MaxPartners && o.Limit == p.Limit
}

// record is a piece of evidence in the one form that is kept: a before b, time in grains.
type record struct {
	a, b   ID
	source string
	grain  int64
	weight float64
}

func (x record) compare(y record) int {
	return cmp.Or(x.a.compare(y.a), x.b.compare(y.b), cmp.Compare(x.grain, y.grain), cmp.Compare(x.source, y.source), cmp.Compare(x.weight, y.weight))
}

// Graph collects evidence and counts how often each piece was given. The zero value has the default Options and is
// ready. Its state is a multiset: it does not depend on the order of evidence, nor on how it was split before Merge. It is
// not safe for concurrent use; the GraphResult is.
type Graph struct {
	opt   Options
	seen  map[record]int64
	ready bool
}

// New returns an empty Graph. ErrOption names every field of opt that is out of range.
func New(opt Options) (*Graph, error) {
	opt = opt.withDefaults()
	if err := opt.validate("identity: New"); err != nil {
		return nil, err
	}
	return &Graph{opt: opt, seen: make(map[record]int64), ready: true}, nil
}

// init makes the zero value what New(Options{}) returns.
func (g *Graph) init() {
	if !g.ready {
		g.opt, g.seen, g.ready = Options{}.withDefaults(), make(map[record]int64), true
	}
}

// record checks e and brings it to the form that is kept.
func (g *Graph) record(e Evidence) (record, error) {
	bad := func(field string, id ID, value any, want string) (record, error) {
		return record{}, check.Private(field, -1, id, value, fmt.Errorf("want %s: %w", want, ErrRange))
	}
	for _, id := range []ID{e.A, e.B} {
		if id.Kind == "" || id.Value == "" {
			return bad("ID", id, nil, "a kind and a value")
		}
	}
	switch {
	case e.A == e.B:
		return bad("B", e.B, nil, "another identifier than A")
	case e.Weight != 0 && !(e.Weight > 0 && e.Weight <= 1):
		return bad("Weight", e.A, e.Weight, "in (0, 1], or 0 for that of the options")
	}
	if err := check.Time("At", e.At); err != nil {
		return record{}, check.Private("At", -1, e.A, e.At, err)
	}
	r := record{e.A, e.B, e.Source, floor(e.At, g.opt.Grain), check.Default(e.Weight, g.opt.Weight)}
	if r.a.compare(r.b) > 0 {
		r.a, r.b = r.b, r.a
	}
	return r, nil
}

// floor returns the number of the grain that t lies in.
func floor(t time.Time, grain time.Duration) int64 {
	sec, g := t.Unix(), int64(grain/time.Second)
	n := sec / g
	if sec%g < 0 {
		n--
	}
	return n
}

// Add adds a piece of evidence. ErrRange for an identifier without kind or value, two that are the same, a Weight outside of (0, 1], a
// missing or impossible time, or one piece more than Options.Limit; ErrOverflow where it was given 2^63−1 times. The graph is
// then unchanged, and the identifiers stand in the FieldError alone. O(1).
func (g *Graph) Add(e Evidence) error {
	if err := check.Receiver("identity: Graph.Add", g); err != nil {
		return err
	}
	g.init()
	r, err := g.record(e)
	if err != nil {
		return fmt.Errorf("identity: Graph.Add: %w", err)
	}
	n, ok := g.seen[r]
	switch {
	case !ok && len(g.seen) >= g.opt.Limit:
		return fmt.Errorf("identity: Graph.Add: more than %d pieces of evidence: %w", g.opt.Limit, ErrRange)
	case n == math.MaxInt64:
		return fmt.Errorf("identity: Graph.Add: %w", ErrOverflow)
	}
	g.seen[r] = n + 1
	return nil
}

// Undo takes back a piece of evidence that was added: the state is then exactly that which never saw it. ErrUnknownID where it
// was not added (its Grain, Source and Weight count); otherwise the errors of Add. O(1).
func (g *Graph) Undo(e Evidence) error {
	if err := check.Receiver("identity: Graph.Undo", g); err != nil {
		return err
	}
	g.init()
	r, err := g.record(e)
	if err == nil && g.seen[r] == 0 {
		err = check.Private("evidence", -1, e.A, e.B, ErrUnknownID)
	}
	if err != nil {
		return fmt.Errorf("identity: Graph.Undo: %w", err)
	}
	g.take(r, 1)
	return nil
}

func (g *Graph) take(r record, n int64) {
	if g.seen[r] -= n; g.seen[r] == 0 {
		delete(g.seen, r)
	}
}

// Merge adds the evidence of other, which it leaves alone. ErrMismatch for itself, nil or other Options, ErrRange for more
// than Options.Limit together, ErrOverflow; g is then unchanged.
func (g *Graph) Merge(other *Graph) error {
	if err := check.Merge("identity: Graph.Merge", g, other); err != nil {
		return err
	}
	g.init()
	if !g.fits(other) {
		return fmt.Errorf("identity: Graph.Merge: other options: %w", ErrMismatch)
	}
	size := len(g.seen)
	for r, n := range other.seen {
		if g.seen[r] == 0 {
			size++
		}
		if _, err := check.AddInt64(g.seen[r], n); err != nil {
			return fmt.Errorf("identity: Graph.Merge: %w", err)
		}
	}
	if size > g.opt.Limit {
		return fmt.Errorf("identity: Graph.Merge: %d pieces of evidence, want at most %d: %w", size, g.opt.Limit, ErrRange)
	}
	for r, n := range other.seen {
		g.seen[r] += n
	}
	return nil
}

// fits reports whether other has the same options; a zero Graph has the default ones.
func (g *Graph) fits(other *Graph) bool {
	opt := other.opt
	if !other.ready {
		opt = Options{}.withDefaults()
	}
	return g.opt.same(&opt)
}

// Unmerge takes back the evidence of other, which was merged or added before: the state is then exactly that which never
// saw it. ErrUnknownID where g does not hold all of it, ErrMismatch as in Merge; g is then unchanged.
func (g *Graph) Unmerge(other *Graph) error {
	if err := check.Merge("identity: Graph.Unmerge", g, other); err != nil {
		return err
	}
	g.init()
	if !g.fits(other) {
		return fmt.Errorf("identity: Graph.Unmerge: other options: %w", ErrMismatch)
	}
	for r, n := range other.seen {
		if g.seen[r] < n {
			return fmt.Errorf("identity: Graph.Unmerge: %w", check.Private("evidence", -1, r.a, r.b, ErrUnknownID))
		}
	}
	for r, n := range other.seen {
		g.take(r, n)
	}
	return nil
}

// Forget removes all evidence that names id and returns how many different pieces that were: the state is then exactly that which
// never saw them. To forget a person, call it with each of GraphResult.IDs. Linear in the evidence held.
func (g *Graph) Forget(id ID) int {
	if g == nil {
		return 0
	}
	n := len(g.seen)
	maps.DeleteFunc(g.seen, func(r record, _ int64) bool { return r.a == id || r.b == id })
	return n - len(g.seen)
}

// Len returns the number of different pieces of evidence held.
func (g *Graph) Len() int {
	if g == nil {
		return 0
	}
	return len(g.seen)
}

// sorted returns the records in their order.
func (g *Graph) sorted() []record {
	return slices.SortedFunc(maps.Keys(g.seen), record.compare)
}
