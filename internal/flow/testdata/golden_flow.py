"""Writes flow.json: python golden_flow.py > flow.json. Costs by networkx and by OR-tools, which must agree."""
import json, random
import networkx as nx, ortools
from ortools.graph.python import min_cost_flow

random.seed(11)


def draw(n, m, slack):
    arcs = [[random.randrange(n), random.randrange(n), random.randint(0, 12), random.randint(0, 40)] for _ in range(m)]
    arcs = [a for a in arcs if a[0] != a[1]]
    supply = [0] * n
    for v in range(n):
        supply[v] = random.choice([0, 0, random.randint(1, 6), -random.randint(1, 6 + slack)])
    return arcs, supply


def by_networkx(n, arcs, supply):
    g = nx.MultiDiGraph()
    total = sum(s for s in supply if s > 0)
    room = -sum(s for s in supply if s < 0)
    if room < total:
        return -1
    for v in range(n):
        g.add_node(v, demand=-supply[v])
    g.add_node("rest", demand=room and total - room)
    # What the sinks do not take comes out of "rest", for nothing.
    g.nodes["rest"]["demand"] = -(room - total)
    for v in range(n):
        if supply[v] < 0:
            g.add_edge("rest", v, capacity=-supply[v], weight=0)
    for f, t, c, w in arcs:
        g.add_edge(f, t, capacity=c, weight=w)
    try:
        cost, _ = nx.network_simplex(g)
        return cost
    except nx.NetworkXUnfeasible:
        return -1


def by_ortools(n, arcs, supply):
    s = min_cost_flow.SimpleMinCostFlow()
    for f, t, c, w in arcs:
        s.add_arc_with_capacity_and_unit_cost(f, t, c, w)
    total = sum(x for x in supply if x > 0)
    room = -sum(x for x in supply if x < 0)
    if room < total:
        return -1
    for v in range(n):
        s.set_node_supply(v, supply[v])
        if supply[v] < 0:
            s.add_arc_with_capacity_and_unit_cost(n, v, -supply[v], 0)
    s.set_node_supply(n, room - total)
    return s.optimal_cost() if s.solve() == s.OPTIMAL else -1


cases = []
while len(cases) < 60:
    n = random.choice([3, 6, 12, 30])
    arcs, supply = draw(n, random.randint(n, 6 * n), random.choice([0, 10]))
    a, b = by_networkx(n, arcs, supply), by_ortools(n, arcs, supply)
    assert a == b, (a, b)
    if sum(1 for c in cases if c["cost"] < 0) > 10 and a < 0:
        continue
    cases.append({"nodes": n, "arcs": arcs, "supply": supply, "cost": a})
print(json.dumps({"provenance": {"tool": "networkx network_simplex, OR-tools SimpleMinCostFlow", "version": f"{nx.__version__}, {ortools.__version__}", "command": "python golden_flow.py"}, "cases": cases}))
