package tree

import (
	"cmp"
	"container/heap"
)

// weakest is the inner nodes of a tree by what their branches take away a leaf: a heap
// whose entries may be out of date.
type weakest []link

type link struct {
	alpha  float64
	node   int32
	leaves int32 // of the branch at the time: the entry holds while there are as many
}

func (w weakest) Len() int { return len(w) }
func (w weakest) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(w[i].alpha, w[j].alpha), cmp.Compare(w[i].node, w[j].node)) < 0
}
func (w weakest) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *weakest) Push(x any)   { *w = append(*w, x.(link)) }
func (w *weakest) Pop() any {
	last := len(*w) - 1
	x := (*w)[last]
	*w = (*w)[:last]
	return x
}

// prune cuts off the weakest branch as long as goOn agrees to its effective alpha,
// (R(t) − R(T_t)) / (leaves of T_t − 1), and returns the steps, those of one alpha as one.
func (g *planter) prune(goOn func(effective float64) bool) ([]Pruning, error) {
	n := len(g.nodes)
	parent, leaves := make([]int32, n), make([]int32, n)
	own, branch := make([]float64, n), make([]float64, n)
	parent[0] = -1
	for i := n - 1; i >= 0; i-- {
		s := &g.nodes[i]
		own[i] = s.stat.excess / g.l.total
		leaves[i], branch[i] = 1, own[i]
		if s.column >= 0 {
			parent[s.left], parent[s.right] = int32(i), int32(i)
			leaves[i] = leaves[s.left] + leaves[s.right]
			branch[i] = branch[s.left] + branch[s.right]
		}
	}
	alpha := func(i int32) link {
		return link{(own[i] - branch[i]) / float64(leaves[i]-1), i, leaves[i]}
	}
	var weak weakest
	for i := range g.nodes {
		if g.nodes[i].column >= 0 {
			weak = append(weak, alpha(int32(i)))
		}
	}
	heap.Init(&weak)
	steps := []Pruning{{0, branch[0], int(leaves[0])}}
	for len(weak) > 0 {
		w := heap.Pop(&weak).(link)
		if g.nodes[w.node].column < 0 || leaves[w.node] != w.leaves {
			continue
		}
		effective := max(w.alpha, steps[len(steps)-1].Alpha)
		if !goOn(effective) {
			break
		}
		g.cutOff(w.node)
		gone, lost := leaves[w.node]-1, own[w.node]-branch[w.node]
		leaves[w.node], branch[w.node] = 1, own[w.node]
		for p := parent[w.node]; p >= 0; p = parent[p] {
			leaves[p] -= gone
			branch[p] += lost
			heap.Push(&weak, alpha(p))
			if err := g.meter.Did(16); err != nil {
				return nil, err
			}
		}
		step := Pruning{effective, branch[0], int(leaves[0])}
		if effective-steps[len(steps)-1].Alpha <= 1e-12*own[0] { // the same but for rounding
			steps[len(steps)-1] = step
		} else {
			steps = append(steps, step)
		}
	}
	g.compact()
	return steps, nil
}

// cutOff makes a leaf of node i and marks what was below.
func (g *planter) cutOff(i int32) {
	s := &g.nodes[i]
	if s.column < 0 {
		return
	}
	left, right := s.left, s.right
	s.column, s.left, s.right = -1, 0, 0
	g.cutOff(left)
	g.cutOff(right)
	g.nodes[left].hi, g.nodes[right].hi = -1, -1
}

// compact leaves out the nodes that are cut off.
func (g *planter) compact() {
	place := make([]int32, len(g.nodes))
	kept := g.nodes[:0]
	for i, s := range g.nodes {
		place[i] = int32(len(kept))
		if s.hi >= 0 {
			kept = append(kept, s)
		}
	}
	for i := range kept {
		kept[i].left, kept[i].right = place[kept[i].left], place[kept[i].right]
	}
	g.nodes = kept
}
