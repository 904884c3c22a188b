package ann

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// hnswBatch inserts nodes and keeps the memory for it.
type hnswBatch struct {
	back   []uint64 // links to be returned: target<<32 | source
	starts []int    // of the groups of equal target
}

// insert links the nodes [lo, hi), whose vectors are in place and to which nobody
// links yet.
func (b *hnswBatch) insert(ctx context.Context, x *HNSW, lo, hi int32, workers int) error {
	err := parallel.For(ctx, int(hi-lo), 4, workers, func(_, from, to int) error {
		s := x.getScratch()
		defer x.scratch.Put(s)
		for a := lo + int32(from); a < lo+int32(to); a++ {
			x.findLinks(s, a, lo)
		}
		return nil
	})
	if err != nil {
		return err
	}
	top := 0
	for a := lo; a < hi; a++ {
		top = max(top, int(x.level[a]))
	}
	for layer := 0; layer <= top; layer++ {
		b.back, b.starts = b.back[:0], b.starts[:0]
		for a := lo; a < hi; a++ {
			if int(x.level[a]) >= layer {
				for _, t := range x.list(a, layer) {
					b.back = append(b.back, uint64(t)<<32|uint64(a))
				}
			}
		}
		slices.Sort(b.back)
		for k := range b.back {
			if k == 0 || b.back[k]>>32 != b.back[k-1]>>32 {
				b.starts = append(b.starts, k)
			}
		}
		b.starts = append(b.starts, len(b.back))
		// Every target is changed by one goroutine, which reads vectors only.
		err := parallel.For(ctx, len(b.starts)-1, 16, workers, func(_, from, to int) error {
			s := x.getScratch()
			defer x.scratch.Put(s)
			for k := from; k < to; k++ {
				x.linkBack(s, b.back[b.starts[k]:b.starts[k+1]], layer)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for a := lo; a < hi; a++ {
		if x.entry < 0 || x.level[a] > x.level[x.entry] {
			x.entry = a
		}
	}
	return nil
}

// findLinks sets the links of node a: to nodes of the graph, and to those from
// lo on that come before it in the batch.
func (x *HNSW) findLinks(s *hnswScratch, a, lo int32) {
	q, e := x.asked(s.query, a)
	own := int(x.level[a])
	top := -1
	if x.entry >= 0 {
		top = int(x.level[x.entry])
		s.start = append(s.start[:0], x.descend(s, q, e, own))
	}
	for layer := own; layer >= 0; layer-- {
		s.keys = s.keys[:0]
		far := uint64(math.MaxUint64)
		if layer <= top {
			x.explore(s, q, e, layer, x.build, nil)
			if len(s.best) == x.build {
				far = s.best[0]
			}
			if len(s.best) > 0 {
				s.start = append(s.start[:0], s.best...)
			}
			for _, k := range s.best {
				if int32(uint32(k)) != a { // a node that lost its links may still be linked to
					s.keys = append(s.keys, k)
				}
			}
		}
		for from := lo; from < a; {
			s.ids = s.ids[:0]
			for ; from < a && len(s.ids) < len(s.dist); from++ {
				if int(x.level[from]) >= layer {
					s.ids = append(s.ids, from)
				}
			}
			x.distances(s.dist[:len(s.ids)], s.ids, q, e)
			for k, id := range s.ids {
				if key := hnswKey(s.dist[k], id); key < far {
					s.keys = append(s.keys, key)
				}
			}
		}
		slices.Sort(s.keys)
		s.keys = s.keys[:min(len(s.keys), x.build)]
		setList(x.rawList(a, layer), x.choose(s, x.m))
	}
}

// anchor sees to it that a link leads to every node on the ground, as far as
// there is room for one at the nodes it links to. Where vectors differ much in
// length, nobody chooses the shortest, and they could never be found.
func (x *HNSW) anchor() {
	found := make([]uint64, (len(x.item)+63)/64)
	for a := range int32(len(x.item)) {
		for _, t := range x.list(a, 0) {
			found[t>>6] |= 1 << (t & 63)
		}
	}
	for a := range int32(len(x.item)) {
		if x.item[a] >= 0 && found[a>>6]>>(a&63)&1 == 0 {
			x.anchorNode(a)
		}
	}
}

// anchorNode makes the nearest with room of the nodes that a links to link to a.
func (x *HNSW) anchorNode(a int32) {
	for _, t := range x.list(a, 0) {
		if raw := x.rawList(t, 0); int(raw[0]) < len(raw)-1 {
			raw[0]++
			raw[raw[0]] = a
			return
		}
	}
}

// linkBack adds to a node the links to those that link to it, back in ascending
// order, and keeps the best if they become too many.
func (x *HNSW) linkBack(s *hnswScratch, back []uint64, layer int) {
	t := int32(back[0] >> 32)
	raw := x.rawList(t, layer)
	has := raw[1 : 1+raw[0]]
	room := len(raw) - 1
	s.pick = append(s.pick[:0], has...)
	for _, b := range back {
		if a := int32(uint32(b)); !slices.Contains(has, a) {
			s.pick = append(s.pick, a)
		}
	}
	if len(s.pick) <= room {
		setList(raw, s.pick)
		return
	}
	x.keysOf(s, t, s.pick)
	setList(raw, x.choose(s, room))
}

// keysOf leaves in s.keys the nodes, ascending by distance from t.
func (x *HNSW) keysOf(s *hnswScratch, t int32, ids []int32) {
	s.keys = s.keys[:0]
	q, e := x.asked(s.query, t)
	for len(ids) > 0 {
		part := ids[:min(len(ids), len(s.dist))]
		ids = ids[len(part):]
		x.distances(s.dist[:len(part)], part, q, e)
		for k, a := range part {
			s.keys = append(s.keys, hnswKey(s.dist[k], a))
		}
	}
	slices.Sort(s.keys)
}

// Add puts an item into the index: a new one, item == Slots(), or one that is not
// in it at present. To change a vector, Remove and Add. Vectors of biased models
// hold the bias as one more number, after the f of a query.
//
// Cost: that of one step of the build. Errors leave the index as it was: ErrShape,
// ErrNotFinite, ErrDuplicate, ErrUnknownID (an item beyond Slots()), ErrRange (a
// squared length above 8.5e37, unless for Cosine), ErrEmpty (an index that is nil or
// zero).
func (x *HNSW) Add(item int32, v []float32) error {
	if err := x.unmade("HNSW.Add"); err != nil {
		return err
	}
	if len(v) != x.dim {
		return fmt.Errorf("ann: HNSW.Add: vector has length %d, want %d: %w", len(v), x.dim, ErrShape)
	}
	for k, a := range v {
		if a-a != 0 {
			return fmt.Errorf("ann: HNSW.Add: vector has %v at %d: %w", a, k, ErrNotFinite)
		}
	}
	if item < 0 || int(item) > len(x.node) {
		return fmt.Errorf("ann: HNSW.Add: item %d of %d: %w", item, len(x.node), ErrUnknownID)
	}
	if int(item) < len(x.node) && x.node[item] >= 0 {
		return fmt.Errorf("ann: HNSW.Add: item %d: %w", item, ErrDuplicate)
	}
	row := make([]float32, x.dim)
	copy(row[x.f:], v[x.f:])
	if err := x.store(row, v[:x.f]); err != nil {
		return fmt.Errorf("ann: HNSW.Add: %w", err)
	}
	if int(item) == len(x.node) {
		x.node = append(x.node, -1)
		if int(item)>>6 >= len(x.live) {
			x.live = append(x.live, 0)
		}
	}
	var a int32
	if n := len(x.free); n > 0 {
		a, x.free = x.free[n-1], x.free[:n-1]
	} else {
		a = int32(len(x.item))
		x.grow(1)
	}
	copy(x.row(a), row)
	x.setExtra(a)
	x.item[a], x.node[item] = item, a
	x.live[item>>6] |= 1 << (item & 63)
	var b hnswBatch
	if err := b.insert(context.Background(), x, a, a+1, 1); err != nil {
		return err
	}
	if !slices.ContainsFunc(x.list(a, 0), func(t int32) bool { return slices.Contains(x.list(t, 0), a) }) {
		x.anchorNode(a)
	}
	return nil
}

// Remove takes an item out of the index. Its vector stays as a signpost until
// one vector in eight is one; then a pass over the whole index links around
// them (as FreshDiskANN does, Singh et al. 2021) and frees their places for Add.
// So the mean cost is that of eight lists. ErrUnknownID for an item that is not
// in it, ErrEmpty for an index that is nil or zero.
func (x *HNSW) Remove(item int32) error {
	if err := x.unmade("HNSW.Remove"); err != nil {
		return err
	}
	if uint32(item) >= uint32(len(x.node)) || x.node[item] < 0 {
		return fmt.Errorf("ann: HNSW.Remove: item %d: %w", item, ErrUnknownID)
	}
	x.item[x.node[item]] = -1
	x.node[item] = -1
	x.live[item>>6] &^= 1 << (item & 63)
	if x.dead++; x.dead*8 > len(x.item)-len(x.free)+64 || x.Len() == 0 {
		return x.sweep()
	}
	return nil
}

// sweep links around the removed nodes and frees them.
func (x *HNSW) sweep() error {
	s := x.getScratch()
	defer x.scratch.Put(s)
	var back [hnswTop + 1][]uint64 // new links to be returned, by layer: target<<32 | source
	lost := x.relink(s, &back)
	for layer, b := range back {
		slices.Sort(b)
		for len(b) > 0 {
			n := 1
			for n < len(b) && b[n]>>32 == b[0]>>32 {
				n++
			}
			x.linkBack(s, b[:n], layer)
			b = b[n:]
		}
	}
	x.release()
	// A node all whose neighbours went looks for new ones.
	var b hnswBatch
	for _, a := range lost {
		if x.entry != a {
			if err := b.insert(context.Background(), x, a, a+1, 1); err != nil {
				return err
			}
		}
	}
	x.anchor()
	return nil
}

// relink gives every node with a link to a removed one new links, chosen from its
// others and from those of the removed; it adds the new ones to back, by layer, and
// returns the nodes that have none left on the ground.
func (x *HNSW) relink(s *hnswScratch, back *[hnswTop + 1][]uint64) (lost []int32) {
	var around, had []int32
	for a := range int32(len(x.item)) {
		if x.item[a] < 0 {
			continue
		}
		for layer := 0; layer <= int(x.level[a]); layer++ {
			raw := x.rawList(a, layer)
			has := raw[1 : 1+raw[0]]
			if !slices.ContainsFunc(has, func(t int32) bool { return x.item[t] < 0 }) {
				continue
			}
			around = x.around(around[:0], a, layer)
			x.keysOf(s, a, around)
			had = append(had[:0], has...)
			setList(raw, x.choose(s, len(raw)-1))
			for _, t := range x.list(a, layer) {
				if !slices.Contains(had, t) {
					back[layer] = append(back[layer], uint64(t)<<32|uint64(a))
				}
			}
			if raw[0] == 0 && layer == 0 {
				lost = append(lost, a)
			}
		}
	}
	return lost
}

// around appends to dst the neighbours of a that are there and, in place of each
// removed one, its neighbours, ascending.
func (x *HNSW) around(dst []int32, a int32, layer int) []int32 {
	for _, t := range x.list(a, layer) {
		if x.item[t] >= 0 {
			dst = append(dst, t)
			continue
		}
		for _, u := range x.list(t, layer) {
			if x.item[u] >= 0 && u != a {
				dst = append(dst, u)
			}
		}
	}
	slices.Sort(dst)
	return slices.Compact(dst)
}

// release frees the places of the removed nodes, to which nobody links any more, and
// chooses the entry among the others: the first of the highest.
func (x *HNSW) release() {
	x.entry = -1
	x.free = x.free[:0]
	for a := int32(len(x.item)) - 1; a >= 0; a-- {
		if x.item[a] >= 0 {
			if x.entry < 0 || x.level[a] >= x.level[x.entry] {
				x.entry = a
			}
			continue
		}
		for layer := 0; layer <= int(x.level[a]); layer++ {
			clear(x.rawList(a, layer))
		}
		x.free = append(x.free, a)
	}
	x.dead = 0
}
