package recommend

// findCarried marks the features of users and items with entries and of their situations, and
// takes the others out of the model: vectors that no sample moves are noise, by which
// a new brand would come before others or after them.
func (t *fmFit) findCarried() {
	f := t.m.factors
	t.carried = make([]bool, len(t.shared.w))
	mark := func(kind, r int) {
		cols, vals := t.row(kind, r)
		for k, c := range cols {
			g := t.from[kind] + int(c)
			t.carried[g] = t.carried[g] || vals[k] != 0
		}
	}
	for u := range t.x.Users() {
		counts := false
		for p := t.x.users.Ptr[u]; p < t.x.users.Ptr[u+1]; p++ {
			if t.m.task == FMRatings || t.x.users.Val[p] != 0 {
				counts = true
				mark(fmContext, int(p))
			}
		}
		if counts {
			mark(fmUser, u)
		}
	}
	for i := range t.x.Items() {
		if t.unseen == nil || !t.unseen[i] {
			mark(fmItem, i)
		}
	}
	for g, carried := range t.carried {
		if !carried {
			clear(t.shared.v[g*f : g*f+f])
		}
	}
}

// speaks reports whether a row has a feature of which something is known.
func (t *fmFit) speaks(kind, r int) bool {
	cols, vals := t.row(kind, r)
	for k, c := range cols {
		if vals[k] != 0 && t.carried[t.from[kind]+int(c)] {
			return true
		}
	}
	return false
}

// findUnseen marks the items that have no entry, and takes their ids out of the model:
// vectors that no step moves are noise.
func (t *fmFit) findUnseen() {
	seen := make([]bool, t.x.Items())
	for p, i := range t.x.users.Col {
		seen[i] = seen[i] || t.m.task == FMRatings || t.x.users.Val[p] != 0
	}
	for i, known := range seen {
		if known {
			continue
		}
		if t.unseen == nil {
			t.unseen = make([]bool, len(seen))
		}
		t.unseen[i] = true
		clear(t.m.ItemVector(i))
	}
}

// poolOf returns the items of a block that negatives may be drawn from.
func (t *fmFit) poolOf(items []int32, k *fmWorker) []int32 {
	if t.unseen == nil {
		return items
	}
	k.pool = k.pool[:0]
	for _, i := range items {
		if !t.unseen[i] {
			k.pool = append(k.pool, i)
		}
	}
	return k.pool
}
