package recommend

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// takers counts the users of an item that joined: those whose live events leave an entry
// of it, as a Builder and a request would fold them, so that neither a dislike nor what
// was given back makes an item popular. Writers hold live.write.
type takers struct {
	users int          // with a live event on the item, whatever it says
	n     atomic.Int32 // of them, those who have it

	// Under a half-life, of those who have it. Sums of whole numbers are the same in
	// whatever order events came and left.
	mu    sync.Mutex
	times []int64  // Unix nanoseconds of the last event of each, ascending
	sums  []halved // ascending by period
}

// halved is what the events of one period of a half-life weigh, those at its start
// takersUnit each and the latest all but twice that.
type halved struct {
	period int64 // since 1970
	sum    int64
}

const takersUnit = 1 << 30

// periodOf returns the period of an instant and what it weighs there, of 1 to 2.
func periodOf(at, halfLife int64) (period int64, weight float64) {
	period = at / halfLife
	rest := at % halfLife
	if rest < 0 {
		period, rest = period-1, rest+halfLife
	}
	return period, math.Exp2(float64(rest) / float64(halfLife))
}

// change counts one user more, or less, whose last event was at an instant.
func (t *takers) change(at, halfLife int64, more bool) {
	if !more {
		t.n.Add(-1)
	} else {
		t.n.Add(1)
	}
	if halfLife == 0 {
		return
	}
	period, w := periodOf(at, halfLife)
	unit := int64(math.Round(takersUnit * w))
	t.mu.Lock()
	defer t.mu.Unlock()
	when, _ := slices.BinarySearch(t.times, at)
	k, found := slices.BinarySearchFunc(t.sums, period, func(h halved, p int64) int { return cmp.Compare(h.period, p) })
	if !more {
		t.times = slices.Delete(t.times, when, when+1)
		if t.sums[k].sum -= unit; t.sums[k].sum == 0 {
			t.sums = slices.Delete(t.sums, k, k+1)
		}
		return
	}
	t.times = slices.Insert(t.times, when, at)
	if !found {
		t.sums = slices.Insert(t.sums, k, halved{period: period})
	}
	t.sums[k].sum += unit
}

// latest returns the last of since and the events of those who have the item.
func (t *takers) latest(since int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.times); n > 0 {
		return max(since, t.times[n-1])
	}
	return since
}

// decayed returns the number of users who have the item, halved with every half-life
// since, as of now. What came meanwhile counts as if it were of the period of now.
func (t *takers) decayed(now, halfLife int64) float32 {
	period, w := periodOf(now, halfLife)
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := 0.0
	for _, h := range t.sums { // least first
		age := uint64(0)
		if h.period < period {
			age = uint64(period) - uint64(h.period)
		}
		sum += math.Ldexp(float64(h.sum), -int(min(age, 4096)))
	}
	return float32(sum / (takersUnit * w))
}

// has reports by the events of an item in l.tally whether their user has it, and when
// the last of them was. One whose weights add up to more than a float32 holds has it.
func (l *live[U, I]) has(s *state[U, I]) (at int64, has bool) {
	p := &l.tally
	if len(p.all) == 0 {
		return 0, false
	}
	if p.fold(&folding{opt: &s.data.opt, asOf: s.data.asOf}) >= 0 {
		for _, e := range p.all {
			at = max(at, e.time)
		}
		return at, true
	}
	if len(p.items) == 0 {
		return 0, false
	}
	return p.times[0], true
}

// pastOf returns a live event as one of a history of item 0.
func pastOf[I ID](ev *liveEvent[I]) pastItem {
	return pastItem{weight: ev.weight, dislike: ev.dislike, time: ev.at, seq: ev.seq}
}

// takes is has of a user and item.
func (l *live[U, I]) takes(s *state[U, I], u *liveUser[U, I], item I) (at int64, has bool) {
	l.tally.begin()
	for k := range u.events {
		if ev := &u.events[k]; ev.item == item {
			l.tally.add(pastOf(ev))
		}
	}
	return l.has(s)
}

// taker is whether a user has an item that joined, and since when.
type taker[I ID] struct {
	item I
	at   int64
	has  bool
}

// retake counts a user anew whose events on the item of before changed since.
func (l *live[U, I]) retake(s *state[U, I], u *liveUser[U, I], before taker[I]) {
	a := l.unknown[before.item]
	if a == nil {
		return
	}
	at, has := l.takes(s, u, before.item)
	if has == before.has && at == before.at {
		return
	}
	if before.has {
		a.live.change(before.at, s.halfLife, false)
	}
	if has {
		a.live.change(at, s.halfLife, true)
	}
}

// liked returns how many users have each of the arrivals, decayed where there is a
// half-life: as of the last of their events or the dataset's.
func (s *state[U, I]) liked(dst []float32) []float32 {
	if s.halfLife == 0 {
		for _, a := range s.arrivals {
			dst = append(dst, float32(a.live.n.Load()))
		}
		return dst
	}
	now := s.last
	for _, a := range s.arrivals {
		now = a.live.latest(now)
	}
	for _, a := range s.arrivals {
		dst = append(dst, a.live.decayed(now, s.halfLife))
	}
	return dst
}
