package profile

// affinities holds a decayed weight for each (user, label) pair that occurs: an
// open-addressed table whose entries are also chained by user, so that a pair is
// found in one cache line and the labels of a user without a search.
type affinities struct {
	slots []affinity // a power of two, at most ⅔ full
	heads []uint32   // by user: first slot + 1
	n     int        // slots in use
}

type affinity struct {
	sum   fixed
	user  int32
	label int32  // + 1; 0: empty
	next  uint32 // slot + 1
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
	if 3*a.n >= 2*len(a.slots) {
		a.grow()
	}
	mask := uint64(len(a.slots) - 1)
	for at := hashPair(user, label) & mask; ; at = (at + 1) & mask {
		s := &a.slots[at]
		if s.label == label+1 && s.user == user {
			s.sum = s.sum.add(w)
			return
		}
		if s.label == 0 {
			*s = affinity{w, user, label + 1, a.heads[user]}
			a.heads[user] = uint32(at + 1)
			a.n++
			return
		}
	}
}

// grow moves everything into a table of twice the size, which relinks the chains.
func (a *affinities) grow() {
	old := a.slots
	a.slots = make([]affinity, max(64, 2*len(old)))
	a.n = 0
	clear(a.heads)
	for i := range old {
		if s := &old[i]; s.label != 0 {
			a.add(s.user, s.label-1, s.sum)
		}
	}
}

// of calls f for every label of a user, in no particular order.
func (a *affinities) of(user int32, f func(label int32, sum fixed)) {
	for n := a.heads[user]; n != 0; n = a.slots[n-1].next {
		f(a.slots[n-1].label-1, a.slots[n-1].sum)
	}
}

// all calls f for every pair, in no particular order.
func (a *affinities) all(f func(user, label int32, sum fixed)) {
	for i := range a.slots {
		if s := &a.slots[i]; s.label != 0 {
			f(s.user, s.label-1, s.sum)
		}
	}
}
