package recommend

import "slices"

// unfold adds the events of user u in the dataset, which count in place of their
// entries, for items that new events are about, where the entry does not tell what
// the pair comes to: under a Cap, and where something is taken back. Pairs that came to
// nothing have events and no entry. A dataset without times keeps the events of pairs
// whose entry does not tell them.
func (s *state[U, I]) unfold(p *past, u int32) {
	log, rest, opt := s.data.Interactions.log, s.data.rest, &s.data.opt
	fresh := p.all
	returns := func(e pastItem) bool { return e.weight < 0 }
	untimed := s.data.Report.Untimed > 0 && log == nil
	if log == nil && (!untimed || rest == nil) || opt.Ratings || opt.Cap == 0 && rest == nil && !(opt.HalfLife > 0 && slices.ContainsFunc(fresh, returns)) {
		return
	}
	p.touched = p.touched[:0]
	for k := range fresh {
		p.touched = append(p.touched, fresh[k].item)
	}
	slices.Sort(p.touched)
	p.touched = slices.Compact(p.touched)
	touched := func(i int32) bool {
		_, found := slices.BinarySearch(p.touched, i)
		return found
	}
	p.unfolded = true
	for _, l := range [...]*Sequences{log, rest} {
		if l == nil || int(u) >= l.Len() {
			continue
		}
		for k := l.ptr[u]; k < l.ptr[u+1]; k++ {
			if !touched(l.events[k]) {
				continue
			}
			e := pastItem{item: l.events[k], order: -1, logged: true, weight: l.weights[k], time: l.at[k]}
			if l.seqs != nil {
				e.seq = l.seqs[k]
			}
			p.all = append(p.all, e)
		}
	}
}
