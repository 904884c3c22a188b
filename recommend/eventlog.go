package recommend

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/dict"
)

// event is one event. Indices are those of the builder, in order of arrival.
type event struct {
	user, item int32
	weight     float32 // after BuilderOptions.weigh
	time       int64   // Unix nanoseconds; noTime when unknown
	seq        int64
}

// eventLog holds the events of a Builder in order of arrival, without what all of them
// have in common.
type eventLog struct {
	n            int
	users, items blocks[int32]
	weights      blocks[float32] // empty while all are 1
	times        blocks[int64]   // empty while all are noTime
	seqs         blocks[int64]   // empty while all are 0
}

// append records an event.
func (l *eventLog) append(e event) {
	l.weights.also(l.n, []float32{e.weight}, 1, e.weight != 1)
	l.times.also(l.n, []int64{e.time}, noTime, e.time != noTime)
	l.seqs.also(l.n, []int64{e.seq}, 0, e.seq != 0)
	l.users.append(e.user)
	l.items.append(e.item)
	l.n++
}

// at returns event k.
func (l *eventLog) at(k int) event {
	return event{l.users.at(k, 0), l.items.at(k, 0), l.weights.at(k, 1), l.times.at(k, noTime), l.seqs.at(k, 0)}
}

// blocks is a list in blocks of blockLen, so that it grows without moving. All but the last
// are full.
type blocks[T any] struct {
	parts [][]T
	n     int
}

const blockLen = 1 << 13

// append appends values.
func (b *blocks[T]) append(values ...T) {
	for len(values) > 0 {
		if b.n%blockLen == 0 {
			b.parts = append(b.parts, nil)
		}
		last := &b.parts[len(b.parts)-1]
		if len(b.parts) > 1 && *last == nil {
			*last = make([]T, 0, blockLen) // the first grows: many builders are small
		}
		k := min(len(values), blockLen-len(*last))
		*last = append(*last, values[:k]...)
		b.n += k
		values = values[k:]
	}
}

// also appends values behind n, if the list is in use or some are other than usual; those
// that were left out before are usual ones.
func (b *blocks[T]) also(n int, values []T, usual T, other bool) {
	if !other && b.n == 0 {
		return
	}
	for b.n < n {
		b.append(usual)
	}
	b.append(values...)
}

// at returns value k, the usual one of an empty list.
func (b *blocks[T]) at(k int, usual T) T {
	if b.n == 0 {
		return usual
	}
	return b.parts[k/blockLen][k%blockLen]
}

// late are the last events, whose ids have no indices yet: looking up many at a time is
// faster. The first n of each list are in use.
type late[U, I ID] struct {
	n           int
	users       []U
	items       []I
	weights     []float32
	times, seqs []int64
	weighted    bool // a weight is not 1
	timed       bool // an event has a time
	sequenced   bool // a sequence number is not 0

	denseUsers dict.Dense[U]
	denseItems dict.Dense[I]
}

const lateIDs = 512

// settle gives the late events their indices. Whatever reads the ids or the events of b
// calls it before.
func (b *Builder[U, I]) settle() {
	l := &b.late
	n := l.n
	if n == 0 {
		return
	}
	var users, items [lateIDs]int32
	_ = l.denseUsers.AddAll(&b.users, users[:n], l.users[:n]) // makeRoom has seen to it that these cannot fail
	_ = l.denseItems.AddAll(&b.items, items[:n], l.items[:n])
	at := b.log.n
	b.log.users.append(users[:n]...)
	b.log.items.append(items[:n]...)
	b.log.weights.also(at, l.weights[:n], 1, l.weighted)
	b.log.times.also(at, l.times[:n], noTime, l.timed)
	b.log.seqs.also(at, l.seqs[:n], 0, l.sequenced)
	b.log.n += n
	clear(l.users) // let go of what strings point to
	clear(l.items)
	l.n, l.weighted, l.timed, l.sequenced = 0, false, false, false
	l.resize(0) // makeRoom looks at every settled block
}

// makeRoom lets one more late event in. Where ids may run out it is called before each, and
// reports whether those of the event would fit.
func (b *Builder[U, I]) makeRoom(where string, user U, item I) error {
	l := &b.late
	if l.n == lateIDs || max(b.users.Len(), b.items.Len()) >= math.MaxInt32-lateIDs {
		b.settle()
	}
	if max(b.users.Len(), b.items.Len()) < math.MaxInt32-lateIDs {
		l.resize(min(max(8, 2*l.n, cap(l.times)), lateIDs))
		return nil
	}
	if _, err := b.users.Add(user); err != nil {
		return fmt.Errorf("recommend: Builder.%s: users: %w", where, err)
	}
	if _, err := b.items.Add(item); err != nil {
		return fmt.Errorf("recommend: Builder.%s: items: %w", where, err)
	}
	l.resize(1)
	return nil
}

// resize gives the lists the length n.
func (l *late[U, I]) resize(n int) {
	l.users, l.items = resized(l.users, n), resized(l.items, n)
	l.weights, l.times, l.seqs = resized(l.weights, n), resized(l.times, n), resized(l.seqs, n)
}

// resized returns s at length n, in its memory if it has the room.
func resized[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	out := make([]T, n)
	copy(out, s)
	return out
}
