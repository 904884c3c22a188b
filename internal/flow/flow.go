// Package flow sends units through networks at least cost: successive shortest paths
// with potentials (Ahuja, Magnanti and Orlin 1993, section 9.7), in integers, so that an optimum is
// exact and the same everywhere. It is for many small sources and few shared nodes, as orders
// and stores: the search for each path ends at the first free sink, and a node remembers
// which arcs into it carry flow, so that a full store does not walk through all orders to
// find the ones it serves.
package flow

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// Network is a directed graph with capacities and costs. It is not safe for concurrent
// use while arcs are added; Solve only reads it.
type Network struct {
	nodes          int
	from, to       []int32
	capacity, cost []int64
}

// New returns a network of nodes 0 … nodes−1 without arcs.
func New(nodes int) *Network { return &Network{nodes: nodes} }

// Reserve makes room for arcs to come.
func (g *Network) Reserve(arcs int) {
	g.from, g.to = append(make([]int32, 0, arcs), g.from...), append(make([]int32, 0, arcs), g.to...)
	g.capacity, g.cost = append(make([]int64, 0, arcs), g.capacity...), append(make([]int64, 0, arcs), g.cost...)
}

// Arc adds an arc for at most capacity units at a cost of each, and returns its number.
// Solve refuses what is out of range.
func (g *Network) Arc(from, to int, capacity, cost int64) int {
	g.from, g.to = append(g.from, int32(from)), append(g.to, int32(to))
	g.capacity, g.cost = append(g.capacity, capacity), append(g.cost, cost)
	return len(g.from) - 1
}

// Solve sends supply[v] > 0 units from each node v to nodes that take up to −supply[v], at
// least total cost, and returns the flow on every arc and its cost. Among optima it
// returns one that depends on the network as given, numbers of nodes and arcs included, and
// nothing else.
//
// ErrShape for another number of supplies, ErrRange for a negative capacity or cost and for
// a node that is none, ErrOverflow where path or total costs could leave int64, ErrUndefined
// where a supply cannot be sent; on cancel the cause.
//
// Cost: a shortest path for each source and bottleneck, ended early.
func (g *Network) Solve(ctx context.Context, supply []int64) (flow []int64, cost int64, err error) {
	if err := g.validate(supply); err != nil {
		return nil, 0, err
	}
	s := newSearch(g, supply)
	steps := 0
	for v := range g.nodes {
		for s.excess[v] > 0 {
			if steps++; steps%64 == 0 && ctx.Err() != nil {
				return nil, 0, context.Cause(ctx)
			}
			if !s.augment(int32(v)) {
				return nil, 0, fmt.Errorf("%d units of node %d cannot be sent: %w", s.excess[v], v, check.ErrUndefined)
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, context.Cause(ctx)
	}
	for a, f := range s.flow[:len(g.from)] {
		part, err := check.MulInt64(f, g.cost[a])
		if err == nil {
			cost, err = check.AddInt64(cost, part)
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return s.flow[:len(g.from):len(g.from)], cost, nil
}

// validate checks the arcs, and that no path can cost more than an int64 holds.
func (g *Network) validate(supply []int64) error {
	if err := check.Len("supply", len(supply), g.nodes); err != nil {
		return err
	}
	if g.nodes >= math.MaxInt32 || len(g.from) >= math.MaxInt32-g.nodes {
		return fmt.Errorf("%d nodes, %d arcs: %w", g.nodes, len(g.from), check.ErrTooLarge)
	}
	var top int64
	for a := range g.from {
		if g.from[a] < 0 || int(g.from[a]) >= g.nodes || g.to[a] < 0 || int(g.to[a]) >= g.nodes {
			return fmt.Errorf("arc %d goes from %d to %d, nodes are 0 to %d: %w", a, g.from[a], g.to[a], g.nodes-1, check.ErrRange)
		}
		if g.capacity[a] < 0 || g.cost[a] < 0 {
			return fmt.Errorf("arc %d has capacity %d and cost %d, want >= 0: %w", a, g.capacity[a], g.cost[a], check.ErrRange)
		}
		top = max(top, g.cost[a])
	}
	if top > math.MaxInt64/4/int64(g.nodes+1) {
		return fmt.Errorf("a path over %d nodes at up to %d an arc: %w", g.nodes, top, check.ErrOverflow)
	}
	return nil
}

// search is the state of one Solve. The sinks' arcs into one last node, the terminal, are
// numbered after those of the network.
type search struct {
	to, from       []int32
	capacity, cost []int64
	flow           []int64
	excess         []int64 // of sources, still to be sent
	start          []int32 // arcs out of v are out[start[v]:start[v+1]]
	out            []int32
	carrying       [][]int32 // by node, the arcs into it that carry flow
	place          []int32   // of an arc in carrying
	potential      []int64
	dist           []int64
	via            []int32 // arc by which a node was reached, ^arc against its direction
	touched        []int32 // nodes that have a distance
	popped         []int32 // nodes whose distance is final
	heap           []entry
}

type entry struct {
	dist int64
	node int32
}

// newSearch copies what the search changes and sorts the arcs by their tails.
func newSearch(g *Network, supply []int64) *search {
	n, m := g.nodes, len(g.from)
	sinks := 0
	for _, b := range supply {
		if b < 0 {
			sinks++
		}
	}
	s := &search{
		from: append(make([]int32, 0, m+sinks), g.from...), to: append(make([]int32, 0, m+sinks), g.to...),
		capacity: append(make([]int64, 0, m+sinks), g.capacity...), cost: append(make([]int64, 0, m+sinks), g.cost...),
		excess: make([]int64, n), start: make([]int32, n+2), carrying: make([][]int32, n+1),
		potential: make([]int64, n+1), dist: make([]int64, n+1), via: make([]int32, n+1),
	}
	for v, b := range supply {
		if s.excess[v] = max(b, 0); b < 0 {
			s.from, s.to = append(s.from, int32(v)), append(s.to, int32(n))
			s.capacity, s.cost = append(s.capacity, -max(b, -math.MaxInt64)), append(s.cost, 0)
		}
	}
	m = len(s.from)
	s.flow, s.out, s.place = make([]int64, m), make([]int32, m), make([]int32, m)
	for _, v := range s.from {
		s.start[v+1]++
	}
	for v := range n + 1 {
		s.start[v+1] += s.start[v]
		s.dist[v] = math.MaxInt64
	}
	next := append([]int32(nil), s.start...)
	for a, v := range s.from {
		s.out[next[v]] = int32(a)
		next[v]++
	}
	return s
}

// augment sends what the cheapest path from v to the terminal lets through, false if there is
// none. Reduced costs, cost + potential of the tail − potential of the head, stay >= 0 on every
// arc with room left and 0 on those that carry flow.
func (s *search) augment(v int32) bool {
	terminal := int32(len(s.potential) - 1)
	s.heap, s.touched = s.heap[:0], s.touched[:0]
	s.reach(v, 0, 0)
	found := false
	s.popped = s.popped[:0]
	for len(s.heap) > 0 {
		e := s.pop()
		if e.dist > s.dist[e.node] {
			continue
		}
		if e.node == terminal {
			found = true
			break
		}
		s.popped = append(s.popped, e.node)
		base := e.dist + s.potential[e.node]
		for _, a := range s.out[s.start[e.node]:s.start[e.node+1]] {
			if s.flow[a] < s.capacity[a] {
				s.reach(s.to[a], base+s.cost[a]-s.potential[s.to[a]], a)
			}
		}
		for _, a := range s.carrying[e.node] {
			s.reach(s.from[a], base-s.cost[a]-s.potential[s.from[a]], ^a)
		}
	}
	if found {
		far := s.dist[terminal]
		for _, u := range s.popped {
			s.potential[u] += s.dist[u] - far
		}
		s.push(v, terminal)
	}
	for _, u := range s.touched {
		s.dist[u] = math.MaxInt64
	}
	return found
}

// reach notes a way to u of length d. One that is no shorter than a known way to the terminal,
// the last node, leads nowhere.
func (s *search) reach(u int32, d int64, via int32) {
	if d >= s.dist[u] || d >= s.dist[len(s.dist)-1] {
		return
	}
	if s.dist[u] == math.MaxInt64 {
		s.touched = append(s.touched, u)
	}
	s.dist[u], s.via[u] = d, via
	// Sift up.
	s.heap = append(s.heap, entry{d, u})
	i := len(s.heap) - 1
	for i > 0 {
		p := (i - 1) / 2
		if s.heap[p].dist <= d {
			break
		}
		s.heap[i] = s.heap[p]
		i = p
	}
	s.heap[i] = entry{d, u}
}

// pop takes the nearest entry off the heap.
func (s *search) pop() entry {
	top := s.heap[0]
	last := s.heap[len(s.heap)-1]
	s.heap = s.heap[:len(s.heap)-1]
	n := len(s.heap)
	for i := 0; n > 0; {
		c := 2*i + 1
		if c+1 < n && s.heap[c+1].dist < s.heap[c].dist {
			c++
		}
		if c >= n || s.heap[c].dist >= last.dist {
			s.heap[i] = last
			break
		}
		s.heap[i] = s.heap[c]
		i = c
	}
	return top
}

// push sends units along the path that via tells.
func (s *search) push(v, terminal int32) {
	units := s.excess[v]
	for u := terminal; u != v; {
		if a := s.via[u]; a >= 0 {
			units, u = min(units, s.capacity[a]-s.flow[a]), s.from[a]
		} else {
			units, u = min(units, s.flow[^a]), s.to[^a]
		}
	}
	for u := terminal; u != v; {
		if a := s.via[u]; a >= 0 {
			if s.flow[a] == 0 {
				s.place[a] = int32(len(s.carrying[u]))
				s.carrying[u] = append(s.carrying[u], a)
			}
			s.flow[a] += units
			u = s.from[a]
		} else {
			a, u = ^a, s.to[^a]
			if s.flow[a] -= units; s.flow[a] == 0 { // the last takes its place
				into := s.carrying[u]
				last := into[len(into)-1]
				into[s.place[a]], s.place[last] = last, s.place[a]
				s.carrying[u] = into[:len(into)-1]
			}
		}
	}
	s.excess[v] -= units
}
