package segment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Window is a span of time, From inclusive, Until exclusive; the zero Window is all of time.
type Window struct {
	From, Until time.Time // both or none
}

// Agent is somebody who serves customers, or one piece of somebody's time: cut the day of an
// agent into several entries where not only how many customers matters, but when.
type Agent struct {
	Hours    []Window // working hours; none: always; those that overlap or meet are one
	Capacity int      // customers at most, >= 0
}

// MatchOptions configures Match.
type MatchOptions struct {
	Need time.Duration // how long a customer's window and an agent's hours must overlap at least; default any time at all
	// Exact is the number of pairs, of a customer and an agent whose hours fit, up to which the
	// best matching is found; default 200,000, negative means none. Larger problems are solved
	// to about Gap.
	Exact int
	Gap   float64 // relative distance from the best aimed at where the matching is not exact, in [1e-6, 1); default .005
}

func (o MatchOptions) withDefaults() MatchOptions {
	o.Need = max(o.Need, 1)
	o.Exact = check.OrOff(o.Exact, 200_000)
	o.Gap = check.Default(o.Gap, .005)
	return o
}

func (o MatchOptions) validate() error {
	var c check.Options
	check.NonNegative(&c, "Need", o.Need)
	c.Require(o.Gap == 0 || o.Gap >= 1e-6 && o.Gap < 1, "Gap", o.Gap, "in [1e-6, 1)")
	return c.Err("segment: Match")
}

// Matching says which agent serves which customer.
type Matching struct {
	Agent   []int32 // by customer: index of the agent; -1: nobody
	Taken   []int   // by agent: customers
	Value   float64 // sum of the scores
	Bound   float64 // no matching within hours and capacities has more
	Optimal bool    // no other matching has more, but for rounding
}

// Gap returns (Bound − Value)/Bound, 0 where Bound is 0.
func (m *Matching) Gap() float64 {
	if m == nil || !(m.Bound > 0) {
		return 0
	}
	return max(m.Bound-m.Value, 0) / m.Bound
}

// Scores lie between these, so that sums and parts of them are finite and above 0.
const minScore, maxScore = 1e-150, 1e150

// Match assigns customers to service agents so that the sum of score is as large as working
// hours and capacities allow. Each customer gets one agent at most, whose hours overlap the
// customer's window for Need or longer; no agent gets more customers than its Capacity. score
// says how well they fit: a product of vectors of wishes and skills, a chance that the talk
// succeeds. A score of 0 or below, −Inf too, means that they are not to be matched: a language
// that the agent does not speak; so does one below 1e-150. It is called once for each pair
// whose hours fit, on the caller's goroutine; 12 bytes of memory are kept for each such pair
// with a score above 0.
//
// Up to Exact pairs the matching is the best there is, by shortest augmenting paths, at worst
// O(customers × pairs). Beyond that, by auction, its value is within about Gap of the best, and
// Bound, from the dual prices, says what it can be short of it; at worst, where many alike
// customers want few alike agents, each place is bid for 1/Gap times. Equal matchings are told
// apart by the order of customers and agents.
//
// Errors: ErrOption; ErrRange for a window that is reversed, half open or empty, a negative
// capacity, and a score that is +Inf or above 1e150; ErrNotFinite for one that is NaN; ErrEmpty
// without a score; ErrTooLarge beyond 2³¹−1 pairs; context.Cause(ctx). No customers and no
// agents are no error.
//
// Source: Jonker, Volgenant, A shortest augmenting path algorithm for dense and sparse linear
// assignment problems, 1987, here with capacities; Bertsekas, Castañon, The auction algorithm
// for the transportation problem, 1989.
func Match(ctx context.Context, customers []Window, agents []Agent, score func(customer, agent int) float64, opt MatchOptions) (*Matching, error) {
	const where = "segment: Match"
	if err := opt.validate(); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	if score == nil {
		return nil, fmt.Errorf("%s: no score: %w", where, ErrEmpty)
	}
	for i, w := range customers {
		if err := w.check(); err != nil {
			return nil, fmt.Errorf("%s: customers[%d]: %w", where, i, err)
		}
	}
	for k := range agents {
		if agents[k].Capacity < 0 {
			return nil, fmt.Errorf("%s: agents[%d].Capacity is %d, want >= 0: %w", where, k, agents[k].Capacity, ErrRange)
		}
		for i, w := range agents[k].Hours {
			if err := w.check(); err != nil {
				return nil, fmt.Errorf("%s: agents[%d].Hours[%d]: %w", where, k, i, err)
			}
		}
	}
	m := newMatcher(len(customers), agents)
	hours := make([][]Window, len(agents))
	for k := range agents {
		hours[k] = joined(agents[k].Hours)
	}
	for i, w := range customers {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := m.pairs(w, hours, opt.Need, func(k int) float64 { return score(i, k) }); err != nil {
			return nil, fmt.Errorf("%s: customer %d, %w", where, i, err)
		}
	}
	solve := m.exact
	if len(m.agent) > opt.Exact {
		solve = func(ctx context.Context) error { return m.auction(ctx, opt.Gap) }
	}
	if err := solve(ctx); err != nil {
		return nil, err
	}
	return m.result(), nil
}

// check refuses a window that no clock shows.
func (w Window) check() error {
	if w.From.IsZero() && w.Until.IsZero() {
		return nil
	}
	if w.From.IsZero() || w.Until.IsZero() || !w.From.Before(w.Until) {
		return fmt.Errorf("not From before Until: %w", ErrRange)
	}
	return nil
}

// overlaps reports whether two windows share so much time.
func (w Window) overlaps(v Window, need time.Duration) bool {
	switch {
	case w.From.IsZero() && v.From.IsZero():
		return true
	case w.From.IsZero():
		return v.Until.Sub(v.From) >= need
	case v.From.IsZero():
		return w.Until.Sub(w.From) >= need
	}
	from, until := w.From, w.Until
	if v.From.After(from) {
		from = v.From
	}
	if v.Until.Before(until) {
		until = v.Until
	}
	return until.Sub(from) >= need
}

// joined returns working hours as windows that neither overlap nor meet, ascending: who works
// from 8 to 12 and from 12 to 17 has time from 11 to 13.
func joined(hours []Window) []Window {
	if len(hours) == 0 || slices.ContainsFunc(hours, func(w Window) bool { return w.From.IsZero() }) {
		return []Window{{}}
	}
	hours = slices.Clone(hours)
	slices.SortFunc(hours, func(a, b Window) int { return a.From.Compare(b.From) })
	out := hours[:1]
	for _, w := range hours[1:] {
		last := &out[len(out)-1]
		switch {
		case w.From.After(last.Until):
			out = append(out, w)
		case w.Until.After(last.Until):
			last.Until = w.Until
		}
	}
	return out
}

// pairs adds the pairs of the next customer.
func (m *matcher) pairs(w Window, hours [][]Window, need time.Duration, score func(agent int) float64) error {
	for k := range hours {
		if m.capacity[k] == 0 || !slices.ContainsFunc(hours[k], func(h Window) bool { return h.overlaps(w, need) }) {
			continue
		}
		switch x := score(k); {
		case math.IsNaN(x):
			return fmt.Errorf("agent %d: score is NaN: %w", k, ErrNotFinite)
		case x > maxScore:
			return fmt.Errorf("agent %d: score is %v, want at most 1e150: %w", k, x, ErrRange)
		case x >= minScore:
			if len(m.agent) == math.MaxInt32 {
				return fmt.Errorf("agent %d: more than 2³¹−1 pairs: %w", k, ErrTooLarge)
			}
			m.agent, m.score = append(m.agent, int32(k)), append(m.score, x)
		}
	}
	m.ptr = append(m.ptr, len(m.agent))
	return nil
}
