package trigger

// heap is a binary heap that tells its elements where they stand, where moved is not nil.
// The standard library's allocates for each element.
type heap[T any] struct {
	s      []T
	before func(a, b T) bool
	moved  func(x T, pos int) // pos is -1 for what is gone
}

func (h *heap[T]) push(x T) {
	h.s = append(h.s, x)
	h.up(len(h.s) - 1)
}

// remove takes out the element at i.
func (h *heap[T]) remove(i int) (x T) {
	last := len(h.s) - 1
	x = h.s[i]
	h.s[i] = h.s[last]
	var zero T
	h.s[last] = zero
	h.s = h.s[:last]
	if i < last {
		h.fix(i)
	}
	if h.moved != nil {
		h.moved(x, -1)
	}
	return x
}

// fix brings the element at i, which has changed, to its place.
func (h *heap[T]) fix(i int) {
	if i == h.up(i) {
		h.down(i)
	}
}

func (h *heap[T]) up(i int) int {
	x := h.s[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !h.before(x, h.s[parent]) {
			break
		}
		h.put(i, h.s[parent])
		i = parent
	}
	h.put(i, x)
	return i
}

// down moves the element at i behind those that come before it.
func (h *heap[T]) down(i int) {
	x := h.s[i]
	for {
		child := 2*i + 1
		if child >= len(h.s) {
			break
		}
		if child+1 < len(h.s) && h.before(h.s[child+1], h.s[child]) {
			child++
		}
		if !h.before(h.s[child], x) {
			break
		}
		h.put(i, h.s[child])
		i = child
	}
	h.put(i, x)
}

func (h *heap[T]) put(i int, x T) {
	h.s[i] = x
	if h.moved != nil {
		h.moved(x, i)
	}
}

// filter keeps the elements for which keep is true.
func (h *heap[T]) filter(keep func(T) bool) {
	n := 0
	for _, x := range h.s {
		if keep(x) {
			h.s[n] = x
			n++
		}
	}
	clear(h.s[n:])
	h.s = h.s[:n]
	for i := n/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}
