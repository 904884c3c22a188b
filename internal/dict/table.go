package dict

// A table finds indices by the hash of their keys: open addressing by linear probing, so
// that a look-up touches one line of it, without pointers, so that the collector does not
// read it. Its length is a power of two, or 0. Slots lie by the upper bits of their tags:
// growing goes through memory once, in order.
type table []slot

// A slot is the tag of a key and its index + 1; 0 is a free one.
type slot uint64

func slotOf(tag uint32, index int32) slot { return slot(tag)<<32 | slot(index+1) }

func (s slot) tag() uint32  { return uint32(s >> 32) }
func (s slot) index() int32 { return int32(uint32(s)) - 1 }

// tableFor returns a table with room for n keys.
func tableFor(n int) table {
	size := 8
	for room(size) < n {
		size *= 2
	}
	return make(table, size)
}

// room returns how many keys a table of that size takes: searches stay short.
func room(size int) int { return size/2 + size/8 }

// full reports whether t is too small for n keys.
func (t table) full(n int) bool { return n > room(len(t)) }

// grow doubles t.
func (t *table) grow() {
	old := *t
	*t = make(table, max(8, 2*len(old)))
	for _, s := range old {
		if s != 0 {
			at := t.home(s.tag())
			for (*t)[at] != 0 {
				at = t.after(at)
			}
			(*t)[at] = s
		}
	}
}

// drop frees a slot and closes the gap, so that every search still ends at a free one.
func (t table) drop(gap int) {
	for at := gap; ; {
		at = t.after(at)
		s := t[at]
		if s == 0 {
			t[gap] = 0
			return
		}
		if mask := len(t) - 1; (at-t.home(s.tag()))&mask >= (at-gap)&mask {
			t[gap], gap = s, at
		}
	}
}

// home returns the slot where the search for tag begins.
func (t table) home(tag uint32) int {
	return int(uint64(tag) * uint64(len(t)) >> 32)
}

// after returns the slot that follows.
func (t table) after(at int) int { return (at + 1) & (len(t) - 1) }

// first returns the first index with that tag, or -1.
func (t table) first(tag uint32) int32 {
	if len(t) == 0 {
		return -1
	}
	for at := t.home(tag); ; at = t.after(at) {
		if s := t[at]; s == 0 || s.tag() == tag {
			return s.index()
		}
	}
}
