package basket

// tree is a forest of prefixes in one arena: a node is an item below the items more
// frequent than it, with the number of baskets that share this prefix. Trees of deeper
// projections lie above those they were made from, and are cut off again.
type tree struct {
	item   []int32 // code in its level; −1 once dropped
	count  []int32
	parent []int32 // −1: the root
	next   []int32 // another node of the same item, −1 at the end
	aux    []int32 // of the level above: its node here, −1 none; while merging: the child made last
}

// level is one projection: its items, most frequent first, and where their nodes are.
type level struct {
	code  []int32 // code of the problem
	total []int32
	head  []int32
	base  int // first node
}

// fp is the state of FP-growth.
type fp struct {
	*problem
	out     *sink
	t       tree
	levels  []level
	prefix  []int32
	scratch []int32 // node of the level above for each node made
	taken   int     // nodes paid for
}

// fpGrowth finds all frequent sets (Han, Pei, Yin 2000). The conditional tree of an item is
// made by walking from its nodes to the root, up to the first node met before; counts are
// then carried upwards item by item, items that are not frequent cut out, and nodes that
// have become the same merged: no look-up of children is needed.
func (p *problem) fpGrowth(out *sink) error {
	f := &fp{problem: p, out: out}
	if err := f.root(); err != nil {
		return err
	}
	return f.grow(0)
}

// root makes the tree of all baskets, item by item: the node of a basket at an item is the
// child, made last, of its node so far, or a new one.
func (f *fp) root() error {
	m := len(f.name)
	if err := f.budget.take(8*int64(f.rows) + 12*int64(m)); err != nil {
		return err
	}
	at := make([]int32, f.rows)
	for r := range at {
		at[r] = -1
	}
	l := level{code: make([]int32, m), total: f.count, head: make([]int32, m)}
	last := int32(-1) // child of the root made last
	for c := range m {
		l.code[c], l.head[c] = int32(c), -1
		if err := f.meter.Did(int(f.ptr[c+1] - f.ptr[c])); err != nil {
			return err
		}
		for _, r := range f.tids[f.ptr[c]:f.ptr[c+1]] {
			p, child := at[r], last
			if p >= 0 {
				child = f.t.aux[p]
			}
			if child < 0 || f.t.item[child] != int32(c) {
				var err error
				if child, err = f.node(int32(c), p, l.head[c]); err != nil {
					return err
				}
				l.head[c] = child
				if p >= 0 {
					f.t.aux[p] = child
				} else {
					last = child
				}
			}
			f.t.count[child]++
			at[r] = child
		}
	}
	for i := range f.t.aux {
		f.t.aux[i] = -1
	}
	f.levels = append(f.levels, l)
	return nil
}

// node adds one without baskets.
func (f *fp) node(item, parent, next int32) (int32, error) {
	n := len(f.t.item)
	if n >= f.taken {
		grow := n + 1024
		if err := f.budget.take(24 * int64(grow)); err != nil {
			return 0, err
		}
		f.taken += grow
		f.t.grow(f.taken)
	}
	f.t.item = append(f.t.item, item)
	f.t.count = append(f.t.count, 0)
	f.t.parent = append(f.t.parent, parent)
	f.t.next = append(f.t.next, next)
	f.t.aux = append(f.t.aux, -1)
	return int32(n), nil
}

// grow makes room for n nodes. Doubling leaves as much behind as is kept; the quarter by which
// append would go on leaves four times as much, of which the process holds most at once.
func (t *tree) grow(n int) {
	for _, s := range []*[]int32{&t.item, &t.count, &t.parent, &t.next, &t.aux} {
		wide := make([]int32, len(*s), n)
		copy(wide, *s)
		*s = wide
	}
}

// cut drops the nodes from base on.
func (f *fp) cut(base int) {
	f.t.item, f.t.count, f.t.parent = f.t.item[:base], f.t.count[:base], f.t.parent[:base]
	f.t.next, f.t.aux = f.t.next[:base], f.t.aux[:base]
}

// grow emits every item of the level at this depth after the prefix, and goes on with its
// projection.
func (f *fp) grow(depth int) error {
	for i := range f.levels[depth].code {
		l := &f.levels[depth]
		if l.total[i] < f.out.least(len(f.prefix)+1) || f.closing.on && f.known[l.code[i]] {
			continue
		}
		f.prefix = append(f.prefix, l.code[i])
		if err := f.branch(depth, i, l.total[i]); err != nil {
			return err
		}
		f.prefix = f.prefix[:len(f.prefix)-1]
	}
	return nil
}

// branch emits the prefix, which ends with item i of the level, and grows its projection.
func (f *fp) branch(depth, i int, count int32) error {
	if !f.closing.on {
		if err := f.out.emit(f.prefix, count); err != nil {
			return err
		}
	}
	base, sure, more := len(f.t.item), len(f.sure), false
	if i > 0 && len(f.prefix) < f.out.maxLen {
		var err error
		if more, err = f.project(depth, i); err != nil {
			return err
		}
	}
	if f.closing.on {
		if more {
			d := &f.levels[depth+1]
			for j, code := range d.code {
				if d.total[j] == count && !f.known[code] {
					f.absorb(code)
				}
			}
		}
		longer, err := f.closing.emit(f.out, f.prefix, count)
		if err != nil {
			return err
		}
		more = more && longer
	}
	if more {
		if err := f.grow(depth + 1); err != nil {
			return err
		}
	}
	f.cut(base)
	f.release(sure)
	return nil
}

// below returns the level below depth with room for i items, none of them used.
func (f *fp) below(depth, i int) (*level, error) {
	if depth+1 == len(f.levels) {
		f.levels = append(f.levels, level{})
	}
	d := &f.levels[depth+1]
	if cap(d.code) < i {
		if err := f.budget.take(12 * int64(i)); err != nil {
			return nil, err
		}
		d.code, d.total, d.head = make([]int32, i), make([]int32, i), make([]int32, i)
	}
	d.code, d.total, d.head, d.base = d.code[:i], d.total[:i], d.head[:i], len(f.t.item)
	for j := range i {
		d.total[j], d.head[j] = 0, -1
	}
	return d, nil
}

// project makes the level below of the baskets that hold item i of the level at depth, and
// reports whether it holds a frequent item.
func (f *fp) project(depth, i int) (bool, error) {
	d, err := f.below(depth, i)
	if err != nil {
		return false, err
	}
	l := &f.levels[depth]
	t := &f.t
	f.scratch = f.scratch[:0]
	for v := l.head[i]; v >= 0; v = t.next[v] {
		carry, below := t.count[v], int32(-1)
		for u := t.parent[v]; u >= 0; u = t.parent[u] {
			n := t.aux[u]
			met := n >= 0
			if !met {
				if n, err = f.node(t.item[u], -1, d.head[t.item[u]]); err != nil {
					return false, err
				}
				d.head[t.item[n]] = n
				t.aux[u] = n
				f.scratch = append(f.scratch, u)
			}
			t.count[n] += carry
			carry = 0 // the rest goes up when all are known
			if below >= 0 {
				t.parent[below] = n
			}
			if below = n; met {
				break
			}
		}
	}
	for _, u := range f.scratch {
		t.aux[u] = -1
	}
	if err := f.meter.Did(8*(len(f.scratch)+i) + 64); err != nil {
		return false, err
	}
	for j := i - 1; j >= 0; j-- {
		for n := d.head[j]; n >= 0; n = t.next[n] {
			d.total[j] += t.count[n]
			if p := t.parent[n]; p >= 0 {
				t.count[p] += t.count[n]
			}
		}
	}
	f.condense(l, d, i)
	return len(d.code) > 0, nil
}

// condense numbers the frequent items of d anew, cuts the others out of it, and merges the
// nodes of one item below one parent. Parents come first.
func (f *fp) condense(l, d *level, i int) {
	t, kept, last, least := &f.t, 0, int32(-1), f.out.least(len(f.prefix)+1)
	for j := range i {
		c := l.code[j]
		frequent := d.total[j] >= least && f.apart(c, l.code[i])
		head := int32(-1)
		for n := d.head[j]; n >= 0; {
			next, p := t.next[n], t.parent[n]
			for p >= 0 && t.item[p] < 0 {
				p = t.parent[p] // dropped, or merged into that
			}
			t.parent[n] = p
			t.item[n] = -1
			if frequent {
				same := last
				if p >= 0 {
					same = t.aux[p]
				}
				if same >= 0 && t.item[same] == int32(kept) {
					t.count[same] += t.count[n]
					t.parent[n] = same // whoever is below n is below same
				} else {
					t.item[n] = int32(kept)
					t.next[n] = head
					head = n
					if p >= 0 {
						t.aux[p] = n
					} else {
						last = n
					}
				}
			}
			n = next
		}
		if frequent {
			d.code[kept], d.total[kept], d.head[kept] = c, d.total[j], head
			kept++
		}
	}
	for k := d.base; k < len(t.aux); k++ {
		t.aux[k] = -1
	}
	d.code, d.total, d.head = d.code[:kept], d.total[:kept], d.head[:kept]
}
