package reorder

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/supply"
)

// Stage is a place of a supply chain that may hold stock: a supplier's part, a process, a
// warehouse, a shop. Times are in whole periods.
type Stage[K supply.ID] struct {
	ID          K       // names the stage
	Time        int     // periods from having all inputs to having the output, >= 0
	HoldingCost float64 // of one unit for one period
	// Bound is how far demand from outside may exceed its mean in one period, as z·σ, and in n
	// periods √n times that, 0 without customers of its own. Demand of several is independent.
	Bound    float64
	Inbound  int // longest service time of suppliers outside of the network, which the stage waits for; default 0
	Outbound int // service time that customers outside allow, of stages with a Bound or without successors; default 0
}

// Arc says that one stage supplies another.
type Arc[K supply.ID] struct {
	From, To K       // of stages
	Units    float64 // of From in one unit of To; default 1
}

// ServiceTime is what GuaranteedService decides for one stage.
type ServiceTime[K supply.ID] struct {
	ID          K       // of the stage
	Inbound     int     // periods that the stage waits for its inputs
	Service     int     // periods in which it promises to deliver
	Net         int     // periods that its stock must cover: Inbound + Time - Service
	SafetyStock float64 // pooled bound · √Net
	Cost        float64 // HoldingCost · SafetyStock, per period
}

// maxServiceTimes bounds the tables, in entries: 16 bytes each.
const maxServiceTimes = 1 << 25

// GuaranteedService places safety stock in a supply chain that is a tree, or several, at the
// least holding cost: every stage promises its customers a service time S, and covers
// demand within its bound over the net replenishment time SI + T - S, where SI is the
// longest service time of its suppliers. A stage's bound pools those of its successors,
// √(own² + Σ(units · bound)²). The dynamic program of Graves and Willems (2000) over the
// nodes of the tree is exact for trees of any shape; of several best solutions it returns
// one that depends on the stages alone, not on their order.
//
// The result is in ascending order of id. Errors: ErrEmpty without stages, ErrDuplicate for a stage given twice,
// ErrUnknownID for the end of an arc, ErrRange and ErrNotFinite for fields, ErrUnsupported
// for arcs that close a loop, which the text names, ErrTooLarge where stages × longest time
// is above 2²⁵, ErrOverflow for a cost beyond float64. With M the longest time through a stage, the cost is at most the sum of M²/2
// over the stages. When ctx ends it returns its cause.
func GuaranteedService[K supply.ID](ctx context.Context, stages []Stage[K], arcs []Arc[K]) ([]ServiceTime[K], error) {
	const where = "reorder: GuaranteedService"
	if len(stages) == 0 {
		return nil, fmt.Errorf("%s: no stages: %w", where, ErrEmpty)
	}
	sorted := slices.Clone(stages)
	slices.SortStableFunc(sorted, func(a, b Stage[K]) int { return cmp.Compare(a.ID, b.ID) })
	for i := range sorted {
		if i > 0 && sorted[i].ID == sorted[i-1].ID {
			return nil, fmt.Errorf("%s: stage %v is given twice: %w", where, sorted[i].ID, ErrDuplicate)
		}
		if err := sorted[i].validate(where); err != nil {
			return nil, err
		}
	}
	c, err := chainOf(where, sorted, arcs)
	if err != nil {
		return nil, err
	}
	for _, k := range c.order {
		if err := c.solve(ctx, k); err != nil {
			return nil, err
		}
	}
	for _, k := range slices.Backward(c.order) {
		c.decide(k)
	}
	out := make([]ServiceTime[K], len(sorted))
	for k, s := range sorted {
		n := &c.nodes[k]
		net := n.inbound + n.time - n.service
		stock := n.bound * math.Sqrt(float64(net))
		out[k] = ServiceTime[K]{ID: s.ID, Inbound: n.inbound, Service: n.service, Net: net, SafetyStock: stock, Cost: n.hold * stock}
	}
	return out, nil
}

// validate checks every field.
func (s *Stage[K]) validate(where string) error {
	at := func() string { return fmt.Sprintf("%s: stage %v", where, s.ID) }
	if !(s.HoldingCost >= 0 && s.HoldingCost <= check.MaxAmount) {
		return check.Amount(at(), "HoldingCost", s.HoldingCost)
	}
	if !(s.Bound >= 0 && s.Bound <= check.MaxAmount) {
		return check.Amount(at(), "Bound", s.Bound)
	}
	for _, f := range []struct {
		name string
		x    int
	}{{"Time", s.Time}, {"Inbound", s.Inbound}, {"Outbound", s.Outbound}} {
		if f.x < 0 || f.x > longestRun {
			return fmt.Errorf("%s: %s is %d, want in [0, 1e7]: %w", at(), f.name, f.x, ErrRange)
		}
	}
	return nil
}

// chain is a forest of stages, by their index.
type chain struct {
	nodes []node
	order []int // every node before its parent
}

// link leads to a neighbour of a node.
type link struct {
	to    int
	down  bool // the neighbour is a customer
	units float64
}

// node is a stage with its place in the tree and its tables. Its table has, over the service
// time towards its parent (its own S where the parent is a customer, its SI where it is a
// supplier or where there is no parent), the least cost of its subtree.
type node struct {
	time, least, most int     // T; SI is in [least, most-T], S in [0, limit]
	limit             int     // of S
	hold, bound       float64 // bound pooled
	links             []link
	parent            int // -1 at a root
	parentDown        bool

	best   []float64 // the least cost at no more (S) or no less (SI) than an entry allows
	at     []int32   // where in the table that is
	choice []int32   // the other service time there

	service, inbound int
}

// chainOf connects the stages, finds longest times, pooled bounds and an order of the nodes.
func chainOf[K supply.ID](where string, stages []Stage[K], arcs []Arc[K]) (*chain, error) {
	c := &chain{nodes: make([]node, len(stages))}
	for k, s := range stages {
		c.nodes[k] = node{time: s.Time, least: s.Inbound, hold: s.HoldingCost, bound: s.Bound, parent: -1, limit: -1}
	}
	if err := connect(where, c, stages, arcs); err != nil {
		return nil, err
	}
	c.sort()
	// Along the arcs, suppliers first: the longest time; against them: the pooled bound.
	along := c.along()
	cells := 0
	for _, k := range along {
		n := &c.nodes[k]
		slowest := n.least
		for _, l := range n.links {
			if !l.down {
				slowest = max(slowest, c.nodes[l.to].most)
			}
		}
		n.most = min(slowest+n.time, maxServiceTimes)
		if cells += n.most + 1; cells > maxServiceTimes {
			return nil, fmt.Errorf("%s: stages and times need more than 2^25 entries: %w", where, ErrTooLarge)
		}
	}
	for _, k := range slices.Backward(along) {
		n := &c.nodes[k]
		own, customers := n.bound, 0
		for _, l := range n.links {
			if l.down {
				customers++
				n.bound = math.Hypot(n.bound, l.units*c.nodes[l.to].bound)
			}
		}
		if n.limit = n.most; own > 0 || customers == 0 {
			n.limit = min(n.most, stages[k].Outbound)
		}
		if !check.Finite(n.bound * max(n.hold, 1) * math.Sqrt(float64(n.most)) * float64(len(stages))) {
			return nil, fmt.Errorf("%s: stage %v: demand within %v a period costs too much to add up: %w", where, stages[k].ID, n.bound, ErrOverflow)
		}
	}
	return c, nil
}

// connect adds the arcs, in the order of their ends, and refuses those that close a loop.
func connect[K supply.ID](where string, c *chain, stages []Stage[K], arcs []Arc[K]) error {
	type pair struct {
		from, to int
		units    float64
	}
	find := func(i int, end string, id K) (int, error) {
		k, ok := slices.BinarySearchFunc(stages, id, func(s Stage[K], id K) int { return cmp.Compare(s.ID, id) })
		if !ok {
			return 0, fmt.Errorf("%s: arcs[%d]: %s is %v: %w", where, i, end, id, ErrUnknownID)
		}
		return k, nil
	}
	pairs := make([]pair, len(arcs))
	for i, a := range arcs {
		p := pair{units: check.Default(a.Units, 1)}
		var err error
		if !(p.units > 0 && p.units <= check.MaxAmount) {
			if err = check.Amount(fmt.Sprintf("%s: arcs[%d]", where, i), "Units", p.units); err != nil {
				return err
			}
		}
		if p.from, err = find(i, "From", a.From); err != nil {
			return err
		}
		if p.to, err = find(i, "To", a.To); err != nil {
			return err
		}
		pairs[i] = p
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(a.from-b.from, a.to-b.to, cmp.Compare(a.units, b.units)) })
	trees := make([]int, len(stages)) // by union and find: a parent in the tree of those connected so far
	for k := range trees {
		trees[k] = k
	}
	root := func(k int) int {
		for trees[k] != k {
			trees[k] = trees[trees[k]]
			k = trees[k]
		}
		return k
	}
	for _, p := range pairs {
		a, b := root(p.from), root(p.to)
		if a == b {
			path := c.path(p.to, p.from)
			names := make([]string, len(path))
			for i, k := range path {
				names[i] = fmt.Sprint(stages[k].ID)
			}
			return fmt.Errorf("%s: no tree: the arc from %v to %v closes the loop %s – %v: %w", where, stages[p.from].ID, stages[p.to].ID,
				strings.Join(names, " – "), stages[p.to].ID, ErrUnsupported)
		}
		trees[b] = a
		c.nodes[p.from].links = append(c.nodes[p.from].links, link{p.to, true, p.units})
		c.nodes[p.to].links = append(c.nodes[p.to].links, link{p.from, false, p.units})
	}
	return nil
}

// path returns the way between two nodes, nil where there is none.
func (c *chain) path(from, to int) []int {
	before := map[int]int{from: -1}
	queue := []int{from}
	for len(queue) > 0 {
		k := queue[0]
		queue = queue[1:]
		if k == to {
			var path []int
			for ; k >= 0; k = before[k] {
				path = append(path, k)
			}
			slices.Reverse(path)
			return path
		}
		for _, l := range c.nodes[k].links {
			if _, seen := before[l.to]; !seen {
				before[l.to] = k
				queue = append(queue, l.to)
			}
		}
	}
	return nil
}

// sort hangs every tree on its first node and orders the nodes from the leaves to the roots.
func (c *chain) sort() {
	seen := make([]bool, len(c.nodes))
	for root := range c.nodes {
		if seen[root] {
			continue
		}
		seen[root] = true
		from := len(c.order)
		c.order = append(c.order, root)
		for i := from; i < len(c.order); i++ {
			for _, l := range c.nodes[c.order[i]].links {
				if !seen[l.to] {
					seen[l.to] = true
					c.nodes[l.to].parent, c.nodes[l.to].parentDown = c.order[i], !l.down
					c.order = append(c.order, l.to)
				}
			}
		}
	}
	slices.Reverse(c.order)
}

// along orders the nodes so that suppliers come before their customers.
func (c *chain) along() []int {
	waits := make([]int, len(c.nodes))
	var order []int
	for k, n := range c.nodes {
		for _, l := range n.links {
			if !l.down {
				waits[k]++
			}
		}
		if waits[k] == 0 {
			order = append(order, k)
		}
	}
	for i := 0; i < len(order); i++ {
		for _, l := range c.nodes[order[i]].links {
			if l.down {
				if waits[l.to]--; waits[l.to] == 0 {
					order = append(order, l.to)
				}
			}
		}
	}
	return order
}

// around returns in suppliers, for SI = least, least+1, …, the least cost of the subtrees of suppliers
// whose service times it allows, and in customers, for S = 0, 1, …, that of customers that wait at
// least so long.
func (c *chain) around(k int) (suppliers, customers []float64) {
	n := &c.nodes[k]
	suppliers = make([]float64, n.most-n.time-n.least+1)
	customers = make([]float64, n.limit+1)
	for _, l := range n.links {
		if l.to == n.parent {
			continue
		}
		child := &c.nodes[l.to]
		if l.down {
			for s := range customers {
				customers[s] += child.best[max(s-child.least, 0)]
			}
		} else {
			for i := range suppliers {
				suppliers[i] += child.best[min(i+n.least, child.limit)]
			}
		}
	}
	return suppliers, customers
}

// solve fills the table of node k, whose children are solved: f_k(S) of the paper where the
// parent is a customer, g_k(SI) where it is a supplier. As more time costs more, only the
// least SI of those at which the suppliers cost the same matters, and the largest S.
func (c *chain) solve(ctx context.Context, k int) error {
	n := &c.nodes[k]
	suppliers, customers := c.around(k)
	cost := make([]float64, n.most+1)
	for t := range cost {
		cost[t] = n.hold * n.bound * math.Sqrt(float64(t))
	}
	overS := n.parentDown
	size := len(suppliers)
	if overS {
		size = len(customers)
	}
	n.best, n.at, n.choice = make([]float64, size), make([]int32, size), make([]int32, size)
	var steps []int
	if overS {
		for i := range suppliers {
			if i == 0 || suppliers[i] < suppliers[i-1] {
				steps = append(steps, i+n.least)
			}
		}
	} else {
		for s := range customers {
			if s == n.limit || customers[s] < customers[s+1] {
				steps = append(steps, s)
			}
		}
	}
	for i := range size {
		if i%64 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if overS {
			n.best[i], n.choice[i] = leastInbound(i, n, steps, cost, suppliers)
			n.best[i] += customers[i]
		} else {
			n.best[i], n.choice[i] = bestService(i+n.least, n, steps, cost, customers)
			n.best[i] += suppliers[i]
		}
		n.at[i] = int32(i)
	}
	n.spread()
	return nil
}

// leastInbound returns the cheapest SI for an outbound time s: the least that is allowed, max(s-T,
// least), or a step above it.
func leastInbound(s int, n *node, steps []int, cost, suppliers []float64) (float64, int32) {
	low := max(s-n.time, n.least)
	best, at := cost[low+n.time-s]+suppliers[low-n.least], low
	i, _ := slices.BinarySearch(steps, low)
	for _, si := range steps[i:] {
		if x := cost[si+n.time-s] + suppliers[si-n.least]; x < best {
			best, at = x, si
		}
	}
	return best, int32(at)
}

// bestService returns the cheapest S for an inbound time si: S is at most si+T and the limit.
func bestService(si int, n *node, steps []int, cost, customers []float64) (float64, int32) {
	high := min(si+n.time, n.limit)
	best, at := cost[si+n.time-high]+customers[high], high
	for _, s := range steps {
		if s >= high {
			break
		}
		if x := cost[si+n.time-s] + customers[s]; x < best {
			best, at = x, s
		}
	}
	return best, int32(at)
}

// spread turns the table into that of the best entry which a limit allows: a customer waits
// SI for a service time of no more, a supplier's S is waited for by no less.
func (n *node) spread() {
	if n.parentDown {
		for i := 1; i < len(n.best); i++ {
			if n.best[i-1] <= n.best[i] {
				n.best[i], n.at[i] = n.best[i-1], n.at[i-1]
			}
		}
		return
	}
	for i := len(n.best) - 2; i >= 0; i-- {
		if n.best[i+1] < n.best[i] {
			n.best[i], n.at[i] = n.best[i+1], n.at[i+1]
		}
	}
}

// decide reads the times of node k from its table, those of its parent being known.
func (c *chain) decide(k int) {
	n := &c.nodes[k]
	switch {
	case n.parent < 0:
		i := n.at[0]
		n.inbound, n.service = int(i)+n.least, int(n.choice[i])
	case n.parentDown:
		i := n.at[min(c.nodes[n.parent].inbound, n.limit)]
		n.service, n.inbound = int(i), int(n.choice[i])
	default:
		i := n.at[max(c.nodes[n.parent].service-n.least, 0)]
		n.inbound, n.service = int(i)+n.least, int(n.choice[i])
	}
}
