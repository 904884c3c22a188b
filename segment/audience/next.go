package audience

import (
	"math"
	"time"
)

// never is the instant at which nothing happens.
const never = math.MaxInt64

// later is an instant after t, never where there is none.
func later(t int64, span time.Duration) int64 {
	if t > never-int64(span) {
		return never
	}
	return t + int64(span)
}

// next returns the first instant after now at which a rule may come out differently for a
// user though nothing is learnt of it: an event comes to happen, or leaves a span. Between
// now and then it comes out the same.
func (m moment) next(b *bound, u int32) int64 {
	if b.op != opRecency && b.op != opFrequency {
		t := int64(never)
		for _, k := range b.kids {
			t = min(t, m.next(k, u))
		}
		return t
	}
	if !m.known(b.col, u) {
		return never
	}
	o := m.events(b, u)
	t := int64(never)
	if len(o.times) < len(o.all) {
		t = o.all[len(o.times)]
	}
	for i := len(o.times) - 1; i >= 0; i-- {
		counts := o.counts(i)
		if b.op == opFrequency {
			if b.to == 0 || !b.within(o.times[i], m.asOf) {
				break
			}
			if counts != False { // the oldest comes last
				t = min(t, later(o.times[i], b.to))
			}
			continue
		}
		if counts == False {
			continue
		}
		for _, span := range []time.Duration{b.from, b.to} {
			if at := later(o.times[i], span); at > m.asOf {
				t = min(t, at)
			}
		}
		if counts == True {
			break
		}
	}
	return t
}

// maxTurns bounds the instants that are looked at for one user.
const maxTurns = 10_000

// turns returns the first instant after now at which ok of the truth of b changes, never
// where it does not within maxTurns instants.
func (m moment) turns(b *bound, u int32, ok func(Truth) bool) int64 {
	is := ok(m.truth(b, u))
	for range maxTurns {
		if m.asOf = m.next(b, u); m.asOf == never {
			break
		}
		if ok(m.truth(b, u)) != is {
			return m.asOf
		}
	}
	return never
}
