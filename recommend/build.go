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
	if b.Len() == 0 {
		return nil, fmt.Errorf("%s: events: %w", where, ErrEmpty)
	}
	b.settle()
	if b.opt.HalfLife > 0 && b.timed < b.Len() {
		return nil, fmt.Errorf("%s: HalfLife is set but %d events have no time: %w", where, b.Len()-b.timed, ErrRange)
	}
	users, userPerm := dict.Sorted(&b.users, b.fixedUsers)
	items, itemPerm := dict.Sorted(&b.items, b.fixedItems)
	var (
		f    *folded
		o    *ordered
		rest *Sequences
		err  error
	)
	if b.plain() {
		f, rest = b.foldPlain(userPerm, itemPerm, users.Len(), items.Len())
	} else {
		o = b.inOrder(userPerm, itemPerm, users.Len())
		if f, err = b.fold(o); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	d := &Dataset[U, I]{opt: b.opt, asOf: f.asOf, Report: f.report, rest: rest}
	d.Report.Events, d.Report.Untimed = b.Len(), b.Len()-b.timed
	if b.opt.MinUserItems > 0 || b.opt.MinItemUsers > 0 {
		users, items = d.core(f, o, users, items, [2]int{b.fixedUsers, b.fixedItems})
	}
	m := &sparse.CSR{Rows: users.Len(), Cols: items.Len(), Ptr: f.ptr, Col: f.cols, Val: f.weights}
	if m.Len() == 0 {
		return nil, fmt.Errorf("%s: no user and item qualify: %w", where, ErrEmpty)
	}
	d.Users, d.Items = &Index[U]{dict: *users}, &Index[I]{dict: *items}
	x := &Interactions{origin: identify(d.Users.IDs(), d.Items.IDs()), users: m}
	d.Items.of = x.origin
	if b.timed == b.Len() {
		x.times = f.times
		x.log = o.log(m.Cols)
		x.log.origin = x.origin
		d.rest = o.rest(m.Cols, returned)
	} else if o != nil {
		d.rest = o.rest(m.Cols, cancelled).sortUntimed()
		if d.lost != nil {
			d.lost.log.sortUntimed()
		}
	}
	d.Interactions = x
	return d, m.Validate()
}

// core drops from f and o what is not in the k-core, which d keeps for Grow, and returns the
// ids that stay: the first ones, of users and items, in any case.
func (d *Dataset[U, I]) core(f *folded, o *ordered, users *dict.Dict[U], items *dict.Dict[I], fixed [2]int) (*dict.Dict[U], *dict.Dict[I]) {
	all := len(f.cols)
	report := &d.Report
	keepUser, keepItem := f.core(d.opt, users.Len(), items.Len())
	userNew, keptUsers := compact(keepUser, fixed[0])
	itemNew, keptItems := compact(keepItem, fixed[1])
	d.lost = lost(o, users.Keys(), userNew, keptUsers, items.Keys(), itemNew, keptItems)
	report.DroppedUsers, report.DroppedItems = users.Len()-keptUsers, items.Len()-keptItems
	f.reduce(keepUser, keepItem, userNew, itemNew)
	report.DroppedPairs = all - len(f.cols)
	o.reduce(keepUser, keepItem, userNew, itemNew)
	return dict.Of(kept(users.Keys(), userNew)), dict.Of(kept(items.Keys(), itemNew))
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

// folded is one entry a pair, by rows.
type folded struct {
	ptr     []int64
	cols    []int32
	weights []float32
	times   []int64 // nil where no event has one
	asOf    int64   // the instant of age 0; noTime without HalfLife
	report  BuildReport
}

// add makes entry n.
func (f *folded) add(n int64, item int32, weight float32, time int64) {
	f.cols[n], f.weights[n] = item, weight
	if f.times != nil {
		f.times[n] = time
	}
}

// fold folds the events of each pair into one entry, decayed and capped. It marks the
// events of o that are in no sequence: see returned and cancelled. It takes some users at a
// time, whose events fit into the cache.
func (b *Builder[U, I]) fold(o *ordered) (*folded, error) {
	asOf, err := b.reference()
	if err != nil {
		return nil, err
	}
	users := len(o.ptr) - 1
	f := &folded{ptr: make([]int64, len(o.ptr)), cols: make([]int32, len(o.items)), weights: make([]float32, len(o.items)), asOf: asOf}
	if o.times != nil {
		f.times = make([]int64, len(o.items))
	}
	plain := b.opt.HalfLife == 0 && b.opt.Cap == 0 && (b.timed == 0 || b.timed == b.Len())
	var pairs pairSort
	n := int64(0)
	for first, end := 0, 0; first < users; first = end {
		for end = first + 1; end < users && o.ptr[end+1]-o.ptr[first] <= groupLen; end++ {
		}
		base := o.ptr[first]
		keys := pairs.sort(o, first, end)
		for u := first; u < end; u++ {
			row := keys[o.ptr[u]-base : o.ptr[u+1]-base]
			for k := 0; k < len(row); {
				j := k + 1
				for j < len(row) && row[j]>>32 == row[k]>>32 {
					j++
				}
				item, at := int32(row[k]>>32), base+int64(uint32(row[k]))
				if w := o.weight(at); j == k+1 && plain && w > 0 { // most pairs
					f.add(n, item, w, o.time(at))
					n++
				} else if w, last, ok, err := b.foldPair(f, o, base, row[k:j]); err != nil {
					return nil, err
				} else if ok {
					f.add(n, item, w, o.time(last))
					n++
				}
				k = j
			}
			f.ptr[u+1] = n
		}
	}
	f.report.Merged = len(o.items) - int(n) - f.report.Cancelled
	f.cut(int(n))
	return f, nil
}

// foldPair returns the weight of one pair and its last event, or that it nets to nothing;
// group has the position of each event behind it, counted from base.
func (b *Builder[U, I]) foldPair(f *folded, o *ordered, base int64, group []uint64) (weight float32, last int64, ok bool, err error) {
	if len(group) > 1 {
		o.sortTies(base, group)
	}
	took, back, decayed := 0.0, 0.0, 0.0 // of weights that are not returns; of returns; the former by age
	net, w := math.Inf(-1), math.Inf(-1) // of the pair; w by age
	for _, key := range group {
		last = base + int64(uint32(key))
		v, d := float64(o.weight(last)), 1.0
		if b.opt.HalfLife > 0 {
			d = b.opt.decay(f.asOf, o.time(last))
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
		return 0, 0, false, fmt.Errorf("weights of one pair add up to %v: %w", w, ErrNotFinite)
	}
	mark := returned
	if ok = b.opt.Ratings || net > 0; !ok {
		mark = cancelled
		f.report.Cancelled++
	} else if b.timed < b.Len() && (len(group) > 1 || o.time(last) != noTime || o.weight(last) != float32(w)) {
		mark = merged
	}
	for _, key := range group {
		if at := base + int64(uint32(key)); mark != returned || o.weight(at) < 0 && !b.opt.Ratings {
			o.mark(at, mark)
		}
	}
	return float32(w), last, ok, nil
}

// sortTies sorts events of one pair that are equal in time and sequence number by
// weight, so that sums and the last one do not depend on their arrival.
func (o *ordered) sortTies(base int64, group []uint64) {
	compare := func(a, b uint64) int {
		p, q := base+int64(uint32(a)), base+int64(uint32(b))
		return cmp.Or(o.compare(p, q), cmp.Compare(o.weight(p), o.weight(q)))
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
	for _, block := range b.log.times.parts {
		latest = max(latest, slices.Max(block))
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

// reduce leaves the entries of the kept users and items, in place, by their new indices.
func (f *folded) reduce(keepUser, keepItem []bool, userNew, itemNew []int32) {
	ptr, n := make([]int64, 1, len(f.ptr)), 0
	for u, keep := range keepUser {
		if keep {
			for k := f.ptr[u]; k < f.ptr[u+1]; k++ {
				if i := f.cols[k]; keepItem[i] {
					f.cols[n], f.weights[n] = itemNew[i], f.weights[k]
					if f.times != nil {
						f.times[n] = f.times[k]
					}
					n++
				}
			}
		}
		if userNew[u] >= 0 {
			ptr = append(ptr, int64(n))
		}
	}
	f.ptr = ptr
	f.cut(n)
}

// cut leaves the first n entries.
func (f *folded) cut(n int) {
	f.cols, f.weights = f.cols[:n:n], f.weights[:n:n]
	if f.times != nil {
		f.times = f.times[:n:n]
	}
}
