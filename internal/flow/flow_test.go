package flow

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

type instance struct {
	Nodes  int
	Arcs   [][4]int64 // from, to, capacity, cost
	Supply []int64
	Cost   int64 // −1: infeasible
}

func (c instance) network() *Network {
	g := New(c.Nodes)
	for _, a := range c.Arcs {
		g.Arc(int(a[0]), int(a[1]), a[2], a[3])
	}
	return g
}

// feasible fails unless a flow respects capacities and supplies, and returns its cost.
func (c instance) feasible(t testing.TB, flow []int64) (cost int64) {
	out := make([]int64, c.Nodes)
	for k, a := range c.Arcs {
		if flow[k] < 0 || flow[k] > a[2] {
			t.Fatalf("flow %d on an arc of capacity %d", flow[k], a[2])
		}
		out[a[0]] += flow[k]
		out[a[1]] -= flow[k]
		cost += flow[k] * a[3]
	}
	for v, b := range c.Supply {
		if b >= 0 && out[v] != b || b < 0 && (out[v] > 0 || out[v] < b) {
			t.Fatalf("node %d of supply %d sends %d", v, b, out[v])
		}
	}
	return cost
}

// Costs of networkx and OR-tools; see testdata/golden_flow.py.
func TestGolden(t *testing.T) {
	var g struct{ Cases []instance }
	testkit.Golden(t, "flow.json", &g)
	infeasible := 0
	for k, c := range g.Cases {
		flow, cost, err := c.network().Solve(context.Background(), c.Supply)
		if c.Cost < 0 {
			infeasible++
			if !errors.Is(err, check.ErrUndefined) {
				t.Errorf("case %d: %v, want that it cannot be sent", k, err)
			}
			continue
		}
		if err != nil || cost != c.Cost || c.feasible(t, flow) != cost {
			t.Errorf("case %d: cost %d, want %d: %v", k, cost, c.Cost, err)
		}
	}
	if infeasible == 0 || infeasible == len(g.Cases) {
		t.Fatalf("%d of %d cases infeasible: want both kinds", infeasible, len(g.Cases))
	}
}

// No cycle of the residual network costs less than 0: what makes a flow optimal, by Bellman
// and Ford, which knows nothing of potentials. Sinks with room left are part of the cycles.
func TestOptimalProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := instance{Nodes: rapid.IntRange(2, 8).Draw(r, "nodes")}
		c.Supply = make([]int64, c.Nodes+1)
		for v := range c.Nodes {
			c.Supply[v] = rapid.Int64Range(-6, 4).Draw(r, "supply")
		}
		// A last node takes all, at a cost, so that every draw tells something.
		c.Nodes++
		c.Supply[c.Nodes-1] = -1000
		for v := range c.Nodes - 1 {
			c.Arcs = append(c.Arcs, [4]int64{int64(v), int64(c.Nodes - 1), 1000, 50})
		}
		for range rapid.IntRange(0, 24).Draw(r, "arcs") {
			c.Arcs = append(c.Arcs, [4]int64{
				rapid.Int64Range(0, int64(c.Nodes-2)).Draw(r, "from"), rapid.Int64Range(0, int64(c.Nodes-2)).Draw(r, "to"),
				rapid.Int64Range(0, 5).Draw(r, "capacity"), rapid.Int64Range(0, 9).Draw(r, "cost"),
			})
		}
		flow, cost, err := c.network().Solve(context.Background(), c.Supply)
		if err != nil {
			r.Fatal(err)
		}
		if got := c.feasible(t, flow); got != cost {
			r.Fatalf("cost %d, flow costs %d", cost, got)
		}
		type edge struct {
			from, to int
			cost     int64
		}
		var residual []edge
		into := make([]int64, c.Nodes)
		for k, a := range c.Arcs {
			into[a[1]], into[a[0]] = into[a[1]]+flow[k], into[a[0]]-flow[k]
			if flow[k] < a[2] {
				residual = append(residual, edge{int(a[0]), int(a[1]), a[3]})
			}
			if flow[k] > 0 {
				residual = append(residual, edge{int(a[1]), int(a[0]), -a[3]})
			}
		}
		for v, b := range c.Supply {
			if b < 0 && into[v] < -b {
				residual = append(residual, edge{v, c.Nodes, 0})
			}
			if b < 0 && into[v] > 0 {
				residual = append(residual, edge{c.Nodes, v, 0})
			}
		}
		dist := make([]int64, c.Nodes+1)
		for round := range c.Nodes + 2 {
			for _, e := range residual {
				if d := dist[e.from] + e.cost; d < dist[e.to] {
					if dist[e.to] = d; round > c.Nodes {
						r.Fatalf("a cycle of negative cost is left: flow %v", flow)
					}
				}
			}
		}
	})
}

func TestRefuse(t *testing.T) {
	ctx := context.Background()
	two := func(capacity, cost int64, to int) *Network {
		g := New(2)
		g.Reserve(1)
		g.Arc(0, to, capacity, cost)
		return g
	}
	for name, c := range map[string]struct {
		g      *Network
		supply []int64
		want   error
	}{
		"supplies":          {two(1, 1, 1), []int64{1}, check.ErrShape},
		"no node":           {two(1, 1, 2), []int64{1, -1}, check.ErrRange},
		"negative capacity": {two(-1, 1, 1), []int64{1, -1}, check.ErrRange},
		"negative cost":     {two(1, -1, 1), []int64{1, -1}, check.ErrRange},
		"too little room":   {two(1, 1, 1), []int64{2, -2}, check.ErrUndefined},
		"cost of a path":    {two(1, math.MaxInt64/2, 1), []int64{1, -1}, check.ErrOverflow},
		"cost of all":       {two(1<<40, 1<<40, 1), []int64{1 << 40, math.MinInt64}, check.ErrOverflow},
	} {
		if flow, _, err := c.g.Solve(ctx, c.supply); !errors.Is(err, c.want) || flow != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	stopped, cancel := context.WithCancelCause(ctx)
	cause := errors.New("enough")
	cancel(cause)
	if _, _, err := two(1, 1, 1).Solve(stopped, []int64{1, -1}); err != cause {
		t.Errorf("cancelled: %v", err)
	}
}

// BenchmarkSolve is the shape that the package is for: many orders, few stores, all of them full.
func BenchmarkSolve(b *testing.B) {
	const orders, stores = 5000, 30
	r := rng.New(1, 0, 0)
	g := New(orders + stores)
	supply := make([]int64, orders+stores)
	for o := range orders {
		supply[o] = 1
		for s := range stores {
			g.Arc(o, orders+s, 1, int64(300+r.Intn(900)))
		}
	}
	for s := range stores {
		supply[orders+s] = -(orders/stores + 1)
	}
	b.Run("orders=5k/stores=30", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := g.Solve(context.Background(), supply); err != nil {
				b.Fatal(err)
			}
		}
	})
}
