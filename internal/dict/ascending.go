package dict

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/exp/constraints"
)

// An entry stands for a key while keys are sorted.
type entry struct {
	head uint64
	at   int32
}

// ascending returns the positions of keys in ascending order. The usual types are sorted
// by digits: integers are words, and strings have one, the eight bytes behind what all of
// them begin with; they are read whole only where these are equal. Ids of a shop have a
// long prefix and lie all over the memory.
func ascending[K Key](keys []K) []int32 {
	var entries []entry
	switch keys := any(keys).(type) {
	case []string:
		entries = sortHeads(heads(keys))
		sortEqual(entries, keys)
	case []int:
		entries = sortHeads(words(keys))
	case []int32:
		entries = sortHeads(words(keys))
	case []int64:
		entries = sortHeads(words(keys))
	case []uint32:
		entries = sortHeads(words(keys))
	case []uint64:
		entries = sortHeads(words(keys))
	}
	out := make([]int32, len(keys))
	if entries == nil {
		for i := range out {
			out[i] = int32(i)
		}
		slices.SortFunc(out, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
		return out
	}
	for i, e := range entries {
		out[i] = e.at
	}
	return out
}

// words returns the entries of integers: unsigned words that ascend as they do.
func words[T constraints.Integer](keys []T) []entry {
	flip := uint64(0)
	if ^T(0) < 0 {
		flip = 1 << 63
	}
	entries := make([]entry, len(keys))
	for i, k := range keys {
		entries[i] = entry{uint64(k) ^ flip, int32(i)}
	}
	return entries
}

// heads returns the entries of strings: the eight bytes behind their common prefix.
func heads(keys []string) []entry {
	p := prefix(keys)
	entries := make([]entry, len(keys))
	for i, k := range keys {
		var b [8]byte
		copy(b[:], k[p:])
		entries[i] = entry{binary.BigEndian.Uint64(b[:]), int32(i)}
	}
	return entries
}

// sortEqual sorts entries of equal heads, which stand together, by the whole string.
func sortEqual(entries []entry, keys []string) {
	for i := 0; i < len(entries); {
		j := i + 1
		for j < len(entries) && entries[j].head == entries[i].head {
			j++
		}
		if j-i > 1 {
			slices.SortFunc(entries[i:j], func(a, b entry) int { return strings.Compare(keys[a.at], keys[b.at]) })
		}
		i = j
	}
}

const (
	digitBits = 11
	digitMin  = 1024 // below, a sort by comparison is faster
)

// sortHeads sorts entries by head, digit by digit from the lowest; what all heads have in
// common costs nothing. It returns them in its memory or in new one.
func sortHeads(entries []entry) []entry {
	if len(entries) < digitMin {
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.head, b.head) })
		return entries
	}
	differ := uint64(0)
	for i := range entries {
		differ |= entries[i].head ^ entries[0].head
	}
	other := make([]entry, len(entries))
	for shift := 0; shift < 64; shift += digitBits {
		if differ>>shift&(1<<digitBits-1) == 0 {
			continue
		}
		var next [1 << digitBits]int32
		for i := range entries {
			next[entries[i].head>>shift&(1<<digitBits-1)]++
		}
		sum := int32(0)
		for d, n := range next {
			next[d] = sum
			sum += n
		}
		for _, e := range entries {
			d := e.head >> shift & (1<<digitBits - 1)
			other[next[d]] = e
			next[d]++
		}
		entries, other = other, entries
	}
	return entries
}

// prefix returns how many bytes all strings have in common at their beginning.
func prefix(s []string) int {
	if len(s) == 0 {
		return 0
	}
	n := len(s[0])
	for _, k := range s {
		n = min(n, len(k))
		for n > 0 && k[:n] != s[0][:n] {
			n--
		}
	}
	return n
}
