package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/sparse"
)

// BuildReport says what Build did with the events.
type BuildReport struct {
	Events       int // events added, those of the grown dataset included
	Untimed      int // events without a time
	Returns      int // events of negative weight, unless weights are ratings
	Merged       int // events that shared a user and item with another
	Cancelled    int // pairs that netted to nothing
	DroppedUsers int // by MinUserItems
	DroppedItems int // by MinItemUsers
	DroppedPairs int // entries lost with them
}

// Build returns the dataset of all events so far. New ids get indices in
// ascending order of id after those of the grown dataset, so equal events give
// equal datasets in whatever order they came (see Builder). The builder stays
// usable.
//
// ErrEmpty: no event is left. ErrRange: HalfLife is set and an event lacks its
// time or lies after AsOf. ErrNotFinite: the weights of a pair add up to more than
// a float32 holds. Cost: O(n) in events and a sort of the ids; events of one user
// that did not come in order of time are sorted.
func (b *Builder[U, I]) Build() (*Dataset[U, I], error) {
	const where = "recommend: Builder.Build"
	if b.events.n == 0 {
		return nil, fmt.Errorf("%s: %w", where, ErrEmpty)
	}
	b.settle()
	if b.opt.HalfLife > 0 && b.timed < b.events.n {
		return nil, fmt.Errorf("%s: HalfLife is set but %d events have no time: %w", where, b.events.n-b.timed, ErrRange)
	}
	users, userPerm := dict.Sorted(&b.users, b.fixedUsers)
	items, itemPerm := dict.Sorted(&b.items, b.fixedItems)
	o := b.inOrder(userPerm, itemPerm, len(users))
	f, err := b.fold(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	d := &Dataset[U, I]{opt: b.opt, asOf: f.asOf, Report: f.report}
	d.Report.Events, d.Report.Untimed = b.events.n, b.events.n-b.timed
	all := len(f.cols)
	keepUser, keepItem := f.core(b.opt, len(users), len(items))
	userNew, keptUsers := compact(keepUser, b.fixedUsers)
	itemNew, keptItems := compact(keepItem, b.fixedItems)
	d.Report.DroppedUsers = len(users) - keptUsers
	d.Report.DroppedItems = len(items) - keptItems
	m := f.matrix(keepUser, keepItem, userNew, itemNew)
	m.Cols = keptItems
	d.Report.DroppedPairs = all - m.Len()
	if m.Len() == 0 {
		return nil, fmt.Errorf("%s: no user and item qualify: %w", where, ErrEmpty)
	}
	d.Users = &Index[U]{dict: *dict.Of(kept(users, userNew))}
	d.Items = &Index[I]{dict: *dict.Of(kept(items, itemNew))}
	x := &Interactions{origin: identify(d.Users.IDs(), d.Items.IDs()), users: m}
	d.Items.of = x.origin
	for k := range o.events { // what k-core dropped is in no sequence, but Grow has it back
		if e := &o.events[k]; e.user >= 0 && !(keepUser[e.user] && keepItem[e.item]) {
			e.user = cancelled
		}
	}
	o.renumber(userNew, itemNew, keptUsers)
	if timed := b.timed == b.events.n; timed {
		x.times = f.times
		x.log = o.log(keptItems, func(user int32) bool { return user >= 0 })
		x.log.origin = x.origin
		d.rest = o.log(keptItems, func(user int32) bool { return user < 0 })
	} else {
		d.rest = o.log(keptItems, func(user int32) bool { return user == cancelled })
	}
	if len(d.rest.events) == 0 {
		d.rest = nil
	}
	d.Interactions = x
	return d, m.Validate()
}

// kept returns the keys that stay.
func kept[K ID](keys []K, index []int32) []K {
	out := keys[:0]
	for k, i := range index {
		if i >= 0 {
			out = append(out, keys[k])
		}
	}
	return out
}

// ordered are events by user, those of one user as they happened: by time, sequence
// number and arrival.
type ordered struct {
	ptr    []int64
	events []event // the user of one that is in no sequence is returned or cancelled
	seqs   []int64 // parallel to events; nil: all 0
}

// Marks of events in place of their users: those of negative weight, whose pair stays,
// and all those of a pair that does not.
const (
	returned  = -1
	cancelled = -2
)

// seq returns the sequence number of event k.
func (o *ordered) seq(k int64) int64 {
	if o.seqs == nil {
		return 0
	}
	return o.seqs[k]
}

// inOrder returns the events of b with the indices that the permutations give them;
// an event with an index of -1 is left out. A counting sort by user keeps the order
// of arrival, and most logs arrive in order of time.
func (b *Builder[U, I]) inOrder(userPerm, itemPerm []int32, users int) *ordered {
	o := &ordered{ptr: make([]int64, users+1)}
	n := int64(0)
	for _, e := range b.events.all() {
		if u := userPerm[e.user]; u >= 0 && itemPerm[e.item] >= 0 {
			o.ptr[u+1]++
			n++
		}
	}
	for u := range users {
		o.ptr[u+1] += o.ptr[u]
	}
	next := slices.Clone(o.ptr[:users])
	o.events = make([]event, n)
	if b.seqs != nil {
		o.seqs = make([]int64, n)
	}
	for k, from := range b.events.all() {
		e := *from
		if e.user, e.item = userPerm[e.user], itemPerm[e.item]; e.user < 0 || e.item < 0 {
			continue
		}
		at := next[e.user]
		next[e.user]++
		o.events[at] = e
		if o.seqs != nil {
			o.seqs[at] = b.seqs[k]
		}
	}
	if b.timed > 0 {
		var scratch arranger
		for u := range users {
			o.arrange(o.ptr[u], o.ptr[u+1], &scratch)
		}
	}
	return o
}

// arranger is the memory of arrange.
type arranger struct {
	order  []int32
	events []event
	seqs   []int64
}

// arrange sorts the events [lo, hi), of one user, by time and sequence number, equal
// ones as they came.
func (o *ordered) arrange(lo, hi int64, s *arranger) {
	es := o.events[lo:hi]
	compare := func(a, b int32) int {
		return cmp.Or(cmp.Compare(es[a].time, es[b].time), cmp.Compare(o.seq(lo+int64(a)), o.seq(lo+int64(b))), cmp.Compare(a, b))
	}
	sorted := true
	for k := 1; k < len(es) && sorted; k++ {
		sorted = es[k-1].time < es[k].time || es[k-1].time == es[k].time && (o.seqs == nil || o.seqs[lo+int64(k)-1] <= o.seqs[lo+int64(k)])
	}
	if sorted {
		return
	}
	s.order = s.order[:0]
	for k := range es {
		s.order = append(s.order, int32(k))
	}
	slices.SortFunc(s.order, compare)
	s.events = append(s.events[:0], es...)
	for k, from := range s.order {
		es[k] = s.events[from]
	}
	if o.seqs != nil {
		s.seqs = append(s.seqs[:0], o.seqs[lo:hi]...)
		for k, from := range s.order {
			o.seqs[lo+int64(k)] = s.seqs[from]
		}
	}
}

// folded is one entry a pair, by rows.
type folded struct {
	ptr     []int64
	cols    []int32
	weights []float32
	times   []int64
	asOf    int64 // the instant of age 0; noTime without HalfLife
	report  BuildReport
}

// fold folds the events of each pair into one entry, decayed and capped. It marks the
// events of o that are in no sequence: see returned and cancelled.
func (b *Builder[U, I]) fold(o *ordered) (*folded, error) {
	asOf, err := b.reference()
	if err != nil {
		return nil, err
	}
	n := len(o.events)
	f := &folded{ptr: make([]int64, len(o.ptr)), cols: make([]int32, 0, n), weights: make([]float32, 0, n), times: make([]int64, 0, n), asOf: asOf}
	var keys []uint64 // item, then position: of a user's events
	for u := range len(o.ptr) - 1 {
		lo := o.ptr[u]
		es := o.events[lo:o.ptr[u+1]]
		keys = keys[:0]
		for k := range es {
			keys = append(keys, uint64(es[k].item)<<32|uint64(k))
		}
		slices.Sort(keys)
		for k := 0; k < len(keys); {
			j := k + 1
			for j < len(keys) && keys[j]>>32 == keys[k]>>32 {
				j++
			}
			group := keys[k:j]
			f.report.Merged += j - k - 1
			k = j
			if err := b.foldPair(f, o, lo, group); err != nil {
				return nil, err
			}
		}
		f.ptr[u+1] = int64(len(f.cols))
	}
	return f, nil
}

// foldPair appends the entry of one pair to f, unless it nets to nothing; lo is where
// the events of its user begin, group has the position of each behind it.
func (b *Builder[U, I]) foldPair(f *folded, o *ordered, lo int64, group []uint64) error {
	at := func(k int) *event { return &o.events[lo+int64(uint32(group[k]))] }
	if len(group) > 1 {
		o.sortTies(lo, group)
	}
	last := at(len(group) - 1)
	took, back, decayed := 0.0, 0.0, 0.0 // of weights that are not returns; of returns; the former by age
	net, w := math.Inf(-1), math.Inf(-1) // of the pair; w by age
	for k := range group {
		e := at(k)
		v, d := float64(e.weight), 1.0
		if b.opt.HalfLife > 0 {
			d = b.opt.decay(f.asOf, e.time)
		}
		if v < 0 && !b.opt.Ratings {
			back += v
			f.report.Returns++
		} else {
			took, decayed = took+v, decayed+v*d
		}
		switch b.opt.Duplicates {
		case Max:
			net, w = max(net, v), max(w, v*d)
		case Last: // sorted by time, then weight
			net, w = v, v*d
		}
	}
	if b.opt.Duplicates == Sum {
		net, w = took, decayed
		if back < 0 { // what is left decays as what was taken
			if net = took + back; net < 1e-6*took {
				net = 0 // float32 weights do not cancel exactly
			}
			if w = net; b.opt.HalfLife > 0 && net > 0 {
				w = decayed * (net / took)
			}
		}
	}
	if b.opt.Cap > 0 {
		w = min(w, float64(b.opt.Cap))
	}
	if math.IsInf(float64(float32(w)), 0) {
		return fmt.Errorf("weights of one pair add up to %v: %w", w, ErrNotFinite)
	}
	item, mark := last.item, int32(returned)
	if !b.opt.Ratings && !(net > 0) {
		mark = cancelled
		f.report.Cancelled++
	}
	for k := range group {
		if e := at(k); mark == cancelled || e.weight < 0 && !b.opt.Ratings {
			e.user = mark
		}
	}
	if mark == cancelled {
		return nil
	}
	f.cols = append(f.cols, item)
	f.weights = append(f.weights, float32(w))
	f.times = append(f.times, last.time)
	return nil
}

// sortTies sorts events of one pair that are equal in time and sequence number by
// weight, so that sums and the last one do not depend on their arrival.
func (o *ordered) sortTies(lo int64, group []uint64) {
	compare := func(a, b uint64) int {
		p, q := lo+int64(uint32(a)), lo+int64(uint32(b))
		e, f := &o.events[p], &o.events[q]
		return cmp.Or(cmp.Compare(e.time, f.time), cmp.Compare(o.seq(p), o.seq(q)), cmp.Compare(e.weight, f.weight))
	}
	if !slices.IsSortedFunc(group, compare) {
		slices.SortFunc(group, compare)
	}
}

// decay returns what is left at asOf of a weight of then.
func (o *BuilderOptions) decay(asOf, then int64) float64 {
	if asOf < then {
		return 1
	}
	return math.Exp2(-float64(uint64(asOf)-uint64(then)) / float64(o.HalfLife))
}

// reference returns the instant of age 0, noTime without HalfLife.
func (b *Builder[U, I]) reference() (int64, error) {
	if b.opt.HalfLife == 0 {
		return noTime, nil
	}
	latest := int64(noTime)
	for _, e := range b.events.all() {
		latest = max(latest, e.time)
	}
	if b.opt.AsOf.IsZero() {
		return latest, nil
	}
	asOf := b.opt.AsOf.UnixNano()
	if latest > asOf && !b.grown {
		return 0, fmt.Errorf("latest event is at %s, after AsOf: %w", time.Unix(0, latest).UTC().Format(time.RFC3339Nano), ErrRange)
	}
	return max(asOf, latest), nil
}

// core returns which users and items survive the k-core filters.
func (f *folded) core(opt BuilderOptions, users, items int) (keepUser, keepItem []bool) {
	keepUser, keepItem = make([]bool, users), make([]bool, items)
	for i := range keepUser {
		keepUser[i] = true
	}
	for i := range keepItem {
		keepItem[i] = true
	}
	if opt.MinUserItems == 0 && opt.MinItemUsers == 0 {
		return
	}
	for {
		nu, ni := make([]int, users), make([]int, items)
		for u := range users {
			if !keepUser[u] {
				continue
			}
			for _, i := range f.cols[f.ptr[u]:f.ptr[u+1]] {
				if keepItem[i] {
					nu[u]++
					ni[i]++
				}
			}
		}
		changed := false
		for u := range keepUser {
			if keepUser[u] && nu[u] < opt.MinUserItems {
				keepUser[u], changed = false, true
			}
		}
		for i := range keepItem {
			if keepItem[i] && ni[i] < opt.MinItemUsers {
				keepItem[i], changed = false, true
			}
		}
		if !changed {
			return
		}
	}
}

// compact numbers the kept elements, keeping the first fixed ones in any case.
func compact(keep []bool, fixed int) (index []int32, n int) {
	index = make([]int32, len(keep))
	for k := range keep {
		index[k] = -1
		if keep[k] || k < fixed {
			index[k] = int32(n)
			n++
		}
	}
	return index, n
}

// matrix returns the entries of the kept users and items, in place, by their new
// indices; f.times are then parallel to them. The caller sets the columns.
func (f *folded) matrix(keepUser, keepItem []bool, userNew, itemNew []int32) *sparse.CSR {
	m := &sparse.CSR{Ptr: make([]int64, 1, len(userNew)+1)}
	n := 0
	for u, keep := range keepUser {
		if keep {
			for k := f.ptr[u]; k < f.ptr[u+1]; k++ {
				if i := f.cols[k]; keepItem[i] {
					f.cols[n], f.weights[n], f.times[n] = itemNew[i], f.weights[k], f.times[k]
					n++
				}
			}
		}
		if userNew[u] >= 0 {
			m.Ptr = append(m.Ptr, int64(n))
		}
	}
	m.Rows = len(m.Ptr) - 1
	m.Col, m.Val = f.cols[:n:n], f.weights[:n:n]
	f.times = f.times[:n:n]
	return m
}

// renumber gives the rows and items of o their indices in the dataset, and drops those
// that are not in it.
func (o *ordered) renumber(userNew, itemNew []int32, users int) {
	ptr, n := make([]int64, 1, users+1), int64(0)
	for u, to := range userNew {
		if to < 0 {
			continue
		}
		for k := o.ptr[u]; k < o.ptr[u+1]; k++ {
			e := o.events[k]
			if e.item = itemNew[e.item]; e.item < 0 {
				continue
			}
			if e.user >= 0 {
				e.user = to
			}
			o.events[n] = e
			if o.seqs != nil {
				o.seqs[n] = o.seqs[k]
			}
			n++
		}
		ptr = append(ptr, n)
	}
	o.ptr, o.events = ptr, o.events[:n]
	if o.seqs != nil {
		o.seqs = o.seqs[:n]
	}
}

// log returns the events whose mark is wanted, a sequence a user. A user without any
// has the time of the earliest event.
func (o *ordered) log(items int, want func(user int32) bool) *Sequences {
	n, first, seqs := 0, int64(math.MaxInt64), false
	for k := range o.events {
		if e := &o.events[k]; want(e.user) {
			n++
			first = min(first, e.time)
			seqs = seqs || o.seq(int64(k)) != 0
		}
	}
	users := len(o.ptr) - 1
	s := &Sequences{
		items: items, ptr: make([]int64, users+1), events: make([]int32, 0, n), times: make([]int64, users),
		at: make([]int64, 0, n), weights: make([]float32, 0, n),
	}
	if seqs {
		s.seqs = make([]int64, 0, n)
	}
	for u := range users {
		s.times[u] = first
		for k := o.ptr[u]; k < o.ptr[u+1]; k++ {
			e := &o.events[k]
			if !want(e.user) {
				continue
			}
			s.events = append(s.events, e.item)
			s.at = append(s.at, e.time)
			s.weights = append(s.weights, e.weight)
			if seqs {
				s.seqs = append(s.seqs, o.seq(k))
			}
			s.times[u] = e.time
		}
		s.ptr[u+1] = int64(len(s.events))
	}
	return s
}
