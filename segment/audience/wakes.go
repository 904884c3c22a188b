package audience

import "math"

// wakes is a queue of users by the instant at which to look at them again: a heap in which
// each user stands once at most, found by place.
type wakes struct {
	at    []int64 // of each user
	place []int32 // in heap, -1 for one without an instant
	heap  []int32
}

func (q *wakes) init(users int) {
	q.at, q.place = make([]int64, users), make([]int32, users)
	for u := range q.place {
		q.place[u] = -1
	}
}

// first returns the user whose instant is the first, of several the lowest; an instant of
// never where there is none.
func (q *wakes) first() (user int32, at int64) {
	if len(q.heap) == 0 {
		return -1, math.MaxInt64
	}
	return q.heap[0], q.at[q.heap[0]]
}

// set gives a user an instant, or takes it away where it is never.
func (q *wakes) set(u int32, at int64) {
	i := q.place[u]
	q.at[u] = at
	switch {
	case i < 0 && at == never:
	case i < 0:
		q.heap = append(q.heap, u)
		q.place[u] = int32(len(q.heap) - 1)
		q.up(len(q.heap) - 1)
	case at == never:
		last := q.heap[len(q.heap)-1]
		q.heap = q.heap[:len(q.heap)-1]
		if q.place[u] = -1; last != u {
			q.heap[i], q.place[last] = last, i
			q.down(q.up(int(i)))
		}
	default:
		q.down(q.up(int(i)))
	}
}

func (q *wakes) before(i, j int) bool {
	u, v := q.heap[i], q.heap[j]
	return q.at[u] < q.at[v] || q.at[u] == q.at[v] && u < v
}

func (q *wakes) swap(i, j int) {
	q.heap[i], q.heap[j] = q.heap[j], q.heap[i]
	q.place[q.heap[i]], q.place[q.heap[j]] = int32(i), int32(j)
}

// up moves an entry to where it belongs among those above it, and returns where.
func (q *wakes) up(i int) int {
	for i > 0 && q.before(i, (i-1)/2) {
		q.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	return i
}

// down moves an entry to where it belongs among those below it.
func (q *wakes) down(i int) {
	for {
		k := 2*i + 1
		if k >= len(q.heap) {
			return
		}
		if k+1 < len(q.heap) && q.before(k+1, k) {
			k++
		}
		if !q.before(k, i) {
			return
		}
		q.swap(i, k)
		i = k
	}
}
