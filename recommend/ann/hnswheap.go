package ann

// Binary heaps of keys for the searches of HNSW. Keys are distinct.

// pushMin adds a key to a heap with the smallest on top.
func pushMin(h []uint64, key uint64) []uint64 {
	h = append(h, key)
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 2
		if h[p] <= key {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = key
	return h
}

// popMin takes the smallest key: what was last sinks from the top to its place.
func popMin(h []uint64) (uint64, []uint64) {
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	if len(h) == 0 {
		return top, h
	}
	i := 0
	for {
		c := 2*i + 1
		if c >= len(h) {
			break
		}
		if c+1 < len(h) && h[c+1] < h[c] {
			c++
		}
		if last <= h[c] {
			break
		}
		h[i] = h[c]
		i = c
	}
	h[i] = last
	return top, h
}

// pushMax adds a key to a heap with the largest on top.
func pushMax(h []uint64, key uint64) []uint64 {
	h = append(h, key)
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 2
		if h[p] >= key {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = key
	return h
}

// replaceMax puts key in the place of the largest.
func replaceMax(h []uint64, key uint64) {
	i := 0
	for {
		c := 2*i + 1
		if c >= len(h) {
			break
		}
		if c+1 < len(h) && h[c+1] > h[c] {
			c++
		}
		if key >= h[c] {
			break
		}
		h[i] = h[c]
		i = c
	}
	h[i] = key
}

// popMax takes the largest key.
func popMax(h []uint64) (uint64, []uint64) {
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	if len(h) > 0 {
		replaceMax(h, last)
	}
	return top, h
}
