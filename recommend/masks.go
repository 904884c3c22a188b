package recommend

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/ids"
)

// mask says that somebody was forgotten: who, as a digest of the id, and when, in
// Unix nanoseconds. 24 bytes.
type mask struct {
	who ids.Digest
	at  int64
}

func compareMask(m mask, who ids.Digest) int { return m.who.Compare(who) }

// masks are those who were forgotten, in two lists that ascend: what is added goes to
// the short one, which is merged into the long one when it passes a sixteenth of it.
// So a mask costs no more than 27 bytes, and adding one moves few.
type masks struct {
	long, short []mask
	oldest      int64 // no mask is older
}

func (m *masks) len() int { return len(m.long) + len(m.short) }

// at returns the place of the mask of somebody, or nil.
func (m *masks) at(who ids.Digest) *mask {
	for _, list := range [2][]mask{m.short, m.long} {
		if k, ok := slices.BinarySearchFunc(list, who, compareMask); ok {
			return &list[k]
		}
	}
	return nil
}

// put adds a mask, or makes the one there is later.
func (m *masks) put(who ids.Digest, at int64) {
	if old := m.at(who); old != nil {
		old.at = max(old.at, at)
		return
	}
	if m.len() == 0 {
		m.oldest = math.MaxInt64
	}
	m.oldest = min(m.oldest, at)
	k, _ := slices.BinarySearchFunc(m.short, who, compareMask)
	m.short = slices.Insert(m.short, k, mask{who, at})
	if len(m.short) > 64+len(m.long)/16 {
		m.long, m.short = m.all(), m.short[:0]
	}
}

// all returns every mask, ascending, in memory of its own.
func (m *masks) all() []mask {
	out := make([]mask, 0, m.len())
	short := m.short
	for _, x := range m.long {
		for len(short) > 0 && short[0].who.Compare(x.who) < 0 {
			out, short = append(out, short[0]), short[1:]
		}
		out = append(out, x)
	}
	return append(out, short...)
}

// expire drops what is older than before.
func (m *masks) expire(before int64) {
	if m.len() == 0 || m.oldest >= before {
		return
	}
	left := slices.DeleteFunc(m.all(), func(x mask) bool { return x.at < before })
	m.oldest = math.MaxInt64
	for _, x := range left {
		m.oldest = min(m.oldest, x.at)
	}
	m.long, m.short = slices.Clip(left), nil
}

// forgotten returns when a user was forgotten. The caller holds write or mu.
func (l *live[U, I]) forgotten(user U) (at int64, masked bool) {
	if l.masks.len() == 0 {
		return 0, false
	}
	m := l.masks.at(ids.DigestOf(user))
	if m == nil || m.at < l.maskedSince(l.opt.Clock()) {
		return 0, false
	}
	return m.at, true
}

// maskedSince returns the time of the oldest mask that still holds.
func (l *live[U, I]) maskedSince(now time.Time) int64 {
	if l.opt.ForgetFor < 0 {
		return math.MinInt64
	}
	since := now.Add(-l.opt.ForgetFor)
	if since.Before(time.Unix(0, math.MinInt64)) {
		return math.MinInt64
	}
	return since.UnixNano()
}

// expireMasks drops the masks that hold no more. The caller holds write.
func (l *live[U, I]) expireMasks(now time.Time) {
	if before := l.maskedSince(now); l.masks.len() > 0 && l.masks.oldest < before {
		l.mu.Lock()
		l.masks.expire(before)
		l.mu.Unlock()
	}
}

// hidden reports whether the row of user u is masked for somebody forgotten at
// that time: unless all that happened, repeats included, happened later.
func (s *state[U, I]) hidden(u int32, forgotten int64) bool {
	x := s.data.Interactions
	if x.log != nil && x.log.ptr[u] < x.log.ptr[u+1] {
		return x.log.at[x.log.ptr[u]] <= forgotten // the first
	}
	times := x.Times(int(u))
	return len(times) == 0 || slices.Min(times) <= forgotten
}

// Forget deletes a user: live events are gone at once, and the row of the dataset
// is masked, so that the user is a stranger to every later answer and All leaves
// the user out. Events dated up to the deletion never come back: Observe refuses
// them as ErrDuplicate, and Restore and Swap leave out those of an older snapshot or
// dataset. Later events make a new user of somebody forgotten. The deletion is dated
// by LiveOptions.Clock, or by the user's last event where that is later.
//
// A mask is kept for LiveOptions.ForgetFor, whatever is swapped or restored; the host
// has that long to delete the user from its log, its datasets and its older
// snapshots. It holds no id but a digest of one, the first 128 bits of a SHA-256, and
// costs at most 32 bytes. That two ids share a digest is not to be expected in the
// life of the universe; it would make a stranger of the other user. What the user did
// stays within models fitted on it (the vectors of items, neighbours, counts): for
// that, fit them again and Swap.
//
// known reports whether anything was known about the user. Users nobody knew are
// masked all the same: their events may be under way. ErrTooLarge, after which
// nothing has changed: as many as LiveOptions.MaxMasks are masked.
func (e *Engine[U, I]) Forget(user U) (known bool, err error) {
	const where = "recommend: Engine.Forget"
	if err := e.made(where); err != nil {
		return false, err
	}
	l := &e.live
	l.write.Lock()
	defer l.write.Unlock()
	s, at := e.state.Load(), l.opt.Clock().UnixNano()
	if row := s.data.Users.Of(user); row >= 0 {
		for _, t := range s.data.Interactions.Times(int(row)) {
			at = max(at, t)
		}
	}
	if u := l.users[user]; u != nil {
		at = max(at, u.events[len(u.events)-1].at)
	}
	if u := l.seen.users[user]; u != nil {
		for _, x := range u.marks {
			at = max(at, x.at)
		}
	}
	return e.forget(user, at, where)
}

// ForgetAt is Forget dated: what the user did up to at goes, what came later stays. It
// is how a host that keeps a list of deletions tells a new engine of them, in any order
// with the events: Forget would date them now, and take with them what somebody who came
// back has done since. A row of the dataset is masked if any of it happened up to at, as
// all of it did where the dataset has no times. ErrRange: a time outside the years 1678
// to 2262, or more than LiveOptions.Ahead in the future.
func (e *Engine[U, I]) ForgetAt(user U, at time.Time) (known bool, err error) {
	const where = "recommend: Engine.ForgetAt"
	if err := e.made(where); err != nil {
		return false, err
	}
	l := &e.live
	if !inNanoseconds(at) {
		return false, fmt.Errorf("%s: time is %v, want between the years 1678 and 2262: %w", where, at, ErrRange)
	}
	if late := at.Sub(l.opt.Clock()); late > l.opt.Ahead {
		return false, fmt.Errorf("%s: time %v is %v in the future, want at most %v: %w", where, at, late, l.opt.Ahead, ErrRange)
	}
	if now := l.opt.Clock(); at.UnixNano() < l.maskedSince(now) {
		return false, fmt.Errorf("%s: time %v is %v ago, Live.ForgetFor is %v: %w", where, at, now.Sub(at), l.opt.ForgetFor, ErrRange)
	}
	l.write.Lock()
	defer l.write.Unlock()
	return e.forget(user, at.UnixNano(), where)
}

// forget masks a user and drops what happened up to at. The caller holds write.
func (e *Engine[U, I]) forget(user U, at int64, where string) (known bool, err error) {
	l, s := &e.live, e.state.Load()
	l.expireMasks(l.opt.Clock())
	before, masked := l.forgotten(user)
	if !masked && l.masks.len() >= l.opt.MaxMasks {
		return false, fmt.Errorf("%s: %d users are masked, Live.MaxMasks allows %d: %w", where, l.masks.len(), l.opt.MaxMasks, ErrTooLarge)
	}
	if row := s.data.Users.Of(user); row >= 0 && (!masked || !s.hidden(row, before)) {
		known = s.hidden(row, at)
	}
	// Masked before the events go: no request sees the row without them.
	l.mu.Lock()
	l.masks.put(ids.DigestOf(user), at)
	if marks := l.seen.users[user]; marks != nil {
		l.seen.remove(marks, func(x seenMark[I]) bool {
			known = known || x.at <= at
			return x.at <= at
		})
	}
	l.mu.Unlock()
	l.deletions.Add(1)
	if u := l.users[user]; u != nil && u.events[0].at <= at {
		known = true
		if l.discard(s, u, func(_ int, ev liveEvent[I]) bool { return ev.at <= at }) {
			return known, e.publish(s, where) // of fewer arrivals, whose facts were good before
		}
	}
	return known, nil
}
