package audience

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/geo"

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

// moment is what a rule is evaluated by, beside the table: an instant and, of a live
// audience, the events that have come since.
type moment struct {
	asOf int64                             // nanoseconds since 1970
	live func(c *column, u int32) *history // nil where the table has all
}

func truth(ok bool) Truth {
	if ok {
		return True
	}
	return False
}

// truth evaluates a rule for one user.
func (m moment) truth(b *bound, u int32) Truth {
	switch b.op {
	case opNot:
		return True - m.truth(b.kids[0], u)
	case opAnd:
		t := True
		for _, k := range b.order {
			if t = min(t, m.truth(k, u)); t == False {
				break
			}
		}
		return t
	case opOr:
		t := False
		for _, k := range b.order {
			if t = max(t, m.truth(k, u)); t == True {
				break
			}
		}
		return t
	}
	return m.clause(b, u)
}

// known reports whether a column has a value for a user.
func (m moment) known(c *column, u int32) bool {
	return c.known.Has(u) || m.live != nil && m.live(c, u) != nil
}

// clause evaluates a clause for one user.
func (m moment) clause(b *bound, u int32) Truth {
	c := b.col
	switch b.op {
	case opHas:
		return truth(m.known(c, u))
	case opMissing:
		return truth(!m.known(c, u))
	case opThen:
		return m.sequence(b, u)
	}
	if !m.known(c, u) || b.col2 != nil && !b.col2.known.Has(u) {
		return Unknown
	}
	switch b.op {
	case opIn:
		return truth(b.lists(u))
	case opSample:
		if c.kind == textColumn {
			return truth(b.pick[c.texts[u]])
		}
		return truth(drawn(b.node, c.ids.hash(u)))
	case opRecency:
		return m.recency(b, u)
	case opFrequency:
		return m.frequency(b, u)
	case opNear:
		return truth(geo.Kilometers(c.numbers[u], b.col2.numbers[u], b.a, b.b) <= b.km)
	}
	return truth(compare(b.op, c.numbers[u], b.a, b.b))
}

// compare is what clauses about a number ask of x.
func compare(o op, x, a, b float64) bool {
	switch o {
	case opLess:
		return x < a
	case opAtMost:
		return x <= a
	case opMore:
		return x > a
	case opAtLeast:
		return x >= a
	case opEqual:
		return x == a
	case opUnequal:
		return x != a
	}
	return x >= a && x <= b
}

// lists reports whether a list holds a value of the user.
func (b *bound) lists(u int32) bool {
	switch b.col.kind {
	case numberColumn:
		_, ok := slices.BinarySearch(b.nums, b.col.numbers[u])
		return ok
	case idColumn:
		_, ok := slices.BinarySearch(b.ids, u)
		return ok
	}
	for _, id := range b.col.textsOf(u) {
		if _, ok := slices.BinarySearch(b.ids, id); ok {
			return true
		}
	}
	return false
}

// drawn reports whether the sample of a clause holds what has that hash.
func drawn(n *node, hash uint64) bool {
	return rng.Unit(rng.Hash(rng.HashString(n.attr2), stageSample, hash)) < n.a
}

const stageSample = 0x73616d70

// occurrences are the events of one user that have happened, as a clause sees them.
type occurrences struct {
	times []int64 // ascending
	all   []int64 // and those that are still to come
	m     moment
	b     *bound
	first int64    // of events of the table, the row of times[0]
	hist  *history // of a live audience, nil where the table has all
}

// events returns the events that have happened to a user.
func (m moment) events(b *bound, u int32) occurrences {
	o := occurrences{m: m, b: b}
	if m.live != nil {
		o.hist = m.live(b.col, u)
	}
	if o.hist != nil {
		o.all = o.hist.times
	} else {
		from, to := b.col.row(u)
		o.all, o.first = b.col.times[from:to], from
	}
	o.times = o.all[:upTo(o.all, m.asOf)]
	return o
}

// upTo is how many of ascending times are not after an instant.
func upTo(times []int64, asOf int64) int {
	n, _ := slices.BinarySearchFunc(times, asOf, func(t, asOf int64) int {
		if t <= asOf {
			return -1
		}
		return 1
	})
	return n
}

// counts is whether event i counts: unknown where its properties leave that open.
func (o *occurrences) counts(i int) Truth {
	switch {
	case o.b.where == nil:
		return True
	case o.hist != nil:
		return o.hist.verdicts[i*o.hist.width+o.b.slot]
	}
	return moment{asOf: o.m.asOf}.truth(o.b.where, int32(o.first)+int32(i))
}

// since is the time from one instant to a later one; it may exceed a Duration.
func since(t, now int64) uint64 { return uint64(now) - uint64(t) }

// recency is true if it is whichever of the events that may count is the last.
func (m moment) recency(b *bound, u int32) Truth {
	o := m.events(b, u)
	all, none := true, true
	for i := len(o.times) - 1; i >= 0; i-- {
		t := o.counts(i)
		if t == False {
			continue
		}
		age := since(o.times[i], m.asOf)
		in := age >= uint64(b.from) && (b.to == 0 || age < uint64(b.to))
		all, none = all && in, none && !in
		if t == True {
			return all3(all, none)
		}
	}
	return all3(false, none) // or it never happened
}

// all3 is the truth of something that holds in all cases, in none, or in some.
func all3(all, none bool) Truth {
	switch {
	case none:
		return False
	case all:
		return True
	}
	return Unknown
}

// frequency compares how many events surely count, and how many may.
func (m moment) frequency(b *bound, u int32) Truth {
	sure, maybe := m.count(b, u)
	return b.wants(sure, maybe)
}

// wants is the truth of a count between sure and maybe.
func (b *bound) wants(sure, maybe int) Truth {
	most := b.max
	if most < 0 {
		most = math.MaxInt
	}
	return all3(sure >= b.min && maybe <= most, maybe < b.min || sure > most)
}

// count returns how many events of the span surely count, and how many may.
func (m moment) count(b *bound, u int32) (sure, maybe int) {
	o := m.events(b, u)
	for i := len(o.times) - 1; i >= 0 && b.within(o.times[i], m.asOf); i-- {
		t := o.counts(i)
		if t == True {
			sure++
		}
		if t != False {
			maybe++
		}
	}
	return sure, maybe
}

// within reports whether t lies less than the span of b before now.
func (b *bound) within(t, now int64) bool { return b.to == 0 || since(t, now) < uint64(b.to) }

// sequence follows the steps. Where properties are missing a step may have been reached at
// several instants; after each of them the next steps are followed, since events of
// different steps lie in spans that do not meet, so that one does not tell of the other.
func (m moment) sequence(b *bound, u int32) Truth {
	for _, k := range b.kids {
		if !m.known(k.col, u) {
			return Unknown
		}
	}
	var room [4]int64
	reached, surely := room[:0], true // at which instants, and whether at any
	for s, k := range b.kids {
		o := m.events(k, u)
		switch {
		case s == 0:
			from := len(o.times)
			for from > 0 && k.within(o.times[from-1], m.asOf) {
				from--
			}
			reached, surely = o.reach(reached, from, len(o.times), k.min)
		case s < len(b.kids)-1:
			var next []int64
			for _, t := range reached {
				from, to := o.after(t, k.to)
				var sure bool
				next, sure = o.reach(next, from, to, k.min)
				surely = surely && sure
			}
			slices.Sort(next)
			reached = slices.Compact(next)
		default:
			return o.last(k, reached, surely)
		}
		if len(reached) == 0 {
			return False
		}
	}
	return False
}

// last is the truth of the last step after each of the instants at which the one before
// may have been reached.
func (o *occurrences) last(k *bound, reached []int64, surely bool) Truth {
	all, none := surely, true
	for _, t := range reached {
		from, to := o.after(t, k.to)
		sure, maybe := 0, 0
		for i := from; i < to; i++ {
			c := o.counts(i)
			if c == True {
				sure++
			}
			if c != False {
				maybe++
			}
		}
		w := k.wants(sure, maybe)
		all, none = all && w == True, none && w == False
	}
	return all3(all, none)
}

// after returns which events lie after t, and less than span after it (0: all).
func (o *occurrences) after(t int64, span time.Duration) (from, to int) {
	from, to = upTo(o.times, t), len(o.times)
	for span > 0 && to > from && since(t, o.times[to-1]) >= uint64(span) {
		to--
	}
	return from, to
}

// reach appends the instants at which the n-th of the events from, …, to-1 may have
// happened, and reports whether it surely has.
func (o *occurrences) reach(dst []int64, from, to, n int) ([]int64, bool) {
	sure, maybe := 0, 0
	for i := from; i < to; i++ {
		t := o.counts(i)
		if t == False {
			continue
		}
		maybe++
		if maybe >= n && (len(dst) == 0 || dst[len(dst)-1] != o.times[i]) {
			dst = append(dst, o.times[i])
		}
		if t == True {
			if sure++; sure == n {
				return dst, true
			}
		}
	}
	return dst, false
}
