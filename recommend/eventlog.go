package recommend

import (
	"fmt"
	"iter"
	"math"
)

// eventLog holds the events of a Builder in blocks, so that it grows without moving them.
type eventLog struct {
	blocks [][]event
	n      int
}

const logBlock = 1 << 13

func (l *eventLog) append(e event) {
	if l.n%logBlock == 0 {
		l.blocks = append(l.blocks, nil)
	}
	last := &l.blocks[len(l.blocks)-1]
	if len(l.blocks) > 1 && *last == nil {
		*last = make([]event, 0, logBlock) // the first grows: many builders are small
	}
	*last = append(*last, e)
	l.n++
}

// at returns event k.
func (l *eventLog) at(k int) *event { return &l.blocks[k/logBlock][k%logBlock] }

// all yields the events in order of arrival.
func (l *eventLog) all() iter.Seq2[int, *event] {
	return func(yield func(int, *event) bool) {
		for b, block := range l.blocks {
			for k := range block {
				if !yield(b*logBlock+k, &block[k]) {
					return
				}
			}
		}
	}
}

// late are the ids of the last events, which have no indices yet: looking up many at a
// time is faster.
type late[U, I ID] struct {
	users []U
	items []I
}

const lateIDs = 512

// fit reports whether the ids of one more event would fit.
func (b *Builder[U, I]) fit(where string, user U, item I) error {
	if max(b.users.Len(), b.items.Len()) < math.MaxInt32-lateIDs {
		return nil
	}
	b.settle()
	if _, err := b.users.Add(user); err != nil {
		return fmt.Errorf("recommend: Builder.%s: users: %w", where, err)
	}
	if _, err := b.items.Add(item); err != nil {
		return fmt.Errorf("recommend: Builder.%s: items: %w", where, err)
	}
	return nil
}

// settle gives the late ids their indices. Whatever reads the ids or the events of b
// calls it before.
func (b *Builder[U, I]) settle() {
	n := len(b.late.users)
	if n == 0 {
		return
	}
	var users, items [lateIDs]int32
	_ = b.users.AddAll(users[:n], b.late.users) // fit has seen to it that these cannot fail
	_ = b.items.AddAll(items[:n], b.late.items)
	for k := range n {
		e := b.events.at(b.events.n - n + k)
		e.user, e.item = users[k], items[k]
	}
	clear(b.late.users) // let go of what strings point to
	clear(b.late.items)
	b.late.users, b.late.items = b.late.users[:0], b.late.items[:0]
}
