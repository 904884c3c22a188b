package segment

import (
	"context"
	"math"
	"slices"
)

// matcher is an assignment problem with capacities and its solution so far.
type matcher struct {
	ptr      []int // of pairs by customer
	agent    []int32
	score    []float64
	capacity []int
	at       []int32   // by customer: agent, -1: nobody
	held     [][]int32 // by agent: customers
	price    []float64 // by agent: dual variable, 0 where there is room
}

func newMatcher(customers int, agents []Agent) *matcher {
	m := &matcher{ptr: make([]int, 1, customers+1), capacity: make([]int, len(agents)), at: make([]int32, customers), held: make([][]int32, len(agents)), price: make([]float64, len(agents))}
	for i := range m.at {
		m.at[i] = -1
	}
	for k := range agents {
		m.capacity[k] = agents[k].Capacity
	}
	return m
}

// surplus is what customer i has at agent k at the present prices.
func (m *matcher) surplus(pair int) float64 { return m.score[pair] - m.price[m.agent[pair]] }

// best is the most that a customer can have at the present prices, at least 0: nobody.
func (m *matcher) best(i int32) float64 {
	most := 0.0
	for p := m.ptr[i]; p < m.ptr[i+1]; p++ {
		most = max(most, m.surplus(p))
	}
	return most
}

// reach is what one search for an augmenting path knows of each agent.
type reach struct {
	dist []float64
	via  []int32 // customer who would come to the agent
	done []bool
}

// exact adds one customer after the other, each time along the path of exchanges that loses
// least: to an agent with room, or to a customer who is better left to nobody. Prices keep
// every reduced cost at 0 or above, so that Dijkstra's search finds it.
func (m *matcher) exact(ctx context.Context) error {
	n := len(m.price)
	r := reach{make([]float64, n), make([]int32, n), make([]bool, n)}
	have := make([]float64, len(m.at)) // by customer added: score less price, 0 for nobody
	for i := range int32(len(m.at)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for k := range r.dist {
			r.dist[k], r.done[k] = math.Inf(1), false
		}
		have[i] = m.best(i)
		m.relax(i, 0, have, &r)
		end, out, loss := int32(-1), i, have[i] // nobody for i itself
		for {
			k := r.nearest(loss)
			if k < 0 {
				break
			}
			r.done[k] = true
			if len(m.held[k]) < m.capacity[k] {
				end, loss = k, r.dist[k]
				break
			}
			for _, j := range m.held[k] {
				if x := r.dist[k] + have[j]; x < loss {
					out, loss = j, x
				}
				m.relax(j, r.dist[k], have, &r)
			}
		}
		for k, done := range r.done {
			if done && r.dist[k] < loss {
				m.price[k] += loss - r.dist[k]
				for _, j := range m.held[k] {
					have[j] = max(have[j]-(loss-r.dist[k]), 0)
				}
			}
		}
		have[i] = max(have[i]-loss, 0)
		m.shift(i, out, end, r.via)
	}
	return nil
}

// relax looks at what customer j, at a distance, can reach.
func (m *matcher) relax(j int32, base float64, have []float64, r *reach) {
	for p := m.ptr[j]; p < m.ptr[j+1]; p++ {
		k := m.agent[p]
		if x := base + max(have[j]-m.surplus(p), 0); x < r.dist[k] && !r.done[k] {
			r.dist[k], r.via[k] = x, j
		}
	}
}

// nearest returns the agent not looked at yet with the least distance, the first of equal
// ones, if that is below a limit; else -1.
func (r *reach) nearest(limit float64) int32 {
	best := int32(-1)
	for k, d := range r.dist {
		if !r.done[k] && d < limit {
			best, limit = int32(k), d
		}
	}
	return best
}

// shift moves customers along a path that ends at agent end, or, where that is -1, with
// customer out left to nobody.
func (m *matcher) shift(i, out, end int32, via []int32) {
	if end < 0 {
		if out == i {
			return
		}
		end = m.at[out]
		m.leave(out)
	}
	for k := end; ; {
		j := via[k]
		from := m.at[j]
		if from >= 0 {
			m.leave(j)
		}
		m.at[j], m.held[k] = k, append(m.held[k], j)
		if j == i {
			return
		}
		k = from
	}
}

// leave takes a customer from the agent.
func (m *matcher) leave(j int32) {
	k := m.at[j]
	at := slices.Index(m.held[k], j)
	last := len(m.held[k]) - 1
	m.held[k][at] = m.held[k][last]
	m.held[k], m.at[j] = m.held[k][:last], -1
}

// bid is what a customer pays an agent.
type bid struct {
	amount   float64
	customer int32
}

// auction lets customers bid for agents: each for the one where it has most, so much that it
// still has as much there as at the next best, less a step. An agent keeps the highest bids,
// and its price is the lowest of these, 0 while there is room. Prices only rise, and in the end
// each customer has at most a step less than at any other agent, so that the sum is below the
// best by at most a step a customer. A place at an agent whose bids have risen by a step each
// time to the highest score gets no more of them, which bounds their number.
func (m *matcher) auction(ctx context.Context, gap float64) error {
	sum, highest, n := 0.0, 0.0, 0
	queue := make([]int32, len(m.at))
	for i := range queue {
		queue[i] = int32(i)
		if x := m.best(int32(i)); x > 0 {
			sum, highest, n = sum+x, max(highest, x), n+1
		}
	}
	if n == 0 {
		return nil
	}
	step := gap * sum / float64(n)
	places := 0
	for _, c := range m.capacity {
		places += min(c, n)
	}
	most := float64(len(queue)) + float64(places)*(highest/step+2)
	bids := make([][]bid, len(m.price)) // heaps, the lowest first
	for looked := 0; len(queue) > 0 && float64(looked) < most; looked++ {
		if looked%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		at, first, second := int32(-1), 0.0, 0.0
		for p := m.ptr[i]; p < m.ptr[i+1]; p++ {
			if x := m.surplus(p); x > first {
				at, first, second = m.agent[p], x, first
			} else if x > second {
				second = x
			}
		}
		if at < 0 {
			continue
		}
		if k := int(at); len(bids[k]) == m.capacity[k] {
			queue = append(queue, bids[k][0].customer)
			m.at[bids[k][0].customer] = -1
			bids[k] = popBid(bids[k])
		}
		m.at[i] = at
		bids[at] = pushBid(bids[at], bid{m.price[at] + first - second + step, i})
		if len(bids[at]) == m.capacity[at] {
			m.price[at] = bids[at][0].amount
		}
	}
	return nil
}

func (b bid) less(c bid) bool {
	return b.amount < c.amount || b.amount == c.amount && b.customer < c.customer
}

// pushBid adds a bid to a heap.
func pushBid(h []bid, x bid) []bid {
	h = append(h, x)
	for i := len(h) - 1; i > 0 && h[i].less(h[(i-1)/2]); i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
	return h
}

// popBid removes the lowest bid of a heap.
func popBid(h []bid) []bid {
	n := len(h) - 1
	h[0] = h[n]
	h = h[:n]
	for i := 0; ; {
		c := 2*i + 1
		if c+1 < n && h[c+1].less(h[c]) {
			c++
		}
		if c >= n || !h[c].less(h[i]) {
			return h
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}

// result adds the solution up. Bound is the dual value at the prices: what customers can have
// at most, and what capacities are worth.
func (m *matcher) result() *Matching {
	out := &Matching{Agent: m.at, Taken: make([]int, len(m.price))}
	for i := range int32(len(m.at)) {
		out.Bound += m.best(i)
		if m.at[i] < 0 {
			continue
		}
		out.Taken[m.at[i]]++
		for p := m.ptr[i]; p < m.ptr[i+1]; p++ {
			if m.agent[p] == m.at[i] {
				out.Value += m.score[p]
			}
		}
	}
	for k, p := range m.price {
		if p > 0 {
			out.Bound += p * float64(m.capacity[k])
		}
	}
	out.Bound = max(out.Bound, out.Value)
	out.Optimal = out.Bound-out.Value <= 1e-9*out.Bound
	return out
}
