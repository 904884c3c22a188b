package topk

import (
	"math"
	"slices"
)

// Item is an id with its score.
type Item struct {
	ID    int32
	Score float32
}

// Less reports whether a ranks before b.
func Less(a, b Item) bool {
	return a.Score > b.Score || a.Score == b.Score && a.ID < b.ID
}

// Compare is the order of Less for package slices.
func Compare(a, b Item) int {
	switch {
	case Less(a, b):
		return -1
	case Less(b, a):
		return 1
	}
	return 0
}

// Key maps finite scores to integers of the same order; -0 is 0.
func Key(score float32) uint32 {
	if score == 0 {
		score = 0 // -0 ties with 0
	}
	b := math.Float32bits(score)
	if b>>31 == 1 {
		return ^b
	}
	return b | 1<<31
}

// Key64 maps a finite score to a key that ascends as scores descend, −0 and 0 to
// the same; false for one that is not finite.
func Key64(s float64) (uint64, bool) {
	b := math.Float64bits(s + 0)
	if b&0x7ff0000000000000 == 0x7ff0000000000000 {
		return 0, false
	}
	if b == 1<<63 {
		b = 0
	}
	if b>>63 == 0 {
		return ^b &^ (1 << 63), true
	}
	return b, true
}

// Heap keeps the k best items pushed so far. The worst kept item is at the
// root, so a push that does not qualify costs one comparison. The zero value
// keeps nothing; call Reset first. A Heap may be reused and then does not
// allocate.
type Heap struct {
	items []Item
	k     int
}

// Reset empties the heap and sets its capacity to k (negative counts as 0).
func (h *Heap) Reset(k int) {
	h.k = max(k, 0)
	h.items = h.items[:0]
}

// Len returns the number of kept items.
func (h *Heap) Len() int { return len(h.items) }

// Cap returns the number of items that the heap keeps at most.
func (h *Heap) Cap() int { return h.k }

// Full reports whether k items are kept.
func (h *Heap) Full() bool { return len(h.items) >= h.k }

// Worst returns the worst kept item; valid only when Len() > 0.
func (h *Heap) Worst() Item { return h.items[0] }

// Push offers an item.
func (h *Heap) Push(id int32, score float32) {
	if score != score {
		return
	}
	it := Item{id, score}
	if len(h.items) < h.k {
		h.items = append(h.items, it)
		for i := len(h.items) - 1; i > 0; {
			p := (i - 1) / 2
			if !Less(h.items[p], h.items[i]) {
				break
			}
			h.items[p], h.items[i] = h.items[i], h.items[p]
			i = p
		}
		return
	}
	if h.k == 0 || !Less(it, h.items[0]) {
		return
	}
	h.items[0] = it
	for i := 0; ; {
		c := 2*i + 1
		if c >= len(h.items) {
			return
		}
		if c+1 < len(h.items) && Less(h.items[c], h.items[c+1]) {
			c++
		}
		if !Less(h.items[i], h.items[c]) {
			return
		}
		h.items[i], h.items[c] = h.items[c], h.items[i]
		i = c
	}
}

// AppendSorted appends the kept items to dst, best first, and empties the heap.
func (h *Heap) AppendSorted(dst []Item) []Item {
	slices.SortFunc(h.items, Compare)
	dst = append(dst, h.items...)
	h.items = h.items[:0]
	return dst
}
