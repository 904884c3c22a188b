package profile

import "math/bits"

// pairs holds a value for each (user, key) that occurs: an open-addressed table whose
// entries are also chained by user, so that a pair is found in one cache line and the
// keys of a user without a search. It is filled to four fifths and grows by a quarter:
// of a customer's bytes most lie here.
type pairs[V any] struct {
	slots []pair[V]
	heads []uint32 // by user: first slot + 1
	n     int      // slots in use
}

type pair[V any] struct {
	value V
	key   uint64
	user  int32  // + 1; 0: empty
	next  uint32 // slot + 1
}

// hashPair mixes two numbers that no outsider chooses.
func hashPair(user int32, key uint64) uint64 {
	h := key*0x9e3779b97f4a7c15 ^ uint64(uint32(user))*0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// home is the slot at which the search for a pair begins.
func (p *pairs[V]) home(user int32, key uint64) int {
	hi, _ := bits.Mul64(hashPair(user, key), uint64(len(p.slots)))
	return int(hi)
}

// find is the value of a pair, or nil.
func (p *pairs[V]) find(user int32, key uint64) *V {
	if len(p.slots) == 0 {
		return nil
	}
	for i := p.home(user, key); ; {
		s := &p.slots[i]
		switch {
		case s.user == 0:
			return nil
		case s.key == key && s.user == user+1:
			return &s.value
		}
		if i++; i == len(p.slots) {
			i = 0
		}
	}
}

// touch reads the slot at which the search for a pair begins, so that it is near when at comes.
func (p *pairs[V]) touch(user int32, key uint64) int64 {
	if len(p.slots) == 0 {
		return 0
	}
	return int64(p.slots[p.home(user, key)].user)
}

// at returns the value of a pair, zero where it is new. The pointer holds until the next
// call of at.
func (p *pairs[V]) at(user int32, key uint64) *V {
	if 5*p.n >= 4*len(p.slots) {
		p.grow()
	}
	for i := p.home(user, key); ; {
		s := &p.slots[i]
		if s.key == key && s.user == user+1 {
			return &s.value
		}
		if s.user == 0 {
			for int(user) >= len(p.heads) {
				p.heads = append(p.heads, 0)
			}
			*s = pair[V]{key: key, user: user + 1, next: p.heads[user]}
			p.heads[user] = uint32(i + 1)
			p.n++
			return &s.value
		}
		if i++; i == len(p.slots) {
			i = 0
		}
	}
}

// grow moves everything into a larger table, which relinks the chains.
func (p *pairs[V]) grow() { p.rebuild(max(16, len(p.slots)+len(p.slots)/4), nil) }

// rebuild moves the pairs that keep wants, all where it is nil, into a table of size slots.
func (p *pairs[V]) rebuild(size int, keep func(user int32, key uint64) bool) {
	old := *p
	*p = pairs[V]{slots: make([]pair[V], size), heads: old.heads}
	clear(p.heads)
	old.all(func(user int32, key uint64, v *V) {
		if keep == nil || keep(user, key) {
			*p.at(user, key) = *v
		}
	})
}

// retain drops the pairs that keep does not want.
func (p *pairs[V]) retain(keep func(user int32, key uint64) bool) { p.rebuild(len(p.slots), keep) }

// any reports whether there is a pair of the user.
func (p *pairs[V]) any(user int32) bool { return int(user) < len(p.heads) && p.heads[user] != 0 }

// of calls f for every pair of a user, in no particular order.
func (p *pairs[V]) of(user int32, f func(key uint64, v *V)) {
	if !p.any(user) {
		return
	}
	for n := p.heads[user]; n != 0; n = p.slots[n-1].next {
		f(p.slots[n-1].key, &p.slots[n-1].value)
	}
}

// all calls f for every pair, in no particular order.
func (p *pairs[V]) all(f func(user int32, key uint64, v *V)) {
	for i := range p.slots {
		if s := &p.slots[i]; s.user != 0 {
			f(s.user-1, s.key, &s.value)
		}
	}
}
