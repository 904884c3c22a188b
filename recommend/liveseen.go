package recommend

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

// seenMark is what is left of the evicted events of a user with an item: that there
// were some, for Seen, or that the user dislikes it.
type seenMark[I ID] struct {
	item    I
	weight  float32 // folded as the dataset does it, as if all had happened at at
	dislike bool
	at      int64 // Unix nanoseconds of the last event
}

func compareMarks[I ID](a, b seenMark[I]) int { return cmp.Compare(a.item, b.item) }

// seenUser is a user with evicted events, in a list by last eviction.
type seenUser[U, I ID] struct {
	id         U
	marks      []seenMark[I] // ascending by item
	prev, next *seenUser[U, I]
}

// seenMarks are the items that users had events on which are no longer kept. The
// caller holds what live says for writers.
type seenMarks[U, I ID] struct {
	users map[U]*seenUser[U, I]
	ends  seenUser[U, I] // ends.next: evicted last, ends.prev: longest ago
	total int
	lost  uint64 // marks dropped for LiveOptions.Seen
}

func (m *seenMarks[U, I]) init() {
	m.users, m.total, m.lost = map[U]*seenUser[U, I]{}, 0, 0
	m.ends.next, m.ends.prev = &m.ends, &m.ends
}

// of returns the marks of a user, ascending.
func (m *seenMarks[U, I]) of(user U) []seenMark[I] {
	if u := m.users[user]; u != nil {
		return u.marks
	}
	return nil
}

// mark returns the mark of a user and item, or nil.
func (m *seenMarks[U, I]) mark(id U, item I) *seenMark[I] {
	marks := m.of(id)
	if at, found := slices.BinarySearchFunc(marks, item, func(x seenMark[I], item I) int { return cmp.Compare(x.item, item) }); found {
		return &marks[at]
	}
	return nil
}

// covers reports whether an event of the pair may be one of the evicted: those are not
// later than the mark. A dislike before other events may be new, and counts if it is.
func (x *seenMark[I]) covers(ev *liveEvent[I]) bool {
	return ev.at <= x.at && (x.dislike || !ev.dislike)
}

// user returns the entry of a user, at the head of the list.
func (m *seenMarks[U, I]) user(id U) *seenUser[U, I] {
	u := m.users[id]
	if u == nil {
		u = &seenUser[U, I]{id: id}
		m.users[id] = u
	} else {
		u.prev.next, u.next.prev = u.next, u.prev
	}
	u.prev, u.next = &m.ends, m.ends.next
	u.prev.next, u.next.prev = u, u
	return u
}

// put makes mark x the one of its item.
func (m *seenMarks[U, I]) put(u *seenUser[U, I], x seenMark[I]) {
	at, found := slices.BinarySearchFunc(u.marks, x, compareMarks[I])
	if found {
		u.marks[at] = x
		return
	}
	u.marks = slices.Insert(u.marks, at, x)
	m.total++
}

// remove drops the marks of u for which gone is true, and u with the last.
func (m *seenMarks[U, I]) remove(u *seenUser[U, I], gone func(x seenMark[I]) bool) {
	n := len(u.marks)
	u.marks = slices.DeleteFunc(u.marks, gone)
	m.total -= n - len(u.marks)
	if len(u.marks) == 0 {
		delete(m.users, u.id)
		u.prev.next, u.next.prev = u.next, u.prev
	}
}

// bound drops the users whose events were evicted longest ago, until no more than
// most marks are left.
func (m *seenMarks[U, I]) bound(most int) {
	for m.total > most {
		u := m.ends.prev
		m.lost += uint64(len(u.marks))
		m.remove(u, func(seenMark[I]) bool { return true })
	}
}

// each calls fn for every user, evicted longest ago first; fn may remove marks.
func (m *seenMarks[U, I]) each(fn func(u *seenUser[U, I])) {
	for u := m.ends.prev; u != &m.ends; {
		before := u.prev
		fn(u)
		u = before
	}
}

// mark notes an event that is evicted, the oldest of its user.
func (l *live[U, I]) mark(s *state[U, I], user U, ev *liveEvent[I]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.seen.user(user)
	x := seenMark[I]{item: ev.item, at: ev.at, dislike: ev.dislike}
	if old := l.seen.mark(user, ev.item); ev.dislike && old != nil && old.at > ev.at {
		if x.at = old.at; !old.dislike && old.weight > 0 {
			x = *old // was taken up again since
		}
	}
	if !ev.dislike {
		opt := &s.data.opt
		x.weight = opt.weigh(ev.weight)
		at := sort.Search(len(u.marks), func(k int) bool { return u.marks[k].item >= ev.item })
		if at < len(u.marks) && u.marks[at].item == ev.item {
			old := &u.marks[at]
			if x.at = max(x.at, old.at); ev.weight < 0 && old.dislike {
				x.dislike, x.weight = true, 0 // a return lifts no dislike
			} else if !old.dislike {
				x.weight = opt.Duplicates.together(old.weight, x.weight)
			}
		}
	}
	l.seen.put(u, x)
	l.seen.bound(l.opt.Seen)
}

// together folds the weight of a pair with that of a later event.
func (d Duplicates) together(old, w float32) float32 {
	switch d {
	case Max:
		return max(old, w)
	case Last:
		return w
	}
	if sum := old + w; math.Abs(float64(sum)) >= 1e-6*math.Abs(float64(old)) {
		return min(max(sum, -mostWeight), mostWeight)
	}
	return 0 // nothing is left
}

// adopt takes over what is in n.
func (m *seenMarks[U, I]) adopt(n *seenMarks[U, I]) {
	m.init()
	m.lost = n.lost
	n.each(func(u *seenUser[U, I]) {
		own := m.user(u.id)
		own.marks = u.marks
		m.total += len(u.marks)
	})
}

// write writes the marks as Restore describes them.
func (m *seenMarks[U, I]) write(w *codec.Writer) {
	w.Int(len(m.users))
	m.each(func(u *seenUser[U, I]) {
		ids.Put(w, u.id)
		w.Int(len(u.marks))
		for _, x := range u.marks {
			ids.Put(w, x.item)
			w.Float32(x.weight)
			w.Int64(x.at)
			w.Bool(x.dislike)
		}
	})
	w.Uint64(m.lost)
}

// read reads what write wrote; anything else fails r.
func (m *seenMarks[U, I]) read(r *codec.Reader) {
	for range r.Int() {
		var id U
		ids.Get(r, &id)
		n := r.Int()
		if r.Err() != nil {
			return
		}
		if m.users[id] != nil || n == 0 {
			r.Fail("has a user with evicted events twice or without any")
			return
		}
		u := m.user(id)
		for range n {
			var x seenMark[I]
			ids.Get(r, &x.item)
			x.weight, x.at, x.dislike = r.Float32(), r.Int64(), r.Bool()
			if r.Err() != nil {
				return
			}
			if k := len(u.marks); k > 0 && u.marks[k-1].item >= x.item || !check.Finite(float64(x.weight)) || x.at == math.MinInt64 {
				r.Fail("has evicted items out of order, or no weight or time of one")
				return
			}
			u.marks = append(u.marks, x)
			m.total++
		}
	}
	m.lost = r.Uint64()
}
