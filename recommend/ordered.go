package recommend

import (
	"cmp"
	"math/bits"
	"slices"
)

// ordered are events by user, those of one user as they happened: by time, sequence
// number and arrival.
type ordered struct {
	ptr     []int64
	items   []int32
	weights []float32 // nil: all are 1, and no event has a time
	times   []int64   // nil: no event has one
	seqs    []int64   // nil: all 0
	marks   []int8    // nil: all are in sequences
}

// Marks of events: those of negative weight, whose pair stays, and all those of a pair that
// does not, are in no sequence; nor, in a dataset without times, are all those of a pair
// whose entry does not tell them.
const (
	inSequence = int8(iota)
	returned
	cancelled
	merged
)

// weight returns the weight of event k.
func (o *ordered) weight(k int64) float32 {
	if o.weights == nil {
		return 1
	}
	return o.weights[k]
}

// time returns the time of event k.
func (o *ordered) time(k int64) int64 {
	if o.times == nil {
		return noTime
	}
	return o.times[k]
}

// seq returns the sequence number of event k.
func (o *ordered) seq(k int64) int64 {
	if o.seqs == nil {
		return 0
	}
	return o.seqs[k]
}

// mark marks event k.
func (o *ordered) mark(k int64, mark int8) {
	if o.marks == nil {
		o.marks = make([]int8, len(o.items))
	}
	o.marks[k] = mark
}

// compare orders events by time and sequence number.
func (o *ordered) compare(a, b int64) int {
	return cmp.Or(cmp.Compare(o.time(a), o.time(b)), cmp.Compare(o.seq(a), o.seq(b)))
}

const (
	mostGroups = 1 << 11 // as many lines of memory stay at hand
	groupLen   = 1 << 12 // events that fit into the cache with all that is made of them
)

// inOrder returns the events of b with the indices that the permutations give them;
// an event with an index of -1 is left out. Users are so many that their events would be
// scattered one by one all over the memory: they go to groups of users first, and from
// there, close together, to their users. Both keep the order of arrival, and most logs
// arrive in order of time.
func (b *Builder[U, I]) inOrder(userPerm, itemPerm []int32, users int) *ordered {
	l := &b.log
	shift := 0
	for limit := max(1, min(mostGroups, l.n/groupLen)); (users-1)>>shift >= limit; shift++ {
	}
	begin := make([]int64, max(users-1, 0)>>shift+2)
	for _, block := range l.users.parts {
		for _, u := range block {
			if u = userPerm[u]; u >= 0 {
				begin[u>>shift+1]++
			}
		}
	}
	for g := range len(begin) - 1 {
		begin[g+1] += begin[g]
	}
	end := slices.Clone(begin)
	n := begin[len(begin)-1]
	o := &ordered{ptr: make([]int64, users+1), items: make([]int32, n)}
	if l.times.n > 0 {
		o.times = make([]int64, n)
	}
	if l.times.n > 0 || l.weights.n > 0 {
		o.weights = make([]float32, n)
	}
	if l.seqs.n > 0 {
		o.seqs = make([]int64, n)
	}
	who := make([]int32, n)
	for part, block := range l.users.parts {
		items := l.items.parts[part]
		for k, u := range block {
			u, i := userPerm[u], itemPerm[items[k]]
			if u < 0 || i < 0 {
				continue
			}
			at := end[u>>shift]
			end[u>>shift]++
			who[at], o.items[at] = u, i
			if l.weights.n > 0 {
				o.weights[at] = l.weights.parts[part][k]
			}
			if o.times != nil {
				o.times[at] = l.times.parts[part][k]
			}
			if o.seqs != nil {
				o.seqs[at] = l.seqs.parts[part][k]
			}
		}
	}
	if l.weights.n == 0 {
		for k := range o.weights {
			o.weights[k] = 1
		}
	}
	var s arranger
	for g := range len(begin) - 1 {
		first := g << shift
		o.place(first, min(first+1<<shift, users), begin[g], who[begin[g]:end[g]], &s)
	}
	o.cut(o.ptr[users])
	return o
}

// place gives the users [first, end) their events, which stand from lo on and are of those
// in who, behind those of the users before.
func (o *ordered) place(first, end int, lo int64, who []int32, s *arranger) {
	hi := lo + int64(len(who))
	for _, u := range who {
		o.ptr[u+1]++
	}
	for u := first; u < end; u++ {
		o.ptr[u+1] += o.ptr[u]
	}
	s.next = append(s.next[:0], o.ptr[first:end]...)
	s.order = slices.Grow(s.order[:0], len(who))[:len(who)]
	for k, u := range who {
		s.order[k] = s.next[int(u)-first]
		s.next[int(u)-first]++
	}
	s.int32s = scatter(o.items, lo, hi, s.order, s.int32s)
	if o.weights != nil {
		s.float32s = scatter(o.weights, lo, hi, s.order, s.float32s)
	}
	if o.seqs != nil {
		s.int64s = scatter(o.seqs, lo, hi, s.order, s.int64s)
	}
	if o.times == nil {
		return
	}
	s.int64s = scatter(o.times, lo, hi, s.order, s.int64s)
	for u := first; u < end; u++ {
		if lo, hi := o.ptr[u], o.ptr[u+1]; !o.sorted(lo, hi) {
			o.arrange(lo, hi, o.compare, s)
		}
	}
}

// scatter puts each of s[lo:hi] where to says; it returns its memory.
func scatter[T any](s []T, lo, hi int64, to []int64, memory []T) []T {
	memory = append(memory[:0], s[lo:hi]...)
	for k, v := range memory {
		s[to[k]] = v
	}
	return memory
}

// cut leaves the first n events.
func (o *ordered) cut(n int64) {
	o.items = o.items[:n]
	if o.weights != nil {
		o.weights = o.weights[:n]
	}
	if o.times != nil {
		o.times = o.times[:n]
	}
	if o.seqs != nil {
		o.seqs = o.seqs[:n]
	}
	if o.marks != nil {
		o.marks = o.marks[:n]
	}
}

// sorted reports whether the events [lo, hi) are in order of time and sequence number.
func (o *ordered) sorted(lo, hi int64) bool {
	times := o.times[lo:hi]
	for k := 1; k < len(times); k++ {
		if times[k-1] >= times[k] && o.compare(lo+int64(k)-1, lo+int64(k)) > 0 {
			return false
		}
	}
	return true
}

// arranger is the memory of place and arrange.
type arranger struct {
	next, order []int64
	int32s      []int32
	int64s      []int64
	float32s    []float32
}

// arrange sorts the events [lo, hi), of one user, by compare, equal ones as they came.
func (o *ordered) arrange(lo, hi int64, compare func(a, b int64) int, s *arranger) {
	s.order = s.order[:0]
	for k := lo; k < hi; k++ {
		s.order = append(s.order, k)
	}
	slices.SortFunc(s.order, func(a, b int64) int { return cmp.Or(compare(a, b), cmp.Compare(a, b)) })
	s.int32s = permute(o.items[lo:hi], lo, s.order, s.int32s)
	if o.weights != nil {
		s.float32s = permute(o.weights[lo:hi], lo, s.order, s.float32s)
	}
	if o.times != nil {
		s.int64s = permute(o.times[lo:hi], lo, s.order, s.int64s)
	}
	if o.seqs != nil {
		s.int64s = permute(o.seqs[lo:hi], lo, s.order, s.int64s)
	}
}

// permute puts at each place of s what stands at the place in order, counted from lo; it
// returns its memory.
func permute[T any](s []T, lo int64, order []int64, memory []T) []T {
	memory = append(memory[:0], s...)
	for k, from := range order {
		s[k] = memory[from-lo]
	}
	return memory
}

// reduce gives the rows and items of o their indices in the dataset, and drops those that
// are not in it. What k-core dropped is in no sequence, but Grow has it back.
func (o *ordered) reduce(keepUser, keepItem []bool, userNew, itemNew []int32) {
	ptr, n := make([]int64, 1, len(o.ptr)), int64(0)
	for u, to := range userNew {
		if to < 0 {
			continue
		}
		for k := o.ptr[u]; k < o.ptr[u+1]; k++ {
			old := o.items[k]
			if itemNew[old] < 0 {
				continue
			}
			if dropped := !keepUser[u] || !keepItem[old]; dropped && (o.marks == nil || o.marks[k] == inSequence) {
				o.mark(k, cancelled)
			}
			o.items[n] = itemNew[old]
			if o.weights != nil {
				o.weights[n] = o.weights[k]
			}
			if o.times != nil {
				o.times[n] = o.times[k]
			}
			if o.seqs != nil {
				o.seqs[n] = o.seqs[k]
			}
			if o.marks != nil {
				o.marks[n] = o.marks[k]
			}
			n++
		}
		ptr = append(ptr, n)
	}
	o.ptr = ptr
	o.cut(n)
}

// log returns the events that are in sequences, one a user. It takes the memory of o where
// these are all.
func (o *ordered) log(items int) *Sequences {
	if n := len(o.items); o.marks != nil || cap(o.items) > n+n/8 {
		return o.some(items, inSequence, inSequence)
	}
	s := &Sequences{items: items, ptr: o.ptr, events: o.items, at: o.times, weights: o.weights, seqs: o.seqs}
	return s.finished()
}

// rest returns the events with that mark or a higher one, nil where there are none.
func (o *ordered) rest(items int, mark int8) *Sequences {
	if o.marks == nil {
		return nil
	}
	s := o.some(items, mark, merged)
	if len(s.events) == 0 {
		return nil
	}
	return s
}

// sortUntimed sorts the events of each user, of a dataset without times: they are in no
// sequence, so how they arrived must not show in its bytes. It returns s.
func (s *Sequences) sortUntimed() *Sequences {
	if s == nil {
		return nil
	}
	o := ordered{ptr: s.ptr, items: s.events, weights: s.weights, times: s.at, seqs: s.seqs}
	var scratch arranger
	for u := range s.Len() {
		o.arrange(o.ptr[u], o.ptr[u+1], func(a, b int64) int {
			return cmp.Or(o.compare(a, b), compareUntimed(event{item: o.items[a], weight: o.weights[a]}, event{item: o.items[b], weight: o.weights[b]}))
		}, &scratch)
	}
	return s
}

// some returns a copy of the events with marks from low to high.
func (o *ordered) some(items int, low, high int8) *Sequences {
	marks := o.marks
	if marks == nil {
		marks = make([]int8, len(o.items))
	}
	n := 0
	for _, mark := range marks {
		if low <= mark && mark <= high {
			n++
		}
	}
	s := &Sequences{items: items, ptr: make([]int64, len(o.ptr)), events: make([]int32, 0, n), at: make([]int64, 0, n), weights: make([]float32, 0, n)}
	if o.seqs != nil {
		s.seqs = make([]int64, 0, n)
	}
	for u := range len(o.ptr) - 1 {
		for k := o.ptr[u]; k < o.ptr[u+1]; k++ {
			if marks[k] < low || marks[k] > high {
				continue
			}
			s.events = append(s.events, o.items[k])
			s.at = append(s.at, o.time(k))
			s.weights = append(s.weights, o.weight(k))
			if o.seqs != nil {
				s.seqs = append(s.seqs, o.seqs[k])
			}
		}
		s.ptr[u+1] = int64(len(s.events))
	}
	return s.finished()
}

// finished gives a log the times of its sequences and drops sequence numbers that are all 0.
func (s *Sequences) finished() *Sequences {
	if !slices.ContainsFunc(s.seqs, func(seq int64) bool { return seq != 0 }) {
		s.seqs = nil
	}
	s.setTimes()
	return s
}

// pairSort sorts events by user and item.
type pairSort struct {
	keys, other []uint64
	rows        []int32
	next        []int64
	digits      digits
}

const (
	digitBits = 11
	fewPairs  = 256 // fewer are sorted by comparison
)

// sort returns the events of the users [first, end) by user, item and position: the item of
// each, and behind it its position counted from the first event of the first user.
func (p *pairSort) sort(o *ordered, first, end int) []uint64 {
	lo, hi := o.ptr[first], o.ptr[end]
	p.keys, p.other, p.rows = p.keys[:0], p.other[:0], p.rows[:0]
	differ := uint32(0)
	for k, i := range o.items[lo:hi] {
		p.keys = append(p.keys, uint64(i)<<32|uint64(k))
		differ |= uint32(i)
	}
	p.next = p.next[:0]
	for u := first; u < end; u++ {
		p.next = append(p.next, o.ptr[u]-lo)
	}
	n := len(p.keys)
	if n < fewPairs {
		for u := first; u < end; u++ {
			slices.Sort(p.keys[o.ptr[u]-lo : o.ptr[u+1]-lo])
		}
		return p.keys
	}
	p.other = slices.Grow(p.other, n)[:n]
	keys, other := p.keys, p.other
	width := bits.Len32(differ)
	passes := (width + digitBits - 1) / digitBits
	for pass := range passes {
		digit := (width + passes - 1) / passes
		sortDigit(other, keys, 32+pass*digit, digit, &p.digits)
		keys, other = other, keys
	}
	for r := range p.next {
		for range o.ptr[first+r+1] - o.ptr[first+r] {
			p.rows = append(p.rows, int32(r))
		}
	}
	for _, key := range keys {
		r := p.rows[uint32(key)]
		other[p.next[r]] = key
		p.next[r]++
	}
	return other
}

// digits has a number for each value of a digit.
type digits [1 << digitBits]uint32

// sortDigit sorts keys into out by so many bits from shift on; what is equal in them keeps
// its order. Each value of the digit ends where next says.
func sortDigit[K uint32 | uint64](out, keys []K, shift, width int, next *digits) {
	clear(next[:])
	mask := K(1)<<width - 1
	for _, key := range keys {
		next[key>>shift&mask&(1<<digitBits-1)]++
	}
	sum := uint32(0)
	for d := range int(mask) + 1 {
		next[d], sum = sum, sum+next[d]
	}
	for _, key := range keys {
		d := key >> shift & mask & (1<<digitBits - 1)
		out[next[d]] = key
		next[d]++
	}
}
