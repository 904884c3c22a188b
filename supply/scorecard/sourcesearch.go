package scorecard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/flow"
)

// problem is the assignment of parcels to cells under resources: stock of an item at a
// store, departures of a lane on a day. A parcel takes one cell or none.
type problem struct {
	cells    []cell
	takes    []take
	start    []int32 // cells of parcel k are cells[start[k]:start[k+1]]
	loss     []int64 // of parcel k; 0 means that leaving it is worse than any cost
	capacity []int64 // by resource
	penalty  int64   // of leaving a parcel with loss 0
	binding  []bool  // resources that could run out
	arcs     []int32 // the shared node that each cell's arc ends at, none for an end without limits
	nodes    int     // of shared nodes in the flow
	room     []int64 // of each shared node
	next     []int32 // the node behind a shared node, none for the end
}

// cell is one way of one parcel.
type cell struct {
	parcel, store int32
	lane          int32 // the resource of its departures, none without limits
	takes, taken  int32 // its stock: problem.takes[takes:takes+taken]
	cost          int64
}

// take is some units of a resource.
type take struct {
	resource int32
	units    int64
}

const none = -1

// answer is the best plan found, a cell for each parcel or −1, and what is proven of any plan.
type answer struct {
	cells                []int32
	optimal              bool
	leastLeft, leastCost int64
}

// resource returns the number of a resource, a new one if it has none yet.
func (q *problem) resource(known map[[2]int32]int32, key [2]int32, capacity int64) int32 {
	r, ok := known[key]
	if !ok {
		r = int32(len(q.capacity))
		known[key] = r
		q.capacity = append(q.capacity, capacity)
	}
	return r
}

// loads returns what a plan takes of every resource.
func (q *problem) loads(plan []int32) []int64 {
	use := make([]int64, len(q.capacity))
	for _, at := range plan {
		if at >= 0 {
			q.add(use, at, 1)
		}
	}
	return use
}

// add adds times what a cell takes.
func (q *problem) add(use []int64, at int32, times int64) {
	c := &q.cells[at]
	if c.lane != none {
		use[c.lane] += times
	}
	for _, t := range q.takes[c.takes : c.takes+c.taken] {
		use[t.resource] += times * t.units
	}
}

// leave is what it costs to leave parcel k.
func (q *problem) leave(k int) int64 {
	if q.loss[k] == 0 {
		return q.penalty
	}
	return q.loss[k]
}

// solve finds the plan. The flow alone is exact where it holds every resource; otherwise it is
// a bound: a first plan is made of it by turning away what does not fit, and branch and bound
// looks for a better one or the proof that there is none.
func (q *problem) solve(ctx context.Context, maxNodes int) (answer, error) {
	if err := q.prepare(ctx); err != nil {
		return answer{}, err
	}
	s := &branching{problem: q, forbidden: make([]bool, len(q.cells)), forced: make([]bool, len(q.loss)), best: math.MaxInt64}
	plan, bound, err := q.relax(ctx, s.forbidden, s.forced)
	if err != nil {
		return answer{}, err
	}
	if s.overloaded(plan) == none {
		s.best, s.plan = bound, plan
		return q.answer(s.plan, bound, true), nil
	}
	flows := 1_000_000 / (len(q.cells) + 1) // that a large problem may take
	if err := s.first(ctx, plan, min(max(flows, 1), 4)); err != nil {
		return answer{}, err
	}
	s.left = min(maxNodes, flows-1)
	done := s.best == bound
	if !done {
		if done, err = s.branch(ctx, plan, bound); err != nil {
			return answer{}, err
		}
	}
	if done {
		bound = s.best
	}
	return q.answer(s.plan, bound, done), nil
}

// answer decodes a bound of the objective into parcels left and cost.
func (q *problem) answer(plan []int32, bound int64, optimal bool) answer {
	return answer{plan, optimal, bound / q.penalty, bound % q.penalty}
}

// value is the objective of a plan.
func (q *problem) value(plan []int32) (sum int64) {
	for k, at := range plan {
		if at >= 0 {
			sum += q.cells[at].cost
		} else {
			sum += q.leave(k)
		}
	}
	return sum
}

// prepare finds the resources that may run out and lays the flow over as many of them as it
// can hold: at each store its departures or its stock, whichever the parcels' cheapest ways
// overload more; and departures before stock where all that leave on them take one stock.
func (q *problem) prepare(ctx context.Context) error {
	q.penalty = 1
	for k := range q.loss {
		worst := q.loss[k]
		for at := q.start[k]; at < q.start[k+1]; at++ {
			worst = max(worst, q.cells[at].cost)
		}
		var err error
		if q.penalty, err = check.AddInt64(q.penalty, worst); err != nil || q.penalty > math.MaxInt64/8/int64(len(q.loss)+1) {
			return fmt.Errorf("the cost of %d parcels: %w", len(q.loss), check.ErrOverflow)
		}
	}
	demand, cheapest := make([]int64, len(q.capacity)), make([]int64, len(q.capacity))
	uniform := make([]int64, len(q.capacity)) // units that every parcel takes of it, −1 if they differ
	last := make([]int32, len(q.capacity))    // the last parcel counted
	for r := range last {
		last[r] = none
	}
	count := func(r int32, k int32, units int64) {
		switch {
		case uniform[r] == 0:
			uniform[r] = units
		case uniform[r] != units:
			uniform[r] = -1
		}
		if last[r] != k {
			last[r] = k
			demand[r] += units
		}
	}
	for k := range q.loss {
		if k%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		best := int32(none)
		for at := q.start[k]; at < q.start[k+1]; at++ {
			c := &q.cells[at]
			if best == none || c.cost < q.cells[best].cost {
				best = at
			}
			if c.lane != none {
				count(c.lane, int32(k), 1)
			}
			for _, t := range q.takes[c.takes : c.takes+c.taken] {
				count(t.resource, int32(k), t.units)
			}
		}
		if best != none {
			q.add(cheapest, best, 1)
		}
	}
	q.binding = make([]bool, len(q.capacity))
	for r := range demand {
		q.binding[r] = demand[r] > q.capacity[r]
	}
	q.lay(cheapest, uniform)
	return nil
}

// lay chooses for every cell the shared node that its arc ends at.
func (q *problem) lay(cheapest, uniform []int64) {
	stores := 0
	for i := range q.cells {
		stores = max(stores, int(q.cells[i].store)+1)
	}
	byLane, byStock := make([]float64, stores), make([]float64, stores) // overload of the cheapest ways, as a share
	hasLane := make([]bool, stores)
	seen := make([]bool, len(q.capacity))
	over := func(r int32) float64 {
		if seen[r] {
			return 0
		}
		seen[r] = true
		return float64(max(cheapest[r]-q.capacity[r], 0)) / float64(q.capacity[r]+1)
	}
	for i := range q.cells {
		c := &q.cells[i]
		if c.lane != none && q.binding[c.lane] {
			hasLane[c.store] = true
			byLane[c.store] += over(c.lane)
		}
		for _, t := range q.takes[c.takes : c.takes+c.taken] {
			if q.binding[t.resource] && uniform[t.resource] > 0 {
				byStock[c.store] += over(t.resource)
			}
		}
	}
	node := make([]int32, len(q.capacity)) // of a resource, 0 for none yet
	place := func(r int32, room int64) int32 {
		if node[r] == 0 {
			q.room, q.next = append(q.room, room), append(q.next, none)
			node[r] = int32(len(q.room))
		}
		return node[r] - 1
	}
	q.arcs = make([]int32, len(q.cells))
	stockOf := make([]int32, len(q.capacity)) // the one stock behind a departure: 0 unknown, −1 several, else resource + 1
	held := make([]int32, len(q.cells))       // the stock that the flow holds for a cell, or none
	for i := range q.cells {
		c := &q.cells[i]
		held[i] = none
		if !hasLane[c.store] || byStock[c.store] >= byLane[c.store] {
			for _, t := range q.takes[c.takes : c.takes+c.taken] {
				if q.binding[t.resource] && uniform[t.resource] > 0 && (held[i] == none || q.capacity[t.resource] < q.capacity[held[i]]) {
					held[i] = t.resource
				}
			}
		}
		if c.lane != none {
			switch {
			case stockOf[c.lane] == 0:
				stockOf[c.lane] = held[i] + 1
				if held[i] == none {
					stockOf[c.lane] = -1
				}
			case stockOf[c.lane] != held[i]+1:
				stockOf[c.lane] = -1
			}
		}
	}
	for i := range q.cells {
		c := &q.cells[i]
		lane := c.lane != none && q.binding[c.lane]
		q.arcs[i] = none
		switch {
		case held[i] != none && lane && stockOf[c.lane] > 0:
			first, then := place(c.lane, q.capacity[c.lane]), place(held[i], q.capacity[held[i]]/uniform[held[i]])
			q.arcs[i], q.next[first] = first, then
		case held[i] != none:
			q.arcs[i] = place(held[i], q.capacity[held[i]]/uniform[held[i]])
		case lane:
			q.arcs[i] = place(c.lane, q.capacity[c.lane])
		}
	}
	q.nodes = len(q.room)
}

// relax solves the flow, in which resources that it does not hold have no limits. Cells that are forbidden
// are left out, and parcels that are forced may not be left.
func (q *problem) relax(ctx context.Context, forbidden, forced []bool) (plan []int32, cost int64, err error) {
	parcels := len(q.loss)
	end := parcels + q.nodes
	g := flow.New(end + 1)
	g.Reserve(len(q.cells) + parcels + q.nodes)
	supply := make([]int64, end+1)
	supply[end] = -int64(parcels)
	cellOf := make([]int32, 0, len(q.cells)+parcels)
	for k := range parcels {
		supply[k] = 1
		free := int32(none) // the cheapest of the ways without limits will do
		for at := q.start[k]; at < q.start[k+1]; at++ {
			switch {
			case forbidden[at]:
			case q.arcs[at] != none:
				g.Arc(k, parcels+int(q.arcs[at]), 1, q.cells[at].cost)
				cellOf = append(cellOf, at)
			case free == none || q.cells[at].cost < q.cells[free].cost:
				free = at
			}
		}
		if free != none {
			g.Arc(k, end, 1, q.cells[free].cost)
			cellOf = append(cellOf, free)
		}
		if !forced[k] {
			g.Arc(k, end, 1, q.leave(k))
			cellOf = append(cellOf, none)
		}
	}
	for v := range q.nodes {
		to := end
		if q.next[v] != none {
			to = parcels + int(q.next[v])
		}
		g.Arc(parcels+v, to, q.room[v], 0)
	}
	sent, cost, err := g.Solve(ctx, supply)
	if err != nil {
		return nil, 0, err
	}
	plan = make([]int32, parcels)
	k := 0
	for a, at := range cellOf {
		if sent[a] == 0 {
			continue
		}
		plan[k] = at // a unit each, in the order of parcels
		k++
	}
	return plan, cost, nil
}

// branching is the search over a problem whose flow is not the whole truth.
type branching struct {
	*problem
	forbidden []bool // cells
	forced    []bool // parcels that must be shipped
	best      int64
	plan      []int32
	left      int // nodes that may still be opened
	trials    int // exchanges that a repair may still look at, in cells
}

// overloaded returns the resource that a plan overloads most, in units, or none.
func (s *branching) overloaded(plan []int32) int32 {
	worst, by := int32(none), int64(0)
	for r, x := range s.loads(plan) {
		if x-s.capacity[r] > by {
			worst, by = int32(r), x-s.capacity[r]
		}
	}
	return worst
}

// uses returns how much a cell takes of a resource.
func (q *problem) uses(at, r int32) int64 {
	if at < 0 {
		return 0
	}
	c := &q.cells[at]
	if c.lane == r {
		return 1
	}
	for _, t := range q.takes[c.takes : c.takes+c.taken] {
		if t.resource == r {
			return t.units
		}
	}
	return 0
}

// elsewhere is what parcel k's cheapest allowed cell without resource r costs, or leaving it.
func (s *branching) elsewhere(k int, r int32) int64 {
	least := s.leave(k)
	for at := s.start[k]; at < s.start[k+1]; at++ {
		if !s.forbidden[at] && s.uses(at, r) == 0 {
			least = min(least, s.cells[at].cost)
		}
	}
	return least
}

// first makes a plan from the flow's: from every overloaded resource those parcels are turned
// away that have the cheapest other way, and the flow is asked again, until all fits or rounds
// are over.
func (s *branching) first(ctx context.Context, plan []int32, rounds int) error {
	forbidden := slices.Clone(s.forbidden)
	free := make([]bool, len(s.loss))
	for range rounds {
		if !s.turnAway(plan, forbidden) {
			break
		}
		var err error
		if plan, _, err = s.relax(ctx, forbidden, free); err != nil {
			return err
		}
	}
	return s.repair(ctx, plan)
}

// repair makes a plan of a flow's: what does not fit is left, each parcel is moved to a cheaper
// cell while there is room in one, and exchanged with others. The best plan is kept.
func (s *branching) repair(ctx context.Context, flow []int32) error {
	plan := slices.Clone(flow)
	forbidden := make([]bool, len(s.cells))
	for s.turnAway(plan, forbidden) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for k, at := range plan {
			if at >= 0 && forbidden[at] {
				plan[k] = none
			}
		}
	}
	s.trials = 10_000_000
	use := s.loads(plan)
	s.polish(ctx, plan, use)
	for round := 0; round < 10 && s.eject(ctx, plan, use); round++ {
		s.polish(ctx, plan, use)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if value := s.value(plan); value < s.best {
		s.plan, s.best = plan, value
	}
	return nil
}

// turnAway forbids cells so that no resource stays overloaded by the parcels that now use
// it, and reports whether there was any.
func (s *branching) turnAway(plan []int32, forbidden []bool) bool {
	use := s.loads(plan)
	type user struct {
		k      int32
		regret int64
	}
	users := map[int32][]user{}
	for k, at := range plan {
		if at < 0 {
			continue
		}
		s.each(at, func(r int32, _ int64) {
			if use[r] > s.capacity[r] {
				users[r] = append(users[r], user{int32(k), s.elsewhere(k, r) - s.cells[at].cost})
			}
		})
	}
	for r, list := range users {
		slices.SortFunc(list, func(a, b user) int { return cmp.Or(cmp.Compare(b.regret, a.regret), cmp.Compare(a.k, b.k)) })
		room := s.capacity[r]
		for _, u := range list {
			if units := s.uses(plan[u.k], r); units <= room {
				room -= units
				continue
			}
			for at := s.start[u.k]; at < s.start[u.k+1]; at++ {
				if s.uses(at, r) > 0 {
					forbidden[at] = true
				}
			}
		}
	}
	return len(users) > 0
}

// each calls f with what a cell takes.
func (q *problem) each(at int32, f func(r int32, units int64)) {
	c := &q.cells[at]
	if c.lane != none {
		f(c.lane, 1)
	}
	for _, t := range q.takes[c.takes : c.takes+c.taken] {
		f(t.resource, t.units)
	}
}

// fits reports whether a cell has room beside use.
func (q *problem) fits(use []int64, at int32) bool {
	fits := true
	q.each(at, func(r int32, units int64) { fits = fits && use[r]+units <= q.capacity[r] })
	return fits
}

// polish moves parcels to cheaper cells that have room, those that are left first, until
// nothing moves or ctx is done, which the caller looks at too.
func (s *branching) polish(ctx context.Context, plan []int32, use []int64) {
	for moved, round := true, 0; moved && round < 20; round++ {
		moved = false
		for _, left := range []bool{true, false} {
			for k, at := range plan {
				if k%64 == 0 && ctx.Err() != nil {
					return
				}
				if left != (at < 0) {
					continue
				}
				now := s.leave(k)
				if at >= 0 {
					now = s.cells[at].cost
					s.add(use, at, -1)
				}
				to := at
				for c := s.start[k]; c < s.start[k+1]; c++ {
					if s.cells[c].cost < now && s.fits(use, c) {
						now, to = s.cells[c].cost, c
					}
				}
				if to != at {
					plan[k], moved = to, true
				}
				if to >= 0 {
					s.add(use, to, 1)
				}
			}
		}
	}
}

// eject gives parcels cheaper cells that others are in the way of, one each, which find
// another cell, the one that has become free or any, or are left in their turn, where that costs
// less than it gains. Parcels that are left are first; it reports whether any was moved, false where ctx
// is done.
func (s *branching) eject(ctx context.Context, plan []int32, use []int64) (any bool) {
	users := make([][]int32, len(s.capacity))
	move := func(k, at int32) {
		if was := plan[k]; was >= 0 {
			s.each(was, func(r int32, _ int64) { users[r] = slices.DeleteFunc(users[r], func(u int32) bool { return u == k }) })
		}
		if plan[k] = at; at >= 0 {
			s.each(at, func(r int32, _ int64) { users[r] = append(users[r], k) })
		}
	}
	for k, at := range plan {
		if at >= 0 {
			s.each(at, func(r int32, _ int64) { users[r] = append(users[r], int32(k)) })
		}
	}
	for _, left := range []bool{true, false} {
		for k := range plan {
			if k%64 == 0 && ctx.Err() != nil {
				return false
			}
			if left != (plan[k] < 0) {
				continue
			}
			if at, v, to := s.exchange(plan, use, users, int32(k)); at >= 0 {
				move(v, to)
				move(int32(k), at)
				any = true
			}
		}
	}
	return any
}

// exchange looks for a cheaper cell of parcel k with one parcel v in the way, and for where that
// goes, none for nowhere; what is taken of the resources is brought up to date. at is none if
// there is no such exchange.
func (s *branching) exchange(plan []int32, use []int64, users [][]int32, k int32) (at, v, to int32) {
	now, mine := s.leave(int(k)), plan[k]
	if mine >= 0 {
		now = s.cells[mine].cost
		s.add(use, mine, -1)
	}
	for at := s.start[k]; at < s.start[k+1]; at++ {
		gain := now - s.cells[at].cost
		if gain <= 0 {
			continue
		}
		full := int32(none)
		s.each(at, func(r int32, units int64) {
			if full == none && use[r]+units > s.capacity[r] {
				full = r
			}
		})
		if full == none {
			continue // polish takes it
		}
		for _, v := range users[full] {
			if v == k || s.trials < 0 {
				continue
			}
			was := plan[v]
			s.trials -= 5
			s.add(use, was, -1)
			if s.fits(use, at) {
				s.add(use, at, 1)
				s.trials -= int(s.start[v+1] - s.start[v])
				least, to := s.leave(int(v)), int32(none)
				for c := s.start[v]; c < s.start[v+1]; c++ {
					if s.cells[c].cost < least && s.fits(use, c) {
						least, to = s.cells[c].cost, c
					}
				}
				if least-s.cells[was].cost < gain {
					if to >= 0 {
						s.add(use, to, 1)
					}
					return at, v, to
				}
				s.add(use, at, -1)
			}
			s.add(use, was, 1)
		}
	}
	if mine >= 0 {
		s.add(use, mine, 1)
	}
	return none, none, none
}

// branch opens a node whose flow is plan with cost bound; false where nodes ran out. Of the
// resource that is overloaded most it takes the parcel that takes most of it, and of these the
// one with the cheapest other way: first without that resource, then bound to it.
func (s *branching) branch(ctx context.Context, plan []int32, bound int64) (bool, error) {
	if bound >= s.best {
		return true, nil
	}
	r := s.overloaded(plan)
	if r == none {
		s.best, s.plan = bound, plan
		return true, nil
	}
	if err := s.repair(ctx, plan); err != nil {
		return false, err
	}
	if bound >= s.best {
		return true, nil
	}
	pick, most, regret := -1, int64(0), int64(0)
	for k, at := range plan {
		if units := s.uses(at, r); units > 0 && !s.bound(k, r) {
			if d := s.elsewhere(k, r) - s.cells[at].cost; units > most || units == most && d < regret {
				pick, most, regret = k, units, d
			}
		}
	}
	if pick < 0 { // all that use it are bound to it: nothing fits here
		return true, nil
	}
	done := true
	for _, without := range []bool{true, false} {
		if s.left <= 0 {
			return false, nil
		}
		s.left--
		var changed []int32
		for at := s.start[pick]; at < s.start[pick+1]; at++ {
			if !s.forbidden[at] && (s.uses(at, r) > 0) == without {
				s.forbidden[at] = true
				changed = append(changed, at)
			}
		}
		was := s.forced[pick]
		s.forced[pick] = was || !without
		ok, err := s.open(ctx)
		s.forced[pick] = was
		for _, at := range changed {
			s.forbidden[at] = false
		}
		if err != nil {
			return false, err
		}
		done = done && ok
	}
	return done, nil
}

// open solves the flow of a node and branches on it.
func (s *branching) open(ctx context.Context) (bool, error) {
	for k := range s.loss { // a parcel that must be shipped and cannot be ends it
		if s.forced[k] && !slices.Contains(s.forbidden[s.start[k]:s.start[k+1]], false) {
			return true, nil
		}
	}
	plan, bound, err := s.relax(ctx, s.forbidden, s.forced)
	switch {
	case err != nil && ctx.Err() == nil && errors.Is(err, ErrUndefined):
		return true, nil // the forced ones do not fit
	case err != nil:
		return false, err
	}
	return s.branch(ctx, plan, bound)
}

// bound reports whether parcel k must be shipped and has only cells with resource r left.
func (s *branching) bound(k int, r int32) bool {
	if !s.forced[k] {
		return false
	}
	for at := s.start[k]; at < s.start[k+1]; at++ {
		if !s.forbidden[at] && s.uses(at, r) == 0 {
			return false
		}
	}
	return true
}
