package limit

import (
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// Bucket is a token bucket that spreads what is left of an amount over the time that is left: it
// fills at left/(end − now) and holds what that makes in its burst at most, so that what nobody
// asked for is spread anew. Tokens may be taken before they are there, and are then owed. The zero value is
// ready. It is not safe for concurrent use.
type Bucket struct {
	tokens float64
	at     int64 // of the last look; 0: none
	late   Late
}

// Level returns the tokens at an instant from which end is yet to come, with left to be spread.
// burst is a span of time, > 0. Instants that go back change nothing, unless many in a row are more than
// a burst behind, see Late: it then goes on from there, with one burst at most. From end on there is no bound.
func (b *Bucket) Level(at, end, burst int64, left float64) float64 {
	if at >= end {
		return math.Inf(1)
	}
	rate := left / float64(end-at)
	if b.at == 0 {
		b.tokens, b.at = rate*float64(burst), at
	}
	late := b.late.Anew(b.at, at, burst)
	if at > b.at || late {
		b.tokens = min(b.tokens+rate*float64(max(at-b.at, 0)), rate*float64(burst))
		b.at = at
	}
	return b.tokens
}

// Take takes tokens.
func (b *Bucket) Take(n float64) { b.tokens -= n }

// Late tells servers whose clocks differ from one clock that was ahead for a moment: the newest instant
// leads, until a hundred in a row are far behind it. The zero value is ready. It is not safe for concurrent use.
type Late struct{ n int }

// Anew takes an instant, and reports whether to go back to it: it and those before are more than
// slack behind the newest.
func (l *Late) Anew(newest, at, slack int64) bool {
	if newest-at <= slack {
		l.n = 0
		return false
	}
	l.n++
	if l.n < 100 {
		return false
	}
	l.n = 0
	return true
}

// PID holds a share in [0, 1], of requests that are taken part in, such that what is spent in
// each period is what it should be: a controller in velocity form, whose integral cannot wind up.
// The zero value is ready. It is not safe for concurrent use.
type PID struct {
	P, I, D float64 // gains; all zero: .3, .3, 0
	share   float64
	e1, e2  float64 // last errors
	periods int
}

// Share returns the share; 1 before the first period is over.
func (c *PID) Share() float64 {
	if c.periods == 0 {
		return 1
	}
	return c.share
}

// Update ends a period in which spent was spent where target should have been, > 0. The error is
// relative to the target, and counts within [−3, 1].
func (c *PID) Update(target, spent float64) {
	p, i, d := c.P, c.I, c.D
	if p == 0 && i == 0 && d == 0 {
		p, i = .3, .3
	}
	e := min(max((target-spent)/target, -3), 1)
	if !check.Finite(e) {
		e = 0
	}
	if c.periods == 0 {
		c.share, c.e1, c.e2 = 1, e, e
	}
	// Relative steps: a share of a hundredth is as hard to hit as one of a half.
	step := p*(e-c.e1) + i*e + d*(e-2*c.e1+c.e2)
	c.share = min(max(c.share*math.Exp(step), 1e-4), 1)
	c.e1, c.e2 = e, c.e1
	c.periods++
}
