package profile

// affinities holds a decayed weight for each (user, label) pair that occurs, in
// one node array chained by user and found through an open-addressed index.
type affinities struct {
	nodes []affinityNode
	heads []int32  // by user: first node + 1
	slots []uint32 // node + 1, 0 empty; a power of two, at most ¾ full
}

type affinityNode struct {
	sum   fixed
	user  int32
	label int32
	next  int32 // node + 1
}

// hashPair mixes two dense indices that no outsider chooses.
func hashPair(user, label int32) uint64 {
	h := uint64(uint32(user))<<32 | uint64(uint32(label))
	h *= 0x9e3779b97f4a7c15
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// add adds w to the pair. heads must reach user.
func (a *affinities) add(user, label int32, w fixed) {
	if 4*len(a.nodes) >= 3*len(a.slots) {
		a.grow()
	}
	mask := uint64(len(a.slots) - 1)
	for at := hashPair(user, label) & mask; ; at = (at + 1) & mask {
		s := a.slots[at]
		if s == 0 {
			a.nodes = append(a.nodes, affinityNode{w, user, label, a.heads[user]})
			a.slots[at] = uint32(len(a.nodes))
			a.heads[user] = int32(len(a.nodes))
			return
		}
		if n := &a.nodes[s-1]; n.user == user && n.label == label {
			n.sum = n.sum.add(w)
			return
		}
	}
}

func (a *affinities) grow() {
	size := max(64, 2*len(a.slots))
	a.slots = make([]uint32, size)
	mask := uint64(size - 1)
	for i := range a.nodes {
		at := hashPair(a.nodes[i].user, a.nodes[i].label) & mask
		for a.slots[at] != 0 {
			at = (at + 1) & mask
		}
		a.slots[at] = uint32(i + 1)
	}
}
