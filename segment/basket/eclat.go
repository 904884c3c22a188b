package basket

import "math/bits"

// member is a set of a class, the sets that have all but the last item in common, by that
// item: with the baskets that hold it as bits, or, deeper down, with those baskets of the
// class that do not hold it.
type member struct {
	code  int32
	count int32
	bits  []uint64
	diff  []int32 // instead of bits
}

// ec is the state of Eclat. The memory of a class is used again by the next one at its depth.
type ec struct {
	*problem
	out    *sink
	prefix []int32
	class  [][]member // by depth
	words  [][]uint64
	lists  [][]int32
}

// eclat finds all frequent sets by joining those that differ in their last item (Zaki 2000).
// Where the baskets that a class loses are fewer than half the bytes of its bitmaps, it goes
// on with lists of these (dEclat: Zaki, Gouda 2003).
func (p *problem) eclat(out *sink) error {
	e := &ec{problem: p, out: out}
	words := (p.rows + 63) / 64
	if err := p.budget.take((8*int64(words) + 64) * int64(len(p.name))); err != nil {
		return err
	}
	class := make([]member, len(p.name))
	all := make([]uint64, words*len(p.name))
	for c := range class {
		// The rarest item first: its joins are few and small.
		m, at := &class[c], len(p.name)-1-c
		m.code, m.count, m.bits = int32(at), p.count[at], all[c*words:(c+1)*words]
		for _, r := range p.tids[p.ptr[at]:p.ptr[at+1]] {
			m.bits[r/64] |= 1 << (r % 64)
		}
	}
	return e.grow(0, class)
}

// grow emits each member of a class, and goes on with the class of those it can be joined to.
func (e *ec) grow(depth int, class []member) error {
	for i := range class {
		x := &class[i]
		if x.count < e.out.least(len(e.prefix)+1) {
			continue
		}
		e.prefix = append(e.prefix, x.code)
		if err := e.branch(depth, x, class[i+1:]); err != nil {
			return err
		}
		e.prefix = e.prefix[:len(e.prefix)-1]
	}
	return nil
}

// branch emits the prefix, which ends with x, and grows the class of x and the others.
func (e *ec) branch(depth int, x *member, others []member) error {
	if !e.closing.on {
		if err := e.out.emit(e.prefix, x.count); err != nil {
			return err
		}
	}
	var next []member
	if len(others) > 0 && len(e.prefix) < e.out.maxLen {
		if err := e.room(depth, x, others); err != nil {
			return err
		}
		join := e.joinBits
		if x.bits == nil {
			join = e.joinDiffs
		}
		var err error
		if next, err = join(depth, x, others); err != nil {
			return err
		}
	}
	sure := len(e.sure)
	if e.closing.on {
		rest := next[:0]
		for _, m := range next {
			if m.count == x.count {
				e.absorb(m.code)
			} else {
				rest = append(rest, m)
			}
		}
		longer, err := e.closing.emit(e.out, e.prefix, x.count)
		if err != nil {
			return err
		}
		if next = rest; !longer {
			next = nil
		}
	}
	if len(next) > 0 {
		if err := e.grow(depth+1, next); err != nil {
			return err
		}
	}
	e.release(sure)
	return nil
}

// room makes the memory of a depth large enough for the class of x and the others.
func (e *ec) room(depth int, x *member, others []member) error {
	if depth == len(e.class) {
		e.class, e.words, e.lists = append(e.class, nil), append(e.words, nil), append(e.lists, nil)
	}
	words, list := len(x.bits)*len(others), 0
	if x.bits == nil {
		for i := range others {
			list += len(others[i].diff)
		}
	} else {
		list = words // no more, or bits are kept
	}
	if n := len(others); cap(e.class[depth]) < n {
		if err := e.budget.take(64 * int64(n)); err != nil {
			return err
		}
		e.class[depth] = make([]member, 0, n)
	}
	if cap(e.words[depth]) < words {
		if err := e.budget.take(8 * int64(words)); err != nil {
			return err
		}
		e.words[depth] = make([]uint64, words)
	}
	if cap(e.lists[depth]) < list {
		if err := e.budget.take(4 * int64(list)); err != nil {
			return err
		}
		e.lists[depth] = make([]int32, 0, list)
	}
	return e.meter.Did(len(others)*len(x.bits) + list + 64)
}

// joinBits returns the frequent sets of x, which has bits, with each of the others.
func (e *ec) joinBits(depth int, x *member, others []member) ([]member, error) {
	n, least := len(x.bits), e.out.least(len(e.prefix)+1)
	class, words, lost := e.class[depth][:0], e.words[depth][:cap(e.words[depth])], 0
	for i := range others {
		y := &others[i]
		if !e.apart(x.code, y.code) {
			continue
		}
		both, count := words[len(class)*n:(len(class)+1)*n], 0
		for w, b := range x.bits {
			v := b & y.bits[w]
			both[w] = v
			count += bits.OnesCount64(v)
		}
		if int32(count) >= least {
			class = append(class, member{code: y.code, count: int32(count), bits: both})
			lost += int(x.count) - count
		}
	}
	if lost >= len(class)*n {
		return class, nil
	}
	list := e.lists[depth][:0]
	for i := range class {
		m, start := &class[i], len(list)
		for w, b := range x.bits {
			for v := b &^ m.bits[w]; v != 0; v &= v - 1 {
				list = append(list, int32(w*64+bits.TrailingZeros64(v)))
			}
		}
		m.bits, m.diff = nil, list[start:]
	}
	return class, nil
}

// joinDiffs does so for an x with the baskets it has lost: those that y has lost as well as x
// are no loss of x.
func (e *ec) joinDiffs(depth int, x *member, others []member) ([]member, error) {
	class, list, least := e.class[depth][:0], e.lists[depth][:0], e.out.least(len(e.prefix)+1)
	for i := range others {
		y := &others[i]
		if !e.apart(x.code, y.code) {
			continue
		}
		start, k := len(list), 0
		for _, r := range y.diff {
			for k < len(x.diff) && x.diff[k] < r {
				k++
			}
			if k == len(x.diff) || x.diff[k] != r {
				list = append(list, r)
			}
		}
		if count := x.count - int32(len(list)-start); count >= least {
			class = append(class, member{code: y.code, count: count, diff: list[start:]})
		} else {
			list = list[:start]
		}
	}
	return class, nil
}
