package basket

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/parallel"
)

// SequenceOptions configures MineSequences. One of MinCount and MinSupport has to be given.
type SequenceOptions struct {
	// MinCount is the least number of sequences that hold a frequent pattern, 1 … 2⁶².
	// 0: see MinSupport.
	MinCount int64
	// MinSupport is their least share of all sequences, more than 0 and exact. The zero value:
	// see MinCount.
	MinSupport Fraction
	// MaxLen is the largest number of items of a pattern over all its steps; 0: no bound.
	MaxLen int
	// MaxGap is how many steps of the sequence one step of the pattern may come after the one
	// before at most: 1 is the very next. 0: any.
	MaxGap int
	// MinWait and MaxWait bound the time from one step of the pattern to the next, MaxSpan that
	// from its first to its last, both ends included. 0: no bound. They need sequences of times.
	MinWait, MaxWait, MaxSpan time.Duration
	// MaxPatterns is the largest number of patterns; 0: 10 million. One more is ErrTooLarge.
	MaxPatterns int
	// MaxMemory bounds the bytes of working memory and patterns, less the sequences
	// themselves; 0: 4 GiB. What would take more is ErrTooLarge before it is taken. Not counted
	// are the sorted copy of the different items, made first, and the patterns as returned.
	MaxMemory int64
}

// withDefaults returns o with its defaults.
func (o SequenceOptions) withDefaults() SequenceOptions {
	o.MaxLen = check.Default(o.MaxLen, math.MaxInt32)
	o.MaxPatterns = check.Default(o.MaxPatterns, 10_000_000)
	o.MaxMemory = check.Default(o.MaxMemory, 4<<30)
	return o
}

// validate reports every bad field.
func (o SequenceOptions) validate(where string) error {
	var c check.Options
	requireSupport(&c, o.MinCount, o.MinSupport)
	c.Require(o.MaxLen >= 1, "MaxLen", o.MaxLen, ">= 0")
	c.Require(o.MaxGap >= 0, "MaxGap", o.MaxGap, ">= 0")
	c.Require(o.MinWait >= 0, "MinWait", o.MinWait, ">= 0")
	c.Require(o.MaxWait >= 0 && (o.MaxWait == 0 || o.MaxWait >= o.MinWait), "MaxWait", o.MaxWait, "0, or MinWait at least")
	c.Require(o.MaxSpan >= 0, "MaxSpan", o.MaxSpan, ">= 0")
	c.Require(o.MaxPatterns >= 1, "MaxPatterns", o.MaxPatterns, ">= 0")
	c.Require(o.MaxMemory >= 1, "MaxMemory", o.MaxMemory, ">= 0")
	return c.Err(where)
}

// timed reports whether o asks for times.
func (o SequenceOptions) timed() bool { return o.MinWait > 0 || o.MaxWait > 0 || o.MaxSpan > 0 }

// Pattern is what sequences have in common: steps that come in this order, each with these
// items at once, with anything between them that the options allow.
type Pattern[I ID] struct {
	Steps [][]I // items of each step ascending
	Count int64 // sequences that hold it, each once
}

// MineSequences returns the patterns that are frequent in s by PrefixSpan (Pei, Han, et al.
// 2001): each is grown item by item, at a later step or in its last one, from the places where
// it ends. With bounds on gaps and times all these places are kept, and the latest start for
// each, so that none is lost (Srikant, Agrawal 1996). The most frequent patterns come first,
// then shorter ones, then by their items; sequences in any order give the same.
//
// ErrEmpty without sequences, ErrOption for bad options and for bounds of time where a
// sequence has none, ErrTooLarge before MaxPatterns or MaxMemory is passed, and
// context.Cause(ctx) when ctx ends. Cost: for each pattern a pass over the rest of the
// sequences that hold it.
func MineSequences[I ID](ctx context.Context, s *Journeys[I], opt SequenceOptions) ([]Pattern[I], error) {
	const where = "basket: MineSequences"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if s == nil || s.Len() == 0 {
		return nil, fmt.Errorf("%s: no sequences: %w", where, ErrEmpty)
	}
	if opt.timed() {
		for i, timed := range s.timed {
			if lo, hi := s.steps(i); !timed && hi > lo {
				return nil, fmt.Errorf("%s: MinWait, MaxWait or MaxSpan, and sequence %d has no times: %w", where, i, ErrOption)
			}
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	sorted, perm := dict.Sorted(&s.items, 0)
	m := &spanner{opt: opt, least: least(opt.MinCount, opt.MinSupport, s.Len()), meter: parallel.NewMeter(ctx), budget: budget{left: opt.MaxMemory}}
	if err := load(m, s, perm); err != nil {
		return nil, wrap(where, err)
	}
	if err := m.grow(nil, 0); err != nil {
		return nil, wrap(where, err)
	}
	if err := m.budget.take(32 * int64(len(m.found))); err != nil { // sorting copies them
		return nil, wrap(where, err)
	}
	err := parallel.SortFunc(ctx, m.found, 1, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(len(a.pattern), len(b.pattern)), slices.Compare(a.pattern, b.pattern))
	})
	if err != nil {
		return nil, err
	}
	out := make([]Pattern[I], len(m.found))
	for i, f := range m.found {
		out[i].Count = f.count
		for _, x := range f.pattern {
			item := sorted.Key(x >> 1)
			if x&1 == 0 {
				out[i].Steps = append(out[i].Steps, nil)
			}
			last := len(out[i].Steps) - 1
			out[i].Steps[last] = append(out[i].Steps[last], item)
		}
	}
	return out, nil
}

// place is where a pattern ends, and the latest time at which it can have begun to end there.
type place struct {
	seq, step int32
	start     int64
}

// found is a pattern as 2·item, +1 in the same step as the item before.
type found struct {
	pattern []int32
	count   int64
}

// spanner is the state of PrefixSpan, over the frequent items in natural order.
type spanner struct {
	opt    SequenceOptions
	least  int64
	meter  *parallel.Meter
	budget budget
	first  []int32 // first step of each sequence, and the end of the last
	at     []int64
	end    []int64
	items  []int32
	single bool // no step has two items
	prefix []int32
	found  []found
	seen   []int32 // by extension: the sequence that it was counted in last, + 1
	count  []int64 // by extension: sequences
	room   []int64 // by extension: places
}

// load takes the items of s that are frequent.
func load[I ID](m *spanner, s *Journeys[I], perm []int32) error {
	if err := m.budget.take(4*int64(len(s.ids)) + 16*int64(len(s.at)) + 4*int64(len(s.ptr)+1) + 40*int64(len(perm))); err != nil {
		return err
	}
	m.seen, m.count, m.room = make([]int32, 2*len(perm)), make([]int64, 2*len(perm)), make([]int64, 2*len(perm))
	count, last := make([]int64, len(perm)), make([]int, len(perm))
	each := func(f func(seq int, step int64, set []int32)) error {
		for i := range s.ptr {
			lo, hi := s.steps(i)
			for k := lo; k < hi; k++ {
				set := between(s.end, s.ids, int(k))
				f(i, k, set)
				if err := m.meter.Did(8 * len(set)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := each(func(seq int, _ int64, set []int32) {
		for _, x := range set {
			if last[x] != seq+1 {
				last[x] = seq + 1
				count[x]++
			}
		}
	}); err != nil {
		return err
	}
	m.single = true
	m.first = make([]int32, 1, len(s.ptr)+1)
	if len(s.at) > math.MaxInt32 {
		return fmt.Errorf("more than 2³¹−1 steps: %w", ErrTooLarge)
	}
	// Steps left without a frequent item stay: they count in MaxGap.
	if err := each(func(_ int, step int64, set []int32) {
		start := len(m.items)
		for _, x := range set {
			if count[x] >= m.least {
				m.items = append(m.items, perm[x])
			}
		}
		slices.Sort(m.items[start:])
		m.single = m.single && len(m.items) <= start+1
		m.at, m.end = append(m.at, s.at[step]), append(m.end, int64(len(m.items)))
	}); err != nil {
		return err
	}
	for _, hi := range s.ptr {
		m.first = append(m.first, int32(hi))
	}
	return nil
}

// free reports whether nothing bounds where the next step lies.
func (m *spanner) free() bool { return m.opt.MaxGap == 0 && !m.opt.timed() }

// extend calls f for each way to go on from the places of the prefix: with 2·item at a later
// step, with 2·item+1 in the same one. Every place is named once for each way.
func (m *spanner) extend(places []place, f func(ext int32, p place)) error {
	if len(m.prefix) == 0 {
		for seq := range len(m.first) - 1 {
			for k := m.first[seq]; k < m.first[seq+1]; k++ {
				for _, x := range between(m.end, m.items, int(k)) {
					f(2*x, place{int32(seq), k, m.at[k]})
				}
			}
			if err := m.meter.Did(16 * int(m.first[seq+1]-m.first[seq])); err != nil {
				return err
			}
		}
		return nil
	}
	last := m.prefix[len(m.prefix)-1] >> 1
	for i := 0; i < len(places); {
		j := i
		for j < len(places) && places[j].seq == places[i].seq {
			j++
		}
		ends := places[i:j]
		for _, p := range ends {
			for _, x := range between(m.end, m.items, int(p.step)) {
				if x > last {
					f(2*x+1, p)
				}
			}
		}
		hi := m.first[ends[0].seq+1]
		for k := ends[0].step + 1; k < hi; k++ {
			if start, ok := m.reach(ends, k); ok {
				for _, x := range between(m.end, m.items, int(k)) {
					f(2*x, place{ends[0].seq, k, start})
				}
			}
		}
		if err := m.meter.Did(16 * int(hi-ends[0].step) * (1 + len(ends)/8)); err != nil {
			return err
		}
		i = j
	}
	return nil
}

// reach returns the latest start of a pattern that ends in one of ends and goes on at step k.
func (m *spanner) reach(ends []place, k int32) (start int64, ok bool) {
	if m.free() {
		return ends[0].start, true
	}
	o := &m.opt
	for _, p := range ends {
		if p.step >= k {
			break
		}
		wait := time.Duration(m.at[k] - m.at[p.step])
		if wait < 0 { // beyond 292 years
			wait = math.MaxInt64
		}
		span := time.Duration(m.at[k] - p.start)
		if span < 0 {
			span = math.MaxInt64
		}
		if o.MaxGap > 0 && int(k-p.step) > o.MaxGap || wait < o.MinWait || o.MaxWait > 0 && wait > o.MaxWait || o.MaxSpan > 0 && span > o.MaxSpan {
			continue
		}
		if !ok || p.start > start {
			start, ok = p.start, true
		}
	}
	return start, ok
}

// grow finds every frequent pattern that begins with the prefix, which ends at places.
func (m *spanner) grow(places []place, count int64) error {
	if len(m.prefix) > 0 {
		if len(m.found) == m.opt.MaxPatterns {
			return fmt.Errorf("more than MaxPatterns %d: %w", m.opt.MaxPatterns, ErrTooLarge)
		}
		if err := m.budget.take(96 + 40*int64(len(m.prefix))); err != nil { // with its items in the result
			return err
		}
		m.found = append(m.found, found{slices.Clone(m.prefix), count})
	}
	if len(m.prefix) == m.opt.MaxLen {
		return nil
	}
	// First the sequences of each extension are counted, then the places of frequent ones kept.
	var touched []int32
	if err := m.extend(places, func(ext int32, p place) {
		if m.seen[ext] == 0 {
			touched = append(touched, ext)
		}
		if m.seen[ext] != p.seq+1 {
			m.seen[ext] = p.seq + 1
			m.count[ext]++
		} else if m.single && m.free() {
			return // the first end is enough
		}
		m.room[ext]++
	}); err != nil {
		return err
	}
	slices.Sort(touched)
	type extension struct {
		ext    int32
		count  int64
		places []place
	}
	var frequent []extension
	total := int64(0)
	for _, ext := range touched {
		if m.count[ext] >= m.least {
			total += m.room[ext]
		}
	}
	if err := m.budget.take(16 * total); err != nil {
		return err
	}
	all := make([]place, 0, total)
	for _, ext := range touched {
		if m.count[ext] >= m.least {
			n := int64(len(all))
			all = all[:n+m.room[ext]]
			frequent = append(frequent, extension{ext, m.count[ext], all[n:n]})
			m.room[ext] = int64(len(frequent)) // from here on its number + 1 …
		} else {
			m.room[ext] = 0
		}
		m.seen[ext] = 0
	}
	err := m.extend(places, func(ext int32, p place) {
		if at := m.room[ext]; at > 0 {
			x := &frequent[at-1]
			if n := len(x.places); n > 0 && m.single && m.free() && x.places[n-1].seq == p.seq {
				return
			}
			x.places = append(x.places, p)
		}
	})
	for _, ext := range touched {
		m.count[ext], m.room[ext] = 0, 0
	}
	if err != nil {
		return err
	}
	for _, x := range frequent {
		m.prefix = append(m.prefix, x.ext)
		if err := m.grow(x.places, x.count); err != nil {
			return err
		}
		m.prefix = m.prefix[:len(m.prefix)-1]
	}
	m.budget.left += 16 * total
	return nil
}
