package audience

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
)

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
	hasAsOf bool
	moment
}

// bound is a node with its columns and values looked up.
type bound struct {
	*node
	kids  []*bound
	where *bound    // of events: over the table of their properties
	col   *column   // then: that of the first step
	col2  *column   // near: the longitude
	ids   []int32   // in: the texts or users that exist, ascending
	nums  []float64 // in, of numbers: ascending
	pick  []bool    // sample, of texts: for each whether it is drawn
	slot  int       // recency, frequency: its number among those about the column
	order []*bound  // and, or: kids, cheap ones first
	plan  *plan     // of numbers and single instants: how their sketch is read, nil without one
}

// Compile checks rule against the table: unknown attributes are ErrUnknownID, with the
// nearest name that exists, attributes of the wrong kind ErrMismatch, bad clauses ErrRange,
// ErrEmpty or ErrNotFinite, and an instant that is needed but missing ErrOption. Values of
// In that occur nowhere are allowed. For a rule that was read from text the error is a
// TextError with the place.
func Compile(rule Rule, table *Attributes, opt Options) (*Program, error) {
	if table == nil {
		return nil, fmt.Errorf("audience: Compile: table is nil: %w", ErrEmpty)
	}
	if err := rule.check(); err != nil {
		return nil, fmt.Errorf("audience: Compile: %w", err)
	}
	opt = opt.withDefaults()
	p := &Program{table: table, minSize: floor(opt.MinSize), hasAsOf: !opt.AsOf.IsZero(), moment: moment{asOf: opt.AsOf.UnixNano()}}
	b := binder{slots: map[*column]int{}, asOf: p.asOf}
	var err error
	if p.root, err = b.bind(rule.n, table); err != nil {
		return nil, fmt.Errorf("audience: Compile: %w", err)
	}
	if err := opt.validate(b.needsAsOf); err != nil {
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

// binder looks up the columns and values of a rule, notes whether any of it asks for
// the instant of evaluation, and numbers what asks for events.
type binder struct {
	needsAsOf bool
	asOf      int64
	slots     map[*column]int
}

// bind looks up a rule and all below it.
func (x *binder) bind(n *node, t *Attributes) (*bound, error) {
	b := &bound{node: n}
	for _, k := range n.kids {
		kid, err := x.bind(k, t)
		if err != nil {
			return nil, err
		}
		b.kids = append(b.kids, kid)
	}
	var err error
	switch n.op {
	case opAnd, opOr:
		b.order = slices.Clone(b.kids)
		slices.SortStableFunc(b.order, func(x, y *bound) int { return cmp.Compare(x.rank(n.op), y.rank(n.op)) })
	case opNot:
	case opThen:
		b.col = b.kids[0].col
	case opIn:
		if b.col, err = t.column(n.attr, n.at, textColumn, numberColumn, idColumn); err == nil {
			err = b.bindValues()
		}
	case opSample:
		if b.col, err = t.column(n.attr, n.at, idColumn, textColumn); err == nil {
			err = b.bindSample()
		}
	case opRecency, opFrequency:
		return b, x.bindEvents(b, t)
	case opHas, opMissing:
		b.col, err = t.column(n.attr, n.at)
	case opNear:
		if b.col2, err = t.column(n.attr2, n.at2, numberColumn); err == nil {
			b.col, err = t.column(n.attr, n.at, numberColumn)
		}
	default:
		if b.col, err = t.column(n.attr, n.at, numberColumn); err == nil {
			b.plan = b.numberPlan()
		} else {
			err = t.otherKind(n, err)
		}
	}
	return b, err
}

// bindEvents looks up events and the properties that are asked for.
func (x *binder) bindEvents(b *bound, t *Attributes) (err error) {
	x.needsAsOf = true
	kinds := []columnKind{eventsColumn}
	if b.op == opRecency {
		kinds = []columnKind{timeColumn, eventsColumn}
	} else if b.min <= 1 && b.max <= 0 { // whether something happened
		kinds = []columnKind{eventsColumn, timeColumn}
	}
	if b.col, err = t.column(b.attr, b.at, kinds...); err != nil {
		return err
	}
	if b.op == opRecency && b.col.kind == timeColumn {
		b.plan = b.instantPlan(x.asOf)
	}
	b.slot = x.slots[b.col]
	x.slots[b.col]++
	if w := b.node.where; w != nil {
		if b.col.props == nil {
			return w.at.wrap(fmt.Errorf("attribute %q has no properties: %w", b.attr, ErrUnknownID))
		}
		if b.where, err = x.bind(w, b.col.props); err != nil {
			err = fmt.Errorf("property of %q: %w", b.attr, err)
		}
	}
	return err
}

// bindValues looks up the values of a list.
func (b *bound) bindValues() error {
	for _, v := range b.values {
		switch b.col.kind {
		case numberColumn:
			x, err := strconv.ParseFloat(v, 64)
			if err != nil || !check.Finite(x) {
				return b.at.wrap(fmt.Errorf("attribute %q holds numbers, want texts: %w", b.attr, ErrMismatch))
			}
			b.nums = append(b.nums, x)
		case idColumn:
			if u := b.col.ids.index(v); u >= 0 {
				b.ids = append(b.ids, u)
			}
		default:
			if id := b.col.values.Index(v); id >= 0 {
				b.ids = append(b.ids, id)
			}
		}
	}
	slices.Sort(b.ids)
	slices.Sort(b.nums)
	return nil
}

// bindSample draws among texts; users by their ids are drawn as they are asked for.
func (b *bound) bindSample() error {
	if !b.col.single {
		return b.at.wrap(fmt.Errorf("attribute %q holds lists of texts, want one each, or identifiers: %w", b.attr, ErrMismatch))
	}
	if b.col.kind == textColumn {
		for _, v := range b.col.values.Keys() {
			b.pick = append(b.pick, drawn(b.node, ids.Hash(v)))
		}
	}
	return nil
}

// rank is in what order the parts of an And or Or are asked: by their cost for each user whom
// they settle.
func (b *bound) rank(o op) float64 {
	cost, share := b.estimate()
	if o == opAnd {
		share = 1 - share
	}
	return cost / (share + .01)
}

// estimate is about what it costs to ask for one user, and of how many users it is true.
func (b *bound) estimate() (cost, share float64) {
	switch b.op {
	case opNot:
		cost, share = b.kids[0].estimate()
		return cost, 1 - share
	case opAnd, opOr:
		none := 1.0 // as if the parts were independent
		for _, k := range b.kids {
			c, s := k.estimate()
			if b.op == opAnd {
				s = 1 - s
			}
			cost += c * none
			none *= 1 - s
		}
		if b.op == opAnd {
			return cost, none
		}
		return cost, 1 - none
	case opHas, opMissing:
		share = float64(b.col.known.Count()) / float64(max(b.col.known.Size(), 1))
		if b.op == opMissing {
			share = 1 - share
		}
		return .1, share
	case opIn:
		return b.estimateList()
	case opRecency, opFrequency:
		if b.col.kind == eventsColumn {
			return 20, .5
		}
	case opThen:
		return 40, .5
	case opNear:
		return 30, .1
	case opSample:
		return 10, b.a
	}
	if b.plan == nil {
		return 1, .5
	}
	if b.op == opUnequal {
		return 1, 1 - b.plan.share
	}
	return 1, b.plan.share
}

// estimateList is estimate for a list.
func (b *bound) estimateList() (cost, share float64) {
	switch b.col.kind {
	case numberColumn:
		return 10, .1
	case idColumn:
		return 5, float64(len(b.ids)) / float64(max(b.col.known.Size(), 1))
	}
	cost = .1
	for _, id := range b.ids {
		if m := b.col.members[id]; m == nil {
			cost = 5
		} else {
			cost += .1
			share += float64(m.Count()) / float64(m.Size())
		}
	}
	return cost, min(share, 1)
}
